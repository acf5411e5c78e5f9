"""Batches: building one (desk) and reading one (platform). One batch is one byte string on every path (I1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sync.protocol.container import ByteSink, ByteSource
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import AttachmentEntry, AuditHead, ClockState, Manifest, PartEntry
from sync.protocol.parts import ContentKey, SealedPart
from sync.protocol.records import Draft, Operation
from sync.protocol.suites import Keyring, OpeningKey, PublicKey, SigningKey


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """Everything that a manifest says and that building the batch does not compute."""

    batch_id: str
    unit: str
    device: str
    operator: str
    epoch: int
    seq: int
    prev: str
    created: str
    clock: ClockState
    schema: str
    server_epoch: str
    catalogue: str
    rules: str
    ack_cursor: int
    audit: AuditHead


@dataclass(frozen=True, slots=True)
class SignedManifest:
    """A manifest with the exact bytes that were signed and the envelope that travels."""

    manifest: Manifest
    payload: bytes = field(repr=False)
    envelope: bytes = field(repr=False)
    signer: PublicKey

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the payload bytes: ``prev`` of the next batch, ``manifest`` of the receipts."""
        raise NotImplementedError


class BatchBuilder:
    """Seals drafts into parts and then signs the manifest over them.

    Use: iterate `seal` (store each part as it comes), then `attach` as often as needed, then `sign`, then
    `write_batch`. Deterministic given header, content key and signing key. Only one part is in memory at a time.
    """

    def __init__(
        self, header: BatchHeader, key: ContentKey, *, records_per_part: int = 1_000, limits: Limits = LIMITS
    ) -> None:
        raise NotImplementedError

    def seal(self, drafts: Iterable[Draft]) -> Iterator[SealedPart]:
        """The batch's parts, one at a time; op_id indexes count from 0 through the whole batch. Call once."""
        raise NotImplementedError

    def attach(self, content: bytes, record: str, key: ContentKey) -> tuple[AttachmentEntry, bytes]:
        """Seals one attachment; ``key`` is its own, made with owner ``<batch id>/<n>`` (`next_attachment`)."""
        raise NotImplementedError

    @property
    def next_attachment(self) -> str:
        """Owner of the next attachment's content key."""
        raise NotImplementedError

    def sign(self, key: SigningKey) -> SignedManifest:
        """The signed manifest over everything sealed so far. Raises `LocalProtocolError` (empty, other key, limits)."""
        raise NotImplementedError


def write_batch(
    sink: ByteSink, signed: SignedManifest, parts: Iterable[bytes], attachments: Iterable[bytes] = ()
) -> int:
    """Writes a ``.jmb`` from the stored envelope and ciphertexts, each checked against the manifest; gives its size."""
    raise NotImplementedError


def batch_size(manifest: Manifest, envelope_bytes: int) -> int:
    """Bytes of the ``.jmb`` before it is written."""
    raise NotImplementedError


def open_manifest(envelope: bytes, keyring: Keyring, limits: Limits = LIMITS) -> SignedManifest:
    """A batch manifest from its envelope: signature first, then JSON, then sums; signer must be its device."""
    raise NotImplementedError


class BatchReader:
    """Reads a ``.jmb`` front to back: the manifest at once, then parts and attachments as they are asked for."""

    def __init__(self, source: ByteSource, keyring: Keyring, limits: Limits = LIMITS) -> None:
        self.signed: SignedManifest
        raise NotImplementedError

    def parts(self) -> Iterator[SealedPart]:
        """Every part, its size and digest checked against the manifest."""
        raise NotImplementedError

    def attachments(self) -> Iterator[tuple[AttachmentEntry, bytes]]:
        """Every attachment likewise, after the parts; at its end the container's tail is checked."""
        raise NotImplementedError

    def finish(self) -> None:
        """Reads whatever was not asked for and checks the container's end."""
        raise NotImplementedError


class BatchOpener:
    """Opens the parts of one batch for the platform (or escrow) key, over whichever path they came."""

    def __init__(self, manifest: Manifest, key: OpeningKey, limits: Limits = LIMITS) -> None:
        raise NotImplementedError

    def operations(self, entry: PartEntry, ciphertext: bytes) -> list[Operation]:
        """The operations of one part; op_ids and ``seen`` are checked against the manifest and decision 15."""
        raise NotImplementedError

    def attachment(self, entry: AttachmentEntry, ciphertext: bytes) -> bytes:
        """The content of one attachment."""
        raise NotImplementedError
