"""Household archives: list, search, dossier, a new archive, consents."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from tests.ui.desks import VILLAGE, fill
from tests.ui.keys import press, write
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.households.page import HouseholdsPage

ID_NUMBER = "440783198505121236"


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Callable[[], None]) -> Iterator[HouseholdsPage]:
    made = HouseholdsPage(context)
    qtbot.addWidget(made)
    made.resize(1150, 700)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    yield made
    settled()


def search(page: HouseholdsPage, qtbot: QtBot, text: str, hits: int) -> list[str]:
    """Type into the search and wait for the list; gives the heads' names."""
    page.start_search()
    page.list.search.selectAll()
    write(page.list.search, text)
    qtbot.waitUntil(lambda: page.list.table.rows.rowCount() == hits and not page.list._timer.isActive())
    rows = (page.list.table.rows.row_at(number) for number in range(hits))
    return [str(row.cells[0]) for row in rows if row is not None]


def opened(page: HouseholdsPage, desk: OpenDesk, settled: Callable[[], None]) -> str:
    rid = desk.services.records.find("R05", limit=1)[0].rid
    page.open(rid)
    settled()
    return rid


def texts(page: HouseholdsPage) -> list[str]:
    labels = (found for found in page.dossier.findChildren(QLabel) if isinstance(found, QLabel))  # type: ignore[var-annotated]
    return [found.text() for found in labels]


def enter(page: HouseholdsPage, name: str, text: str) -> None:
    field = page.form.rows[name].field
    line = getattr(field, "line", field)
    line.setFocus()
    write(line, text)
    press(line, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("typed", "names"),
    [("陈建", ["陈建明"]), ("chenj", ["陈建明"]), ("lxy", ["李秀英", "林秀英"]), ("13900000002", ["张志强"])],
)
def test_a_household_is_found_by_name_pinyin_and_number(
    page: HouseholdsPage, qtbot: QtBot, typed: str, names: list[str]
) -> None:
    found = search(page, qtbot, typed, len(names))
    assert found == names


def test_nothing_found_says_what_to_try(page: HouseholdsPage, qtbot: QtBot) -> None:
    assert search(page, qtbot, "zzzz", 0) == []
    assert page.list.empty.isVisible()
    assert page.list.empty.heading.text() == "没有找到农户"


def test_filters_narrow_the_list(page: HouseholdsPage, settled: Callable[[], None]) -> None:
    settled()
    assert page.list.village.count() == 2
    page.list.group.setCurrentIndex(page.list.group.findData("第2组"))
    page.list.group.activated.emit(0)
    assert page.list.table.rows.rowCount() == 2
    page.list.sync.setCurrentIndex(page.list.sync.findData("confirmed"))
    page.list.sync.activated.emit(0)
    assert page.list.table.rows.rowCount() == 0


def test_typing_on_the_list_goes_on_in_the_search(page: HouseholdsPage) -> None:
    page.list.table.setFocus()
    press(page.list.table, Qt.Key.Key_C)
    assert page.list.search.hasFocus()
    assert page.list.search.text() == "c"


def test_phones_in_the_list_are_masked(page: HouseholdsPage) -> None:
    row = page.list.table.rows.row_at(0)
    assert row is not None
    assert "139****0000" in row.cells


