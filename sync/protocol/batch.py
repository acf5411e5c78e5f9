"""Batches: building one (desk) and reading one (platform). One batch is one byte string on every path (I1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from sync.protocol.container import ByteSink, ByteSource, ContainerReader, ContainerWriter, container_size
from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import (
    VERSION,
    AttachmentEntry,
    AuditHead,
    ClockState,
    Manifest,
    PartEntry,
    decode_manifest,
    encode_manifest,
)
from sync.protocol.parts import (
    Binding,
    ContentKey,
    Label,
    SealedPart,
    attachment_owner,
    check_part,
    open_attachment,
    open_content_key,
    open_part,
    pack_lines,
    seal_attachment,
)
from sync.protocol.records import (
    BadLine,
    Draft,
    Operation,
    encode_draft,
    op_id,
    operation_fault,
    read_operations,
)
from sync.protocol.suites import Keyring, OpeningKey, PublicKey, SigningKey

MANIFEST_NAME: Final = "manifest.dsse.json"


def part_name(n: int) -> str:
    """Entry name of part ``n``."""
    return f"parts/{n:05d}"


def attachment_name(n: int) -> str:
    """Entry name of attachment ``n``."""
    return f"attachments/{n:05d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHeader:
    """Everything that a manifest says and that building the batch does not compute.

    ``device`` is the signing key's id, ``operator`` an opaque local user id, ``prev`` the digest of the chain's
    previous manifest (`manifest.NO_PREVIOUS` for seq 1), ``created`` UTC. Empty ``server_epoch``: not known yet.
    """

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
        return hashlib.sha256(self.payload).hexdigest()


class BatchBuilder:
    """Seals drafts into parts and then signs the manifest over them.

    Use: iterate `seal` (store each part as it comes), then `attach` as often as needed, then `sign`, then
    `write_batch`. Deterministic given header, content key and signing key. Only one part is in memory at a time.
    """

    def __init__(
        self, header: BatchHeader, key: ContentKey, *, records_per_part: int = 1_000, limits: Limits = LIMITS
    ) -> None:
        self._header = header
        self._key = key
        self._records_per_part = records_per_part
        self._limits = limits
        self._parts: list[PartEntry] = []
        self._attachments: list[AttachmentEntry] = []
        self._sealed = False

    def _lines(self, drafts: Iterable[Draft]) -> Iterator[bytes]:
        header = self._header
        for index, draft in enumerate(drafts):
            code, path = operation_fault(draft)
            if code:
                raise LocalProtocolError(f"protocol.{code}", index=index, place=path)
            yield encode_draft(draft, op_id(header.device, header.epoch, header.seq, index))

    def seal(self, drafts: Iterable[Draft]) -> Iterator[SealedPart]:
        """The batch's parts, one at a time; op_id indexes count from 0 through the whole batch. Call once."""
        if self._sealed:
            raise LocalProtocolError("protocol.batch_sealed")
        self._sealed = True
        binding = Binding(Label.BATCH, self._header.batch_id, self._header.device)
        for part in pack_lines(
            self._lines(drafts), binding, self._key, records_per_part=self._records_per_part, limits=self._limits
        ):
            self._parts.append(part.entry)
            yield part

    @property
    def next_attachment(self) -> str:
        """Owner of the next attachment's content key."""
        return attachment_owner(self._header.batch_id, len(self._attachments))

    def attach(self, content: bytes, record: str, key: ContentKey) -> tuple[AttachmentEntry, bytes]:
        """Seals one attachment; ``key`` is its own, made with owner `next_attachment`."""
        header, n = self._header, len(self._attachments)
        entry, ciphertext = seal_attachment(content, n, record, header.batch_id, header.device, key, self._limits)
        self._attachments.append(entry)
        return entry, ciphertext

    def sign(self, key: SigningKey) -> SignedManifest:
        """The signed manifest over everything sealed so far. Raises `LocalProtocolError` (empty, other key, limits)."""
        header = self._header
        if key.keyid != header.device:
            raise LocalProtocolError("protocol.other_device")
        manifest = Manifest(
            v=VERSION,
            suite=key.suite,
            batch_id=header.batch_id,
            unit=header.unit,
            device=header.device,
            operator=header.operator,
            epoch=header.epoch,
            seq=header.seq,
            prev=header.prev,
            created=header.created,
            clock=header.clock,
            schema=header.schema,
            server_epoch=header.server_epoch,
            catalogue=header.catalogue,
            rules=header.rules,
            ack_cursor=header.ack_cursor,
            audit=header.audit,
            records=sum(p.records for p in self._parts),
            raw_bytes=sum(p.raw_size for p in self._parts),
            enc=self._key.encryption,
            parts=tuple(self._parts),
            attachments=tuple(self._attachments),
        )
        payload = encode_manifest(manifest, self._limits)
        envelope = sign_envelope(PayloadType.BATCH_MANIFEST, payload, key)
        return SignedManifest(manifest, payload, envelope, key.public)


