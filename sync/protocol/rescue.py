"""Rescue packages ``.jmx``: what a desk could not send before it ends, sealed so that only the platform can open it.

Two sections of lines: ``open`` for the platform's recipient and escrow keys (what might have been sent), ``withheld``
for the escrow keys alone (incomplete records, values whose consent is missing, documents). The same container, parts
and signature as a batch; it is no batch: it has no place in the chain and is never processed by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

from sync.protocol.container import ByteSink, ByteSource, ContainerReader, ContainerWriter
from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import (
    AttachmentEntry,
    AuditHead,
    Count,
    Encryption,
    KeyId,
    Moment,
    Ordinal,
    PartEntry,
    Token,
    UnitCode,
    Uuid,
    attachments_fault,
    check_version,
    encode,
    encryption_fault,
    parts_fault,
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
from sync.protocol.records import split_lines
from sync.protocol.strict_json import check_json, read_json
from sync.protocol.suites import Keyring, OpeningKey, PublicKey, SigningKey

MANIFEST_NAME: Final = "rescue.dsse.json"


class Part(StrEnum):
    """The sections of a rescue package, by their folder in the container."""

    OPEN = "open"
    WITHHELD = "withheld"


_LABELS: Final = {Part.OPEN: Label.RESCUE, Part.WITHHELD: Label.WITHHELD}


class Section(msgspec.Struct, frozen=True):
    """The lines of one section, and who can open them."""

    records: Count
    raw_bytes: Count
    enc: Encryption
    parts: tuple[PartEntry, ...]


class RescueManifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a rescue package holds, and where its desk stood. No personal data."""

    v: int
    suite: Token
    rescue_id: Uuid
    unit: UnitCode
    device: KeyId
    operator: Token
    epoch: Ordinal
    seq: Count
    created: Moment
    server_epoch: Token
    catalogue: Token
    audit: AuditHead
    open: Section | None = None
    withheld: Section | None = None
    attachments: tuple[AttachmentEntry, ...] = ()

    def section(self, part: Part) -> Section | None:
        """One section, if the package has it."""
        return self.open if part is Part.OPEN else self.withheld


@dataclass(frozen=True, slots=True)
class SignedRescue:
    """A rescue manifest, its envelope, and who signed it."""

    manifest: RescueManifest
    envelope: bytes = field(repr=False)
    signer: PublicKey


def key_owner(rescue_id: str, part: Part) -> str:
    """Owner of a section's content key: no key is ever two sections'."""
    return f"{rescue_id}/{part}"


class RescueBuilder:
    """Seals the lines of each section and each document, then signs. ``header`` lacks sections and documents."""

    def __init__(self, header: RescueManifest, limits: Limits = LIMITS) -> None:
        self._manifest = header
        self._limits = limits

    @property
    def rescue_id(self) -> str:
        """The package's id."""
        return self._manifest.rescue_id

    def seal(self, part: Part, lines: Iterable[bytes], key: ContentKey) -> Iterator[SealedPart]:
        """One section's parts as they come; nothing where there are no lines. ``key``: owner `key_owner`."""
        entries: list[PartEntry] = []
        binding = Binding(_LABELS[part], self._manifest.rescue_id, self._manifest.device)
        for sealed in pack_lines(lines, binding, key, limits=self._limits):
            entries.append(sealed.entry)
            yield sealed
        if entries:
            records, raw = sum(e.records for e in entries), sum(e.raw_size for e in entries)
            section = Section(records, raw, key.encryption, tuple(entries))
            self._manifest = msgspec.structs.replace(self._manifest, **{part.value: section})

    @property
    def next_attachment(self) -> str:
        """Owner of the next document's content key."""
        return attachment_owner(self._manifest.rescue_id, len(self._manifest.attachments))

    def attach(self, content: bytes, record: str, key: ContentKey) -> bytes:
        """Seal one document; its ciphertext."""
        manifest = self._manifest
        entry, ciphertext = seal_attachment(
            *(content, len(manifest.attachments), record, manifest.rescue_id, manifest.device, key, self._limits)
        )
        self._manifest = msgspec.structs.replace(manifest, attachments=(*manifest.attachments, entry))
        return ciphertext

    def sign(self, key: SigningKey) -> SignedRescue:
        """The signed manifest. Raises `LocalProtocolError` (empty, another key, limits)."""
        if key.keyid != self._manifest.device:
            raise LocalProtocolError("protocol.other_device")
        payload = encode(self._manifest)
        try:
            decode_rescue(payload, self._limits)
        except ProtocolError as error:
            raise LocalProtocolError(error.code, **error.params) from error
        return SignedRescue(self._manifest, sign_envelope(PayloadType.RESCUE_MANIFEST, payload, key), key.public)


