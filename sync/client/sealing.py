"""Sealing: what waits in the outbox becomes one signed batch, whose bytes never change again (I1)."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from jmdesk.attachments.travelling import Luggage
from jmdesk.core.clock import from_utc_text, utc_text
from jmdesk.inbox import CURSOR
from jmdesk.records.readiness import SEND_ORDER, Hold, Readiness
from jmdesk.store import change_log, outbox
from jmdesk.store.outbox import Batch, Waiting
from jmdesk.vault.files import disk_errors, flush_folder
from sync.client.asking import check_may_seal
from sync.client.membership import Membership, signing_key
from sync.protocol.batch import (
    BatchBuilder,
    BatchHeader,
    SignedManifest,
    write_batch,
)
from sync.protocol.limits import LIMITS
from sync.protocol.manifest import NO_PREVIOUS, AttachmentEntry, AuditHead, ClockState, PartEntry
from sync.protocol.parts import SECRET_BYTES, ContentKey, seal_content_key
from sync.protocol.records import Draft, Op
from sync.protocol.states import DeskBatch
from sync.protocol.suites import PublicKey

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.store.transaction import Transaction
    from sync.client.steering import Steering

MOST_RECORDS: Final = 100_000
"""Operations per batch: more wait for the next one, so that a resumed upload never has far to go."""

PART_RECORDS: Final = "sync.part_records"
"""The setting that holds how many records a part takes: fewer on a line that keeps breaking, up to 1,000."""
FEWEST_IN_PART: Final = 50

CHECK_EVERY: Final = 1_000
"""After so many records a cancel is looked for and progress is told."""

MOST_REASONS: Final = 3

SCHEMA: Final = "1"
SUFFIX: Final = ".jmb"


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one sealing made: the batch (``None``: nothing was ready), and how many changes wait for what (by code).

    ``reasons`` names up to three things that changes wait for, by the same code: labels of consents and of fields.
    """

    batch: Batch | None
    held: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    attachments: int = 0
    """Documents that go with the batch."""
    more: bool = False
    """Whether another batch follows: this one took no more."""


def seal(desk: Desk, membership: Membership, steering: Steering, *, most: int = MOST_RECORDS) -> Sealed:
    """Seal up to ``most`` waiting changes into the next batch of this device's chain.

    File and store agree at any instant: the file is durable under its name before the store says that it exists, and
    a file that the store does not know is removed by `clear_outgoing`, never sent. ``Refused``: ``sync.trust_expired``
    and those of `check_may_seal`; ``Environment``: disk and device key; ``Stopped`` leaves everything as it was.
    """
    desk.guard.require("send", "R28")
    clear_outgoing(desk)
    with desk.store.transaction(desk.actor, "seal") as transaction:
        check_may_seal(transaction.connection)
        press = _Press(desk, membership, transaction, steering, most)
        drafts = press.drafts()
        first = next(drafts, None)
        if first is None and not press.has_papers():
            return Sealed(None, press.held, press.reasons)
        batch = press.build(drafts if first is None else _chained(first, drafts))
        outbox.seal(transaction.connection, batch, press.entries)
        press.luggage.sealed(batch.batch_id)
    more = batch.records == most or press.luggage.more
    return Sealed(batch, press.held, press.reasons, len(press.luggage.taken), more)


def clear_outgoing(desk: Desk) -> None:
    """Remove what no open batch needs: files of settled batches, and of sealings that a power cut ended."""
    with desk.store.reading() as connection:
        wanted = {batch.file for batch in outbox.batch_list(connection, open_only=True)}
    with disk_errors():
        desk.vault.outgoing.mkdir(mode=0o700, exist_ok=True)
        for entry in desk.vault.outgoing.iterdir():
            if entry.name not in wanted and entry.is_file():
                entry.unlink()


