"""Read models of household archives: the list with its search, and the dossier."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import ColumnElement, Connection, Select, func, or_, select

from jmdesk.catalogue.loader import catalogue
from jmdesk.records.masking import masked
from jmdesk.store import reading, search
from jmdesk.store.among import among
from jmdesk.store.columns import json_text
from jmdesk.store.reading import Filter, Sealed
from jmdesk.store.standings import DECLINED, PENDING, SIGNED
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import household_standings, record_tables

HOUSEHOLD, PERSON, CONSENT = (record_tables[type_id] for type_id in ("R05", "R06", "R04"))
STANDING = household_standings.c
SEARCH_LIMIT = 200
_NEAR = 10_000
"""Lines that are skipped from the front without asking whether the end is nearer."""
CHILD_TYPES = ("R07", "R08", "R09", "R10", "R11", "R12")
SUBJECT_TYPES = ("R13", "R14", "assessment")


@dataclass(frozen=True, slots=True)
class HouseholdFilter:
    """Which households a list shows. ``search`` as typed; ``group`` the village group; empty means any.

    ``within`` are region prefixes of which one must fit: what the user's account is limited to. ``consent``: "none"
    (the household has signed nothing), "pending" (a scan is to be filed), "declined", "signed". ``due``: a day (ISO) on
    which a rating counts as due for review: it ends within two months, or is of an earlier year. ``only``: these ids.
    Whatever is asked is answered by ``store.standings``, one narrow line for each household.
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
    conditions: list[ColumnElement[bool]] = []
    if wanted.region_prefix:
        conditions.append(_inside(wanted.region_prefix))
    if wanted.within:
        conditions.append(or_(*(_inside(prefix) for prefix in wanted.within)))
    if wanted.group:
        conditions.append(STANDING.village_group == wanted.group)
    if wanted.sync:
        conditions.append(STANDING.sync == wanted.sync)
    if wanted.grade:
        conditions.append(STANDING.grade == wanted.grade)
    if wanted.awaiting:
        conditions.append(STANDING.waiting > 0)
    if wanted.incomplete:
        conditions.append(STANDING.incomplete != 0)
    if wanted.consent:
        conditions.append(_consented(wanted.consent))
    if wanted.due:
        conditions.append(STANDING.due <= wanted.due)
    if wanted.only:
        conditions.append(STANDING.rid.in_(among(wanted.only)))
    if wanted.search.strip():
        found = search.subjects(
            connection, wanted.search, types=("R05", "R06") if wanted.people else ("R05",), limit=SEARCH_LIMIT
        )
        # One bound value, for a list of them would be spelled out anew at every keystroke.
        each = func.json_each(json_text(found)).table_valued("value")
        conditions.append(STANDING.rid.in_(select(each.c.value)))
    return conditions


def _inside(prefix: str) -> ColumnElement[bool]:
    return STANDING.region.between(prefix.ljust(12, "0"), prefix.ljust(12, "9"))


def _consented(state: str) -> ColumnElement[bool]:
    """Where the household's own consents stand."""
    if state == "none":
        return STANDING.consents.op("&")(PENDING | SIGNED) == 0
    return STANDING.consents.op("&")({"pending": PENDING, "signed": SIGNED, "declined": DECLINED}[state]) != 0


def _page(connection: Connection, wanted: HouseholdFilter, offset: int, limit: int) -> Select[tuple[str]]:
    """The record ids of a page. What comes before it is skipped from whichever end is nearer."""
    page = select(STANDING.rid).where(*_conditions(connection, wanted))
    if offset > _NEAR and wanted == HouseholdFilter():
        after = count(connection, wanted) - offset - limit
        if after < offset:
            backwards = page.order_by(STANDING.number.desc(), STANDING.rid.desc())
            return backwards.offset(max(after, 0)).limit(max(limit + min(after, 0), 0))
    return page.order_by(STANDING.number, STANDING.rid).limit(limit).offset(offset)


def _lines(page: Select[tuple[str]]) -> Select[tuple[object, ...]]:
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
        STANDING.grade,
        STANDING.waiting,
    )
    return (
        select(*columns)
        .join(household_standings, STANDING.rid == HOUSEHOLD.c.rid)
        .join(PERSON, PERSON.c.rid == HOUSEHOLD.c.head_person_id, isouter=True)
        .where(HOUSEHOLD.c.rid.in_(page.correlate(None)))
        .order_by(STANDING.number, STANDING.rid)
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
    query = select(func.count()).select_from(household_standings).where(*_conditions(connection, wanted))
    return connection.execute(query).scalar_one()


def groups(connection: Connection, region_prefix: str) -> list[str]:
    """The village groups that occur in a region."""
    found = select(STANDING.village_group).where(_inside(region_prefix), STANDING.village_group != "").distinct()
    return sorted(connection.execute(found).scalars())


def households_by_village(connection: Connection) -> dict[str, int]:
    """How many households each village has here."""
    rows = connection.execute(select(STANDING.region, func.count()).group_by(STANDING.region))
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
