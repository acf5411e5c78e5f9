"""Read models of household archives: the list with its search, and the dossier."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal, or_, select

from jmdesk.catalogue.loader import catalogue
from jmdesk.households.completeness import required_fields
from jmdesk.records.masking import masked
from jmdesk.store import reading, search
from jmdesk.store.among import among
from jmdesk.store.columns import json_text
from jmdesk.store.reading import Filter, Sealed
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import awaiting_consent, record_tables

HOUSEHOLD, PERSON, RATING, CONSENT = (record_tables[type_id] for type_id in ("R05", "R06", "R16", "R04"))
SEARCH_LIMIT = 200
_NEAR = 10_000
"""Lines that are skipped from the front without asking whether the end is nearer."""
CHILD_TYPES = ("R07", "R08", "R09", "R10", "R11", "R12")
_REVIEW_DAYS = 60
SUBJECT_TYPES = ("R13", "R14", "assessment")


@dataclass(frozen=True, slots=True)
class HouseholdFilter:
    """Which households a list shows. ``search`` as typed; ``group`` the village group; empty means any.

    ``within`` are region prefixes of which one must fit: what the user's account is limited to. ``consent``: "none"
    (the household has signed nothing), "pending" (a scan is to be filed), "declined", "signed". ``due``: a day (ISO) on
    which a rating counts as due for review: it ends within two months, or is of an earlier year. ``only``: these ids.
    """

    search: str = ""
    region_prefix: str = ""
    group: str = ""
    grade: str = ""
    sync: str = ""
    awaiting: bool = False
    within: tuple[str, ...] = ()
    incomplete: bool = False
    consent: str = ""
    due: str = ""
    only: tuple[str, ...] = ()
    people: bool = True
    """Whether the search looks at the members, too; not for who may not read them."""


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """One line of the household list; phone and address are masked."""

    rid: str
    number: str
    head_name: str
    region: str
    group: str
    address: str
    population: int | None
    phone: str
    grade: str
    sync: str
    awaiting: int

    def without(self, hidden: frozenset[str]) -> HouseholdRow:
        """The line as it is shown to who may not see some of it."""
        return replace(
            self,
            head_name="" if "head_name" in hidden else self.head_name,
            group="" if "group" in hidden else self.group,
            address="" if "address" in hidden else self.address,
            population=None if "population" in hidden else self.population,
            phone="" if "phone" in hidden else self.phone,
            grade="" if "grade" in hidden else self.grade,
        )


def _conditions(connection: Connection, wanted: HouseholdFilter) -> list[ColumnElement[bool]]:
    if wanted == HouseholdFilter():
        return [reading.in_force(HOUSEHOLD)]
    conditions: list[ColumnElement[bool]] = [HOUSEHOLD.c.rec_voided.is_(None)]
    if wanted.region_prefix:
        prefix = wanted.region_prefix
        conditions.append(HOUSEHOLD.c.rec_region.between(prefix.ljust(12, "0"), prefix.ljust(12, "9")))
    if wanted.within:
        conditions.append(or_(*(reading.inside(HOUSEHOLD, prefix) for prefix in wanted.within)))
    if wanted.group:
        conditions.append(HOUSEHOLD.c.group_no == wanted.group)
    if wanted.sync:
        conditions.append(HOUSEHOLD.c.rec_sync == wanted.sync)
    if wanted.grade:
        conditions.append(_grade() == wanted.grade)
    if wanted.awaiting:
        conditions.append(
            select(literal(1)).where(awaiting_consent.c.household == HOUSEHOLD.c.rid).correlate(HOUSEHOLD).exists()
        )
    conditions += _standing(wanted)
    if wanted.search.strip():
        found = search.subjects(
            connection, wanted.search, types=("R05", "R06") if wanted.people else ("R05",), limit=SEARCH_LIMIT
        )
        # One bound value, for a list of them would be spelled out anew at every keystroke.
        each = func.json_each(json_text(found)).table_valued("value")
        conditions.append(HOUSEHOLD.c.rid.in_(select(each.c.value)))
    return conditions


def _standing(wanted: HouseholdFilter) -> list[ColumnElement[bool]]:
    """Where the office's own work on a household stands."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.incomplete:
        conditions.append(_incomplete())
    if wanted.consent:
        conditions.append(_consented(wanted.consent))
    if wanted.due:
        conditions.append(_due(date.fromisoformat(wanted.due)))
    if wanted.only:
        conditions.append(HOUSEHOLD.c.rid.in_(among(wanted.only)))
    return conditions


