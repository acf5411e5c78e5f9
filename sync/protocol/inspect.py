"""What is this file, who signed it, is it whole? The work behind ``jmdesk verify FILE``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from sync.protocol.batch import MANIFEST_NAME, BatchOpener, attachment_name, part_name
from sync.protocol.changes import PageOpener
from sync.protocol.container import ByteSource, ContainerReader
from sync.protocol.envelope import PayloadType, Unverified, open_envelope, open_self_signed, split_envelope
from sync.protocol.errors import ProtocolError, RemoteProtocolError
from sync.protocol.key_file import KeyFile, read_key_file
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import (
    AttachmentEntry,
    Manifest,
    PartEntry,
    ReplyIndex,
    decode_change_page,
    decode_manifest,
    decode_reply_index,
)
from sync.protocol.parts import check_part
from sync.protocol.receipts import VerdictOpener, read_processing
from sync.protocol.records import BadLine
from sync.protocol.replies import INDEX_NAME, check_reply_entry, envelope_name
from sync.protocol.rescue import MANIFEST_NAME as RESCUE_NAME
from sync.protocol.rescue import decode_rescue, rescue_entries
from sync.protocol.strict_json import check_json
from sync.protocol.suites import KeySet

_NAME_OFFSET: Final = 30
_SHOWN: Final = (
    "batch_id", "page_id", "reply_id", "rescue_id", "purpose", "kind", "name", "version", "sequence", "unit",
    "device", "operator", "epoch", "seq", "prev", "manifest", "server_epoch", "from", "to", "records", "created",
    "received", "processed", "issued", "effective", "until", "min_client", "expires", "held",
)  # fmt: skip
"""Plain fields worth showing; none holds personal data (I13)."""
_SELF_SIGNED: Final = (PayloadType.ENROLMENT_REQUEST, PayloadType.TRUST)


class Signature(StrEnum):
    """What can be said about an envelope's signature."""

    VALID = "valid"
    INVALID = "invalid"
    UNKNOWN_KEY = "unknown_key"  # no key of that id and role was given


@dataclass(frozen=True, slots=True)
class EnvelopeReport:
    """One envelope: kind (``batch-manifest``…), signer's keyid, signature, and its plain fields, in order.

    A trust document or a request is checked against the key that it carries itself; whose that is, it cannot say.
    """

    kind: str
    signer: str
    signature: Signature
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole file: ``kind`` is batch, reply or envelope. ``parts`` and ``attachments`` count those whose digest held.

    ``records`` counts lines actually opened; nothing where no private key was given. ``problems`` are stable protocol
    codes; a sound file has none.
    """

    kind: str
    envelopes: tuple[EnvelopeReport, ...]
    parts: int
    attachments: int
    records: int | None
    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether nothing was found wrong and every signature was checked and held."""
        return not self.problems and all(e.signature is Signature.VALID for e in self.envelopes)


class _Pushed:
    """A source whose first bytes were looked at already."""

    def __init__(self, head: bytes, source: ByteSource) -> None:
        self._head = head
        self._source = source

    def read(self, size: int, /) -> bytes:
        if self._head:
            piece, self._head = self._head[:size], self._head[size:]
            return piece
        return self._source.read(size)


