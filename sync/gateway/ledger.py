"""Records, versions and verdicts in PostgreSQL, in sets: one read and one staged write per run of operations.

Whoever writes holds the county's head from before the positions are given until they are committed. So a reader of
the head sees every change up to it, and two writers of one county never wait for each other crosswise.

The reads go row by row through the primary key, whatever PostgreSQL knows of the table: joined as sets, they would make
a hash of a whole county for each run. They are planned anew each time: a plan kept from when a table was empty would go
through all of it for each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from jmdesk.catalogue.types import Record
from sync.gateway.database import Connection
from sync.gateway.merge import Held
from sync.protocol.records import Verdict, VerdictLine

RecordKey = tuple[str, str]
"""Type and record id."""

BatchKey = tuple[str, str, int, int]
"""County, device, epoch, seq."""


class Step(msgspec.Struct, gc=False):
    """One operation's outcome on its way into the ledger; ``held`` is the record from now on, if it changed.

    ``last``: no later step of the run writes the same record.
    """

    index: int
    line: VerdictLine
    key: RecordKey
    held: Held | None = None
    position: int = 0
    last: bool = False


_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS stage (
  idx integer, op_rid text, verdict text, op_version integer, detail jsonb,
  county text, type text, rid uuid, region text, unit text, version integer, position bigint, tombstone boolean,
  fields jsonb, versions jsonb, writers jsonb, writer text, at text, reason text, awaits text, last boolean
) ON COMMIT DELETE ROWS
"""
_WRITE_OPERATIONS = """
INSERT INTO operations (county, device, epoch, seq, idx, rid, verdict, version, detail)
SELECT %s, %s, %s, %s, idx, op_rid, verdict, op_version, detail FROM stage ORDER BY idx
"""
_WRITE_RECORDS = """
INSERT INTO records (county, type, rid, region, unit, version, position, tombstone, fields, versions, writers, writer,
  at, reason, awaits)
SELECT county, type, rid, region, unit, version, position, tombstone, fields, versions, writers, writer, at, reason,
  awaits
FROM stage WHERE last ORDER BY county, type, rid
ON CONFLICT (county, type, rid) DO UPDATE SET
  region = excluded.region, version = excluded.version, position = excluded.position, tombstone = excluded.tombstone,
  fields = excluded.fields, versions = excluded.versions, writers = excluded.writers, writer = excluded.writer,
  at = excluded.at, reason = excluded.reason, awaits = excluded.awaits
"""
_WRITE_CHANGES = """
INSERT INTO changes (county, position, type, rid, version, op_id)
SELECT county, position, type, rid, version, writer FROM stage WHERE position > 0 ORDER BY county, position
"""
_READ = """
SELECT type, rid::text, county, region, unit, version, tombstone, fields, versions, writers, writer, at, reason, awaits
FROM unnest(string_to_array(%s, ','), string_to_array(%s, ',')::uuid[]) AS wanted (of_type, of_rid), LATERAL (
  SELECT * FROM records WHERE county = ANY(%s) AND type = of_type AND rid = of_rid LIMIT 1) AS found
"""
_READ_REGIONS = """
SELECT type, rid::text, region
FROM unnest(string_to_array(%s, ','), string_to_array(%s, ',')::uuid[]) AS wanted (of_type, of_rid), LATERAL (
  SELECT * FROM records WHERE county = ANY(%s) AND type = of_type AND rid = of_rid LIMIT 1) AS found
WHERE awaits = ''
"""


def lock_heads(connection: Connection, counties: Sequence[str]) -> dict[str, int]:
    """The last position of each county, locked until the transaction ends, always in the same order."""
    rows = connection.execute(
        "SELECT county, head FROM counties WHERE county = ANY(%s) ORDER BY county FOR UPDATE", (list(counties),)
    )
    return dict(rows.fetchall())


def read_held(connection: Connection, counties: Sequence[str], keys: Iterable[RecordKey]) -> dict[RecordKey, Held]:
    """The records of these keys, as far as the counties hold them."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = connection.execute(_READ, (*_listed(wanted), list(counties)), prepare=False)
    return {(type_, rid): Held(*rest) for type_, rid, *rest in rows}


def read_regions(connection: Connection, counties: Sequence[str], keys: Iterable[RecordKey]) -> dict[RecordKey, str]:
    """The regions of these records, as far as the counties hold them and they await nothing."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = connection.execute(_READ_REGIONS, (*_listed(wanted), list(counties)), prepare=False)
    return {(type_, rid): region for type_, rid, region in rows}


