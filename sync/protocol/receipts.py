"""Receipts: "we hold these bytes" (custody) and "this became of every record" (processing, with sealed verdict parts)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import msgspec

from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import (
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
)
from sync.protocol.parts import ContentKey, SealedPart
from sync.protocol.records import VerdictLine
from sync.protocol.suites import Keyring, OpeningKey, SigningKey


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


class ProcessingReceipt(msgspec.Struct, frozen=True):
    """What became of a batch: totals, the countersigned audit head, and the sealed parts with one verdict per record.

    ``manifest`` is the batch manifest's digest; ``cursor`` the platform's change cursor after this batch.
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
    manifest: Manifest, digest: str, *, server_epoch: str, received: str, held: bool, key: SigningKey
) -> SignedCustody:
    """Signs for the bytes of a batch; ``digest`` is `SignedManifest.digest`."""
    raise NotImplementedError


class ProcessingBuilder:
    """Seals verdict lines into parts and then signs the receipt over them; totals are counted on the way."""

    def __init__(self, manifest: Manifest, digest: str, key: ContentKey, limits: Limits = LIMITS) -> None:
        raise NotImplementedError

    def seal(self, verdicts: Iterable[VerdictLine]) -> Iterator[SealedPart]:
        """The verdict parts, one at a time, in the batch's order."""
        raise NotImplementedError

    def sign(
        self,
        key: SigningKey,
        *,
        server_epoch: str,
        received: str,
        processed: str,
        cursor: int,
        flags: tuple[str, ...] = (),
    ) -> SignedProcessing:
        """The signed receipt. Raises `LocalProtocolError` where a record has no verdict."""
        raise NotImplementedError


def open_custody(envelope: bytes, keyring: Keyring, batch: Manifest, digest: str) -> SignedCustody:
    """A custody receipt for exactly this batch. Raises `RemoteProtocolError` (signature, other batch, other bytes)."""
    raise NotImplementedError


def open_processing(envelope: bytes, keyring: Keyring, batch: Manifest, digest: str) -> SignedProcessing:
    """A processing receipt for exactly this batch; totals must add up to its records."""
    raise NotImplementedError


class VerdictOpener:
    """Opens the verdict parts of one processing receipt with the device's X25519 key."""

    def __init__(self, receipt: ProcessingReceipt, key: OpeningKey, limits: Limits = LIMITS) -> None:
        raise NotImplementedError

    def verdicts(self, entry: PartEntry, ciphertext: bytes) -> list[VerdictLine]:
        """One part's verdicts, each for the operation that stands at its place in the batch."""
        raise NotImplementedError