class _Inspection:
    """Gathers a report while a file is read once, front to back."""

    def __init__(self, keys: KeyFile | None, limits: Limits) -> None:
        self.keys = keys
        self.limits = limits
        self.envelopes: list[EnvelopeReport] = []
        self.problems: list[str] = []
        self.parts = self.attachments = self.opened = 0
        self.counted = False

    def report(self, kind: str) -> Report:
        """What was found."""
        records = self.opened if self.counted else None
        return Report(
            kind, tuple(self.envelopes), self.parts, self.attachments, records, tuple(dict.fromkeys(self.problems))
        )

    def attempt(self, step: Callable[[], None]) -> None:
        """One step; its refusal becomes a problem."""
        try:
            step()
        except ProtocolError as error:
            self.problems.append(error.code)

    def envelope(self, data: bytes) -> tuple[PayloadType | None, bytes]:
        """Notes an envelope; gives its type (nothing where unknown) and payload, verified or not."""
        outer = split_envelope(data, self.limits)
        kind = next((t for t in PayloadType if t.value == outer.payload_type), None)
        if kind is None:
            self.problems.append("protocol.payload_type")
        signature = self._signature(data, kind)
        check_json(outer.payload, self.limits.json_depth)
        self.envelopes.append(EnvelopeReport(_short(kind), outer.keyid, signature, _fields(outer)))
        return kind, outer.payload

    def _signature(self, data: bytes, kind: PayloadType | None) -> Signature:
        if kind is None:
            return Signature.UNKNOWN_KEY
        try:
            if kind in _SELF_SIGNED:
                open_self_signed(data, kind, limits=self.limits)
            else:
                open_envelope(data, kind, self.keys.keyring if self.keys else KeySet(), self.limits)
        except RemoteProtocolError as error:
            if error.code == "protocol.key_unknown":
                return Signature.UNKNOWN_KEY
            self.problems.append(error.code)
            return Signature.INVALID
        return Signature.VALID

    def batch(self, source: ByteSource) -> None:
        """A ``.jmb``."""
        container = ContainerReader(source, self.limits)
        kind, payload = self.envelope(container.read(MANIFEST_NAME, self.limits.envelope_bytes))
        if kind is not PayloadType.BATCH_MANIFEST:
            raise RemoteProtocolError("protocol.payload_type")
        manifest = decode_manifest(payload, self.limits)
        if manifest.device != self.envelopes[-1].signer:
            self.problems.append("protocol.other_device")
        opener = self._batch_opener(manifest)
        for entry in manifest.parts:
            data = container.read(part_name(entry.n), self.limits.part_bytes, entry.size)
            self.attempt(lambda entry=entry, data=data: self._batch_part(opener, entry, data))  # type: ignore[misc]
        for attachment in manifest.attachments:
            data = container.read(attachment_name(attachment.n), self.limits.attachment_bytes, attachment.size)
            check_part(attachment, data)
            self.attachments += 1
        container.finish()

    def _batch_opener(self, manifest: Manifest) -> BatchOpener | None:
        key = self.keys.opening.get("platform") if self.keys else None
        if key is None:
            return None
        self.counted = True
        return BatchOpener(manifest, key, self.limits)

    def _batch_part(self, opener: BatchOpener | None, entry: PartEntry, data: bytes) -> None:
        check_part(entry, data)
        self.parts += 1
        if opener is not None:
            lines = opener.operations(entry, data)
            self.opened += len(lines)
            self.problems += [f"protocol.{line.code}" for line in lines if isinstance(line, BadLine)]

    def rescue(self, source: ByteSource) -> None:
        """A ``.jmx``: signature, structure and digests; what it holds is for the platform's eyes."""
        container = ContainerReader(source, self.limits)
        kind, payload = self.envelope(container.read(RESCUE_NAME, self.limits.envelope_bytes))
        if kind is not PayloadType.RESCUE_MANIFEST:
            raise RemoteProtocolError("protocol.payload_type")
        manifest = decode_rescue(payload, self.limits)
        if manifest.device != self.envelopes[-1].signer:
            self.problems.append("protocol.other_device")
        for name, entry in rescue_entries(manifest):
            sealed = isinstance(entry, AttachmentEntry)
            most = self.limits.attachment_bytes if sealed else self.limits.part_bytes
            check_part(entry, container.read(name, most, entry.size))
            self.attachments, self.parts = self.attachments + sealed, self.parts + (not sealed)
        container.finish()

    def reply(self, source: ByteSource) -> None:
        """A ``.jmr``."""
        container = ContainerReader(source, self.limits)
        kind, payload = self.envelope(container.read(INDEX_NAME, self.limits.envelope_bytes))
        if kind is not PayloadType.REPLY_INDEX:
            raise RemoteProtocolError("protocol.payload_type")
        index = decode_reply_index(payload, self.limits)
        openers = self._reply_openers(container, index)
        for entry in index.parts:
            data = container.read(part_name(entry.n), self.limits.part_bytes, entry.size)
            check_reply_entry(entry, data)
            self.parts += 1
            opener = openers.get(entry.n)
            if opener is not None:
                self.opened += opener(data)
        container.finish()

    def _reply_openers(self, container: ContainerReader, index: ReplyIndex) -> dict[int, Callable[[bytes], int]]:
        openers: dict[int, Callable[[bytes], int]] = {}
        for entry in index.envelopes:
            data = container.read(envelope_name(entry.n), self.limits.envelope_bytes, entry.size)
            check_reply_entry(entry, data)
            kind, payload = self.envelope(data)
            openers.update(enumerate(self._line_counters(kind, payload), entry.first_part))
        return openers

    def _line_counters(self, kind: PayloadType | None, payload: bytes) -> Sequence[Callable[[bytes], int]]:
        key = self.keys.opening.get("device_kem") if self.keys else None
        if key is None:
            return []
        if kind is PayloadType.PROCESSING_RECEIPT:
            receipt = read_processing(payload, self.limits)
            verdicts = VerdictOpener(receipt, key, self.limits)
            self.counted = True
            return [lambda data, p=part: len(verdicts.verdicts(p, data)) for part in receipt.parts]  # type: ignore[misc]
        if kind is PayloadType.CHANGE_PAGE:
            page = decode_change_page(payload, self.limits)
            changes = PageOpener(page, key, self.limits)
            self.counted = True
            return [lambda data, p=part: len(changes.changes(p, data)) for part in page.parts]  # type: ignore[misc]
        return []


