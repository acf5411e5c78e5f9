"""Records, versions and verdicts in PostgreSQL, in sets: one read and one staged write per run of operations.

Whoever writes holds the county's head from before the positions are given until they are committed. So a reader of
the head sees every change up to it, and two writers of one county never wait for each other crosswise.

The reads of many records go type by type: for the ids of one type PostgreSQL walks the primary key once. They are
planned anew each time: a plan kept from when a table was empty would go through all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import LiteralString

import msgspec
from psycopg.rows import TupleRow
from psycopg.types.json import set_json_loads

from jmdesk.catalogue.field_checks import UUID
from sync.gateway.database import Connection
from sync.gateway.merge import Held
from sync.protocol.records import Verdict

RecordKey = tuple[str, str]
"""Type and record id."""

BatchKey = tuple[str, str, int, int]
"""County, device, epoch, seq."""


class Step(msgspec.Struct, gc=False):
    """One operation's outcome on its way into the ledger.

    ``held`` is the record from now on, if it changed; ``said`` what its verdict line says beyond a version.
    """

    key: RecordKey
    """Of the record; without a type where the line could not be read."""
    verdict: Verdict
    version: int = 0
    held: Held | None = None
    said: Mapping[str, object] | None = None
    index: int = 0
    """Its place in the batch."""
    position: int = 0
    way: str = ""
    """How its record is written: ``new``, ``changed``, or not at all where a later step of the run does."""


_STAGE = """
CREATE TEMPORARY TABLE IF NOT EXISTS stage (
  idx integer, rid text, verdict text, version integer, detail jsonb, county text, type text, region text, unit text,
  position bigint, way text, tombstone boolean, at text, reason text, awaits text, versions jsonb, writers jsonb,
  fields jsonb
) ON COMMIT DELETE ROWS
"""
_WRITE_OPERATIONS = """
INSERT INTO operations (county, device, epoch, seq, idx, rid, verdict, version, detail)
SELECT %s, %s, %s, %s, idx, rid, verdict, version, detail FROM stage
"""
_RECORDS = """
INSERT INTO records (county, type, rid, region, unit, version, position, tombstone, fields, versions, writers, writer,
  at, reason, awaits)
SELECT county, type, rid::uuid, region, unit, version, position, tombstone, fields,
  coalesce(versions, '{}'), coalesce(writers, '{}'), %s || idx, at, reason, awaits
FROM stage WHERE way = """
_WRITE_NEW = _RECORDS + "'new'"
_WRITE_CHANGED = (
    _RECORDS
    + """'changed' ORDER BY county, type, rid
ON CONFLICT (county, type, rid) DO UPDATE SET
  region = excluded.region, version = excluded.version, position = excluded.position, tombstone = excluded.tombstone,
  fields = excluded.fields, versions = excluded.versions, writers = excluded.writers, writer = excluded.writer,
  at = excluded.at, reason = excluded.reason, awaits = excluded.awaits
