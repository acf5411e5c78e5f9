"""SQL of the rights of a person: the query log, what was sent of a record, what is out of term."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from jmdesk.catalogue.types import Record
from jmdesk.store.tables import batches, codec, outbox, record_tables

_LOG, _NEGATIVE, _RATING = (record_tables[type_id] for type_id in ("R26", "R14", "R16"))
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Sending:
    """One operation about a record: what it was, how far it came, in which batch, sealed when, with which verdict."""

    type: str
    rid: str
    op: str
    state: str
    batch: str
    sealed_at: str
    verdict: str


def end_of_log(connection: Connection) -> tuple[int, str]:
    """The number and digest of the last query; 0 and "" when nobody has asked yet."""
    last = select(_LOG.c.log_seq, _LOG.c.digest).order_by(_LOG.c.log_seq.desc()).limit(1)
    row = connection.execute(last).first()
    return (row.log_seq, row.digest) if row is not None else (0, "")


def log(connection: Connection) -> Iterator[Record]:
    """Every entry of the query log in order, those out of term too."""
    for row in connection.execute(select(_LOG).order_by(_LOG.c.log_seq)).mappings():
        yield codec("R26").to_record(row)


def queries_before(connection: Connection, at: str) -> list[str]:
    """The record ids of queries made before a moment (UTC) that still say whom they were about."""
    return list(
        connection.execute(
            select(_LOG.c.rid).where(_LOG.c.query_at < at, _LOG.c.subject_id.is_not(None)).order_by(_LOG.c.log_seq)
        ).scalars()
    )


def negatives_out_of_term(connection: Connection, today: str) -> list[str]:
    """The record ids of negatives whose last day of keeping (ISO date) is over, void ones too."""
    query = select(_NEGATIVE.c.rid).where(_NEGATIVE.c.retain_until < today, _NEGATIVE.c.subject_id.is_not(None))
    return list(connection.execute(query.order_by(_NEGATIVE.c.rid)).scalars())


def sendings(connection: Connection, rids: Sequence[str]) -> list[Sending]:
    """What was put into the outbox of these records, in the order it was."""
    found: list[Sending] = []
    for start in range(0, len(rids), _CHUNK):
        rows = connection.execute(
            select(outbox, batches.c.created_at)
            .join(batches, batches.c.batch_id == outbox.c.batch_id, isouter=True)
            .where(outbox.c.rid.in_(rids[start : start + _CHUNK]))
            .order_by(outbox.c.id)
        )
        found += [
            Sending(r.type, r.rid, r.op, r.state, r.batch_id or "", r.created_at or "", r.verdict or "") for r in rows
        ]
    return found


def grades_of_region(connection: Connection, prefix: str, year: int) -> dict[str, int]:
    """How many households of a region have which grade in a year."""
    inside = _RATING.c.rec_region.between(prefix.ljust(12, "0"), prefix.ljust(12, "9"))
    query = select(_RATING.c.grade, func.count(func.distinct(_RATING.c.household_id))).where(
        inside, _RATING.c.rating_year == year, _RATING.c.rec_voided.is_(None), _RATING.c.grade.is_not(None)
    )
    return {row[0]: row[1] for row in connection.execute(query.group_by(_RATING.c.grade))}
