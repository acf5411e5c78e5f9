"""Cases by keyboard: from a record to its case, steps with what they ask for, the list by urgency."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from jmdesk.catalogue.types import Record
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.vaults import OpenDesk
from ui.pages.cases.page import CasesPage
from ui.pages.records.page import RecordsPage

Settle = Callable[[], None]


@pytest.fixture
def objection(desk: OpenDesk) -> str:
    """An objection that was written down but not taken up yet."""
    household = desk.services.records.find("R05", limit=1)[0].rid
    values: Record = {
        "case_no": "YY44078300202600001",
        "case_kind": "1",
        "applicant_id": f"R05:{household}",
        "target_ref": f"R05:{household}",
        "reason": "去年收入少记了一笔。",
        "received_at": "2026-11-22T02:00:00Z",
    }
    return desk.services.records.create("R25", values)


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Settle) -> CasesPage:
    made = CasesPage(context)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    settled()
    return made


def take(page: CasesPage, settled: Settle, step: str, text: str = "") -> None:
    """Press a step's button and confirm its form, all by keyboard."""
    page.panel.buttons[step].setFocus()
    press(page.panel.buttons[step], Qt.Key.Key_Space)
    form = page.panel.form
    assert form is not None
    for field in form.needs.values():
        write(field, text)
    form.confirm()
    settled()


def test_a_case_goes_from_its_record_through_its_steps(
    page: CasesPage, context: Context, desk: OpenDesk, objection: str, settled: Settle
) -> None:
    page.show_target(Target("cases", "R25", objection))
    settled()
    take(page, settled, "receive")
    assert page.panel.state.text() == "已收到并标注"
    assert desk.services.records.get("R25", objection).record.values["annotated_at"]
    take(page, settled, "accept")
    take(page, settled, "decide", "核对银行流水，确少记一笔。")
    assert page.panel.state.text() == "已有结论"
    # The one who found it does not answer it.
    assert not page.panel.buttons["answer"].isEnabled()
    assert page.panel.buttons["answer"].toolTip() == "须换一人办理"


def test_a_form_names_what_is_missing_and_keeps_what_was_typed(
    page: CasesPage, objection: str, settled: Settle
) -> None:
    page.show_target(Target("cases", "R25", objection))
    settled()
    take(page, settled, "receive")
    press(page.panel.buttons["refuse"], Qt.Key.Key_Space)
    form = page.panel.form
    assert form is not None
    form.confirm()
    assert "不予受理的理由" in form.remark.text()
    assert page.unsaved()
    page.go_back()
    assert page.panel.form is None


def test_a_step_is_taken_back_with_a_reason(page: CasesPage, desk: OpenDesk, objection: str, settled: Settle) -> None:
    page.show_target(Target("cases", "R25", objection))
    settled()
    take(page, settled, "receive")
    take(page, settled, "accept")
    take(page, settled, "back", "点错了")
    assert page.panel.state.text() == "已收到并标注"
    assert "accepted_at" not in desk.services.records.get("R25", objection).record.values


def test_the_list_has_the_most_urgent_first_and_opens_by_enter(
    page: CasesPage, desk: OpenDesk, objection: str, settled: Settle
) -> None:
    assert page.sentence.text() == ""
    desk.services.workflows.take("W11", "R25", objection, "receive")
    settled()
    assert page.sentence.text() == "在办 1 件"
    page.table.selectRow(0)
    press(page.table, Qt.Key.Key_Return)
    settled()
    assert page.stack.currentIndex() == 1
    press(page, Qt.Key.Key_Left, Qt.KeyboardModifier.AltModifier)
    page.go_back()
    assert page.stack.currentIndex() == 0


def test_a_record_that_has_cases_leads_to_its_case(
    qtbot: QtBot, context: Context, desk: OpenDesk, objection: str, settled: Settle
) -> None:
    records = RecordsPage(context)
    qtbot.addWidget(records)
    records.resize(1200, 700)
    records.show()
    records.open("R25", objection)
    settled()
    with qtbot.waitSignal(context.going) as going:
        press(records, Qt.Key.Key_G, Qt.KeyboardModifier.ControlModifier)
    assert going.args
    assert going.args[0] == Target("cases", "R25", objection, came_from=Target("records", "R25", objection))
