"""The association's work from end to end, by keyboard: W5, W6, W8 and W9 to their last step, and how fast W7 begins.

A second person's steps are taken by the head, and weeks go by at the turn of a clock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QComboBox, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.core.clock import Clock, SystemClock
from jmdesk.workflows.service import Workflows
from tests.offices import FIRM
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.overriding import override
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.cases.page import CasesPage
from ui.pages.complaints.page import CASE, ComplaintsPage
from ui.pages.enterprises.page import EnterprisesPage
from ui.pages.green_cards.page import GreenCardsPage
from ui.pages.selections.facts import KnownForm
from ui.pages.selections.page import SelectionsPage
from ui.pages.unlock.page import UnlockPage
from ui.widgets.entry_form import EntryForm

Settle = Callable[[], None]
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
HEAD = "01900000-0000-7000-8000-000000000001"
A_MINUTE = 180
"""So many keys a clerk strikes in a minute: the pace that China's typing tests for office clerks call fair."""

P = TypeVar("P", bound=QWidget)


class Later(Clock):
    """The system's clock, set forward."""

    def __init__(self) -> None:
        self._system, self._forward = SystemClock(), timedelta()

    @override
    def now(self) -> datetime:
        return self._system.now() + self._forward

    def advance(self, days: int) -> None:
        """Let so many days go by."""
        self._forward += timedelta(days=days)


@pytest.fixture
def later(desk: OpenDesk) -> Later:
    made = Later()
    desk.services.clock = made
    return made


@pytest.fixture
def firm(desk: OpenDesk) -> str:
    return desk.services.records.create("R20", FIRM)


@pytest.fixture
def window(qtbot: QtBot, context: Context, desk: OpenDesk, firm: str, later: Later, settled: Settle) -> MainWindow:
    """The whole window with the desk open."""
    assert firm
    assert desk.services.clock is later
    made = MainWindow(context, UnlockPage(context, VaultsOnDisk()))
    qtbot.addWidget(made)
    made.show()
    made.enter(desk)
    with qtbot.waitActive(made):
        made.activateWindow()
    settled()
    return made


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def page_of(window: MainWindow, kind: type[P]) -> P:
    assert isinstance(window.page, kind)
    return window.page


def enter(form: object, *texts: str) -> None:
    """Type into one field of a short form after another, Tab leading on, and confirm; "" leaves a field as it is."""
    assert isinstance(form, EntryForm)
    QApplication.processEvents()  # the form takes the focus once it is seen
    for text in texts:
        if text:
            write(focused(), text)
        press(focused(), Qt.Key.Key_Tab)
    press(form.confirm_button, Qt.Key.Key_Space)


def choose(box: QComboBox, place: int) -> None:
    """Go to an entry of a list with the arrow."""
    box.setFocus()
    while box.currentIndex() < place:
        press(box, Qt.Key.Key_Down)


def step(window: MainWindow, settled: Settle, name: str, *texts: str) -> str:
    """Press a step's button on the page of cases, fill in what it asks for; gives the state afterwards."""
    page = page_of(window, CasesPage)
    press(page.panel.buttons[name], Qt.Key.Key_Space)
    form = page.panel.form
    assert form is not None
    for field, text in zip(form.needs.values(), texts, strict=True):
        write(field, text)
    form.confirm()
    settled()
    return page.panel.state.text()


def by_head(desk: OpenDesk, settled: Settle, workflow: str, type_id: str, rid: str, name: str, **details: str) -> None:
    """A step by the association's head, a second person at the desk."""
    whole = desk.services.workflows
    head = Workflows(
        desk.services, actor=HEAD, unit=desk.services.unit, roles=lambda: None,
        bars=whole._bars, effects=whole._effects,
    )  # fmt: skip
    head.take(workflow, type_id, rid, name, details=details)
    settled()