def _short(kind: PayloadType | None) -> str:
    return kind.value.split("jmdesk.")[1].split(".v")[0] if kind else "unknown"


def _fields(outer: Unverified) -> tuple[tuple[str, str], ...]:
    try:
        members = msgspec.json.decode(outer.payload, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ()
    plain = (str, int, bool)
    shown = [(name, str(members[name])) for name in _SHOWN if isinstance(members.get(name), plain)]
    totals = members.get("totals")
    if isinstance(totals, dict):
        shown += [(f"totals.{verdict}", str(count)) for verdict, count in totals.items() if count]
    return tuple(shown)


def inspect_file(source: ByteSource, keys: bytes | None = None, limits: Limits = LIMITS) -> Report:
    """Reads a ``.jmb``, ``.jmr``, ``.jmx`` or single envelope and says what it found; never raises on bad input.

    ``keys`` is the content of a ``keys.json``. Without it the structure and digests are checked, the signatures are
    reported as of an unknown key. Raises `RemoteProtocolError` only where ``keys`` itself is no key file.
    """
    inspection = _Inspection(read_key_file(keys) if keys is not None else None, limits)
    head = _head(source, _NAME_OFFSET + len(MANIFEST_NAME))
    stream = _Pushed(head, source)
    if head[:2] != b"PK":
        inspection.attempt(lambda: _single(inspection, stream, limits))
        return inspection.report("envelope")
    if head[_NAME_OFFSET:].startswith(INDEX_NAME.encode()):
        inspection.attempt(lambda: inspection.reply(stream))
        return inspection.report("reply")
    if head[_NAME_OFFSET:].startswith(RESCUE_NAME.encode()):
        inspection.attempt(lambda: inspection.rescue(stream))
        return inspection.report("rescue")
    inspection.attempt(lambda: inspection.batch(stream))
    return inspection.report("batch")


def _head(source: ByteSource, size: int) -> bytes:
    head = b""
    while len(head) < size and (piece := source.read(size - len(head))):
        head += piece
    return head


def _single(inspection: _Inspection, stream: ByteSource, limits: Limits) -> None:
    inspection.envelope(_head(stream, limits.envelope_bytes + 1))
