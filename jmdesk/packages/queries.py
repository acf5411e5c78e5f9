"""The packages of a vault and the records that a change of regions or calendar concerns, as they are in the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from jmdesk.catalogue.issues import Issue
from jmdesk.store.columns import from_json, json_text
from jmdesk.store.tables import change_log, change_values, packages, record_tables, review_batches


@dataclass(frozen=True, slots=True)
class Kept:
    """One issue as the vault keeps it: when it came (UTC), and what taking effect did (nothing before it has)."""

    issue: Issue
    received_at: str
    outcome: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class Touched:
    """One record that an activation changed: which field, from what to what."""

    type: str
    rid: str
    field: str
    before: str
    after: str


def kept(connection: Connection) -> list[Kept]:
    """Every issue, by kind, name and sequence."""
    rows = connection.execute(select(packages).order_by(packages.c.kind, packages.c.name, packages.c.sequence))
    return [
        Kept(
            Issue(
                *(row.kind, row.name, row.version, row.sequence, row.effective, row.until, row.min_client, row.issued),
                *(row.digest, from_json(row.files)),
            ),
            row.received_at,
            from_json(row.outcome) if row.outcome else None,
        )
        for row in rows
    ]


def envelope(connection: Connection, digest: str) -> bytes | None:
    """The signed bytes of an issue."""
    found = connection.execute(select(packages.c.envelope).where(packages.c.digest == digest)).scalar()
    return bytes(found) if found is not None else None


def keep(connection: Connection, issue: Issue, signed: bytes, at: str) -> None:
    """Add an issue."""
    row = {
        "digest": issue.digest,
        "kind": issue.kind,
        "name": issue.name,
        "version": issue.version,
        "sequence": issue.sequence,
        "effective": issue.effective,
        "until": issue.until,
        "min_client": issue.min_client,
        "issued": issue.issued,
        "envelope": signed,
        "files": json_text(dict(issue.files)),
        "received_at": at,
    }
    connection.execute(insert(packages), [row])


def note_outcome(connection: Connection, digest: str, outcome: dict[str, object]) -> None:
    """Keep what taking effect did."""
    connection.execute(update(packages).where(packages.c.digest == digest).values(outcome=json_text(outcome)))


def rids_in(connection: Connection, type_id: str, field: str, code: str) -> list[str]:
    """The records of a type, void ones left out, whose field holds a code."""
    table = record_tables[type_id]
    rows = connection.execute(select(table.c.rid).where(table.c[field] == code, table.c.rec_voided.is_(None)))
    return [row.rid for row in rows]


def relocate(connection: Connection, types: Sequence[str], old: str, new: str) -> int:
    """Move every record of a region to the one that took its place; how many. What they say stays as it is.

    Reviews that were begun there go on in the new place.
    """
    moved = 0
    for table in (record_tables[type_id] for type_id in types):
        moved += connection.execute(update(table).where(table.c.rec_region == old).values(rec_region=new)).rowcount
    connection.execute(update(review_batches).where(review_batches.c.region == old).values(region=new))
    return moved


def households(connection: Connection) -> list[str]:
    """Every household that is not void."""
    table = record_tables["R05"]
    return list(connection.execute(select(table.c.rid).where(table.c.rec_voided.is_(None))).scalars())


def rids_with(connection: Connection, type_id: str, present: str, absent: str) -> list[str]:
    """The records of a type, void ones left out, that have one field and lack another."""
    table = record_tables[type_id]
    query = select(table.c.rid).where(
        table.c[present].is_not(None), table.c[absent].is_(None), table.c.rec_voided.is_(None)
    )
    return [row.rid for row in connection.execute(query)]


def log_end(connection: Connection) -> int:
    """The number of the last entry of the change log."""
    return connection.execute(select(func.max(change_log.c.seq))).scalar() or 0


def touched(connection: Connection, first: int, last: int, *, offset: int = 0, limit: int = 100) -> list[Touched]:
    """What the entries of a stretch of the log changed, oldest first; erased ones are left out."""
    rows = connection.execute(
        select(change_log.c.type, change_log.c.rid, change_values.c.content)
        .join(change_values, change_values.c.seq == change_log.c.seq)
        .where(change_log.c.seq.between(first, last), change_log.c.type != "R29")
        .order_by(change_log.c.seq)
        .offset(offset)
        .limit(limit)
    )
    return [found for row in rows for found in _touched(row.type, row.rid, from_json(row.content))]


def _touched(type_id: str, rid: str, content: tuple[str, dict[str, object], dict[str, object]]) -> Iterator[Touched]:
    _, before, after = content
    for name in after:
        yield Touched(type_id, rid, name, str(before.get(name, "")), str(after[name]))


def known_digests(connection: Connection, digests: Sequence[str]) -> set[str]:
    """Which of some envelopes are kept already."""
    rows = connection.execute(select(packages.c.digest).where(packages.c.digest.in_(digests)))
    return {row.digest for row in rows}
