"""What an import asks the store: who is known already, and all that is kept of a household, sealed values included."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import ColumnElement, Connection, func, literal_column, select

from jmdesk.catalogue.types import Record
from jmdesk.records.consent_book import HouseholdConsents
from jmdesk.store.columns import from_json, json_text
from jmdesk.store.stored import stored
from jmdesk.store.tables import awaiting_consent, record_tables

_AT_ONCE = 500
_PERSON, _HOUSEHOLD = record_tables["R06"], record_tables["R05"]
_CHILDREN = ("R06", "R07", "R08", "R09", "R10", "R11", "R12")


def _chunks(values: Iterable[str]) -> Iterator[list[str]]:
    found = sorted(set(values))
    for start in range(0, len(found), _AT_ONCE):
        yield found[start : start + _AT_ONCE]


def households_by_id_number(connection: Connection, numbers: Collection[str]) -> dict[str, set[str]]:
    """Identity number → households that list somebody with it; sealed numbers count, void records do not."""
    found: dict[str, set[str]] = defaultdict(set)
    for chunk in _chunks(numbers):
        rows = connection.execute(
            select(_PERSON.c.id_no, _PERSON.c.household_id).where(
                _PERSON.c.id_no.in_(chunk), _PERSON.c.rec_voided.is_(None)
            )
        )
        for number, household in rows:
            found[number].add(household)
        waiting = connection.execute(
            select(awaiting_consent.c.value, awaiting_consent.c.household).where(
                awaiting_consent.c.type == "R06",
                awaiting_consent.c.field == literal_column("'id_no'"),  # as its index says: a bound value would not do
                awaiting_consent.c.value.in_([json_text(number) for number in chunk]),
            )
        )
        for text, household in waiting:
            found[from_json(text)].add(household)
    return found


def households_by_number(
    connection: Connection, villages: Collection[str], numbers: Collection[str]
) -> dict[tuple[str, str], set[str]]:
    """(village, number of the register or of this program) → households."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for chunk in _chunks(numbers):
        for column in (_HOUSEHOLD.c.old_household_no, _HOUSEHOLD.c.household_id):
            query = select(_HOUSEHOLD.c.rec_region, column, _HOUSEHOLD.c.rid)
            for region, number, rid in connection.execute(query.where(column.in_(chunk), *_living(villages))):
                found[region, number].add(rid)
    return found


def households_by_head_name(
    connection: Connection, villages: Collection[str], names: Collection[str]
) -> dict[tuple[str, str], set[str]]:
    """(village, head's name) → households."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    heads = _PERSON.join(_HOUSEHOLD, _HOUSEHOLD.c.head_person_id == _PERSON.c.rid)
    for chunk in _chunks(names):
        query = select(_HOUSEHOLD.c.rec_region, _PERSON.c.person_name, _HOUSEHOLD.c.rid).select_from(heads)
        for region, name, rid in connection.execute(query.where(_PERSON.c.person_name.in_(chunk), *_living(villages))):
            found[region, name].add(rid)
    return found


def _living(villages: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return _HOUSEHOLD.c.rec_region.in_(sorted(villages)), _HOUSEHOLD.c.rec_voided.is_(None)


@dataclass(slots=True)
class Archive:
    """All that the store keeps of one household: its own values and its parts by type and record id."""

    rid: str
    values: Record
    region: str
    parts: dict[str, dict[str, Record]] = field(default_factory=lambda: defaultdict(dict))

    def id_numbers(self) -> set[str]:
        """The identity numbers of its members."""
        return {str(member["id_no"]) for member in self.parts["R06"].values() if "id_no" in member}

    def consents(self, on: date) -> HouseholdConsents:
        """What the household has agreed to, on a day."""
        given = HouseholdConsents(self.rid)
        for rid, values in self.parts["R04"].items():
            given.note_consent(rid, values, on)
        return given

    def head_name(self) -> str:
        """The head's name, or ""."""
        head = self.parts["R06"].get(str(self.values.get("head_person_id", "")), {})
        return str(head.get("person_name", ""))


def archives(connection: Connection, households: Collection[str]) -> dict[str, Archive]:
    """The archives of some households, with the values that still await a consent put in."""
    found: dict[str, Archive] = {}
    for chunk in _chunks(households):
        living = select(_HOUSEHOLD).where(_HOUSEHOLD.c.rid.in_(chunk), _HOUSEHOLD.c.rec_voided.is_(None))
        for row in connection.execute(living).mappings():
            record = stored("R05", row)
            found[record.rid] = Archive(record.rid, record.values, record.region)
        for type_id in _CHILDREN:
            table = record_tables[type_id]
            query = select(table).where(table.c.household_id.in_(chunk), table.c.rec_voided.is_(None))
            for row in connection.execute(query.order_by(table.c.rid)).mappings():
                _put(found, type_id, str(row["household_id"]), str(row["rid"]), stored(type_id, row).values)
        honors = record_tables["R13"]
        subjects = [f"R05:{rid}" for rid in chunk]
        query = select(honors).where(honors.c.subject_id.in_(subjects), honors.c.rec_voided.is_(None))
        for row in connection.execute(query.order_by(honors.c.rid)).mappings():
            _put(found, "R13", str(row["subject_id"])[4:], str(row["rid"]), stored("R13", row).values)
        _consents(connection, {archive.rid: archive for rid in chunk if (archive := found.get(rid))})
        waiting = select(awaiting_consent).where(awaiting_consent.c.household.in_(chunk))
        for entry in connection.execute(waiting):
            archive = found.get(entry.household)
            record_values = archive.parts[entry.type].get(entry.rid) if archive else None
            if record_values is not None:
                record_values[entry.field] = from_json(entry.value)
    return found


def _consents(connection: Connection, found: dict[str, Archive]) -> None:
    """The consents of households and of their members."""
    subjects = {f"R05:{rid}": rid for rid in found}
    for rid, archive in found.items():
        subjects |= {f"R06:{person}": rid for person in archive.parts["R06"]}
    table = record_tables["R04"]
    for chunk in _chunks(subjects):
        query = select(table).where(table.c.subject_id.in_(chunk), table.c.rec_voided.is_(None))
        for row in connection.execute(query).mappings():
            household = subjects[str(row["subject_id"])]
            found[household].parts["R04"][str(row["rid"])] = stored("R04", row).values


def _put(found: dict[str, Archive], type_id: str, household: str, rid: str, values: Record) -> None:
    if household in found:
        found[household].parts[type_id][rid] = values


def awaiting_count(connection: Connection) -> int:
    """How many values await a consent."""
    return connection.execute(select(func.count()).select_from(awaiting_consent)).scalar_one()
