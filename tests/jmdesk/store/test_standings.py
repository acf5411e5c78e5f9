"""The lines that lists filter by: whatever way a change comes, they are what making them anew would give."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select, text

from jmdesk.consents.service import Signature
from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.store import standings
from jmdesk.store.tables import household_standings
from tests.desks import VILLAGE, Family, add_family

SIGNED = Signature("2026-11-01T02:00:00Z")


def lines(desk: Desk) -> list[tuple[object, ...]]:
    with desk.store.reading() as connection:
        return [tuple(row) for row in connection.execute(select(household_standings))]


def made_anew(desk: Desk) -> list[tuple[object, ...]]:
    with desk.store.beside() as connection:
        standings.rebuild(connection, desk.catalogue)
    return lines(desk)


def found(desk: Desk, **wanted: object) -> int:
    return desk.households.count(HouseholdFilter(**wanted))  # type: ignore[arg-type]


def test_lines_stay_true_through_the_life_of_a_household(desk: Desk, family: Family) -> None:
    records, rid = desk.records, family.household
    with records.writing("import") as writer:
        other = add_family(writer, desk.actor, f"{VILLAGE}000002")
    doings = (
        lambda: records.change("R05", rid, {"address": "塘洲村1组9号"}, reason="改"),
        lambda: records.change("R05", rid, {}, ["address"], reason="改"),
        lambda: records.change("R06", family.spouse, {}, ["sex"], reason="改"),
        lambda: desk.consents.sign(rid, SIGNED),
        lambda: desk.ratings.rate(rid),
        lambda: desk.consents.decline(other.household, ("C1",), on=SIGNED.signed_at),
        lambda: records.change("R06", family.child, {"household_id": other.household}, reason="转户"),
        lambda: desk.consents.withdraw(rid, ("C3",), reason="本人要求"),
        lambda: records.void("R06", family.head, "重复"),
        lambda: records.void("R05", rid, "重复"),
        records.undo_last,
    )
    for doing in doings:
        doing()
        assert lines(desk) == made_anew(desk)
    with desk.store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM stale_standings")).scalar_one() == 0


def test_what_waits_for_a_consent_is_not_missing(desk: Desk, family: Family) -> None:
    assert family.household
    assert found(desk, awaiting=True) == 1
    sealed = {(one.type, one.field) for one in desk.households.dossier(family.household).awaiting}
    required = {("R06", name) for name in desk.catalogue.types["R06"].to_fill_in}
    judged = desk.households.completeness(desk.households.dossier(family.household))
    assert found(desk, incomplete=True) == int(judged.filled < judged.required), sealed & required


def test_a_rating_is_due_before_it_ends_and_in_the_year_after(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    desk.ratings.rate(family.household)
    rating = desk.records.find("R16")[0]
    with desk.records.writing("edit") as writer:
        writer.change("R16", rating.rid, {"valid_to": "2026-12-31"})  # sixty days after the first of November
    assert [found(desk, due=day) for day in ("2026-10-31", "2026-11-01", "2027-01-01")] == [0, 1, 1]
    with desk.records.writing("edit") as writer:
        writer.change("R16", rating.rid, {"valid_to": "2029-12-31"})
    assert [found(desk, due=day) for day in ("2026-12-31", "2027-01-01")] == [0, 1]


@pytest.mark.parametrize(
    ("state", "kinds", "households"),
    [("none", (), 1), ("signed", ("C1",), 1), ("none", ("C1",), 0), ("declined", (), 0)],
)
def test_a_list_tells_who_signed(
    desk: Desk, family: Family, state: str, kinds: tuple[str, ...], households: int
) -> None:
    if kinds:
        desk.consents.sign(family.household, SIGNED, kinds=kinds)
    pending = found(desk, consent="pending")
    assert found(desk, consent=state) + (pending if state == "signed" else 0) == households


def test_other_fields_to_fill_in_are_asked_of_everybody(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED)
    household, known = desk.catalogue.types["R05"], desk.records.get("R05", family.household).record.values
    spare = next(f.identifier for f in household.fields if f.is_input and f.default_on and f.identifier not in known)
    fields = tuple(replace(f, required=f.required or f.identifier == spare) for f in household.fields)
    types = {**desk.catalogue.types, "R05": replace(household, fields=fields)}
    assert found(desk, incomplete=True) == 0
    desk.store.catalogue = replace(desk.catalogue, types=types)
    with desk.store.transaction(desk.actor, "edit"):
        pass
    assert found(desk, incomplete=True) == 1
