"""What rating reads from the store: household files in bulk, stored ratings, and counts of grades."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, select

from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.ratings.collect import HouseholdFile
from jmdesk.records.consent_book import HouseholdConsents
from jmdesk.store.columns import from_json
from jmdesk.store.tables import awaiting_consent, codec, record_tables

HOUSEHOLD, PERSON, RATING = record_tables["R05"], record_tables["R06"], record_tables["R16"]
OF_HOUSEHOLD = ("R07", "R08", "R09", "R10", "R12", "R15")
OF_SUBJECT = ("R13", "R14", "assessment")
_WITHDRAWN = "4"
_CLOSED_FILES = ("60", "70")
"""CL-ARCH: files no longer in use are not rated."""

_OF_CONSENT = ("subject_id", "consent_kind", "consent_state", "valid_to", "revoked_at")


@dataclass(frozen=True, slots=True)
class FoundHousehold:
    """A household ready to be rated: its file, its region, its consents."""

    file: HouseholdFile
    region: str
    consents: HouseholdConsents


@dataclass(frozen=True, slots=True)
class StoredRating:
    """An R16 record; ``item_scores`` also where it awaits consent (``awaiting``)."""

    rid: str
    household: str
    region: str
    values: Record
    item_scores: object
    awaiting: bool


def household_ids(connection: Connection, region_prefix: str = "") -> list[str]:
    """The households of a region whose files are in use, in order of their numbers."""
    in_use = func.coalesce(HOUSEHOLD.c.archive_status, "").not_in(_CLOSED_FILES)
    query = select(HOUSEHOLD.c.rid).where(*_in_force(HOUSEHOLD, region_prefix), in_use)
    return list(connection.execute(query.order_by(HOUSEHOLD.c.household_id)).scalars())


def _in_force(table: Any, region_prefix: str) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [table.c.rec_voided.is_(None)]
    if region_prefix:
        conditions.append(table.c.rec_region.between(region_prefix.ljust(12, "0"), region_prefix.ljust(12, "9")))
    return conditions


def found_households(
    connection: Connection, rids: Sequence[str], catalogue: Catalogue, on: date
) -> dict[str, FoundHousehold]:
    """The files of many households with a fixed number of queries, values that await consent put in their place.

    A value awaits consent until its paper is recorded; it may serve a draft rating, and only that (decision record
    10). What a household declined is left out even if somebody has typed it.
    """
    households = {rid: (record, region) for rid, record, region in _rows(connection, "R05", "rid", rids)}
    members = _children(connection, "R06", "household_id", rids)
    subjects = {f"R05:{rid}": rid for rid in households}
    people = {f"R06:{person}": rid for rid, found in members.items() for person, _ in found}
    consents = _by_subject(connection, "R04", subjects | people, _OF_CONSENT)
    books = {rid: _book(rid, members[rid], consents[rid], on) for rid in households}
    waiting = _awaiting(connection, catalogue, books)
    heads = {
        f"R06:{record['head_person_id']}": rid for rid, (record, _) in households.items() if "head_person_id" in record
    }
    parts: dict[str, dict[str, list[tuple[str, Record]]]] = {
        type_id: _children(connection, type_id, "household_id", rids) for type_id in OF_HOUSEHOLD
    }
    parts |= {type_id: _by_subject(connection, type_id, subjects | heads) for type_id in OF_SUBJECT}
    return {
        rid: FoundHousehold(
            file=HouseholdFile(
                rid,
                record | waiting.get(rid, {}),
                [member | waiting.get(person, {}) for person, member in members[rid]],
                {type_id: [r | waiting.get(child, {}) for child, r in found[rid]] for type_id, found in parts.items()},
                frozenset(books[rid].declined - books[rid].signed),
            ),
            region=region,
            consents=books[rid],
        )
        for rid, (record, region) in households.items()
    }


def _rows(
    connection: Connection, type_id: str, column: str, wanted: Iterable[str], names: Sequence[str] = ()
) -> Iterable[tuple[str, Record, str]]:
    """Record id, record and region of every record in force; ``names`` limits which text fields are read."""
    table, to_record = record_tables[type_id], codec(type_id).to_record
    columns = [table] if not names else [table.c.rid, table.c.rec_region, *(table.c[name] for name in names)]
    query = select(*columns).where(table.c[column].in_(list(wanted)), table.c.rec_voided.is_(None))
    result = connection.execute(query)
    keys = list(result.keys())
    # Sorted here: record ids are in order of time, and SQLite's sorter is slow with memory wiping on.
    for values in sorted(result.all(), key=itemgetter(0)):
        # A plain dict per row: looking a dozen columns up in SQLAlchemy's own mapping costs twice the query.
        row = dict(zip(keys, values, strict=True))
        if names:
            record: Record = {name: row[name] for name in names if row[name] is not None}
        else:
            record = to_record(cast("RowMapping", row))
        yield row["rid"], record, row["rec_region"]


def _children(
    connection: Connection, type_id: str, column: str, rids: Iterable[str]
) -> dict[str, list[tuple[str, Record]]]:
    found: dict[str, list[tuple[str, Record]]] = defaultdict(list)
    for rid, record, _ in _rows(connection, type_id, column, rids):
        found[str(record[column])].append((rid, record))
    return found


def _by_subject(
    connection: Connection, type_id: str, subjects: Mapping[str, str], names: Sequence[str] = ()
) -> dict[str, list[tuple[str, Record]]]:
    found: dict[str, list[tuple[str, Record]]] = defaultdict(list)
    for rid, record, _ in _rows(connection, type_id, "subject_id", subjects, names):
        found[subjects[str(record["subject_id"])]].append((rid, record))
    return found


def _book(
    rid: str, members: Iterable[tuple[str, Record]], consents: Iterable[tuple[str, Record]], on: date
) -> HouseholdConsents:
    book = HouseholdConsents(rid)
    for person, member in members:
        book.note_person(person, member, on)
    for consent, record in consents:
        book.note_consent(consent, record, on)
        if record.get("consent_state") == _WITHDRAWN or "revoked_at" in record:
            book.declined.add(str(record.get("consent_kind")))
    # Withdrawn counts as declined. Either holds until it is signed anew: C3 by every adult, the rest by the head.
    if "C3" in book.declined and all("C3" in book.by_person.get(adult, set()) for adult in book.adults):
        book.declined.discard("C3")
    return book


def _awaiting(
    connection: Connection, catalogue: Catalogue, books: Mapping[str, HouseholdConsents]
) -> dict[str, Record]:
    table = awaiting_consent
    query = select(table.c.rid, table.c.field, table.c.household, table.c.lock, table.c.value)
    found: dict[str, Record] = defaultdict(dict)
    for row in connection.execute(query.where(table.c.household.in_(list(books)), table.c.type != "R16")):
        if books[row.household].declined.isdisjoint(catalogue.locks[row.lock].kinds):
            found[row.rid][row.field] = from_json(row.value)
    return found


def stored_ratings(
    connection: Connection, households: Sequence[str], year: int | None = None
) -> dict[str, StoredRating]:
    """The newest rating in force of each household, of one year or of any."""
    conditions: list[ColumnElement[bool]] = [
        RATING.c.household_id.in_(list(households)),
        RATING.c.rec_voided.is_(None),
    ]
    if year is not None:
        conditions.append(RATING.c.rating_year == year)
    query = select(RATING).where(*conditions).order_by(RATING.c.rating_year, RATING.c.rid)
    rows = {row["household_id"]: row for row in connection.execute(query).mappings()}
    rids = [row["rid"] for row in rows.values()]
    waiting = select(awaiting_consent.c.rid, awaiting_consent.c.value).where(
        awaiting_consent.c.rid.in_(rids), awaiting_consent.c.field == "item_scores"
    )
    sealed = {row.rid: from_json(row.value) for row in connection.execute(waiting)}
    found = {}
    for household, row in rows.items():
        values = codec("R16").to_record(row)
        items = sealed.get(row["rid"], values.get("item_scores"))
        found[household] = StoredRating(row["rid"], household, row["rec_region"], values, items, row["rid"] in sealed)
    return found


def labels(connection: Connection, household: str) -> tuple[str, str]:
    """A household's number and the name of its head, "" where there is none."""
    query = (
        select(HOUSEHOLD.c.household_id, PERSON.c.person_name)
        .join(PERSON, PERSON.c.rid == HOUSEHOLD.c.head_person_id, isouter=True)
        .where(HOUSEHOLD.c.rid == household)
    )
    number, name = connection.execute(query).one_or_none() or ("", "")
    return number or "", name or ""


