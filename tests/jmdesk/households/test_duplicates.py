"""The same person twice: found while typing and by a sweep, merged with both histories, or told apart for good."""

from __future__ import annotations

import pytest

from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.households.duplicates.service import BY_NAME, BY_NUMBER
from jmdesk.store.reading import Filter
from tests.desks import VILLAGE, Family, add_family

NUMBER = "440785199001010011"


@pytest.fixture
def other(desk: Desk, family: Family) -> Family:
    """The same family once more under another number, as two collectors make it."""
    with desk.records.writing("import") as writer:
        return add_family(writer, desk.actor, f"{VILLAGE}000002")


def test_a_number_that_waits_for_consent_is_recognised_while_it_is_typed(desk: Desk, family: Family) -> None:
    assert "id_no" not in desk.records.get("R06", family.head).record.values
    pair = desk.duplicates.of({"id_no": NUMBER}, VILLAGE)
    assert pair is not None
    assert (pair.by, [twin.rid for twin in pair.twins]) == (BY_NUMBER, [family.head])
    assert pair.twins[0].head == "曾建明"
    assert desk.duplicates.of({"id_no": NUMBER}, VILLAGE, but=family.head) is None


def test_one_name_and_birth_date_in_one_village_is_a_hint(desk: Desk, family: Family) -> None:
    typed = {"person_name": "区小燕", "birth_date": "1992-05-06"}
    pair = desk.duplicates.of(typed, VILLAGE)
    assert pair is not None
    assert pair.by == BY_NAME
    assert desk.duplicates.of(typed, "440785109200") is None
    assert desk.duplicates.of({**typed, "birth_date": "1992-05-07"}, VILLAGE) is None


def test_a_sweep_finds_each_person_once_and_tells_how_far_it_is(desk: Desk, family: Family, other: Family) -> None:
    told: list[tuple[int, int]] = []
    desk.consents.sign(family.household, Signature("2026-10-02T02:00:00Z"))
    pairs = desk.duplicates.sweep(lambda done, of: told.append((done, of)))
    assert [(pair.by, {twin.rid for twin in pair.twins}) for pair in pairs] == [
        (BY_NUMBER, {family.head, other.head}),
        (BY_NAME, {family.spouse, other.spouse}),
    ]
    assert told
    assert desk.duplicates.sweep(cancelled=lambda: True) == []


def test_people_told_apart_are_not_asked_about_again(desk: Desk, family: Family, other: Family) -> None:
    desk.duplicates.keep_apart([other.spouse, family.spouse])
    assert [pair.by for pair in desk.duplicates.sweep()] == [BY_NUMBER]


def test_a_merge_keeps_both_histories_and_the_consents_signed(desk: Desk, family: Family, other: Family) -> None:
    desk.consents.sign(other.household, Signature("2026-10-02T02:00:00Z"))
    desk.records.change("R06", other.spouse, {"occupation": "5"})
    desk.duplicates.merge(family.spouse, other.spouse, ["occupation"], "同一人两处登记")
    assert desk.records.get("R06", family.spouse).record.values["occupation"] == "5"
    assert desk.records.get("R06", other.spouse).record.voided is not None
    assert desk.records.get("R05", other.household).record.values["population"] == 2
    told = [change.reason for rid in (family.spouse, other.spouse) for change in desk.records.history(rid)]
    assert any(other.spouse in reason for reason in told)
    assert any(family.spouse in reason for reason in told)
    carried = desk.records.find("R04", Filter(where={"subject_id": f"R06:{family.spouse}"}))
    assert [consent.values["consent_kind"] for consent in carried] == ["C3"]


def test_the_head_of_a_family_is_not_merged_away(desk: Desk, family: Family, other: Family) -> None:
    with pytest.raises(Refused) as refused:
        desk.duplicates.merge(family.head, other.head, [], "同一人")
    assert refused.value.code == "households.head_goes"
    assert desk.records.get("R06", other.head).record.voided is None


def test_a_household_whose_only_member_was_a_double_ends(desk: Desk, family: Family, other: Family) -> None:
    for rid in (other.spouse, other.child):
        desk.records.void("R06", rid, "误登")
    desk.duplicates.merge(family.head, other.head, [], "同一人")
    assert desk.records.get("R05", other.household).record.voided is not None
    assert desk.records.get("R07", other.income).record.voided is not None