def test_a_street_goes_from_the_basis_of_the_round_to_its_certificate(
    window: MainWindow, desk: OpenDesk, later: Later, settled: Settle
) -> None:
    press(window, Qt.Key.Key_J, CONTROL)
    settled()
    page = page_of(window, SelectionsPage)
    press(window, Qt.Key.Key_N, CONTROL)
    enter(page.form, "2027-01", "信用评价依据", "江商信用函〔2026〕12号")
    settled()
    press(window, Qt.Key.Key_N, CONTROL)
    QApplication.processEvents()
    focused().selectAll()  # type: ignore[attr-defined]
    enter(page.form, "示范街", "", "古典家具一条街", "新会区会城街道样例路")
    settled()
    press(page.table, Qt.Key.Key_Return)
    settled()
    press(page.facts_button, Qt.Key.Key_Space)
    known = page.form
    assert isinstance(known, KnownForm)
    for box in known.flags.values():
        choose(box, 1)
    for field in known.numbers.values():
        write(field, "0")
    write(known.numbers["total"], "1")  # ten, which cannot be with nobody called back at nine points
    write(known.numbers["satisfaction"], "9")
    press(known.confirm_button, Qt.Key.Key_Space)
    assert known.remark.text()
    for name in ("total", "satisfaction"):
        known.numbers[name].selectAll()
        write(known.numbers[name], "0")
    press(known.confirm_button, Qt.Key.Key_Space)
    settled()
    assert page.score.text() == "得分 95.0"
    street = page.rid
    press(focused(), Qt.Key.Key_G, CONTROL)
    settled()
    step(window, settled, "screen", "信用中国")
    assert step(window, settled, "score") == "已评分，待评审"
    by_head(desk, settled, "W8", "R23", street, "judge", votes="7票同意", opinion="同意")
    assert step(window, settled, "notice", "协会公告栏") == "公示中"
    later.advance(8)
    by_head(desk, settled, "W8", "R23", street, "award")
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    assert page_of(window, SelectionsPage).certificate.text().startswith("证书 ")
    assert [paper.label for paper in desk.services.papers.of("R23", street)]


def test_a_green_card_goes_from_the_letters_to_the_benefits(
    window: MainWindow, desk: OpenDesk, firm: str, later: Later, settled: Settle
) -> None:
    cards = desk.services.green_cards
    card = cards.apply(cards.today.year, firm, "100000.00", "2025年，年度审计报告")
    press(window, Qt.Key.Key_K, CONTROL)
    settled()
    page = page_of(window, GreenCardsPage)
    page.begin_letter(reminder=False)
    enter(page.form, "法院")
    settled()
    later.advance(40)
    page.refresh()
    settled()
    assert "法院 1 家(超期" in page.silent.text()
    page.begin_letter(reminder=True)
    enter(page.form, "法院")
    settled()
    assert "已催 1 次" in page.silent.text()
    for one in cards.rules_of(page.year)["base"]["departments"]:
        cards.reply(card, one["id"], "1", "函〔2026〕2号")
    settled()
    press(page.table, Qt.Key.Key_Return)
    settled()
    press(focused(), Qt.Key.Key_G, CONTROL)
    settled()
    step(window, settled, "calculate")
    by_head(desk, settled, "W9", "R24", card, "review", opinion="同意")
    step(window, settled, "notice", "市政府网站")
    later.advance(8)
    by_head(desk, settled, "W9", "R24", card, "decide", document="江信〔2026〕9号")
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    page = page_of(window, GreenCardsPage)
    assert page.benefit_button.isVisible()
    press(page.benefit_button, Qt.Key.Key_Space)
    enter(page.form, "土地用电优先保障", "供电局", "", "用电保障通知")
    assert isinstance(page.form, EntryForm)
    assert "兑现日期" in page.form.remark.text()
    write(page.form.fields["day"], "t")
    press(page.form.confirm_button, Qt.Key.Key_Space)
    settled()
    assert "土地用电优先保障  供电局" in page.benefits.text()
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    assert "骨干 1 家" in page.sentence.text()
    assert "1/64" in page.targets.text()