def _listed(keys: Iterable[RecordKey]) -> tuple[str, str]:
    """Types and ids as one text each, which is quicker to hand over than arrays; neither holds a comma."""
    types, rids = zip(*keys, strict=True)
    return ",".join(types), ",".join(rids)


def read_consents(connection: Connection, counties: Sequence[str], rids: Iterable[str]) -> dict[str, str]:
    """The kinds of these consents, as far as they are on record and not void."""
    wanted = sorted(set(rids))
    if not wanted:
        return {}
    rows = connection.execute(
        "SELECT rid::text, fields ->> 'consent_kind' FROM records"
        " WHERE county = ANY(%s) AND type = 'R04' AND rid = ANY(%s::uuid[]) AND NOT tombstone",
        (list(counties), wanted),
        prepare=False,
    )
    return {rid: kind or "" for rid, kind in rows}


def staged(steps: Sequence[Step], heads: dict[str, int]) -> bytes:
    """A run of steps as rows for ``write``. ``heads`` are locked ones and move on with the positions given here."""
    newest: dict[RecordKey, Step] = {}
    for step in steps:
        if step.held is not None:
            heads[step.held.county] += 1
            step.position = heads[step.held.county]
            newest[step.key] = step
    for step in newest.values():
        step.last = True
    return b"".join(map(_row, steps))


def write(connection: Connection, batch: BatchKey, rows: bytes) -> None:
    """Write a run: verdicts, records, changes. Its transaction ends with ``move_heads``."""
    connection.execute(_STAGE)
    with connection.cursor().copy("COPY stage FROM STDIN") as copy:
        copy.write(rows)
    connection.execute(_WRITE_OPERATIONS, batch)
    connection.execute(_WRITE_RECORDS)
    connection.execute(_WRITE_CHANGES)
    connection.execute("TRUNCATE stage")


def move_heads(connection: Connection, heads: Mapping[str, int]) -> None:
    """The last positions given in each county."""
    connection.execute(
        "UPDATE counties SET head = moved.head FROM unnest(%s::text[], %s::bigint[]) AS moved (county, head)"
        " WHERE counties.county = moved.county AND counties.head < moved.head",
        (list(heads), list(heads.values())),
    )


_NOTHING = "\t".join(["\\N"] * 16)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_WORD = {verdict: verdict.value for verdict in Verdict}
"""An enum member is slower to format than to look up."""
_PLAIN = frozenset({Verdict.ACCEPTED, Verdict.MERGED, Verdict.DUPLICATE, Verdict.GONE})
"""Verdicts that say nothing beyond a version."""


def _row(step: Step) -> bytes:
    """One line of COPY's text form; ids and times were held to their forms when the operation was read."""
    line, held = step.line, step.held
    verdict = f"{step.index}\t{line.rid}\t{_WORD[line.verdict]}\t{line.version}\t"
    detail = b"\\N" if line.verdict in _PLAIN else _detail(line)
    if held is None:
        return b"%b%b\t%b\n" % (verdict.encode(), detail, _NOTHING.encode())
    type_, rid = step.key
    kept = (
        f"\t{held.county}\t{type_}\t{rid}\t{held.region}\t{held.unit}\t{held.version}\t{step.position}"
        f"\t{'t' if held.tombstone else 'f'}\t"
    )
    reason = held.reason and held.reason.translate(_ESCAPES)
    tail = f"\t{held.writer}\t{held.at}\t{reason}\t{held.awaits}\t{'t' if step.last else 'f'}\n"
    values = b"%b\t%b\t%b" % (_json(held.fields), _json(held.versions), _json(held.writers))
    return b"%b%b%b%b%b" % (verdict.encode(), detail, kept.encode(), values, tail.encode())


_encode = msgspec.json.Encoder().encode


def _json(value: Record | Mapping[str, object]) -> bytes:
    if not value:
        return b"{}"
    text = _encode(value)
    # JSON text holds no raw tab or line feed; backslashes are all that COPY would read otherwise.
    return text.replace(b"\\", b"\\\\") if b"\\" in text else text


def _detail(line: VerdictLine) -> bytes:
    members = ("values", "versions", "code", "path", "params", "scope", "role")
    return _json({name: value for name in members if (value := getattr(line, name))})
