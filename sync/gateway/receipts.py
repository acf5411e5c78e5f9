"""Processing receipts: every verdict of a batch sealed to its device, signed, kept for ever, and handed out."""

from __future__ import annotations

import io
import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec
from psycopg.types.json import Jsonb

from jmdesk.core.clock import Clock, from_utc_text, utc_text
from jmdesk.core.ids import Ids
from sync.gateway.database import Connection, Database, Role, one
from sync.gateway.enrol import Device
from sync.gateway.evidence import forget_spool, verdicts
from sync.gateway.keys import PlatformKeys
from sync.gateway.ledger import BatchKey
from sync.protocol.batch import SignedManifest
from sync.protocol.envelope import PayloadType, split_envelope
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import Manifest
from sync.protocol.parts import seal_content_key
from sync.protocol.receipts import ProcessingBuilder, ProcessingReceipt
from sync.protocol.records import Verdict, VerdictLine, op_id
from sync.protocol.replies import ReplyHeader, ReplyItem, write_reply
from sync.protocol.states import PlatformBatch

_PAGE = 5_000
_VERDICTS = {verdict.value: verdict for verdict in Verdict}


def write_receipt(
    database: Database, keys: PlatformKeys, clock: Clock, device: Device, batch: BatchKey, signed: SignedManifest
) -> None:
    """Seal and sign what became of a batch, and let go of its sealed parts and of the conflicts' values."""
    manifest = signed.manifest
    key = seal_content_key(secrets.token_bytes(32), [device.kem], manifest.batch_id, manifest.device)

    def work(connection: Connection) -> None:
        connection.execute("DELETE FROM receipt_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", batch)
        builder = ProcessingBuilder(manifest, signed.digest, key)
        totals: Counter[str] = Counter()
        for part in builder.seal(_verdicts(connection, batch, manifest, totals)):
            connection.execute(
                "INSERT INTO receipt_parts (county, device, epoch, seq, n, ciphertext) VALUES (%s, %s, %s, %s, %s, %s)",
                (*batch, part.entry.n, part.ciphertext),
            )
        (received,) = one(
            connection, "SELECT received FROM batches WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", batch
        )
        (cursor,) = one(
            connection,
            "SELECT coalesce(max(head), 0) FROM counties WHERE county = ANY(%s)",
            [list(device.grant.counties)],
        )
        now, flags = clock.now(), clock_flags(manifest, received)
        receipt = builder.sign(
            keys.signing,
            server_epoch=keys.server_epoch,
            received=utc_text(received),
            processed=utc_text(now),
            cursor=cursor,
            flags=flags,
            attachments=verdicts(connection, batch),
        )
        connection.execute(
            "UPDATE batches SET state = %s, processed = %s, receipt = %s, totals = %s, flags = %s"
            " WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
            (PlatformBatch.PROCESSED.value, now, receipt.envelope, Jsonb(dict(totals)), list(flags), *batch),
        )
        connection.execute("DELETE FROM batch_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", batch)
        forget_spool(connection, batch)
        connection.execute(
            "UPDATE operations SET detail = detail - 'values'"
            " WHERE (county, device, epoch, seq) = (%s, %s, %s, %s) AND detail ? 'values'",
            batch,
        )

    database.run(device.grant.access(Role.INGEST), work)


def clock_flags(manifest: Manifest, received: datetime) -> tuple[str, ...]:
    """What is odd about the desk's clock; it is told, it never blocks work."""
    flags = []
    if manifest.clock.clock_back:
        flags.append("clock_back")
    if from_utc_text(manifest.created) > received + timedelta(seconds=LIMITS.clock_skew_seconds):
        flags.append("clock_ahead")
    return tuple(flags)


def _verdicts(
    connection: Connection, batch: BatchKey, manifest: Manifest, totals: Counter[str]
) -> Iterator[VerdictLine]:
    prefix = op_id(manifest.device, manifest.epoch, manifest.seq, 0)[:-1]
    for first in range(0, manifest.records, _PAGE):
        rows = connection.execute(
            "SELECT idx, rid, verdict, version, detail FROM operations"
            " WHERE (county, device, epoch, seq) = (%s, %s, %s, %s) AND idx >= %s AND idx < %s ORDER BY idx",
            (*batch, first, first + _PAGE),
        ).fetchall()
        totals.update(row[2] for row in rows)
        for index, rid, verdict, version, detail in rows:
            line = VerdictLine(f"{prefix}{index}", rid, _VERDICTS[verdict], version)
            yield line if detail is None else msgspec.structs.replace(line, **detail)


def receipt_reply(
    database: Database, keys: PlatformKeys, clock: Clock, ids: Ids, device: Device, batch: BatchKey
) -> bytes | None:
    """The ``.jmr`` with a batch's custody and processing receipts, or nothing while it is not processed.

    ``device`` asks; the reply is for the device that made the batch, and only that one can open it.
    """

    def work(connection: Connection) -> bytes | None:
        custody, receipt, unit, epoch = one(
            connection,
            "SELECT custody, receipt, batches.unit, devices.epoch FROM batches JOIN devices USING (device)"
            " WHERE (batches.county, device, batches.epoch, seq) = (%s, %s, %s, %s)",
            batch,
        )
        if receipt is None:
            return None
        parts = connection.execute(
            "SELECT ciphertext FROM receipt_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s) ORDER BY n",
            batch,
        ).fetchall()
        processing = msgspec.json.decode(split_envelope(bytes(receipt)).payload, type=ProcessingReceipt)
        items = [
            ReplyItem(PayloadType.CUSTODY_RECEIPT, bytes(custody)),
            ReplyItem(PayloadType.PROCESSING_RECEIPT, bytes(receipt), processing.parts),
        ]
        header = ReplyHeader(
            reply_id=ids.new(),
            unit=unit,
            device=batch[1],
            epoch=epoch,
            server_epoch=keys.server_epoch,
            created=utc_text(clock.now()),
        )
        sink = io.BytesIO()
        write_reply(sink, header, items, (bytes(ciphertext) for (ciphertext,) in parts), keys.signing)
        return sink.getvalue()

    return database.run(device.grant.access(Role.API), work)
