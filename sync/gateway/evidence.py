"""What becomes of attachments: which records name which documents, and which of them the platform keeps.

A document is kept sealed as it came (ciphertext and wrapped key), once per county, by the SHA-256 of its content. It is
kept only when a record that the platform holds, within the device's scope, names that hash as evidence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.media import media_type
from sync.gateway.database import READ, Access, Connection, Database
from sync.gateway.judge import Known
from sync.gateway.ledger import BatchKey, Step
from sync.gateway.policy import Grant
from sync.protocol.batch import BatchOpener
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.manifest import AttachmentEntry, Manifest
from sync.protocol.receipts import AttachmentVerdict, Keeping
from sync.protocol.records import BadLine, Operation, Verdict
from sync.protocol.suites import OpeningKey

Named = tuple[str, str, str, str, str]
"""County, record id, SHA-256, type, operation: one document that a record names."""

_TAKEN = frozenset({Verdict.ACCEPTED, Verdict.MERGED, Verdict.DUPLICATE})


def named(lines: Sequence[Operation | BadLine], steps: Sequence[Step], known: Known) -> list[Named]:
    """The documents that the operations of a run name, those that the platform took over."""
    found: list[Named] = []
    for line, step in zip(lines, steps, strict=True):
        if isinstance(line, BadLine) or not line.evidence or step.verdict not in _TAKEN:
            continue
        held = step.held or known.held.get((line.type, line.rid))
        if held is not None:
            found += [(held.county, line.rid, digest, line.type, line.op_id) for digest in line.evidence]
    return found


def note(connection: Connection, found: Sequence[Named]) -> None:
    """Keep which record names which document; what was named once stays named."""
    if found:
        columns = [list(column) for column in zip(*found, strict=True)]
        connection.execute(
            "INSERT INTO evidence (county, rid, sha256, type, op_id)"
            " SELECT * FROM unnest(%s::text[], %s::uuid[], %s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING",
            columns,
        )


def keep_attachments(
    database: Database,
    access: Access,
    opening: OpeningKey,
    clock: Clock,
    key: BatchKey,
    manifest: Manifest,
    grant: Grant,
) -> None:
    """Judge the attachments of a batch whose operations have their verdicts; after a crash, from where it stopped.

    One transaction and one document in memory at a time.
    """
    if not manifest.attachments:
        return
    done = {verdict.n for verdict in database.run(access, lambda connection: verdicts(connection, key))}
    opener = BatchOpener(manifest, opening)
    for entry in manifest.attachments:
        if entry.n not in done:
            database.run(access, partial(_settle, opener, clock, key, manifest, grant, entry))


def verdicts(connection: Connection, key: BatchKey) -> tuple[AttachmentVerdict, ...]:
    """What became of a batch's attachments so far, in their order."""
    rows = connection.execute(
        "SELECT n, verdict, code FROM attachment_verdicts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)"
        " ORDER BY n",
        key,
    )
    return tuple(AttachmentVerdict(n, Keeping(verdict), code) for n, verdict, code in rows)


def forget_spool(connection: Connection, key: BatchKey) -> None:
    """Let go of the ciphertexts that came with a batch: what is kept is kept elsewhere."""
    connection.execute("DELETE FROM batch_attachments WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", key)


def _settle(
    opener: BatchOpener,
    clock: Clock,
    key: BatchKey,
    manifest: Manifest,
    grant: Grant,
    entry: AttachmentEntry,
    connection: Connection,
) -> None:
    row = connection.execute(
        "SELECT ciphertext FROM batch_attachments WHERE (county, device, epoch, seq, n) = (%s, %s, %s, %s, %s)",
        (*key, entry.n),
    ).fetchone()
    if row is None:
        raise LookupError(entry.n)
    ciphertext = bytes(row[0])
    verdict, code = Keeping.REFUSED, ""
    try:
        content = opener.attachment(entry, ciphertext)
    except RemoteProtocolError as error:
        code = error.code
    else:
        code = _fault(content) or _kept(connection, clock, manifest, grant, entry, content, ciphertext)
        if code in (Keeping.KEPT, Keeping.KNOWN):
            verdict, code = Keeping(code), ""
    connection.execute(
        "INSERT INTO attachment_verdicts (county, device, epoch, seq, n, verdict, code)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (*key, entry.n, verdict.value, code),
    )


def _fault(content: bytes) -> str:
    return "" if media_type(content) else "verdict.attachment_kind"


def _kept(
    connection: Connection,
    clock: Clock,
    manifest: Manifest,
    grant: Grant,
    entry: AttachmentEntry,
    content: bytes,
    ciphertext: bytes,
) -> str:
    """Keep a document where a record names it: ``kept``, ``known``, or the code of why not."""
    digest = hashlib.sha256(content).hexdigest()
    places = connection.execute(
        "SELECT county, type, region, unit, EXISTS (SELECT FROM evidence WHERE evidence.county = records.county"
        " AND evidence.rid = records.rid AND evidence.sha256 = %s) FROM records"
        " WHERE county = ANY(%s) AND rid = %s AND NOT tombstone ORDER BY 5 DESC",
        (digest, list(grant.counties), entry.record),
    ).fetchall()
    place = next((place for place in places if grant.covers(place[2])), None)
    if place is None:
        return "verdict.attachment_record"
    county, type_, region, unit, is_named = place
    if not is_named:
        return "verdict.attachment_unnamed"
    stored = connection.execute(
        "INSERT INTO attachments (county, sha256, type, rid, region, unit, media, raw_size, batch_id, device, n, enc,"
        " received, ciphertext) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (
            *(county, digest, type_, entry.record, region, unit, media_type(content), entry.raw_size),
            *(
                manifest.batch_id,
                manifest.device,
                entry.n,
                Jsonb(msgspec.to_builtins(entry.enc)),
                clock.now(),
                ciphertext,
            ),
        ),
    )
    return Keeping.KEPT.value if stored.rowcount else Keeping.KNOWN.value


def attachments(database: Database) -> Iterator[dict[str, Any]]:
    """Every document that the platform keeps, for the operators' ``show``: its hash, never its content."""
    with database.transaction(READ) as connection:
        rows = connection.execute(
            "SELECT attachments.county, attachments.sha256, type, rid::text, region, unit, media, raw_size, device,"
            " received, (SELECT count(*) FROM evidence WHERE evidence.county = attachments.county"
            " AND evidence.sha256 = attachments.sha256) FROM attachments ORDER BY received, sha256"
        ).fetchall()
    for county, sha256, type_, rid, region, unit, media, size, device, received, records in rows:
        yield {
            "county": county,
            "sha256": sha256,
            "type": type_,
            "rid": rid,
            "region": region,
            "unit": unit,
            "media": media,
            "size": size,
            "device": device,
            "received": utc_text(received),
            "records": records,
        }