def _incomplete() -> ColumnElement[bool]:
    """Households with a required value missing in their own record or in a member's, or with nobody in them."""
    types = catalogue().types
    own = (HOUSEHOLD.c[name].is_(None) for name in required_fields(types["R05"]))
    of_member = or_(*(PERSON.c[name].is_(None) for name in required_fields(types["R06"])))
    people = select(literal(1)).where(PERSON.c.household_id == HOUSEHOLD.c.rid, PERSON.c.rec_voided.is_(None))
    people = people.correlate(HOUSEHOLD)
    return or_(*own, ~people.exists(), people.where(of_member).exists())


def _consented(state: str) -> ColumnElement[bool]:
    """Where the household's own consents stand."""
    about = select(literal(1)).where(
        CONSENT.c.subject_id == literal("R05:").concat(HOUSEHOLD.c.rid),
        CONSENT.c.rec_voided.is_(None),
        CONSENT.c.revoked_at.is_(None),
    )
    about = about.correlate(HOUSEHOLD)
    if state == "none":
        return ~about.where(CONSENT.c.consent_state.in_(("1", "2"))).exists()
    codes = {"pending": "1", "signed": "2", "declined": "3"}
    return about.where(CONSENT.c.consent_state == codes[state]).exists()


def _due(on: date) -> ColumnElement[bool]:
    """Whether the newest rating ends within two months or is of an earlier year."""
    newest = (
        select(RATING.c.rid)
        .where(RATING.c.household_id == HOUSEHOLD.c.rid, RATING.c.rec_voided.is_(None))
        .order_by(RATING.c.rid.desc())
        .limit(1)
        .correlate(HOUSEHOLD)
        .scalar_subquery()
    )
    soon = (on + timedelta(days=_REVIEW_DAYS)).isoformat()
    late = or_(RATING.c.rating_year < on.year, RATING.c.valid_to <= soon)
    return select(literal(1)).where(RATING.c.rid == newest, late).correlate(HOUSEHOLD).exists()


def _grade() -> ColumnElement[str]:
    """The grade of a household's newest rating; record ids are in order of time."""
    return (
        select(RATING.c.grade)
        .where(and_(RATING.c.household_id == HOUSEHOLD.c.rid, RATING.c.rec_voided.is_(None)))
        .order_by(RATING.c.rid.desc())
        .limit(1)
        .correlate(HOUSEHOLD)
        .scalar_subquery()
    )


def _page(connection: Connection, wanted: HouseholdFilter, offset: int, limit: int) -> Select[tuple[str]]:
    """The record ids of a page. What comes before it is counted in an index, from whichever end is nearer."""
    page, number = select(HOUSEHOLD.c.rid).where(*_conditions(connection, wanted)), HOUSEHOLD.c.household_id
    if offset > _NEAR and wanted == HouseholdFilter():
        after = count(connection, wanted) - offset - limit
        if after < offset:
            return page.order_by(number.desc()).offset(max(after, 0)).limit(max(limit + min(after, 0), 0))
    return page.order_by(number).limit(limit).offset(offset)


def _lines(page: Select[tuple[str]]) -> Select[tuple[object, ...]]:
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
        HOUSEHOLD.c.rec_region,
        HOUSEHOLD.c.group_no,
        HOUSEHOLD.c.address,
        HOUSEHOLD.c.population,
        HOUSEHOLD.c.phone,
        HOUSEHOLD.c.rec_sync,
        _grade().label("grade"),
        waiting.label("waiting"),
    )
    return (
        select(*columns)
        .join(PERSON, PERSON.c.rid == HOUSEHOLD.c.head_person_id, isouter=True)
        .where(HOUSEHOLD.c.rid.in_(page.correlate(None)))
        .order_by(HOUSEHOLD.c.household_id)
    )


