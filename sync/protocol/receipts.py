"""Receipts: "we hold these bytes" (custody), and "this became of every record" (processing, sealed verdict parts)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import (
    VERSION,
    AuditHead,
    Count,
    Digest,
    Encryption,
    KeyId,
    Manifest,
    Moment,
    Ordinal,
    PartEntry,
    Token,
    UnitCode,
    Uuid,
    check_version,
    encode,
    encryption_fault,
    parts_fault,
)
from sync.protocol.parts import Binding, ContentKey, Label, SealedPart, open_content_key, open_part, pack_lines
from sync.protocol.records import Verdict, VerdictLine, encode_line, op_id, read_verdicts, split_lines, verdict_fault
from sync.protocol.strict_json import read_json
from sync.protocol.suites import Keyring, OpeningKey, Signer


class CustodyReceipt(msgspec.Struct, frozen=True):
    """The platform holds the bytes of this batch. ``held``: the device is revoked, a person must release it."""

    v: int
    suite: Token
    batch_id: Uuid
    unit: UnitCode
    device: KeyId
    epoch: Ordinal
    seq: Ordinal
    manifest: Digest
    records: Count
    bytes: Count
    server_epoch: Token
    received: Moment
    held: bool


class Totals(msgspec.Struct, frozen=True):
    """How many records got which verdict; their sum is the batch's record count."""

    accepted: Count = 0
    merged: Count = 0
    duplicate: Count = 0
    conflict: Count = 0
    rejected: Count = 0
    forbidden: Count = 0
    gone: Count = 0


class Keeping(StrEnum):
    """What became of an attachment."""

    KEPT = "kept"
    KNOWN = "known"
    """Kept before: the county holds the same content already."""
    REFUSED = "refused"


class AttachmentVerdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of attachment ``n``; ``code`` says why it was refused."""

    n: Count
    verdict: Keeping
    code: Token = ""


class ProcessingReceipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a batch: totals, the countersigned audit head, and the sealed parts with one verdict per record.

    ``manifest`` is the batch manifest's digest; ``cursor`` the platform's change cursor after this batch;
    ``attachments`` has one verdict per attachment, in the manifest's order.
    """

    v: int
    suite: Token
    batch_id: Uuid
    unit: UnitCode
    device: KeyId
    epoch: Ordinal
    seq: Ordinal
    manifest: Digest
    server_epoch: Token
    received: Moment
    processed: Moment
    cursor: Count
    totals: Totals
    audit: AuditHead
    flags: tuple[Token, ...]
    records: Count
    raw_bytes: Count
    enc: Encryption
    parts: tuple[PartEntry, ...]
    attachments: tuple[AttachmentVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedCustody:
    """A custody receipt and its envelope bytes."""

    receipt: CustodyReceipt
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedProcessing:
    """A processing receipt and its envelope bytes."""

    receipt: ProcessingReceipt
    envelope: bytes = field(repr=False)


def custody_receipt(
    manifest: Manifest, digest: str, *, server_epoch: str, received: str, held: bool, key: Signer
) -> SignedCustody:
    """Signs for the bytes of a batch; ``digest`` is `SignedManifest.digest`."""
    receipt = CustodyReceipt(
        v=VERSION,
        suite=key.suite,
        batch_id=manifest.batch_id,
        unit=manifest.unit,
        device=manifest.device,
        epoch=manifest.epoch,
        seq=manifest.seq,
        manifest=digest,
        records=manifest.records,
        bytes=sum(p.size for p in manifest.parts) + sum(a.size for a in manifest.attachments),
        server_epoch=server_epoch,
        received=received,
        held=held,
    )
    return SignedCustody(receipt, sign_envelope(PayloadType.CUSTODY_RECEIPT, encode(receipt), key))


def open_custody(envelope: bytes, keyring: Keyring, batch: Manifest, digest: str) -> SignedCustody:
    """A custody receipt for exactly this batch. Raises `RemoteProtocolError` (signature, other batch, other bytes)."""
    opened = open_envelope(envelope, PayloadType.CUSTODY_RECEIPT, keyring)
    receipt = read_json(opened.payload, CustodyReceipt)
    check_version(receipt.v, receipt.suite)
    _check_subject(receipt, batch, digest)
    return SignedCustody(receipt, envelope)


def _check_subject(receipt: CustodyReceipt | ProcessingReceipt, batch: Manifest, digest: str) -> None:
    if receipt.device != batch.device:
        raise RemoteProtocolError("protocol.receipt_other_device")
    if receipt.unit != batch.unit:
        raise RemoteProtocolError("protocol.receipt_other_unit")
    if (receipt.batch_id, receipt.epoch, receipt.seq) != (batch.batch_id, batch.epoch, batch.seq):
        raise RemoteProtocolError("protocol.receipt_other_batch")
    if receipt.manifest != digest or receipt.records != batch.records:
        raise RemoteProtocolError("protocol.receipt_other_bytes")


def _binding(batch_id: str, device: str) -> Binding:
    return Binding(Label.VERDICT, batch_id, device)


class ProcessingBuilder:
    """Seals verdict lines into parts and then signs the receipt over them; totals are counted on the way.

    ``key`` is a fresh content key sealed to the device's X25519 key with the batch id as owner.
    """

    def __init__(self, manifest: Manifest, digest: str, key: ContentKey, limits: Limits = LIMITS) -> None:
        self._manifest = manifest
        self._digest = digest
        self._key = key
        self._limits = limits
        self._parts: list[PartEntry] = []
        self._counts: Counter[Verdict] = Counter()

    def _lines(self, verdicts: Iterable[VerdictLine]) -> Iterator[bytes]:
        batch = self._manifest
        prefix = op_id(batch.device, batch.epoch, batch.seq, 0)[:-1]
        for index, line in enumerate(verdicts):
            if line.op_id != f"{prefix}{index}":
                raise LocalProtocolError("protocol.verdict_order", index=index)
            fault = verdict_fault(line)
            if fault:
                raise LocalProtocolError(fault, index=index)
            self._counts[line.verdict] += 1
            yield encode_line(line)

    def seal(self, verdicts: Iterable[VerdictLine]) -> Iterator[SealedPart]:
        """The verdict parts, one at a time; one verdict per record, in the batch's order. Call once."""
        if self._counts:
            raise LocalProtocolError("protocol.batch_sealed")
        binding = _binding(self._manifest.batch_id, self._manifest.device)
        for part in pack_lines(self._lines(verdicts), binding, self._key, limits=self._limits):
            self._parts.append(part.entry)
            yield part

    def sign(
        self,
        key: Signer,
        *,
        server_epoch: str,
        received: str,
        processed: str,
        cursor: int,
        flags: tuple[str, ...] = (),
        attachments: tuple[AttachmentVerdict, ...] = (),
    ) -> SignedProcessing:
        """The signed receipt. Raises `LocalProtocolError` where a record or an attachment has no verdict."""
        batch = self._manifest
        if self._counts.total() != batch.records:
            raise LocalProtocolError("protocol.totals")
        if len(attachments) != len(batch.attachments) or _attachments_fault(attachments):
            raise LocalProtocolError("protocol.receipt_attachments")
        receipt = ProcessingReceipt(
            v=VERSION,
            suite=key.suite,
            batch_id=batch.batch_id,
            unit=batch.unit,
            device=batch.device,
            epoch=batch.epoch,
            seq=batch.seq,
            manifest=self._digest,
            server_epoch=server_epoch,
            received=received,
            processed=processed,
            cursor=cursor,
            totals=Totals(**{verdict.value: self._counts[verdict] for verdict in Verdict}),
            audit=batch.audit,
            flags=flags,
            records=batch.records,
            raw_bytes=sum(p.raw_size for p in self._parts),
            enc=self._key.encryption,
            parts=tuple(self._parts),
            attachments=attachments,
        )
        return SignedProcessing(receipt, sign_envelope(PayloadType.PROCESSING_RECEIPT, encode(receipt), key))


def _attachments_fault(verdicts: tuple[AttachmentVerdict, ...]) -> bool:
    """Whether they are not numbered in order, or a reason stands where it does not belong."""
    numbered = all(found.n == n for n, found in enumerate(verdicts))
    return not numbered or any((found.verdict is Keeping.REFUSED) != bool(found.code) for found in verdicts)


def _counts(totals: Totals) -> dict[Verdict, int]:
    return {verdict: getattr(totals, verdict.value) for verdict in Verdict}


def read_processing(payload: bytes, limits: Limits = LIMITS) -> ProcessingReceipt:
    """A processing receipt from verified payload bytes; totals and parts must add up to its records."""
    receipt = read_json(payload, ProcessingReceipt, limits.json_depth)
    check_version(receipt.v, receipt.suite)
    fault = encryption_fault(receipt.enc, receipt.suite, limits) or parts_fault(
        receipt.parts, receipt.records, receipt.raw_bytes, limits
    )
    if fault:
        raise RemoteProtocolError(fault)
    if sum(_counts(receipt.totals).values()) != receipt.records:
        raise RemoteProtocolError("protocol.totals")
    if _attachments_fault(receipt.attachments):
        raise RemoteProtocolError("protocol.receipt_attachments")
    return receipt


def open_processing(
    envelope: bytes, keyring: Keyring, batch: Manifest, digest: str, limits: Limits = LIMITS
) -> SignedProcessing:
    """A processing receipt for exactly this batch, countersigning the audit head that the batch carried."""
    opened = open_envelope(envelope, PayloadType.PROCESSING_RECEIPT, keyring, limits)
    receipt = read_processing(opened.payload, limits)
    _check_subject(receipt, batch, digest)
    if receipt.audit != batch.audit:
        raise RemoteProtocolError("protocol.receipt_audit")
    # One without any word on them is from a platform that knew only custody: it stands for that it keeps them.
    if receipt.attachments and len(receipt.attachments) != len(batch.attachments):
        raise RemoteProtocolError("protocol.receipt_attachments")
    return SignedProcessing(receipt, envelope)


class VerdictOpener:
    """Opens the verdict parts of one processing receipt with the device's X25519 key.

    Open every part, then call `finish`: only then does each record have the verdict that the totals promise.
    """

    def __init__(self, receipt: ProcessingReceipt, key: OpeningKey, limits: Limits = LIMITS) -> None:
        self._receipt = receipt
        self._limits = limits
        self._key = open_content_key(receipt.enc, key, receipt.batch_id, receipt.device)
        self._counts: Counter[Verdict] = Counter()
        self._opened: set[int] = set()

    def verdicts(self, entry: PartEntry, ciphertext: bytes) -> list[VerdictLine]:
        """One part's verdicts, each for the operation that stands at its place in the batch."""
        receipt = self._receipt
        raw = open_part(entry, ciphertext, _binding(receipt.batch_id, receipt.device), self._key, self._limits)
        first = sum(p.records for p in receipt.parts[: entry.n])
        prefix = f"{receipt.device}.{receipt.epoch}.{receipt.seq}."
        lines = read_verdicts(split_lines(raw, entry.records), prefix, first)
        if entry.n not in self._opened:
            self._opened.add(entry.n)
            self._counts.update(line.verdict for line in lines)
        return lines

    def finish(self) -> None:
        """Raises `RemoteProtocolError` ``protocol.totals`` where a part is missing or the totals promised otherwise."""
        if len(self._opened) != len(self._receipt.parts) or any(
            self._counts[verdict] != count for verdict, count in _counts(self._receipt.totals).items()
        ):
            raise RemoteProtocolError("protocol.totals")
