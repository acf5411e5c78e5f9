"""What credit villages read from the store: the households of a village, what banks and others counted, the board."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.stored import Stored
from jmdesk.store.tables import awaiting_consent, batches, outbox, record_tables

HOUSEHOLD, PERSON, RATING, REQUEST = (record_tables[type_id] for type_id in ("R05", "R06", "R16", "R25"))
_OBJECTION = "1"
"""CL-CASE."""
_VALID_YEARS = 2
"""Ratings of so many years before may still stand; a certificate is good for two."""


@dataclass(frozen=True, slots=True)
class HouseholdLine:
    """One household of a village as counting needs it."""

    rid: str
    number: str
    head_name: str
    group: str
    archive: str
    reside: str
    verified: str
    awaiting: bool


@dataclass(frozen=True, slots=True)
class RatingLine:
    """One rating of a household, newest first in lists. ``vetoed``: it names a reason to put it off."""

    rid: str
    year: int
    grade: str
    status: str
    valid_to: str
    vetoed: bool


@dataclass(frozen=True, slots=True)
class Objection:
    """One objection: what it is about, when it came, was due and was answered, and its result (CL-CRES)."""

    target: str
    received_at: str
    due_at: str
    replied_at: str
    result: str


def households(connection: Connection, village: str) -> list[HouseholdLine]:
    """The households of a village that are not void, in order of their numbers."""
    waiting = (
        select(func.count())
        .where(awaiting_consent.c.household == HOUSEHOLD.c.rid)
        .correlate(HOUSEHOLD)
        .scalar_subquery()
    )
    columns = (
        HOUSEHOLD.c.rid,
        HOUSEHOLD.c.household_id,
        PERSON.c.person_name,
        HOUSEHOLD.c.group_no,
        HOUSEHOLD.c.archive_status,
        HOUSEHOLD.c.resident_status,
        HOUSEHOLD.c.verify_level,
        waiting.label("waiting"),
    )
    query = (
        select(*columns)
        .join(PERSON, PERSON.c.rid == HOUSEHOLD.c.head_person_id, isouter=True)
        .where(HOUSEHOLD.c.rec_region == village, HOUSEHOLD.c.rec_voided.is_(None))
        .order_by(HOUSEHOLD.c.household_id)
    )
    return [
        HouseholdLine(rid, number or "", head or "", group or "", archive or "", reside or "", level or "", bool(count))
        for rid, number, head, group, archive, reside, level, count in connection.execute(query)
    ]


def ratings(connection: Connection, village: str, year: int) -> dict[str, list[RatingLine]]:
    """The ratings of a village that may still stand in a year, by household, the newest first."""
    columns = (
        RATING.c.household_id,
        RATING.c.rid,
        RATING.c.rating_year,
        RATING.c.grade,
        RATING.c.rating_status,
        RATING.c.valid_to,
        RATING.c.veto_codes,
    )
    query = select(*columns).where(
        RATING.c.rating_year.between(year - _VALID_YEARS, year),
        RATING.c.rec_region == village,
        RATING.c.rec_voided.is_(None),
    )
    found: dict[str, list[RatingLine]] = defaultdict(list)
    for household, rid, rating_year, grade, status, valid_to, veto in connection.execute(query):
        vetoed = veto not in (None, "", "[]", b"[]")
        found[household].append(RatingLine(rid, rating_year, grade or "", status or "", valid_to or "", vetoed))
    for lines in found.values():
        lines.sort(key=lambda line: (line.year, line.rid), reverse=True)
    return dict(found)


def objections(connection: Connection, village: str, since: str) -> list[Objection]:
    """The objections about households and ratings of a village that came on or after a day."""
    query = select(
        REQUEST.c.target_ref, REQUEST.c.received_at, REQUEST.c.due_at, REQUEST.c.replied_at, REQUEST.c.result
    ).where(REQUEST.c.case_kind == _OBJECTION, REQUEST.c.rec_voided.is_(None), REQUEST.c.received_at >= since)
    found = [Objection(*(value or "" for value in row)) for row in connection.execute(query)]
    named = [one.target.partition(":")[2] for one in found if one.target.startswith(("R05:", "R16:"))]
    here: set[str] = set()
    for table in (HOUSEHOLD, RATING):
        here.update(
            connection.execute(
                select(table.c.rid).where(table.c.rid.in_(named), table.c.rec_region == village)
            ).scalars()
        )
    return [one for one in found if one.target.partition(":")[2] in here]


def of_regions(connection: Connection, type_id: str, codes: Iterable[str]) -> list[Stored]:
    """Records that name one of these regions, oldest first."""
    found = [one for code in codes for one in reading.find(connection, type_id, Filter(where={"region_code": code}))]
    return sorted(found, key=lambda one: one.rid)


def counts(
    connection: Connection, years: Sequence[int], region_prefix: str = ""
) -> dict[tuple[int, str], dict[tuple[str, str], int]]:
    """By year and village: how many ratings of which grade stand where (CL-RSTAT). One pass over one index."""
    query = select(
        RATING.c.rating_year, RATING.c.rec_region, RATING.c.grade, RATING.c.rating_status, func.count()
    ).where(RATING.c.rating_year.in_(list(years)), RATING.c.rec_voided.is_(None))
    if region_prefix:
        query = query.where(reading.inside(RATING, region_prefix))
    query = query.group_by(RATING.c.rating_year, RATING.c.rec_region, RATING.c.grade, RATING.c.rating_status)
    found: dict[tuple[int, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for year, region, grade, status, count in connection.execute(query):
        found[year, region][grade or "", status or ""] = count
    return dict(found)


def filed(connection: Connection, region_prefix: str = "") -> dict[str, int]:
    """How many households are on record here, by village; answered by the index of regions."""
    query = select(HOUSEHOLD.c.rec_region, func.count()).where(reading.in_force(HOUSEHOLD))
    if region_prefix:
        query = query.where(reading.inside(HOUSEHOLD, region_prefix))
    return {row[0]: row[1] for row in connection.execute(query.group_by(HOUSEHOLD.c.rec_region))}


def residents(connection: Connection, basis: str) -> dict[str, int]:
    """Resident households by region as they were counted last, of one basis (CL-COUNT)."""
    table = record_tables["R03"]
    query = (
        select(table.c.region_code, table.c.households_resident)
        .where(table.c.count_basis == basis, table.c.households_resident.is_not(None), table.c.rec_voided.is_(None))
        .order_by(table.c.counted_on, table.c.rid)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


# -- the year's indicators -------------------------------------------------------------------------------------------


def consents(connection: Connection) -> dict[tuple[str, str], int]:
    """How many consents of each kind are in each state."""
    table = record_tables["R04"]
    query = select(table.c.consent_kind, table.c.consent_state, func.count()).where(table.c.rec_voided.is_(None))
    rows = connection.execute(query.group_by(table.c.consent_kind, table.c.consent_state))
    return {(kind or "", state or ""): count for kind, state, count in rows}


def verified(connection: Connection) -> dict[str, int]:
    """How many households are verified to which level."""
    level = HOUSEHOLD.c.verify_level
    query = select(level, func.count()).where(HOUSEHOLD.c.rec_voided.is_(None)).group_by(level)
    return {found or "": count for found, count in connection.execute(query)}


def answered(connection: Connection, year: int) -> list[tuple[str, str]]:
    """When the objections received in a year were due and answered."""
    query = select(REQUEST.c.due_at, REQUEST.c.replied_at).where(
        REQUEST.c.case_kind == _OBJECTION, REQUEST.c.rec_voided.is_(None), REQUEST.c.received_at.startswith(str(year))
    )
    return [(due or "", replied or "") for due, replied in connection.execute(query)]


def of_offices(connection: Connection, year: int) -> tuple[int, int, int]:
    """Complaints received in a year, member enterprises on record, and backbone enterprises of the year."""
    complaint, card = record_tables["R22"], record_tables["R24"]
    received = select(func.count()).where(
        complaint.c.rec_voided.is_(None), complaint.c.received_at.startswith(str(year))
    )
    backbone = select(func.count()).where(
        card.c.rec_voided.is_(None), card.c.gc_year == year, card.c.is_backbone.is_(True)
    )
    members = reading.count(connection, "R20")
    return connection.execute(received).scalar_one(), members, connection.execute(backbone).scalar_one()


def batches_sent(connection: Connection) -> tuple[int, int]:
    """How many batches were sealed, and how many of them hold something that was refused."""
    sealed = connection.execute(select(func.count()).select_from(batches)).scalar_one()
    refused = select(func.count(func.distinct(outbox.c.batch_id))).where(outbox.c.state == "refused")
    return sealed, connection.execute(refused).scalar_one()