@dataclass(frozen=True, slots=True)
class RatingRow:
    """One line of the list of ratings."""

    household: str
    number: str
    head_name: str
    region: str
    group: str
    grade: str
    score: str
    status: str
    sync: str


# Without item_scores: a page sorts whole rows, and the scores are most of them.
_OF_ROW = tuple(RATING.c[n] for n in ("household_id", "rec_region", "grade", "score", "rating_status", "rec_sync"))


def ratings_page(
    connection: Connection, year: int, region_prefix: str = "", grade: str = "", offset: int = 0, limit: int = 100
) -> list[RatingRow]:
    """Lines of the ratings of a year in order of household number; NR shows no score."""
    conditions = [*_in_force(RATING, region_prefix), RATING.c.rating_year == year]
    if grade:
        conditions.append(RATING.c.grade == grade)
    query = (
        select(*_OF_ROW, HOUSEHOLD.c.household_id.label("number"), HOUSEHOLD.c.group_no, PERSON.c.person_name)
        .join(HOUSEHOLD, HOUSEHOLD.c.rid == RATING.c.household_id)
        .join(PERSON, PERSON.c.rid == HOUSEHOLD.c.head_person_id, isouter=True)
        .where(and_(*conditions))
        .order_by(HOUSEHOLD.c.household_id, RATING.c.rid)
        .limit(limit)
        .offset(offset)
    )
    return [
        RatingRow(
            household=row["household_id"],
            number=row["number"] or "",
            head_name=row["person_name"] or "",
            region=row["rec_region"],
            group=row["group_no"] or "",
            grade=row["grade"],
            score="" if row["grade"] == "NR" else f"{row['score'] // 10}.{row['score'] % 10}",
            status=row["rating_status"],
            sync=row["rec_sync"],
        )
        for row in connection.execute(query).mappings()
    ]


def grades_by_village(connection: Connection, year: int, region_prefix: str = "") -> dict[str, dict[str, int]]:
    """How many households of each village have which grade in a year."""
    query = (
        select(RATING.c.rec_region, RATING.c.grade, func.count())
        .where(*_in_force(RATING, region_prefix), RATING.c.rating_year == year)
        .group_by(RATING.c.rec_region, RATING.c.grade)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for region, grade, count in connection.execute(query):
        found[region][grade] = count
    return dict(found)
