from __future__ import annotations

import pytest

from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.records.masking import masked_record
from jmdesk.records.writer import InvalidRecord
from jmdesk.store.reading import Filter
from tests.desks import PASSPHRASE, Family


def test_a_wrong_value_is_refused_with_its_field_and_a_text(desk: Desk) -> None:
    with pytest.raises(InvalidRecord) as caught:
        desk.records.create("R06", {"person_name": "某某", "id_no": "440785199001010012"})
    (problem,) = caught.value.problems
    assert (problem.field, problem.code) == ("id_no", "idno.checksum")
    assert "校验码" in str(caught.value.message_for_user())
    assert desk.records.count("R06") == 0


def test_a_code_outside_its_list_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidRecord) as caught:
        desk.records.create("R05", {"household_type": "77"})
    assert caught.value.problems[0].field == "household_type"


def test_a_field_that_is_off_by_default_is_not_collected(desk: Desk, family: Family) -> None:
    with pytest.raises(InvalidRecord) as caught:
        desk.records.change("R06", family.head, {"ethnic": "01"})
    assert caught.value.problems[0].code == "records.field_off"


def test_a_half_typed_record_is_kept_as_a_draft(desk: Desk) -> None:
    rid = desk.records.create("R20", {"ent_name": "蓬江某摩托车厂"})
    assert desk.records.get("R20", rid).record.values == {"ent_name": "蓬江某摩托车厂"}


def test_computed_fields_follow_their_sources(desk: Desk) -> None:
    rid = desk.records.create("R24", {
        "gc_year": 2025, "revenue_main": "100000.00", "base_score": "74.5", "gain_score": "8.0", "loss_score": "5.0",
        "gc_grade": "B",
    })  # fmt: skip
    assert desk.records.get("R24", rid).record.values["total"] == "77.5"
    desk.records.change("R24", rid, {"loss_score": "6.0"})
    assert desk.records.get("R24", rid).record.values["total"] == "76.5"


def test_void_needs_a_reason_and_hides_the_record_from_lists_but_not_from_history(desk: Desk, family: Family) -> None:
    with pytest.raises(Refused, match=r"records\.reason_needed"):
        desk.records.void("R07", family.income, "  ")
    desk.records.void("R07", family.income, "录错年度")
    assert desk.records.count("R07") == 0
    assert desk.records.count("R07", Filter(voided=True)) == 1
    assert desk.records.history(family.income)[-1].verb == "void"


def test_the_last_change_can_be_undone_and_history_keeps_both(desk: Desk, family: Family) -> None:
    desk.records.change("R05", family.household, {"address": "新址"}, ["phone"])
    desk.records.undo_last()
    values = desk.records.get("R05", family.household).record.values
    assert (values["address"], values["phone"]) == ("塘洲村1组8号", "19900001234")
    assert [c.verb for c in desk.records.history(family.household)] == ["import", "edit", "undo"]


def test_undoing_a_void_brings_the_record_back(desk: Desk, family: Family) -> None:
    desk.records.void("R07", family.income, "录错")
    desk.records.undo_last()
    assert desk.records.get("R07", family.income).record.voided is None


def test_undoing_a_new_record_voids_it(desk: Desk) -> None:
    rid = desk.records.create("R20", {"ent_name": "某厂"})
    desk.records.undo_last()
    assert desk.records.get("R20", rid).record.voided


def test_bookkeeping_types_are_not_edited_by_hand(desk: Desk) -> None:
    with pytest.raises(Refused, match=r"records\.bookkeeping"):
        desk.records.create("R16", {})


def test_numbers_are_masked_where_nobody_asked_for_them(desk: Desk, family: Family) -> None:
    household = desk.records.get("R05", family.household).record
    shown = masked_record(desk.catalogue.types["R05"], household.values)
    assert shown["phone"] == "199****1234"
    person = masked_record(desk.catalogue.types["R06"], {"id_no": "440785199001010011"})
    assert person["id_no"] == "440785********0011"


def test_a_child_record_is_in_its_households_region(desk: Desk, family: Family) -> None:
    assert {r.region for r in desk.records.find("R06")} == {"440785109214"}


def test_a_closed_vault_opens_again_with_everything_in_it(desk: Desk, family: Family) -> None:
    folder, head = desk.vault.folder, family.head
    desk.close()
    with Desk.open(folder, PASSPHRASE) as again:
        assert again.records.get("R06", head).record.values["person_name"] == "曾建明"