def test_a_member_is_checked_leaves_and_its_archive_is_sealed(
    window: MainWindow, desk: OpenDesk, firm: str, settled: Settle
) -> None:
    press(window, Qt.Key.Key_O, CONTROL)
    settled()
    page = page_of(window, EnterprisesPage)
    press(page.table, Qt.Key.Key_Return)
    settled()
    press(focused(), Qt.Key.Key_G, CONTROL)
    settled()
    step(window, settled, "file")
    by_head(desk, settled, "W5", "R20", firm, "check", evidence="营业执照")
    by_head(desk, settled, "W5", "R20", firm, "leave", ground="企业申请退会")
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    page = page_of(window, EnterprisesPage)
    assert not any(one.isEnabled() for one in (page.edit_button, page.event_button, page.grade_button))
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    assert page.table.rows.rowCount() == 0
    page.sealed.setFocus()
    press(page.sealed, Qt.Key.Key_Space)
    settled()
    assert page.table.rows.rowCount() == 1


def test_a_bad_event_is_shown_until_its_last_day_and_stops_by_itself(
    window: MainWindow, desk: OpenDesk, firm: str, later: Later, settled: Settle
) -> None:
    event = desk.services.ids.new()
    values: dict[str, object] = {
        "event_id": event, "uscc": firm, "polarity": "4", "event_cat": "24",
        "event_date": desk.services.enterprises.today.isoformat(), "basis_kind": "3",
        "content": "未按行业公约标注材质。", "publicity": "P", "repair_status": "0",
    }  # fmt: skip
    event = desk.services.records.create("R21", values)  # type: ignore[arg-type]
    window.go(Target("enterprises", "R20", firm))
    settled()
    page = page_of(window, EnterprisesPage)
    press(page.lines, Qt.Key.Key_Return)
    settled()
    step(window, settled, "register")
    by_head(desk, settled, "W6", "R21", event, "check", evidence="公约第八条")
    step(window, settled, "notify", "挂号信")
    later.advance(15)
    by_head(desk, settled, "W6", "R21", event, "effect", ground="属实")
    press(window, Qt.Key.Key_Left, ALT)
    settled()
    page = page_of(window, EnterprisesPage)

    def shown() -> str:
        return str(page.lines.rows.data(page.lines.rows.index(0, 4)))

    assert shown().startswith("公开至 ")
    later.advance(3 * 366)
    page.refresh()
    settled()
    assert shown() == "已停止显示"


class Keys(QObject):
    """Counts the keys of a clerk: each key press, and three for a Chinese character typed as pinyin."""

    def __init__(self) -> None:
        super().__init__()
        self.struck = 0

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is QApplication.focusWidget():  # what nobody takes goes on to the widgets around
            if event.type() == QEvent.Type.KeyPress:
                self.struck += 1
            elif isinstance(event, QInputMethodEvent):
                self.struck += 3 * len(event.commitString())
        return False


def test_a_complaint_is_taken_down_with_the_keys_of_a_minute(
    window: MainWindow, desk: OpenDesk, qapp: QApplication, settled: Settle
) -> None:
    press(window, Qt.Key.Key_T, CONTROL)
    settled()
    page = page_of(window, ComplaintsPage)
    keys = Keys()
    qapp.installEventFilter(keys)
    press(page, Qt.Key.Key_N, CONTROL)
    for text in ("", "", "", "何秀英", "13900001234", "yunsheng", "话筒", "", "", "zl", "680", "", ""):
        if text:
            write(focused(), text)
        press(focused(), Qt.Key.Key_Return)
    press(focused(), Qt.Key.Key_Space)
    for _ in page.form.rows["claims"].field.boxes:  # type: ignore[attr-defined]
        press(focused(), Qt.Key.Key_Tab)
    write(focused(), "话筒无声，商家不退货。")
    press(focused(), Qt.Key.Key_Tab)
    focused().selectAll()  # type: ignore[attr-defined]
    write(focused(), "本人选择由协会调解")
    press(focused(), Qt.Key.Key_Return, CONTROL)
    qapp.removeEventFilter(keys)
    settled()
    assert page.stack.currentIndex() == CASE
    (record,) = desk.services.records.find("R22")
    assert record.values["complaint_no"]
    assert keys.struck <= A_MINUTE