def write_batch(
    sink: ByteSink, signed: SignedManifest, parts: Iterable[bytes], attachments: Iterable[bytes] = ()
) -> int:
    """Writes a ``.jmb`` from the stored envelope and ciphertexts, each checked against the manifest; gives its size.

    Raises `LocalProtocolError` where a stored byte differs from what was signed.
    """
    writer = ContainerWriter(sink)
    writer.add(MANIFEST_NAME, signed.envelope)
    try:
        for entry, data in zip(signed.manifest.parts, parts, strict=True):
            check_part(entry, data)
            writer.add(part_name(entry.n), data)
        for attachment, data in zip(signed.manifest.attachments, attachments, strict=True):
            check_part(attachment, data)
            writer.add(attachment_name(attachment.n), data)
    except (RemoteProtocolError, ValueError) as error:
        raise LocalProtocolError("protocol.batch_incomplete") from error
    return writer.finish()


def batch_size(manifest: Manifest, envelope_bytes: int) -> int:
    """Bytes of the ``.jmb`` before it is written."""
    entries = [(MANIFEST_NAME, envelope_bytes)]
    entries += [(part_name(p.n), p.size) for p in manifest.parts]
    entries += [(attachment_name(a.n), a.size) for a in manifest.attachments]
    return container_size(entries)


def open_manifest(envelope: bytes, keyring: Keyring, limits: Limits = LIMITS) -> SignedManifest:
    """A batch manifest from its envelope: signature first, then JSON, then sums; signer must be its device."""
    opened = open_envelope(envelope, PayloadType.BATCH_MANIFEST, keyring, limits)
    manifest = decode_manifest(opened.payload, limits)
    if manifest.device != opened.signer.keyid:
        raise RemoteProtocolError("protocol.other_device")
    if manifest.suite != opened.signer.suite:
        raise RemoteProtocolError("protocol.suite_mismatch")
    return SignedManifest(manifest, opened.payload, envelope, opened.signer)


class BatchReader:
    """Reads a ``.jmb`` front to back: the manifest at once, then parts and attachments as they are asked for.

    Call `finish` at the end: only then is the file known to be whole. At most one entry is in memory.
    """

    def __init__(self, source: ByteSource, keyring: Keyring, limits: Limits = LIMITS) -> None:
        self._container = ContainerReader(source, limits)
        self._limits = limits
        envelope = self._container.read(MANIFEST_NAME, limits.envelope_bytes)
        self.signed = open_manifest(envelope, keyring, limits)
        self._parts = self._read_parts()
        self._attachments = self._read_attachments()

    def _read_parts(self) -> Iterator[SealedPart]:
        for entry in self.signed.manifest.parts:
            data = self._container.read(part_name(entry.n), self._limits.part_bytes, entry.size)
            check_part(entry, data)
            yield SealedPart(entry, data)

    def _read_attachments(self) -> Iterator[tuple[AttachmentEntry, bytes]]:
        for _ in self._parts:
            pass
        for entry in self.signed.manifest.attachments:
            data = self._container.read(attachment_name(entry.n), self._limits.attachment_bytes, entry.size)
            check_part(entry, data)
            yield entry, data

    def parts(self) -> Iterator[SealedPart]:
        """Every part not yet read, its size and digest checked against the manifest."""
        return self._parts

    def attachments(self) -> Iterator[tuple[AttachmentEntry, bytes]]:
        """Every attachment likewise, after the parts (which are read past where they were not asked for)."""
        return self._attachments

    def finish(self) -> None:
        """Reads whatever was not asked for and checks the container's end."""
        for _ in self._attachments:
            pass
        self._container.finish()


class BatchOpener:
    """Opens the parts of one batch with the platform's (or escrow) key, over whichever path they came.

    Raises `RemoteProtocolError` where the content key is not sealed to this key.
    """

    def __init__(self, manifest: Manifest, key: OpeningKey, limits: Limits = LIMITS) -> None:
        self._manifest = manifest
        self._opening = key
        self._limits = limits
        self._binding = Binding(Label.BATCH, manifest.batch_id, manifest.device)
        self._key = open_content_key(manifest.enc, key, manifest.batch_id, manifest.device)
        self._prefix = f"{manifest.device}.{manifest.epoch}.{manifest.seq}."
        self._first: list[int] = []
        index = 0
        for part in manifest.parts:
            self._first.append(index)
            index += part.records

    def operations(self, entry: PartEntry, ciphertext: bytes) -> list[Operation | BadLine]:
        """One part's lines: each an operation, or what is wrong with it (reject it alone, never its neighbours).

        ``entry`` is one of the manifest's. Raises `RemoteProtocolError` where the part as a whole does not open: then
        every record of it is rejected with that code, by its op_id (`op_ids`), and the chain goes on.
        """
        raw = open_part(entry, ciphertext, self._binding, self._key, self._limits)
        return read_operations(raw, entry.records, self._prefix, self._first[entry.n])

    def op_ids(self, entry: PartEntry) -> list[str]:
        """The op_ids of a part's records, which follow from the manifest alone."""
        first = self._first[entry.n]
        return [f"{self._prefix}{index}" for index in range(first, first + entry.records)]

    def attachment(self, entry: AttachmentEntry, ciphertext: bytes) -> bytes:
        """The content of one attachment."""
        return open_attachment(entry, ciphertext, self._manifest.batch_id, self._manifest.device, self._opening)
