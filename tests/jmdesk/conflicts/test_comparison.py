"""The three-way comparison by itself."""

from __future__ import annotations

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record
from jmdesk.conflicts.rules import (
    Base,
    Changed,
    Choice,
    Compared,
    Side,
    base_of,
    compare,
    disjoint,
    kept,
    mixed,
    undecided,
)
from jmdesk.store.change_log import Change

HOUSEHOLD = catalogue().types["R05"]


def change(seq: int, before: Record, after: Record, *, erased: bool = False) -> Change:
    return Change(seq, "c", "edit", "", "", "R05", "r", "", before, after, erased)


def found(fields: tuple[Compared, ...]) -> dict[str, Changed]:
    return {field.name: field.changed for field in fields}


def test_the_base_is_the_value_before_the_first_unsettled_edit() -> None:
    history = [change(1, {}, {"phone": "1"}), change(2, {"phone": "1"}, {"phone": "2"}), change(3, {"phone": "2"}, {})]
    assert base_of(history, 2).values == {"phone": "1"}
    assert base_of(history, 1).values == {"phone": None}


def test_each_field_says_who_changed_it() -> None:
    base = Base({"population": 3, "phone": "1", "group_no": "1", "old_household_no": "甲"})
    mine: Record = {"population": 4, "phone": "2", "group_no": "2", "old_household_no": "甲", "remark": "同"}
    theirs: Record = {"population": 5, "phone": "1", "group_no": "2", "old_household_no": "乙", "remark": "同"}
    fields = compare(HOUSEHOLD, base, mine, theirs, {"population", "phone", "group_no", "old_household_no"})
    assert found(fields) == {
        "group_no": Changed.ALIKE,
        "population": Changed.BOTH,
        "phone": Changed.MINE,
        "old_household_no": Changed.THEIRS,
    } | ({"remark": Changed.NOBODY} if "remark" in HOUSEHOLD.by_identifier else {})


def test_fields_of_one_group_clash_even_where_they_are_different_fields() -> None:
    base = Base({"population": 3})
    fields = compare(
        HOUSEHOLD, base, {"population": 4, "labor_count": 1}, {"population": 3, "labor_count": 2}, {"population"}
    )
    assert not disjoint(fields)
    assert not undecided(fields, {})
    assert kept(fields, {}) == ({"population": 4}, [])


def test_different_groups_are_disjoint_and_both_sides_stay() -> None:
    fields = compare(
        HOUSEHOLD,
        Base({"population": 3}),
        {"population": 4, "phone": "1"},
        {"population": 3, "phone": "2"},
        {"population"},
    )
    assert disjoint(fields)
    assert kept(fields, {}) == ({"population": 4}, [])


def test_a_field_that_both_changed_waits_for_a_choice_and_a_missing_value_can_be_chosen() -> None:
    fields = compare(HOUSEHOLD, Base({"phone": "1"}), {}, {"phone": "2"}, {"phone"})
    assert [field.name for field in undecided(fields, {})] == ["phone"]
    assert kept(fields, {"phone": Choice(Side.MINE)}) == ({}, ["phone"])
    assert kept(fields, {"phone": Choice(Side.THEIRS)}) == ({}, [])


def test_an_erased_base_makes_a_difference_a_matter_for_a_person() -> None:
    base = base_of([change(7, {}, {}, erased=True)], 7)
    (field,) = compare(HOUSEHOLD, base, {"phone": "2"}, {"phone": "1"}, {"phone"})
    assert (field.changed, field.base_known, field.proposed) == (Changed.BOTH, False, None)


def test_what_is_not_shown_to_this_unit_is_not_compared() -> None:
    assert not compare(HOUSEHOLD, Base({}), {"phone": "2"}, {}, {"phone"}, hidden={"phone"})


def test_computed_fields_are_no_matter_of_choice() -> None:
    names = {field.identifier for field in HOUSEHOLD.fields if not field.on_wire}
    record = catalogue().types["R07"]
    computed = next(f.identifier for f in record.fields if f.derived == "computed")
    assert not compare(record, Base({}), {computed: "1.00"}, {computed: "2.00"}, {computed})
    assert not names & {"phone", "population"}


def test_sides_within_one_group_can_be_told_to_be_mixed() -> None:
    fields = compare(
        HOUSEHOLD, Base({"population": 1, "labor_count": 1}), {"population": 2, "labor_count": 2},
        {"population": 3, "labor_count": 3}, {"population", "labor_count"},
    )  # fmt: skip
    mine, theirs = Choice(Side.MINE), Choice(Side.THEIRS)
    assert mixed(fields, {"population": mine, "labor_count": theirs})
    assert not mixed(fields, {"population": mine, "labor_count": mine})
