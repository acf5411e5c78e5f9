"""Family changes: one transaction each, told before, seen in both histories, consents and ratings dealt with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.households.operation import (
    ChangeHead,
    Depart,
    Died,
    Left,
    Merge,
    MoveMember,
    Operation,
    Relocate,
    Split,
    suggested_relations,
)
from jmdesk.store.reading import Filter
from tests.desks import VILLAGE, Family, add_family, new_desk

SIGNED = Signature("2026-10-02T02:00:00Z")


@pytest.fixture
def other(desk: Desk, family: Family) -> Family:
    """A second household of the same village; its head has an identity number of their own."""
    with desk.records.writing("import") as writer:
        made = add_family(writer, desk.actor, f"{VILLAGE}000002")
    desk.records.change("R06", made.head, {"id_no": "440785198505121239", "person_name": "单于滘"})
    return made


def values(desk: Desk, type_id: str, rid: str) -> Record:
    return desk.records.get(type_id, rid).record.values


def members(desk: Desk, household: str) -> set[str]:
    return {one.rid for one in desk.records.find("R06", Filter(where={"household_id": household}))}


def reasons(desk: Desk, rid: str) -> str:
    return "\n".join(change.reason for change in desk.records.history(rid))


def errors(desk: Desk, household: str) -> set[str]:
    """The errors that the rules of a whole household find."""
    checks = desk.households.findings(household)
    return {one.problem.code for one in checks if one.problem.level == "error"}


def test_another_head_signs_anew_and_what_was_signed_waits(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    assert "id_no" in values(desk, "R06", family.head)
    effects = desk.family.perform(
        ChangeHead(family.household, family.spouse, {family.head: "10", family.child: "20"}), "夫妻商定"
    )
    assert values(desk, "R05", family.household)["head_person_id"] == family.spouse
    assert values(desk, "R06", family.spouse)["relation"] == "02"
    assert values(desk, "R06", family.head)["relation"] == "10"
    assert effects.household_consents == 3
    assert effects.withheld >= 4
    assert "income_crop" not in values(desk, "R07", family.income)
    assert not desk.consents.of(family.household).signed
    assert "夫妻商定" in reasons(desk, family.household)
    desk.consents.sign(family.household, SIGNED)
    assert values(desk, "R07", family.income)["income_crop"] == "12000.50"
    assert errors(desk, family.household) == set()


def test_a_rehearsal_tells_what_would_happen_and_writes_nothing(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    wanted = ChangeHead(family.household, family.spouse, {family.head: "10", family.child: "20"})
    before = len(desk.records.history(family.household))
    told = desk.family.rehearse(wanted)
    assert len(desk.records.history(family.household)) == before
    assert values(desk, "R05", family.household)["head_person_id"] == family.head
    assert told == desk.family.perform(wanted, "夫妻商定")


def test_a_member_moves_with_their_own_consent_and_both_histories_say_so(
    desk: Desk, family: Family, other: Family
) -> None:
    desk.consents.sign(family.household, SIGNED)
    effects = desk.family.perform(MoveMember(family.spouse, other.household, "97"), "投靠亲属")
    assert family.spouse in members(desk, other.household)
    assert (
        values(desk, "R05", family.household)["population"],
        values(desk, "R05", other.household)["population"],
    ) == (2, 4)
    assert values(desk, "R05", family.household)["labor_count"] == 1
    assert effects.carried_consents == 1
    for household in (family.household, other.household):
        assert "投靠亲属" in reasons(desk, household)
        assert errors(desk, household) == set()


def test_values_that_wait_go_along_with_a_member(desk: Desk, family: Family, other: Family) -> None:
    desk.records.change("R06", family.spouse, {"id_type": "111", "id_no": "440785199205060029"})
    assert "id_no" not in values(desk, "R06", family.spouse)
    desk.consents.sign(other.household, SIGNED)
    desk.family.perform(MoveMember(family.spouse, other.household, "97"), "投靠亲属")
    assert values(desk, "R06", family.spouse)["id_no"] == "440785199205060029"


def test_an_open_number_waits_again_where_nobody_has_signed(desk: Desk, family: Family, other: Family) -> None:
    desk.consents.sign(other.household, SIGNED)
    desk.consents.sign(family.household, SIGNED)
    desk.records.change("R06", family.spouse, {"id_type": "111", "id_no": "440785199205060029"})
    desk.consents.withdraw(other.household, ["C2"], reason="本人要求")
    desk.family.perform(MoveMember(family.spouse, other.household, "97"), "投靠亲属")
    entry = desk.records.get("R06", family.spouse)
    assert "id_no" not in entry.record.values
    assert [(one.field, one.household) for one in entry.awaiting] == [("id_no", other.household)]


def test_a_household_splits_and_the_new_one_has_a_number_and_a_head(desk: Desk, family: Family) -> None:
    effects = desk.family.perform(
        Split(family.household, (family.spouse, family.child), family.spouse, "塘洲村1组9号", {family.child: "20"}),
        "分户",
    )
    founded = values(desk, "R05", effects.household)
    assert founded["household_id"] == f"{VILLAGE}000001"
    assert (founded["head_person_id"], founded["population"], founded["labor_count"]) == (family.spouse, 2, 1)
    assert founded["address"] == "塘洲村1组9号"
    assert members(desk, effects.household) == {family.spouse, family.child}
    assert members(desk, family.household) == {family.head}
    assert errors(desk, effects.household) == errors(desk, family.household) == set()


def test_two_households_merge_and_keep_one_year_of_income(desk: Desk, family: Family, other: Family) -> None:
    land = desk.records.create("R08", {"household_id": other.household, "land_kind": "1"})
    honour = desk.records.create("R13", {"subject_id": f"R05:{other.household}", "honor_title": "文明户"})
    desk.family.perform(
        Merge(family.household, other.household, {other.head: "71", other.spouse: "72", other.child: "93"}), "兄弟并户"
    )
    assert desk.records.get("R05", other.household).record.voided is not None
    assert len(members(desk, family.household)) == 6
    assert values(desk, "R05", family.household)["population"] == 6
    assert values(desk, "R08", land)["household_id"] == family.household
    assert values(desk, "R13", honour)["subject_id"] == f"R05:{family.household}"
    assert desk.records.get("R07", other.income).record.voided is not None
    assert desk.records.get("R07", family.income).record.voided is None
    for household in (family.household, other.household):
        assert "兄弟并户" in reasons(desk, household)
    assert errors(desk, family.household) == set()


def test_a_household_cannot_move_to_where_the_desk_does_not_work(desk: Desk, family: Family) -> None:
    village = "440785109200"
    with pytest.raises(Refused) as refused:
        desk.family.perform(Relocate(family.household, village, "2", "新址"), "搬迁")
    assert refused.value.code == "households.beyond_scope"


def test_a_death_ends_the_persons_consents_and_leaves_the_household_to_its_heir(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    effects = desk.family.perform(Died(family.head, "2026-11-01", family.spouse), "家属报告")
    person = desk.records.get("R06", family.head).record
    assert person.voided is not None
    assert "死亡" in person.voided
    assert values(desk, "R05", family.household)["head_person_id"] == family.spouse
    assert values(desk, "R05", family.household)["population"] == 2
    assert effects.own_consents == 1
    assert effects.household_consents == 3
    assert errors(desk, family.household) == set()


def test_the_head_may_leave_a_household_without_one(desk: Desk, family: Family) -> None:
    desk.family.perform(Left(family.head, "2026-11-01"), "外嫁")
    assert "head_person_id" not in values(desk, "R05", family.household)
    assert errors(desk, family.household) == {"crosscheck.one_head"}
    shown = desk.households.dossier(family.household)
    assert shown.head is None
    desk.family.perform(ChangeHead(family.household, family.spouse, {family.child: "20"}), "补登户主")
    assert errors(desk, family.household) == set()


def test_a_departure_ends_the_archive_but_not_a_finding(desk: Desk, family: Family) -> None:
    finding = desk.records.create(
        "R14", {"subject_id": f"R05:{family.household}", "neg_type": "N1", "doc_no": "(2026)1号"}
    )
    desk.family.perform(Depart(family.household, "佛山市顺德区"), "整户迁出")
    assert desk.records.get("R05", family.household).record.voided is not None
    assert members(desk, family.household) == set()
    assert desk.records.get("R14", finding).record.voided is None


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (lambda f: ChangeHead(f.household, "nobody"), "households.not_a_member"),
        (lambda f: MoveMember(f.spouse, f.household, "97"), "households.same_household"),
        (lambda f: Merge(f.household, f.household), "households.same_household"),
        (lambda f: Split(f.household, (f.head, f.spouse, f.child), f.head), "households.nobody_left"),
        (lambda f: Relocate(f.household, VILLAGE, "1", "1号"), "households.same_village"),
        (lambda f: Depart(f.household, " "), "households.destination_needed"),
        (lambda f: ChangeHead(f.household, f.spouse, {f.head: "01"}), "households.two_heads"),
        (lambda _f: Died("nobody", "2026-11-01"), "store.no_such_record"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    desk: Desk, family: Family, wanted: Callable[[Family], Operation], code: str
) -> None:
    before = [len(desk.records.history(rid)) for rid in (family.household, family.head, family.spouse)]
    with pytest.raises(Refused) as refused:
        desk.family.perform(wanted(family), "试一试")
    assert refused.value.code == code
    assert [len(desk.records.history(rid)) for rid in (family.household, family.head, family.spouse)] == before


def test_nothing_is_done_without_a_reason(desk: Desk, family: Family) -> None:
    with pytest.raises(Refused) as refused:
        desk.family.perform(Died(family.child, "2026-11-01"), " ")
    assert refused.value.code == "records.reason_needed"


def test_relations_to_a_new_head_are_suggested() -> None:
    people: dict[str, Record] = {
        "father": {"relation": "02", "sex": "1"},
        "mother": {"relation": "10", "sex": "2"},
        "son": {"relation": "20", "sex": "1"},
        "daughter": {"relation": "30", "sex": "2"},
        "aunt": {"relation": "82", "sex": "2"},
    }
    assert suggested_relations(people, "son") == {
        "son": "02", "father": "51", "mother": "52", "daughter": "79", "aunt": "97",
    }  # fmt: skip
    assert suggested_relations(people, "mother") == {
        "mother": "02", "father": "10", "son": "20", "daughter": "30", "aunt": "97",
    }  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Desk]:
    """A desk of two counties."""
    with new_desk(tmp_path / "两县", regions=("440785000000", "440783000000")) as made:
        yield made


def test_a_household_moves_within_the_county_with_everything_it_has(town: Desk) -> None:
    with town.records.writing("import") as writer:
        family = add_family(writer, town.actor)
    town.consents.sign(family.household, SIGNED)
    effects = town.family.perform(Relocate(family.household, "440785109200", "2", "新址1号"), "搬迁")
    moved = town.records.get("R05", family.household).record
    assert (moved.region, moved.values["region_code"], moved.values["address"]) == (
        "440785109200",
        "440785109200",
        "新址1号",
    )
    assert moved.values["household_id"] == f"{VILLAGE}000001"
    assert town.records.get("R06", family.child).record.region == "440785109200"
    assert town.records.get("R07", family.income).record.region == "440785109200"
    assert effects.moved == 9
    assert town.consents.of(family.household).signed == {"C1", "C2", "C4"}


def test_across_counties_an_archive_ends_and_begins_anew_with_a_link(town: Desk) -> None:
    with town.records.writing("import") as writer:
        family = add_family(writer, town.actor)
    town.consents.sign(family.household, SIGNED)
    effects = town.family.perform(Relocate(family.household, "440783110220", "2", "新址1号"), "搬迁")
    old, new = (town.records.get("R05", rid).record for rid in (family.household, effects.household))
    assert old.voided is not None
    assert str(new.values["household_id"]) in old.voided
    assert new.region == "440783110220"
    assert f"{VILLAGE}000001" in reasons(town, new.rid)
    people = town.records.find("R06", Filter(where={"household_id": new.rid}))
    assert {one.values["person_name"] for one in people} == {"曾建明", "区小燕", "曾晓"}
    assert all(one.region == "440783110220" for one in people)
    assert next(one.rid for one in people if one.values["relation"] == "02") == new.values["head_person_id"]
    (income,) = town.records.find("R07", Filter(where={"household_id": new.rid}))
    assert income.values["income_crop"] == "12000.50"
    assert town.consents.of(new.rid).signed == {"C1", "C2", "C4"}
    assert not town.consents.of(old.rid).signed
    assert town.records.get("R07", family.income).record.voided is not None
