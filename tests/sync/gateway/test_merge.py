"""Merging, field by field: what is accepted, merged, duplicate, in conflict, gone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from jmdesk.catalogue.loader import catalogue
from sync.gateway.merge import Held, Outcome, merge
from sync.protocol.records import Op, Operation, Verdict

HOUSEHOLD = catalogue().type("R05")
ME, OTHER = "a" * 32, "b" * 32


def operation(values: dict[str, Any], base: int, *, writer: str = ME, epoch: int = 1, **more: Any) -> Operation:
    unset = more.pop("unset", [])
    options: dict[str, Any] = {"seen": dict.fromkeys([*values, *unset], base), "op": Op.UPSERT, **more}
    return Operation(
        op_id=f"{writer}.{epoch}.1.0",
        rid="r",
        type="R05",
        base_version=base,
        set=values,
        unset=unset,
        at="",
        by="",
        catalogue="",
        evidence=[],
        consent=[],
        **options,
    )


def after(held: Held | None, change: Operation) -> Held:
    """What is held once an operation took effect."""
    outcome = merge(held, change, HOUSEHOLD)
    assert outcome.fields is not None, outcome
    empty = Held(
        "440785", "440785104200", "u", 0, fields={}, tombstone=False, versions={}, writers={}, writer="", at=""
    )
    return replace(
        held or empty,
        version=outcome.version,
        fields=outcome.fields,
        versions=outcome.versions,
        writers=outcome.writers,
        writer=change.op_id,
        tombstone=change.op is Op.TOMBSTONE,
    )


@pytest.fixture
def held() -> Held:
    """Made by another desk: version 1, then the phone changed by it in version 2."""
    first = after(None, operation({"population": 4, "labor_count": 2, "phone": "1"}, 0, writer=OTHER))
    return after(first, operation({"phone": "2"}, 1, writer=OTHER))


def verdict(outcome: Outcome) -> tuple[Verdict, int]:
    return outcome.verdict, outcome.version


def test_the_first_operation_makes_the_record() -> None:
    assert verdict(merge(None, operation({"population": 4}, 0), HOUSEHOLD)) == (Verdict.ACCEPTED, 1)


def test_an_edit_of_the_current_version_is_accepted(held: Held) -> None:
    assert verdict(merge(held, operation({"phone": "3"}, 2), HOUSEHOLD)) == (Verdict.ACCEPTED, 3)


def test_an_older_edit_of_an_untouched_group_is_merged(held: Held) -> None:
    outcome = merge(held, operation({"old_household_no": "A"}, 1), HOUSEHOLD)
    assert verdict(outcome) == (Verdict.MERGED, 3)
    assert outcome.fields == {"population": 4, "labor_count": 2, "phone": "2", "old_household_no": "A"}
    assert outcome.versions == {"population": 1, "labor_count": 1, "phone": 2}
    assert outcome.writers == {"1": f"{OTHER}.1.1.0", "2": f"{OTHER}.1.1.0"}


def test_an_older_edit_of_a_changed_field_is_a_conflict(held: Held) -> None:
    outcome = merge(held, operation({"phone": "3"}, 1), HOUSEHOLD)
    assert verdict(outcome) == (Verdict.CONFLICT, 2)
    assert outcome.fields is None
    assert outcome.conflicting == ("phone",)


def test_fields_of_one_group_conflict_together(held: Held) -> None:
    changed = after(held, operation({"population": 5}, 2, writer=OTHER))
    outcome = merge(changed, operation({"labor_count": 3}, 2), HOUSEHOLD)
    assert outcome.verdict is Verdict.CONFLICT
    assert outcome.conflicting == ("labor_count", "population")


def test_what_an_author_saw_later_than_his_base_counts_as_seen(held: Held) -> None:
    assert merge(held, operation({"phone": "3"}, 1, seen={"phone": 2}), HOUSEHOLD).verdict is Verdict.MERGED


def test_own_edits_count_as_seen_only_in_the_same_chain(held: Held) -> None:
    mine = after(held, operation({"phone": "3"}, 2))
    assert merge(mine, operation({"phone": "4"}, 2), HOUSEHOLD).verdict is Verdict.ACCEPTED
    assert merge(mine, operation({"phone": "4"}, 2, epoch=2), HOUSEHOLD).verdict is Verdict.CONFLICT
    assert merge(mine, operation({"phone": "4"}, 2, writer="c" * 32), HOUSEHOLD).verdict is Verdict.CONFLICT


def test_an_own_edit_does_not_hide_what_another_changed_in_between(held: Held) -> None:
    theirs = after(held, operation({"population": 9}, 2, writer=OTHER))
    mine = after(theirs, operation({"phone": "3"}, 2))
    assert merge(mine, operation({"labor_count": 1}, 2), HOUSEHOLD).verdict is Verdict.CONFLICT
    assert merge(mine, operation({"phone": "4"}, 2), HOUSEHOLD).verdict is Verdict.MERGED


def test_an_unset_field_keeps_its_version(held: Held) -> None:
    gone = after(held, operation({}, 2, writer=OTHER, unset=["phone"]))
    assert "phone" not in gone.fields
    assert gone.version_of("phone") == 3
    assert merge(gone, operation({"phone": "9"}, 2), HOUSEHOLD).verdict is Verdict.CONFLICT
    assert merge(gone, operation({}, 2, unset=["phone"]), HOUSEHOLD).verdict is Verdict.DUPLICATE


def test_a_field_that_never_had_a_value_is_free_for_all(held: Held) -> None:
    assert held.version_of("register_no") == 0
    assert merge(held, operation({"register_no": "7"}, 1), HOUSEHOLD).verdict is Verdict.MERGED


def test_extension_fields_are_merged_one_by_one(held: Held) -> None:
    one = after(held, operation({"x_orchard": "a"}, 2, writer=OTHER))
    assert merge(one, operation({"x_pond": "b"}, 2), HOUSEHOLD).verdict is Verdict.MERGED
    assert merge(one, operation({"x_orchard": "c"}, 2), HOUSEHOLD).verdict is Verdict.CONFLICT


def test_delete_against_edit_is_always_a_conflict(held: Held) -> None:
    void = operation({}, 1, op=Op.TOMBSTONE)
    assert merge(held, void, HOUSEHOLD).verdict is Verdict.CONFLICT
    gone = after(held, operation({}, 2, op=Op.TOMBSTONE, writer=OTHER))
    assert verdict(merge(gone, operation({"phone": "3"}, 2), HOUSEHOLD)) == (Verdict.GONE, 3)
    assert merge(gone, void, HOUSEHOLD).verdict is Verdict.DUPLICATE


def test_of_another_history_only_values_are_believed(held: Held) -> None:
    def judged(values: dict[str, Any]) -> Verdict:
        return merge(held, operation(values, 2), HOUSEHOLD, same_epoch=False).verdict

    assert judged({"phone": "2"}) is Verdict.DUPLICATE
    assert judged({"phone": "3"}) is Verdict.CONFLICT
    assert judged({"register_no": "7"}) is Verdict.ACCEPTED


FIELDS = st.sampled_from(["population", "labor_count", "phone", "old_household_no", "register_no"])
EDITS = st.lists(st.tuples(st.sampled_from([ME, OTHER]), FIELDS, st.integers(1, 9), st.integers(0, 6)), max_size=12)


@given(EDITS)
def test_no_edit_overwrites_a_value_that_its_author_had_not_seen(edits: list[tuple[str, str, int, int]]) -> None:
    held = after(None, operation({"population": 0}, 0))
    written: dict[str, list[tuple[int, str]]] = {"population": [(1, ME)]}
    known: dict[tuple[str, str], int] = {}
    """The newest version of a field that an author surely knows: the one he wrote himself, over what was there."""
    for writer, name, value, back in edits:
        base = max(1, held.version - back)
        change = operation({name: value}, base, writer=writer)
        if merge(held, change, HOUSEHOLD).fields is None:
            continue
        seen = max(base, known.get((writer, name), 0))
        assert not [w for version, w in written.get(name, []) if version > seen and w != writer]
        held = after(held, change)
        assert held.version_of(name) == held.version
        written.setdefault(name, []).append((held.version, writer))
        known[writer, name] = held.version