def write_rescue(sink: ByteSink, signed: SignedRescue, ciphertexts: Iterable[bytes]) -> int:
    """Write a ``.jmx``: the manifest, then every ciphertext (open, withheld, documents in turn); gives its size."""
    writer = ContainerWriter(sink)
    writer.add(MANIFEST_NAME, signed.envelope)
    try:
        for (name, entry), data in zip(rescue_entries(signed.manifest), ciphertexts, strict=True):
            check_part(entry, data)
            writer.add(name, data)
    except (RemoteProtocolError, ValueError) as error:
        raise LocalProtocolError("protocol.batch_incomplete") from error
    return writer.finish()


class RescueReader:
    """Reads a ``.jmx`` front to back. Call `finish` at the end: only then is the file known to be whole."""

    def __init__(self, source: ByteSource, keyring: Keyring, limits: Limits = LIMITS) -> None:
        self._container = ContainerReader(source, limits)
        self._limits = limits
        envelope = self._container.read(MANIFEST_NAME, limits.envelope_bytes)
        opened = open_envelope(envelope, PayloadType.RESCUE_MANIFEST, keyring, limits)
        manifest = decode_rescue(opened.payload, limits)
        if manifest.device != opened.signer.keyid:
            raise RemoteProtocolError("protocol.other_device")
        if manifest.suite != opened.signer.suite:
            raise RemoteProtocolError("protocol.suite_mismatch")
        self.signed = SignedRescue(manifest, envelope, opened.signer)
        self._data = self._read_data()

    def _read_data(self) -> Iterator[tuple[str, PartEntry | AttachmentEntry, bytes]]:
        for name, entry in rescue_entries(self.signed.manifest):
            most = self._limits.attachment_bytes if isinstance(entry, AttachmentEntry) else self._limits.part_bytes
            data = self._container.read(name, most, entry.size)
            check_part(entry, data)
            yield name, entry, data

    def data(self) -> Iterator[tuple[str, PartEntry | AttachmentEntry, bytes]]:
        """Every ciphertext not yet read, with its name and entry, checked against the manifest."""
        return self._data

    def finish(self) -> None:
        """Reads whatever was not asked for and checks the container's end."""
        for _ in self._data:
            pass
        self._container.finish()


class RescueOpener:
    """Opens what one key can open: a recipient key the ``open`` section, an escrow key everything."""

    def __init__(self, manifest: RescueManifest, key: OpeningKey, limits: Limits = LIMITS) -> None:
        self._manifest, self._key, self._limits = manifest, key, limits

    @property
    def keyid(self) -> str:
        """Whose key this opens with."""
        return self._key.keyid

    def may_open(self, part: Part) -> bool:
        """Whether a section is there and sealed to this key."""
        section = self._manifest.section(part)
        return section is not None and any(r.kid == self._key.keyid for r in section.enc.recipients)

    def lines(self, part: Part, entry: PartEntry, ciphertext: bytes) -> list[bytes]:
        """One part's lines, each a JSON object. Raises `RemoteProtocolError`."""
        manifest, section = self._manifest, self._manifest.section(part)
        if section is None:
            raise RemoteProtocolError("protocol.batch_empty")
        key = open_content_key(section.enc, self._key, key_owner(manifest.rescue_id, part), manifest.device)
        binding = Binding(_LABELS[part], manifest.rescue_id, manifest.device)
        found = split_lines(open_part(entry, ciphertext, binding, key, self._limits), entry.records)
        for line in found:
            check_json(line)
        return found

    def attachment(self, entry: AttachmentEntry, ciphertext: bytes) -> bytes:
        """One document. Raises `RemoteProtocolError`."""
        manifest = self._manifest
        return open_attachment(entry, ciphertext, manifest.rescue_id, manifest.device, self._key)


def rescue_entries(manifest: RescueManifest) -> Iterator[tuple[str, PartEntry | AttachmentEntry]]:
    """Every entry of the container behind the manifest, by name, in its order."""
    for part in Part:
        section = manifest.section(part)
        for entry in section.parts if section is not None else ():
            yield f"{part}/{entry.n:05d}", entry
    for attachment in manifest.attachments:
        yield f"attachments/{attachment.n:05d}", attachment


def decode_rescue(payload: bytes, limits: Limits = LIMITS) -> RescueManifest:
    """A rescue manifest from verified payload bytes, sums and limits checked. Raises `RemoteProtocolError`."""
    manifest = read_json(payload, RescueManifest, limits.json_depth)
    check_version(manifest.v, manifest.suite)
    if manifest.open is None and manifest.withheld is None and not manifest.attachments:
        raise RemoteProtocolError("protocol.batch_empty")
    for section in (manifest.open, manifest.withheld):
        if section is None:
            continue
        fault = encryption_fault(section.enc, manifest.suite, limits) or parts_fault(
            section.parts, section.records, section.raw_bytes, limits
        )
        if fault:
            raise RemoteProtocolError(fault)
    fault = attachments_fault(manifest.attachments, manifest.suite, limits)
    if fault:
        raise RemoteProtocolError(fault)
    return manifest
