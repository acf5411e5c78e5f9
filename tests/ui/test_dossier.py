"""A whole dossier by keyboard: every part of the paper form entered in place, with sums, checks, drafts and hints."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import Signature
from jmdesk.desk import Desk
from jmdesk.households.operation import Left
from jmdesk.store.reading import Filter
from tests.ui.keys import press, write
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.households.editor import Editing, RecordEditor
from ui.pages.households.page import HouseholdsPage

Settle = Callable[[], None]
CONTROL = Qt.KeyboardModifier.ControlModifier
LAST_YEAR = 2025
NUMBER = "440783198505121236"


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


@pytest.fixture
def services(desk: OpenDesk) -> Desk:
    return desk.services


@pytest.fixture
def page(qtbot: QtBot, context: Context, services: Desk, settled: Settle) -> Iterator[HouseholdsPage]:
    made = HouseholdsPage(context)
    qtbot.addWidget(made)
    made.resize(1150, 700)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    made.open(services.records.find("R05", limit=1)[0].rid)
    settled()
    yield made
    made.in_place.close()
    settled()


def editor(page: HouseholdsPage) -> RecordEditor:
    assert page.in_place.editor is not None
    return page.in_place.editor


def line(page: HouseholdsPage, name: str) -> QWidget:
    field = editor(page).form.rows[name].field
    found = getattr(field, "line", field)
    assert isinstance(found, QWidget)
    return found


def enter(page: HouseholdsPage, name: str, text: str) -> None:
    """Go to a field and type; Enter goes on."""
    line(page, name).setFocus()
    write(line(page, name), text)
    press(line(page, name), Qt.Key.Key_Return)


def children(services: Desk, type_id: str, rid: str) -> list[Record]:
    own = services.catalogue.types[type_id].household_field
    where: Record = {own: rid} if own else {"subject_id": f"R05:{rid}"}
    return [one.values for one in services.records.find(type_id, Filter(where=where))]


PARTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("R06", {"person_name": "区永滘", "relation": "20"}),
    ("R07", {"income_crop": "12000"}),
    ("R08", {"land_kind": "1", "area_mu": "3.5"}),
    ("R09", {"asset_kind": "1", "qty": "1"}),
    ("R10", {"creditor_type": "1", "amount": "5万"}),
    ("R11", {"ins_kind": "1"}),
    ("R12", {"season": "2026早造"}),
    ("R13", {"honor_title": "文明户"}),
    ("R14", {"doc_no": "(2026)粤07执1号"}),
)


def test_a_whole_dossier_is_entered_without_the_mouse(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    rid = page.rid
    for type_id, typed in PARTS:
        for _ in range(20):
            panel = page.dossier.current()
            if panel is not None and panel.type_id == type_id:
                break
            press(focused(), Qt.Key.Key_PageDown, CONTROL)
        before = len(children(services, type_id, rid))
        press(focused(), Qt.Key.Key_N, CONTROL | Qt.KeyboardModifier.ShiftModifier)
        settled()
        assert editor(page).wanted.type == type_id
        for name, text in typed.items():
            enter(page, name, text)
        page.save()
        settled()
        assert page.in_place.editor is None
        assert len(children(services, type_id, rid)) == before + 1
        assert page.dossier.isAncestorOf(focused())


def test_parts_add_up_while_they_are_typed(page: HouseholdsPage, settled: Settle, qtbot: QtBot) -> None:
    page.in_place.begin(Editing("R07"))
    settled()
    assert editor(page).form.rows["year"].field.value() == LAST_YEAR  # type: ignore[attr-defined]
    enter(page, "income_crop", "12000")
    line(page, "income_labor").setFocus()
    write(line(page, "income_labor"), "1.5万")
    total = editor(page).form.rows["income_total"].field
    qtbot.waitUntil(lambda: total.value() == "27000.00")  # type: ignore[attr-defined]
    assert line(page, "income_labor").property("text") == "1.5万"


def test_an_identity_number_fills_in_birth_date_and_sex_and_warns(page: HouseholdsPage, settled: Settle) -> None:
    page.in_place.begin(Editing("R06"))
    settled()
    enter(page, "id_no", NUMBER)
    editor(page).follow()
    assert editor(page).form.rows["birth_date"].field.value() == "1985-05-12"  # type: ignore[attr-defined]
    assert editor(page).form.rows["sex"].field.value() == "1"  # type: ignore[attr-defined]
    editor(page).form.rows["sex"].field.set_value("2")  # type: ignore[attr-defined]
    editor(page).follow()
    assert not editor(page).form.rows["sex"].problem_label.isHidden()


def test_a_wrong_checksum_is_refused_in_place(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    page.in_place.begin(Editing("R06"))
    settled()
    enter(page, "person_name", "区永滘")
    enter(page, "id_no", f"{NUMBER[:-1]}0")
    page.save()
    settled()
    assert not editor(page).form.rows["id_no"].problem_label.isHidden()
    assert len(children(services, "R06", page.rid)) == 2


def test_of_a_child_no_number_is_asked(page: HouseholdsPage, settled: Settle) -> None:
    page.in_place.begin(Editing("R06"))
    settled()
    enter(page, "birth_date", "2020-05-01")
    editor(page).follow()
    assert not editor(page).form.rows["id_no"].field.isEnabled()
    assert "14" in editor(page).form.rows["id_no"].lock_text


def test_somebody_who_is_here_already_is_named_while_typing(
    page: HouseholdsPage, services: Desk, settled: Settle
) -> None:
    other = next(one for one in services.records.find("R06", limit=10) if one.values["household_id"] != page.rid)
    page.in_place.begin(Editing("R06"))
    settled()
    enter(page, "person_name", str(other.values["person_name"]))
    enter(page, "birth_date", str(other.values["birth_date"]))
    editor(page).follow()
    settled()
    assert str(other.values["person_name"]) in editor(page).hint.text()


def test_what_was_typed_survives_a_crash(
    page: HouseholdsPage, context: Context, qtbot: QtBot, settled: Settle, notices: list[Notice]
) -> None:
    page.in_place.begin(Editing("R08"))
    settled()
    enter(page, "area_mu", "3.5")
    assert page.unsaved()
    page.keep_draft()
    anew = HouseholdsPage(context)
    qtbot.addWidget(anew)
    anew.show()
    anew.open(page.rid)
    settled()
    settled()
    assert editor(anew).wanted.type == "R08"
    assert editor(anew).form.rows["area_mu"].field.value() == "3.50"  # type: ignore[attr-defined]
    assert anew.unsaved()
    assert "恢复" in notices[-1].text
    anew.discard()
    settled()
    assert not anew.unsaved()
    page.in_place.close()


def test_the_bar_says_what_is_missing_and_leads_there(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    assert page.shown is not None
    assert page.dossier.completeness.text.text().startswith("必填资料已齐；另有 ")
    gap = page.shown.completeness.gaps[0]
    page.dossier.completeness.wished.emit(page.dossier.completeness._editing(gap, page.shown))
    settled()
    assert editor(page).wanted.type == gap.type


def test_a_folded_part_stays_folded_when_records_change(
    page: HouseholdsPage, services: Desk, settled: Settle, qtbot: QtBot
) -> None:
    head = page.dossier.panels["R06"].section.head
    head.setFocus()
    press(head, Qt.Key.Key_Space)
    assert not page.dossier.panels["R06"].section.unfolded
    services.consents.sign(page.rid, Signature("2026-03-01T02:00:00Z"))
    services.records.create("R08", {"household_id": page.rid, "land_kind": "1", "area_mu": "2.00"})
    qtbot.waitUntil(lambda: "R08" in page.dossier.tables)
    assert not page.dossier.panels["R06"].section.unfolded
    assert "2.00" in page.dossier.panels["R08"].section.remark.text()


def test_an_open_editor_outlives_a_change_from_elsewhere(
    page: HouseholdsPage, services: Desk, settled: Settle, qtbot: QtBot
) -> None:
    page.in_place.begin(Editing("R09"))
    settled()
    enter(page, "qty", "2")
    services.records.create("R08", {"household_id": page.rid, "land_kind": "1"})
    qtbot.waitUntil(lambda: "R08" in page.dossier.tables)
    assert editor(page).form.rows["qty"].field.value() == "2.00"  # type: ignore[attr-defined]
    page.in_place.close()


def test_a_record_is_voided_in_place_for_a_reason(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    land = services.records.create("R08", {"household_id": page.rid, "land_kind": "1"})
    settled()
    page.in_place.begin(Editing("R08", land))
    settled()
    editor(page).void_button.click()
    assert editor(page).reason.isVisible()
    write(editor(page).reason, "重复登记")
    editor(page).void_button.click()
    settled()
    assert services.records.get("R08", land).record.voided == "重复登记"


def test_a_household_of_sixty_with_long_and_rare_names_opens(
    page: HouseholdsPage, services: Desk, settled: Settle
) -> None:
    names = ("𠮷滘蓢湴", "阿依古丽·买买提·吐尔逊江·阿卜杜热合曼·艾尔肯之女", "单于・滘")
    with services.records.writing("import") as writer:
        for n in range(58):
            values: Record = {
                "household_id": page.rid, "person_name": names[n % 3][:25], "relation": "97", "is_labor": False,
            }  # fmt: skip
            writer.create("R06", {**values, "person_id": writer.transaction.new_id()})
    page.open(page.rid)
    settled()
    table = page.dossier.tables["R06"]
    assert table.rows.rowCount() == 60
    assert any("人" in text for text in [page.dossier.completeness.problems.text()])
    row = table.rows.row_at(2)
    assert row is not None
    assert row.cells[0] == "𠮷滘蓢湴"


def test_a_household_without_a_head_says_so(page: HouseholdsPage, services: Desk, settled: Settle) -> None:
    services.records.change("R05", page.rid, {}, ["head_person_id"])
    page.open(page.rid)
    settled()
    assert "未登记户主" in page.title.text()
    assert any(gap.field == "head_person_id" for gap in page.shown.completeness.gaps)  # type: ignore[union-attr]


def test_the_history_closes_the_dossier_and_tells_of_family_changes(
    page: HouseholdsPage, services: Desk, settled: Settle
) -> None:
    spouse = services.records.find("R06", Filter(where={"household_id": page.rid}))[1].rid
    services.family.perform(Left(spouse, "2026-11-01"), "外嫁到邻村")
    settled()
    head = page.dossier.panels["history"].section.head
    head.setFocus()
    press(head, Qt.Key.Key_Space)
    settled()
    history = page.dossier.panels["history"]
    told = [str(one.property("text")) for one in history.findChildren(QWidget)]  # type: ignore[var-annotated]
    assert any("外嫁到邻村" in text for text in told)
    assert list(page.dossier.panels)[-1] == "history"
