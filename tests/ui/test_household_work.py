"""Family changes, doubles, work lists and the yearly round, as an officer does them in the window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from python_calamine import CalamineWorkbook

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import Signature
from jmdesk.desk import Desk
from jmdesk.store.reading import Filter
from tests.ui.desks import VILLAGE
from tests.ui.keys import press, write
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.households.page import HouseholdsPage

Settle = Callable[[], None]
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def services(desk: OpenDesk) -> Desk:
    return desk.services


@pytest.fixture
def page(qtbot: QtBot, context: Context, services: Desk, settled: Settle) -> Iterator[HouseholdsPage]:
    assert services.records.count("R05") == 12
    made = HouseholdsPage(context)
    qtbot.addWidget(made)
    made.resize(1150, 700)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    settled()
    yield made
    settled()


def members(services: Desk, household: str) -> list[str]:
    return [one.rid for one in services.records.find("R06", Filter(where={"household_id": household}))]


def begin(page: HouseholdsPage, services: Desk, settled: Settle, kind: str) -> str:
    """Open the first household and ask for a change."""
    rid = services.records.find("R05", limit=1)[0].rid
    page.open(rid)
    settled()
    page.change_family()
    page.family.kind.setCurrentIndex(page.family.kind.findData(kind))
    return rid


def test_a_change_of_head_is_told_before_it_is_done(
    page: HouseholdsPage, services: Desk, settled: Settle, notices: list[Notice]
) -> None:
    rid = begin(page, services, settled, "head")
    services.consents.sign(rid, Signature("2026-03-01T02:00:00Z"))
    settled()
    head, spouse = members(services, rid)
    family = page.family
    family.person.setCurrentIndex(family.person.findData(spouse))
    assert family.members[head][1].value() == "10"
    family.tell_button.click()
    assert not family.rows["reason"].problem_label.isHidden()
    write(family._reason, "夫妻商定")
    family.tell_button.click()
    settled()
    assert "3 份授权失效" in family.told.text()
    assert services.records.get("R05", rid).record.values["head_person_id"] == head
    family.do_button.click()
    settled()
    assert services.records.get("R05", rid).record.values["head_person_id"] == spouse
    assert services.records.get("R06", head).record.values["relation"] == "10"
    assert family.isHidden()
    assert "已办理" in notices[-1].text


def test_an_edit_after_the_rehearsal_asks_for_another_one(
    page: HouseholdsPage, services: Desk, settled: Settle
) -> None:
    rid = begin(page, services, settled, "died")
    family = page.family
    family.person.setCurrentIndex(1)
    write(family.rows["on"].field, "2026-11-01")
    write(family._reason, "家属报告")
    family.tell_button.click()
    settled()
    assert family.do_button.isEnabled()
    family.person.setCurrentIndex(2)
    assert not family.do_button.isEnabled()
    assert len(members(services, rid)) == 2


def test_a_split_founds_a_household_and_goes_there(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    rid = begin(page, services, settled, "split")
    spouse = members(services, rid)[1]
    family = page.family
    family.members[spouse][0].setChecked(True)
    family.person.setCurrentIndex(family.person.findData(spouse))
    write(family._reason, "分家")
    family.tell_button.click()
    settled()
    family.do_button.click()
    settled()
    assert services.records.count("R05") == 13
    assert page.rid != rid
    assert members(services, page.rid) == [spouse]


def test_doubles_are_found_compared_and_merged(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    first, second = services.records.find("R05", limit=2)
    double = members(services, second.rid)[1]
    original = members(services, first.rid)[1]
    twin = services.records.get("R06", original).record.values
    services.records.change("R06", double, {n: twin[n] for n in ("person_name", "birth_date")})
    services.records.change("R06", double, {"occupation": "5"})
    settled()
    page.show_doubles()
    page.doubles.start.click()
    settled()
    assert page.doubles.table.rows.rowCount() == 1
    press(page.doubles.table, Qt.Key.Key_Return)
    settled()
    assert page.doubles.panel.isVisible()
    page.doubles.takes["occupation"].setChecked(True)
    page.doubles.merge_button.click()
    assert page.doubles.reason.problem()
    write(page.doubles.reason, "同一人两处登记")
    page.doubles.merge_button.click()
    settled()
    assert services.records.get("R06", original).record.values["occupation"] == "5"
    assert services.records.get("R06", double).record.voided is not None
    assert page.doubles.table.rows.rowCount() == 0


def test_people_told_apart_do_not_come_back(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    first, second = services.records.find("R05", limit=2)
    twin = services.records.get("R06", members(services, first.rid)[1]).record.values
    changed: Record = {n: twin[n] for n in ("person_name", "birth_date")}
    services.records.change("R06", members(services, second.rid)[1], changed)
    page.show_doubles()
    page.doubles.start.click()
    settled()
    press(page.doubles.table, Qt.Key.Key_Return)
    settled()
    page.doubles.apart_button.click()
    settled()
    assert page.doubles.table.rows.rowCount() == 0


def test_a_list_is_kept_under_a_name_and_shown_again(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    settled()
    page.list.group.setCurrentIndex(page.list.group.findData("第2组"))
    page.list.work.setCurrentIndex(page.list.work.findData("none"))
    page.list.work.activated.emit(0)
    assert page.list.table.rows.rowCount() == 2
    page.list.keep_list.click()
    write(page.work.name, "第2组没签的")
    press(page.work.name, Qt.Key.Key_Return)
    page.list.show_filter(type(page.list.wanted())())
    assert page.list.table.rows.rowCount() == 12
    page.list.lists.setCurrentIndex(page.list.lists.findText("第2组没签的"))
    page.list.lists.activated.emit(0)
    assert page.list.table.rows.rowCount() == 2
    page.list.forget_list.click()
    assert services.lists.all() == {}


def test_chosen_lines_are_exported_masked(
    page: HouseholdsPage, services: Desk, settled: Settle, tmp_path: Path, notices: list[Notice]
) -> None:
    page.list.table.setFocus()
    page.list.table.selectRow(0)
    press(page.list.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    press(page.list.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    page.list.export_wished.emit()
    page.work.go_button.click()
    assert not page.work.line.problem_label.isHidden()
    write(page.work.text, "入户核对")
    page.work.export(tmp_path / "名单.xlsx")
    settled()
    lines = CalamineWorkbook.from_path(tmp_path / "名单.xlsx").get_sheet_by_index(0).to_python()
    assert sum(str(line[0]).startswith(VILLAGE) for line in lines) == 3
    assert "13900000000" not in str(lines)
    assert "3 户" in notices[-1].text


def test_chosen_households_are_rated(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    page.list.table.setFocus()
    press(page.list.table, Qt.Key.Key_A, CONTROL)
    page.list.rating_wished.emit()
    settled()
    assert services.records.count("R16") == 12


def test_a_round_is_walked_printed_and_entered_by_keyboard(
    page: HouseholdsPage, services: Desk, settled: Settle, tmp_path: Path
) -> None:
    first = services.records.find("R05", limit=1)[0].rid
    services.consents.sign(first, Signature("2026-03-01T02:00:00Z"))
    services.records.create("R07", {"household_id": first, "year": 2024, "income_crop": "9000.00"})
    settled()
    page.show_rounds()
    settled()
    page.rounds.start()
    settled()
    assert page.rounds.table.rows.rowCount() == 6
    page.rounds.write_forms(tmp_path / "采集表.pdf")
    settled()
    assert (tmp_path / "采集表.pdf").read_bytes().startswith(b"%PDF")
    page.rounds.enter("第1组")
    settled()
    entry = page.rounds.entry
    assert entry.isVisible()
    assert "9,000.00" in entry.rows["income_crop"].lock_text
    assert entry.rows["income_crop"].field.value() is None  # type: ignore[attr-defined]
    crop = entry.rows["income_crop"].field
    press(crop.line, Qt.Key.Key_D, CONTROL)  # type: ignore[attr-defined]
    labour = entry.rows["income_labor"].field.line  # type: ignore[attr-defined]
    labour.setFocus()
    write(labour, "20000")
    press(labour, Qt.Key.Key_Return, CONTROL)
    settled()
    (income,) = services.records.find("R07", Filter(where={"household_id": first, "year": 2025}))
    assert (income.values["income_crop"], income.values["income_total"]) == ("9000.00", "29000.00")
    assert entry.isVisible()
    row = page.rounds.table.rows.row_at(0)
    assert row is not None
    assert row.cells[2:4] == ("2", "1")
