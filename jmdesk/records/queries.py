"""What the consent book reads: members and consents of many households with two queries a chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, select

from jmdesk.catalogue.types import Record
from jmdesk.store.tables import record_tables

_PERSON, _CONSENT = record_tables["R06"], record_tables["R04"]
_CHUNK = 500
_OF_CONSENT = ("consent_kind", "consent_state", "subject_id", "valid_to", "revoked_at")


def _chunks(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _CHUNK):
        yield names[start : start + _CHUNK]


def members_of(connection: Connection, households: Sequence[str]) -> Iterator[tuple[str, str, Record]]:
    """(household, record id, birth date, under-14 mark and relation to the head) of every member in force."""
    table = _PERSON.c
    for chunk in _chunks(households):
        rows = connection.execute(
            select(table.household_id, table.rid, table.birth_date, table.is_under14, table.relation).where(
                table.household_id.in_(chunk), table.rec_voided.is_(None)
            )
        )
        for household, rid, birth_date, under14, relation in rows:
            known: Record = {"relation": relation or ""} | ({"birth_date": birth_date} if birth_date else {})
            yield household, rid, known | ({"is_under14": bool(under14)} if under14 is not None else {})


def consents_about(connection: Connection, subjects: Sequence[str]) -> Iterator[tuple[str, str, Record]]:
    """(subject, record id, what decides whether it is in force) of every consent about these subjects."""
    table = _CONSENT.c
    columns = [table[name] for name in _OF_CONSENT]
    for chunk in _chunks(subjects):
        rows = connection.execute(
            select(table.rid, *columns).where(table.subject_id.in_(chunk), table.rec_voided.is_(None))
        )
        for rid, *values in rows:
            record: Record = {n: v for n, v in zip(_OF_CONSENT, values, strict=True) if v is not None}
            yield str(record["subject_id"]), rid, record