def page(connection: Connection, wanted: HouseholdFilter, offset: int, limit: int) -> list[HouseholdRow]:
    """Lines ``offset`` … of the list, in order of household number."""
    fields = catalogue().types["R05"].by_identifier
    return [
        HouseholdRow(
            row.rid,
            row.household_id or "",
            row.person_name or "",
            row.rec_region,
            row.group_no or "",
            str(masked(fields["address"], row.address)) if row.address else "",
            row.population,
            str(masked(fields["phone"], row.phone)) if row.phone else "",
            row.grade or "",
            row.rec_sync,
            row.waiting,
        )
        for row in connection.execute(_lines(_page(connection, wanted, offset, limit)))
    ]


def count(connection: Connection, wanted: HouseholdFilter) -> int:
    """How many households the list has; a search finds at most 200."""
    if wanted == HouseholdFilter():
        return reading.count_in_force(connection, HOUSEHOLD)
    query = select(func.count()).select_from(HOUSEHOLD).where(*_conditions(connection, wanted))
    return connection.execute(query).scalar_one()


def groups(connection: Connection, region_prefix: str) -> list[str]:
    """The village groups that occur in a region."""
    prefix = region_prefix
    rows = connection.execute(
        select(HOUSEHOLD.c.group_no)
        .where(HOUSEHOLD.c.rec_region.between(prefix.ljust(12, "0"), prefix.ljust(12, "9")), HOUSEHOLD.c.group_no != "")
        .distinct()
        .order_by(HOUSEHOLD.c.group_no)
    )
    return [row[0] for row in rows]


def households_by_village(connection: Connection) -> dict[str, int]:
    """How many households each village has here."""
    rows = connection.execute(
        select(HOUSEHOLD.c.rec_region, func.count()).where(reading.in_force(HOUSEHOLD)).group_by(HOUSEHOLD.c.rec_region)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything about one household in the order of the paper form."""

    household: Stored
    members: tuple[Stored, ...]
    parts: dict[str, tuple[Stored, ...]] = field(default_factory=dict)
    """Records by type: R07–R12 of the household, R13, R14 and assessments about it."""
    consents: tuple[Stored, ...] = ()
    ratings: tuple[Stored, ...] = ()
    """Newest first."""
    awaiting: tuple[Sealed, ...] = ()

    @property
    def head(self) -> Stored | None:
        """The head of the household, when one is named."""
        wanted = self.household.values.get("head_person_id")
        return next((m for m in self.members if m.rid == wanted), None)


def dossier(connection: Connection, rid: str) -> Dossier | None:
    """One household with all that belongs to it; None when there is none."""
    household = reading.get(connection, "R05", rid)
    if household is None:
        return None
    members = reading.find(connection, "R06", Filter(where={"household_id": rid}))
    subject = f"R05:{rid}"
    parts = {t: tuple(reading.find(connection, t, Filter(where={"household_id": rid}))) for t in CHILD_TYPES}
    parts |= {t: tuple(reading.find(connection, t, Filter(where={"subject_id": subject}))) for t in SUBJECT_TYPES}
    consents = _consents_of(connection, [subject, *(f"R06:{m.rid}" for m in members)])
    ratings = reading.find(connection, "R16", Filter(where={"household_id": rid}), descending=True)
    return Dossier(
        household,
        tuple(members),
        parts,
        tuple(consents),
        tuple(sorted(ratings, key=lambda r: r.rid, reverse=True)),
        tuple(reading.sealed(connection, household=rid)),
    )


def _consents_of(connection: Connection, subjects: list[str]) -> list[Stored]:
    """Every subject's consents in force, in the order of the subjects."""
    conditions = (CONSENT.c.rec_voided.is_(None), CONSENT.c.subject_id.in_(subjects))
    rows = connection.execute(select(CONSENT).where(*conditions).order_by(CONSENT.c.rid)).mappings()
    place = {subject: number for number, subject in enumerate(subjects)}
    return sorted((stored("R04", row) for row in rows), key=lambda c: place[str(c.values["subject_id"])])


def by_number(connection: Connection, number: str) -> str | None:
    """The record id of a household by its number or its record id."""
    return connection.execute(
        select(HOUSEHOLD.c.rid).where(or_(HOUSEHOLD.c.household_id == number, HOUSEHOLD.c.rid == number))
    ).scalar()