def test_enter_opens_the_dossier_in_the_order_of_the_paper_form(
    page: HouseholdsPage, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    page.list.table.setFocus()
    press(page.list.table, Qt.Key.Key_Return)
    settled()
    assert page.title.text() == "陈建明 户"
    assert "开平市 / 百合镇 / 上洞村" in page.number.text()
    assert page.shown is not None
    assert [part.record_type.id for part in page.shown.parts][:6] == ["R06", "R07", "R08", "R09", "R10", "R11"]
    assert page.dossier.tables["R06"].rows.rowCount() == 2
    assert "139****0000" in texts(page)
    assert "稻谷种植" in texts(page)
    page.go_back()
    assert page.list.isVisible()


def test_the_dossier_follows_changes(
    page: HouseholdsPage, desk: OpenDesk, qtbot: QtBot, settled: Callable[[], None]
) -> None:
    rid = opened(page, desk, settled)
    desk.services.records.create("R08", {"household_id": rid, "land_kind": "1"})
    qtbot.waitUntil(lambda: "R08" in page.dossier.tables)
    assert page.dossier.tables["R08"].rows.rowCount() == 1


def test_an_archive_is_opened_by_keyboard(
    page: HouseholdsPage, desk: OpenDesk, notices: list[Notice], settled: Callable[[], None]
) -> None:
    page.start_new()
    assert page.form.rows["region_code"].field.value() == VILLAGE  # type: ignore[attr-defined]
    page.save()
    assert not page.form.rows["person_name"].problem_label.isHidden()
    enter(page, "person_name", "区永滘")
    enter(page, "address", "第三村民小组8号")
    enter(page, "main_industry", "dgzz")
    assert page.unsaved()
    page.save()
    settled()
    rid = page.rid
    household = desk.services.records.get("R05", rid).record.values
    assert household["household_id"] == f"{VILLAGE}000001"
    assert household["main_industry"] == "0111"
    head = desk.services.records.get("R06", str(household["head_person_id"])).record.values
    assert (head["person_name"], head["relation"], head["household_id"]) == ("区永滘", "02", rid)
    assert page.title.text() == "区永滘 户"
    assert not page.unsaved()
    undo = notices[-1].action
    assert undo is not None
    undo()
    settled()
    assert desk.services.records.count("R05") == 12
    assert desk.services.records.count("R06") == 24


def test_a_valid_identity_number_fills_in_what_it_says(page: HouseholdsPage) -> None:
    page.start_new()
    enter(page, "id_no", ID_NUMBER)
    assert page.form.rows["birth_date"].field.value() == "1985-05-12"  # type: ignore[attr-defined]
    assert page.form.rows["sex"].field.value() == "1"  # type: ignore[attr-defined]


def test_a_wrong_identity_number_is_refused_at_its_field(
    page: HouseholdsPage, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    page.start_new()
    enter(page, "person_name", "陈某")
    enter(page, "address", "某处")
    enter(page, "id_no", ID_NUMBER[:-1] + "0")
    page.save()
    settled()
    assert not page.form.rows["id_no"].problem_label.isHidden()
    assert page.form.save_button.isEnabled()
    assert desk.services.records.count("R05") == 12


def test_a_signed_consent_lets_waiting_values_in(
    page: HouseholdsPage, desk: OpenDesk, notices: list[Notice], settled: Callable[[], None], qtbot: QtBot
) -> None:
    rid = opened(page, desk, settled)
    income = desk.services.records.create("R07", {"household_id": rid, "year": 2025, "income_crop": "35000.00"})
    settled()
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.awaiting > 0)
    assert any("等待授权" in text for text in texts(page))
    page.dossier.consent_wished.emit()
    page.consent.sign_button.click()
    assert not page.consent.rows["signed_at"].problem_label.isHidden()
    write(page.consent.signed_at, "2026-03-01")
    page.consent.sign_button.click()
    settled()
    assert desk.services.records.get("R07", income).record.values["income_crop"] == "35000.00"
    assert "已转正" in notices[-1].text
    qtbot.waitUntil(lambda: page.shown is not None and page.shown.awaiting == 0)
    assert page.shown is not None
    assert "用于评定与公示" in page.shown.signed
    assert not page.consent.isVisible()


def test_consent_is_withdrawn_only_with_a_reason(
    page: HouseholdsPage, desk: OpenDesk, notices: list[Notice], settled: Callable[[], None]
) -> None:
    opened(page, desk, settled)
    page.consent.begin()
    write(page.consent.signed_at, "2026-03-01")
    page.consent.sign_button.click()
    settled()
    page.consent.begin()
    page.consent.withdraw_button.click()
    assert not page.consent.rows["reason"].problem_label.isHidden()
    write(page.consent.reason, "本人要求")
    page.consent.withdraw_button.click()
    settled()
    assert "已撤回授权" in notices[-1].text
    assert desk.services.records.count("R04") == 5


def test_a_list_that_grew_keeps_its_place(page: HouseholdsPage, desk: OpenDesk, qtbot: QtBot) -> None:
    page.list.table.selectRow(5)
    key = page.list.table.current_key()
    fill(desk, 30, start=100)
    qtbot.waitUntil(lambda: page.list.table.rows.rowCount() == 42)
    assert page.list.table.current_key() == key
