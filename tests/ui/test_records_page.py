"""Every record type: list, form, history, void, undo; consents and masked numbers on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import RecordType
from jmdesk.store.reading import Filter
from tests.ui.keys import press, write
from ui.core.context import Context, Target
from ui.core.labels import NAMED_BY
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.records.kinds import GROUPS
from ui.pages.records.model import list_fields
from ui.pages.records.page import RecordsPage
from ui.widgets.masked_field import MaskedField
from ui.widgets.money_field import MoneyField
from ui.widgets.record_form import RecordForm

ID_NUMBER = "440783198505121239"


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Callable[[], None]) -> Iterator[RecordsPage]:
    made = RecordsPage(context)
    qtbot.addWidget(made)
    made.resize(1100, 700)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    yield made
    settled()


def form(page: RecordsPage) -> RecordForm:
    return page._forms[page.type_id]


def enter(page: RecordsPage, name: str, text: str) -> None:
    """Type into a field of the form and go on with Enter."""
    field = form(page).rows[name].field
    line = getattr(field, "line", field)
    line.setFocus()
    write(line, text)
    press(line, Qt.Key.Key_Return)


def household(desk: OpenDesk) -> str:
    return desk.services.records.find("R05", limit=1)[0].rid


# -- every type --------------------------------------------------------------------------------------------------------


def test_every_type_of_the_catalogue_has_its_place_in_the_list() -> None:
    placed = [type_id for _, members in GROUPS for type_id in members]
    assert sorted(placed) == sorted(catalogue().types)


def test_records_are_named_by_fields_that_exist() -> None:
    for type_id, names in NAMED_BY.items():
        known = catalogue().types[type_id].by_identifier.keys()
        assert {name for name in names if not name.startswith("x_")} <= known, type_id


@pytest.mark.parametrize("record_type", catalogue().types.values(), ids=lambda found: found.id)
def test_a_list_shows_a_few_telling_fields(record_type: RecordType) -> None:
    shown = list_fields(record_type)
    assert 1 <= len(shown) <= 5
    assert {field.identifier for field in record_type.key_fields if field.type.kind != "uuid"} <= {
        field.identifier for field in shown
    }


def test_every_type_has_a_form_with_all_its_fields(
    page: RecordsPage, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    for record_type in desk.services.catalogue.types.values():
        page.show_list(record_type.id)
        shown = page._form(record_type.id)
        hidden = {f.identifier for f in record_type.fields if not f.default_on or (f.type.kind == "uuid" and f.key)}
        if record_type.bookkeeping:
            hidden |= {f.identifier for f in record_type.fields if f.type.kind == "digest"} | {"item_scores"}
        assert set(shown.rows) == {f.identifier for f in record_type.fields} - hidden, record_type.id
        for name, row in shown.rows.items():
            assert row.field.accessibleName().startswith(record_type.by_identifier[name].label)
    settled()


def test_fields_that_are_off_by_default_are_not_there(page: RecordsPage) -> None:
    assert "education" not in page._form("R06").rows
    assert "person_name" in page._form("R06").rows


def test_bookkeeping_can_only_be_read(page: RecordsPage, desk: OpenDesk, settled: Callable[[], None]) -> None:
    page.begin("R02", {})
    assert page.stack.currentIndex() == 0
    page.open("R02", desk.services.actor)
    settled()
    assert not page.save_button.isVisible()
    assert not page.void_button.isVisible()
    field = form(page).rows["user_name"].field
    assert field.property("readOnly") is True


# -- recording ---------------------------------------------------------------------------------------------------------


def test_a_record_is_typed_saved_and_undone_by_keyboard(
    page: RecordsPage, desk: OpenDesk, notices: list[Notice], settled: Callable[[], None]
) -> None:
    page.show_list("R20")
    page.start_new()
    enter(page, "ent_name", "开平市水口某某卫浴厂")
    assert page.unsaved()
    page.save()
    settled()
    assert not page.unsaved()
    stored = desk.services.records.find("R20")
    assert [record.values["ent_name"] for record in stored] == ["开平市水口某某卫浴厂"]
    assert page.rid == stored[0].rid
    undo = notices[-1].action
    assert undo is not None
    undo()
    settled()
    assert desk.services.records.count("R20") == 0


def test_an_amount_that_waits_for_consent_is_kept_apart_and_says_so(
    page: RecordsPage, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    page.begin("R07", {"household_id": household(desk)})
    enter(page, "year", "2025")
    enter(page, "income_crop", "3.5万")
    page.save()
    settled()
    entry = desk.services.records.get("R07", page.rid)
    assert "income_crop" not in entry.record.values
    assert ("income_crop", "35000.00") in [(kept.field, kept.value) for kept in entry.awaiting]
    row = form(page).rows["income_crop"]
    assert isinstance(row.field, MaskedField)
    assert isinstance(row.field.inner, MoneyField)
    assert row.field.value() is None
    assert "〔待授权〕" in row.lock_text
    assert "书面同意(C3)" in row.lock_text
    assert "基本信息采集(C1)" in form(page).notice.text()


def test_a_changed_field_alone_is_written(page: RecordsPage, desk: OpenDesk, settled: Callable[[], None]) -> None:
    member = desk.services.records.find("R06", limit=1)[0]
    page.open("R06", member.rid)
    settled()
    field = form(page).rows["relation"].field
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    write(field, "10")
    press(field, Qt.Key.Key_Return)
    assert form(page).changes().set_ == {"relation": "10"}
    page.save()
    settled()
    assert desk.services.records.history(member.rid)[-1].after == {"relation": "10"}


def test_emptying_a_field_takes_the_value_away(page: RecordsPage, desk: OpenDesk, settled: Callable[[], None]) -> None:
    rid = household(desk)
    page.open("R05", rid)
    settled()
    field = form(page).rows["group_no"].field
    field.setFocus()
    field.selectAll()  # type: ignore[attr-defined]
    press(field, Qt.Key.Key_Delete)
    press(field, Qt.Key.Key_Return)
    page.save()
    settled()
    assert "group_no" not in desk.services.records.get("R05", rid).record.values


def test_what_cannot_be_read_is_not_saved(
    page: RecordsPage, desk: OpenDesk, notices: list[Notice], settled: Callable[[], None]
) -> None:
    page.begin("R07", {"household_id": household(desk)})
    enter(page, "year", "26")
    page.save()
    settled()
    assert "1 项" in notices[-1].text
    assert desk.services.records.count("R07") == 0
    assert not form(page).rows["year"].problem_label.isHidden()


def test_what_the_catalogue_refuses_is_shown_at_its_field(
    page: RecordsPage, desk: OpenDesk, notices: list[Notice], settled: Callable[[], None]
) -> None:
    page.begin("R06", {"household_id": household(desk)})
    enter(page, "person_name", "陈某")
    enter(page, "id_no", "440783198505121230")
    page.save()
    settled()
    assert desk.services.records.count("R06") == 24
    assert notices
    problem = form(page).rows["id_no"].problem_label
    assert not problem.isHidden()
    assert problem.text()


def test_a_field_is_checked_when_it_is_left(page: RecordsPage, desk: OpenDesk) -> None:
    page.begin("R20", {})
    enter(page, "uscc", "123")
    assert not form(page).rows["uscc"].problem_label.isHidden()


def test_missing_required_values_are_counted_and_do_not_stop_a_draft(page: RecordsPage, desk: OpenDesk) -> None:
    page.begin("R07", {"household_id": household(desk)})
    remarks = [label.text() for label in form(page).findChildren(QLabel) if label.text().startswith("还有")]  # type: ignore[var-annotated]
    assert sum(int(text.split()[1]) for text in remarks) == 2


# -- void, history, numbers --------------------------------------------------------------------------------------------


def test_a_record_is_voided_only_with_a_reason_and_can_come_back(
    page: RecordsPage, desk: OpenDesk, settled: Callable[[], None], context: Context
) -> None:
    rid = desk.services.records.create("R20", {"ent_name": "某某厂"})
    page.open("R20", rid)
    settled()
    page.ask_void()
    page.void()
    assert page.reason.problem() == "请写明作废原因。"
    write(page.reason, "重复建档")
    press(page.reason, Qt.Key.Key_Return)
    settled()
    assert desk.services.records.get("R20", rid).record.voided == "重复建档"
    assert page.stack.currentIndex() == 0
    page._lists["R20"].voided.setChecked(True)
    page.open("R20", rid)
    settled()
    assert not page.save_button.isVisible()
    context.undo()
    settled()
    assert desk.services.records.get("R20", rid).record.voided is None


def test_history_tells_who_changed_what_with_numbers_masked(
    page: RecordsPage, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    rid = household(desk)
    desk.services.records.change("R05", rid, {"phone": "13800001111", "resident_status": "2"})
    page.open("R05", rid)
    settled()
    page.show_history()
    settled()
    texts = [label.text() for label in page._history.findChildren(QLabel)]  # type: ignore[var-annotated]
    assert "修改" in texts
    assert any("林小燕" in text for text in texts)
    assert "部分外出半年以上" in texts
    assert "138****1111" in texts
    assert not any("13800001111" in text for text in texts)
    page.go_back()
    assert page._inner.currentWidget() is form(page)


def test_a_number_is_shown_for_a_reason_that_is_written_down(
    page: RecordsPage, desk: OpenDesk, settled: Callable[[], None], qtbot: QtBot
) -> None:
    rid = household(desk)
    page.open("R05", rid)
    settled()
    field = form(page).rows["phone"].field
    assert isinstance(field, MaskedField)
    assert field.line.text() == "139****0000"
    field.show_button.click()
    write(field.reason, "电话核实住址")
    press(field.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: field.revealed)
    assert field.line.text() == "13900000000"
    looked = desk.services.records.find("R26")
    assert len(looked) == 1
    assert looked[0].values["subject_id"] == f"R05:{rid}"
    assert looked[0].values["fields"] == ["phone"]
    assert desk.services.records.history(looked[0].rid)[0].reason == "电话核实住址"
    assert not form(page).changes().any


# -- going about -------------------------------------------------------------------------------------------------------


def test_typing_in_the_list_searches(page: RecordsPage, desk: OpenDesk, qtbot: QtBot) -> None:
    for name in ("开平水口甲厂", "恩平乙厂", "新会丙厂"):
        desk.services.records.create("R20", {"ent_name": name})
    page.show_list("R20")
    shown = page._lists["R20"]
    shown.table.setFocus()
    press(shown.table, Qt.Key.Key_E)
    assert shown.search.hasFocus()
    write(shown.search, "pyc")
    qtbot.waitUntil(lambda: shown.table.rows.rowCount() == 1)
    press(shown.search, Qt.Key.Key_Return)
    with qtbot.waitSignal(shown.opened):
        press(shown.table, Qt.Key.Key_Return)


def test_the_list_follows_changes_made_elsewhere(page: RecordsPage, desk: OpenDesk, qtbot: QtBot) -> None:
    page.show_list("R20")
    assert page._lists["R20"].table.rows.rowCount() == 0
    desk.services.records.create("R20", {"ent_name": "某某厂"})
    qtbot.waitUntil(lambda: page._lists["R20"].table.rows.rowCount() == 1)


def test_a_form_that_is_being_typed_in_is_not_overwritten(
    page: RecordsPage, desk: OpenDesk, settled: Callable[[], None]
) -> None:
    rid = household(desk)
    page.open("R05", rid)
    settled()
    field = form(page).rows["group_no"].field
    field.setFocus()
    write(field, "X")
    typed = field.text()  # type: ignore[attr-defined]
    desk.services.records.change("R05", rid, {"address": "别处"})
    settled()
    QApplication.processEvents()
    assert field.text() == typed  # type: ignore[attr-defined]
    page.show_target(Target("records", "R20"))
    assert page.type_id == "R05"


def test_a_reference_is_searched_by_name_and_shows_no_id(page: RecordsPage, desk: OpenDesk) -> None:
    page.begin("R08", {})
    enter(page, "household_id", "lixiuying")
    value = form(page).changes().set_["household_id"]
    found = desk.services.records.find("R06", Filter({"household_id": value}))
    assert found[0].values["person_name"] == "李秀英"


def test_back_leads_to_where_one_came_from(
    page: RecordsPage, desk: OpenDesk, context: Context, qtbot: QtBot, settled: Callable[[], None]
) -> None:
    rid = household(desk)
    came = Target("households", "R05", rid)
    page.show_target(Target("records", "R07", new={"household_id": rid}, came_from=came))
    with qtbot.waitSignal(context.going) as going:
        page.go_back()
    assert going.args == [came]
    settled()


def test_an_empty_list_says_where_its_first_record_comes_from_and_says_so_again_after_a_filter(
    page: RecordsPage,
) -> None:
    page.show_list("R22")
    complaints = page._lists["R22"]
    empty = complaints._empty
    assert (empty.heading.text(), empty.hint.text()) == ("还没有“投诉”记录", "按 Ctrl+N 新建。")
    complaints.voided.setChecked(True)
    assert empty.heading.text() == "没有符合条件的记录"
    complaints.voided.setChecked(False)
    assert empty.heading.text() == "还没有“投诉”记录"


def test_unsaved_input_is_kept_after_a_pause_and_put_back(
    qtbot: QtBot, context: Context, page: RecordsPage, settled: Callable[[], None], notices: list[Notice]
) -> None:
    household = context.services.records.find("R05", limit=1)[0].rid
    page.begin("R07", {"household_id": household})
    enter(page, "year", "2025")
    enter(page, "income_labor", "30000")
    page._drafting._timer.timeout.emit()
    settled()
    (kept,) = context.services.drafts.all()
    assert kept.content["set"] == {"household_id": household, "year": 2025, "income_labor": "30000.00"}

    fresh = RecordsPage(context)
    qtbot.addWidget(fresh)
    fresh.begin("R07", {"household_id": household})
    assert form(fresh).changes().set_ == kept.content["set"]
    assert fresh.unsaved()
    assert notices[-1].action_text == "放弃这些填写"
    fresh.save_button.setVisible(True)
    fresh.show()
    fresh.save()
    settled()
    assert context.services.drafts.all() == []
    assert context.services.records.count("R07") >= 1
    fresh.hide()