"""
)
_WRITE_CHANGES = """
INSERT INTO changes (county, position, type, rid, version, op_id)
SELECT county, position, type, rid::uuid, version, %s || idx FROM stage WHERE position > 0
"""
_OF_TYPE = " FROM records WHERE county = ANY(%s) AND type = %s AND rid = ANY(string_to_array(%s, ',')::uuid[])"
_READ = (
    "SELECT type, rid::text, county, region, unit, version, tombstone, fields, versions, writers, writer, at, reason,"
    " awaits" + _OF_TYPE
)
_READ_REGIONS = "SELECT type, rid::text, region" + _OF_TYPE + " AND awaits = ''"


def lock_heads(connection: Connection, counties: Sequence[str]) -> dict[str, int]:
    """The last position of each county, locked until the transaction ends, always in the same order."""
    rows = connection.execute(
        "SELECT county, head FROM counties WHERE county = ANY(%s) ORDER BY county FOR UPDATE", (list(counties),)
    )
    return dict(rows.fetchall())


def read_held(connection: Connection, counties: Sequence[str], keys: Iterable[RecordKey]) -> dict[RecordKey, Held]:
    """The records of these keys, as far as the counties hold them."""
    set_json_loads(msgspec.json.decode, connection)  # several times as quick as the standard library's
    return {(type_, rid): Held(*rest) for type_, rid, *rest in _found(connection, _READ, counties, keys)}


def read_regions(connection: Connection, counties: Sequence[str], keys: Iterable[RecordKey]) -> dict[RecordKey, str]:
    """The regions of these records, as far as the counties hold them and they await nothing."""
    return {(type_, rid): region for type_, rid, region in _found(connection, _READ_REGIONS, counties, keys)}


def _found(
    connection: Connection, query: LiteralString, counties: Sequence[str], keys: Iterable[RecordKey]
) -> Iterator[TupleRow]:
    wanted: dict[str, list[str]] = {}
    for type_, rid in keys:
        wanted.setdefault(type_, []).append(rid)
    for type_, rids in wanted.items():
        # The ids as one text, which is quicker to hand over than an array.
        yield from connection.execute(query, (list(counties), type_, ",".join(rids)), prepare=False)


def read_consents(connection: Connection, counties: Sequence[str], rids: Iterable[str]) -> dict[str, str]:
    """The kinds of these consents, as far as they are on record and not void."""
    wanted = sorted({rid for rid in rids if UUID.fullmatch(rid)})
    if not wanted:
        return {}
    rows = connection.execute(
        "SELECT rid::text, fields ->> 'consent_kind' FROM records"
        " WHERE county = ANY(%s) AND type = 'R04' AND rid = ANY(%s::uuid[]) AND NOT tombstone",
        (list(counties), wanted),
        prepare=False,
    )
    return {rid: kind or "" for rid, kind in rows}


def staged(judged: Iterable[Step], heads: dict[str, int]) -> tuple[list[Step], bytes]:
    """The steps of a run, taken as they are judged, and their rows for ``write``.

    ``heads`` are locked ones and move on with the positions given here. Each row is made while its step is still in the
    processor's cache: a pass of its own would take twice as long.
    """
    steps: list[Step] = []
    rows: list[bytes] = []
    newest: dict[RecordKey, int] = {}
    for n, step in enumerate(judged):
        if (held := step.held) is not None:
            step.position = heads[held.county] = heads[held.county] + 1
            if (before := newest.get(step.key)) is None:
                step.way = "new" if held.version == 1 else "changed"
            else:
                step.way, steps[before].way = steps[before].way, ""
                rows[before] = _row(steps[before])
            newest[step.key] = n
        steps.append(step)
        rows.append(_row(step))
    return steps, b"".join(rows)


def write(connection: Connection, batch: BatchKey, rows: bytes, first: bool) -> None:
    """Write a run: verdicts, records, changes. Its transaction ends with ``move_heads``.

    ``first``: no run was written in this transaction before, so that the stage is empty.
    """
    _, device, epoch, seq = batch
    prefix = f"{device}.{epoch}.{seq}."
    connection.execute(_STAGE if first else "TRUNCATE stage")
    with connection.cursor().copy("COPY stage FROM STDIN") as copy:
        copy.write(rows)
    connection.execute(_WRITE_OPERATIONS, batch)
    connection.execute(_WRITE_NEW, (prefix,))
    connection.execute(_WRITE_CHANGED, (prefix,))
    connection.execute(_WRITE_CHANGES, (prefix,))


def move_heads(connection: Connection, heads: Mapping[str, int]) -> None:
    """The last positions given in each county."""
    connection.execute(
        "UPDATE counties SET head = moved.head FROM unnest(%s::text[], %s::bigint[]) AS moved (county, head)"
        " WHERE counties.county = moved.county AND counties.head < moved.head",
        (list(heads), list(heads.values())),
    )


_NOTHING = "\\N\t" * 12 + "\\N\n"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_WORD = {verdict: verdict.value for verdict in Verdict}
"""An enum member is slower to format than to look up."""
_encode = msgspec.json.Encoder().encode


def _row(step: Step) -> bytes:
    """One line of COPY's text form; ids and times were held to their forms when the operation was read."""
    held, (type_, rid) = step.held, step.key
    verdict = f"{step.index}\t{rid}\t{_WORD[step.verdict]}\t{step.version}\t{_said(step.said)}\t"
    if held is None:
        return f"{verdict}{_NOTHING}".encode()
    reason = held.reason and held.reason.translate(_ESCAPES)
    record = (
        f"{verdict}{held.county}\t{type_}\t{held.region}\t{held.unit}\t{step.position}\t{step.way}"
        f"\t{'t' if held.tombstone else 'f'}\t{held.at}\t{reason}\t{held.awaits}"
        f"\t{_said(held.versions)}\t{_said(held.writers)}\t"
    )
    return b"%b%b\n" % (record.encode(), _json(held.fields))


def _said(value: Mapping[str, object] | None) -> str:
    return _json(value).decode() if value else "\\N"


def _json(value: Mapping[str, object]) -> bytes:
    text = _encode(value)
    # JSON text holds no raw tab or line feed; backslashes are all that COPY would read otherwise.
    return text.replace(b"\\", b"\\\\") if b"\\" in text else text