class _Press:
    """One sealing under way, inside one transaction."""

    def __init__(
        self, desk: Desk, membership: Membership, transaction: Transaction, steering: Steering, most: int
    ) -> None:
        self._desk = desk
        self._membership = membership
        self._connection = transaction.connection
        self._steering = steering
        self._most = most
        self._readiness = Readiness(self._connection, desk.catalogue, desk.clock)
        self._key = signing_key(desk.vault.device_keys())
        self._rids: set[str] = set()
        self.luggage = Luggage(transaction, self._readiness)
        self.entries: list[tuple[int, int]] = []
        self.held: dict[str, int] = {}
        self.reasons: dict[str, tuple[str, ...]] = {}

    def drafts(self) -> Iterator[Draft]:
        """What may travel now, in the order in which it travels; the rest is counted in ``held``."""
        for waiting, held in self._readiness.judged(outbox.drafts(self._connection, types=SEND_ORDER)):
            if len(self.entries) >= self._most:
                return
            hold = unknown_there(waiting) or held
            if hold is not None:
                self._note(hold)
                continue
            if waiting.op == "upsert" and not waiting.fields and not self.luggage.evidence(waiting.record.rid):
                continue  # nothing to say: what it was to name has been taken off the record
            self.entries.append((waiting.id, len(self.entries)))
            self._rids.add(waiting.record.rid)
            if len(self.entries) % CHECK_EVERY == 0:
                self._steering.check()
                self._steering.tell("seal", len(self.entries), 0)
            yield self._draft(waiting)

    def has_papers(self) -> bool:
        """Whether documents may travel though no record does: theirs have gone before."""
        self.luggage.choose(())
        return bool(self.luggage.taken)

    def _note(self, hold: Hold) -> None:
        self.held[hold.code] = self.held.get(hold.code, 0) + 1
        known = self.reasons.get(hold.code, ())
        if hold.detail and hold.detail not in known and len(known) < MOST_REASONS:
            self.reasons[hold.code] = (*known, hold.detail)

    def _draft(self, waiting: Waiting) -> Draft:
        record = waiting.record
        # Versions of another history of the platform mean nothing to this one: offered as never seen.
        current = record.server_epoch in {"", self._membership.server_epoch}
        if waiting.op == "tombstone":
            names: tuple[str, ...] = ()
        else:
            names = waiting.fields
        return Draft(
            op=Op(waiting.op),
            rid=record.rid,
            type=record.type,
            base_version=record.base_version if current or not names else 0,
            set={name: record.values[name] for name in names if name in record.values},
            unset=[name for name in names if name not in record.values],
            seen={name: record.version_of(name) if current else 0 for name in names},
            at=record.updated_at,
            by=record.updated_by,
            catalogue=self._desk.catalogue.version,
            evidence=[] if waiting.op == "tombstone" else self.luggage.evidence(record.rid),
            consent=self._readiness.consents(waiting),
            reason=(record.voided or "-") if waiting.op == "tombstone" else "",
        )

    def build(self, drafts: Iterator[Draft]) -> Batch:
        """Seal, sign and write; the file is durable when this returns."""
        header = self._header()
        secret = os.urandom(SECRET_BYTES)
        recipients = self._membership.recipients(self._desk.clock)
        key = seal_content_key(secret, recipients, header.batch_id, header.device)
        name = header.batch_id + SUFFIX
        signed = self._write(header, key, recipients, drafts, self._desk.vault.outgoing / name)
        return Batch(
            batch_id=header.batch_id,
            epoch=header.epoch,
            seq=header.seq,
            state=DeskBatch.SEALED.value,
            records=signed.manifest.records,
            file=name,
            manifest_sha256=signed.digest,
            created_at=header.created,
            custody=None,
            receipt=None,
            totals={},
            settled_at=None,
            device=header.device,
        )

    def _write(
        self,
        header: BatchHeader,
        key: ContentKey,
        recipients: Sequence[PublicKey],
        drafts: Iterator[Draft],
        path: Path,
    ) -> SignedManifest:
        """Ciphertexts go through a file, for the manifest that precedes them is known only at the end."""
        builder = BatchBuilder(header, key, records_per_part=part_records(self._desk))
        temporary = path.with_name(f".{path.name}.tmp")
        with disk_errors(), tempfile.TemporaryFile(dir=path.parent) as parts:
            for part in builder.seal(drafts):
                parts.write(part.ciphertext)
            self.luggage.choose(self._rids)
            for record, content in self.luggage.contents():
                self._steering.check()
                secret = os.urandom(SECRET_BYTES)
                own = seal_content_key(secret, recipients, builder.next_attachment, header.device)
                parts.write(builder.attach(content, record, own)[1])
            signed = builder.sign(self._key)
            parts.seek(0)
            with temporary.open("wb") as sink:
                manifest = signed.manifest
                write_batch(sink, signed, _read_back(parts, manifest.parts), _read_back(parts, manifest.attachments))
                sink.flush()
                os.fsync(sink.fileno())
            temporary.replace(path)
            flush_folder(path.parent)
        return signed

    def _header(self) -> BatchHeader:
        desk, membership, now = self._desk, self._membership, self._desk.clock.now()
        head = change_log.read_head(self._connection)
        place = (membership.device, membership.epoch)
        chain = [b for b in outbox.batch_list(self._connection) if (b.device, b.epoch) == place]
        back = membership.server_seen != "" and (
            (from_utc_text(membership.server_seen) - now).total_seconds() > LIMITS.clock_skew_seconds
        )
        return BatchHeader(
            batch_id=desk.ids.new(),
            unit=membership.unit,
            device=membership.device,
            operator=desk.actor,
            epoch=membership.epoch,
            seq=chain[-1].seq + 1 if chain else 1,
            prev=chain[-1].manifest_sha256 if chain else NO_PREVIOUS,
            created=utc_text(now),
            clock=ClockState(membership.server_seen, back),
            schema=SCHEMA,
            server_epoch=membership.server_epoch,
            catalogue=desk.catalogue.version,
            rules=rules_version(),
            ack_cursor=int(desk.store.setting(CURSOR) or 0),
            audit=AuditHead(head.count, head.hash.hex()),
        )


def part_records(desk: Desk) -> int:
    """How many records a part takes now."""
    return min(int(desk.store.setting(PART_RECORDS) or LIMITS.records_per_part), LIMITS.records_per_part)


def adapt_parts(desk: Desk, *, went_well: bool) -> None:
    """Half as many records per part from the next batch on after a failure, twice as many after a success."""
    now = part_records(desk)
    wanted = min(now * 2, LIMITS.records_per_part) if went_well else max(now // 2, min(now, FEWEST_IN_PART))
    if wanted != now:
        desk.store.put_setting(PART_RECORDS, str(wanted))


def rules_version() -> str:
    """The rule package in force, as the manifest names it: ``JM-HH-1:1.0``."""
    from jmdesk.ratings.model import shipped

    return shipped().label.replace("@", ":")


def unknown_there(waiting: Waiting) -> Hold | None:
    """The platform does not know the record (yet): there is nothing it could void."""
    unknown = waiting.op == "tombstone" and waiting.record.base_version == 0
    return Hold("sending.unknown_there") if unknown else None


def _chained(first: Draft, rest: Iterator[Draft]) -> Iterator[Draft]:
    yield first
    yield from rest


def _read_back(parts: IO[bytes], entries: Sequence[PartEntry | AttachmentEntry]) -> Iterator[bytes]:
    for entry in entries:
        yield parts.read(entry.size)
