"""The signed manifests: of a batch (up), of a change page (down) and of a reply file. No personal data (I13)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.strict_json import read_json
from sync.protocol.suites import suite

VERSION: Final = 1
NO_PREVIOUS: Final = "0" * 64
"""``prev`` of the first batch of a chain."""

Uuid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]
KeyId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
PublicHex = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{2}){16,256}\Z")]
"""A raw public key; 64 digits in JM1, more in suites to come."""
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
Moment = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ\Z")]
OptionalMoment = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\dZ)?\Z")]
Token = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z._:+-]{0,64}\Z")]
"""An opaque ASCII name or version: no names of people fit in."""
UnitCode = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{18}\Z")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
Ordinal = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class ClockState(msgspec.Struct, frozen=True):
    """What the desk knows about its clock: the last server time it saw, and whether the clock went back since."""

    server_seen: OptionalMoment = ""
    clock_back: bool = False


class AuditHead(msgspec.Struct, frozen=True):
    """Length and head of the desk's change-log chain when the batch was made."""

    count: Count
    head: Digest


class Recipient(msgspec.Struct, frozen=True):
    """The content key sealed to one recipient; ``wrapped`` is base64(enc‖ciphertext)."""

    kid: KeyId
    alg: Token
    wrapped: str


class Encryption(msgspec.Struct, frozen=True):
    """How the parts are sealed and who can open them."""

    alg: Token
    recipients: tuple[Recipient, ...]


class PartEntry(msgspec.Struct, frozen=True):
    """One part: its number, records, bytes sealed and raw, SHA-256 of the ciphertext."""

    n: Count
    records: Count
    size: Count
    raw_size: Count
    sha256: Digest


class AttachmentEntry(msgspec.Struct, frozen=True):
    """One attachment: sealed under a content key of its own; ``record`` is the rid it belongs to."""

    n: Count
    record: Uuid
    size: Count
    raw_size: Count
    sha256: Digest
    enc: Encryption


class Manifest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a batch holds and where it stands in its device's chain. Keys travel in this order."""

    v: int
    suite: Token
    batch_id: Uuid
    unit: UnitCode
    device: KeyId
    operator: Token
    epoch: Ordinal
    seq: Ordinal
    prev: Digest
    created: Moment
    clock: ClockState
    schema: Token
    server_epoch: Token
    catalogue: Token
    rules: Token
    ack_cursor: Count
    audit: AuditHead
    records: Count
    raw_bytes: Count
    enc: Encryption
    parts: tuple[PartEntry, ...]
    attachments: tuple[AttachmentEntry, ...] = ()


class ChangePage(msgspec.Struct, frozen=True, rename={"since": "from", "until": "to"}):
    """A downlink page: changes after cursor ``since`` up to ``until``, sealed to one device.

    ``snapshot`` pages carry every record in scope; the desk treats what is absent after the last one as gone.
    ``more`` says that another page follows at once.
    """

    v: int
    suite: Token
    page_id: Uuid
    unit: UnitCode
    device: KeyId
    server_epoch: Token
    since: Count
    until: Count
    more: bool
    snapshot: bool
    created: Moment
    records: Count
    raw_bytes: Count
    enc: Encryption
    parts: tuple[PartEntry, ...]


class ReplyEnvelope(msgspec.Struct, frozen=True):
    """One envelope of a reply file and the run of parts that are its own (custody, trust, packages have none)."""

    n: Count
    type: str
    size: Count
    sha256: Digest
    first_part: Count
    parts: Count


class ReplyPart(msgspec.Struct, frozen=True):
    """One part of a reply file, numbered through the whole file."""

    n: Count
    size: Count
    sha256: Digest


class ReplyIndex(msgspec.Struct, frozen=True):
    """Index of a ``.jmr``: for which device, of which chain epoch, and every entry in order."""

    v: int
    suite: Token
    reply_id: Uuid
    unit: UnitCode
    device: KeyId
    epoch: Ordinal
    server_epoch: Token
    created: Moment
    envelopes: tuple[ReplyEnvelope, ...]
    parts: tuple[ReplyPart, ...]


Sealed = Manifest | ChangePage


def encode(payload: msgspec.Struct) -> bytes:
    """Payload bytes: compact JSON, keys in the declared order. Made once; afterwards only the bytes travel."""
    return msgspec.json.encode(payload)


def check_version(v: int, suite_name: str) -> None:
    """Refuses a payload of another version or suite. Raises `RemoteProtocolError`."""
    if v != VERSION:
        raise RemoteProtocolError("protocol.version", version=v)
    suite(suite_name)


def encryption_fault(enc: Encryption, suite_name: str, limits: Limits = LIMITS) -> str:
    """The code of what is wrong with an ``enc`` member, or nothing."""
    algorithms = suite(suite_name)
    if enc.alg != algorithms.content_alg or any(r.alg != algorithms.wrap_alg for r in enc.recipients):
        return "protocol.algorithm"
    if not 1 <= len(enc.recipients) <= limits.recipients:
        return "protocol.recipients"
    if len({r.kid for r in enc.recipients}) != len(enc.recipients):
        return "protocol.recipients"
    return ""


def parts_fault(parts: tuple[PartEntry, ...], records: int, raw_bytes: int, limits: Limits = LIMITS) -> str:
    """The code of what is wrong with a part list against its totals and the limits, or nothing."""
    if len(parts) > limits.parts_per_batch:
        return "protocol.parts_limit"
    if [p.n for p in parts] != list(range(len(parts))):
        return "protocol.part_numbers"
    for part in parts:
        if not 1 <= part.records <= limits.records_per_part:
            return "protocol.part_records"
        if part.size > limits.part_bytes:
            return "protocol.part_size"
        if part.raw_size > limits.raw_part_bytes:
            return "protocol.part_raw_size"
    if sum(p.records for p in parts) != records or sum(p.raw_size for p in parts) != raw_bytes:
        return "protocol.sums"
    return ""


def attachments_fault(entries: tuple[AttachmentEntry, ...], suite_name: str, limits: Limits = LIMITS) -> str:
    """The code of what is wrong with a list of attachments, or nothing."""
    if len(entries) > limits.attachments_per_batch:
        return "protocol.attachments_limit"
    if [a.n for a in entries] != list(range(len(entries))):
        return "protocol.attachment_numbers"
    for entry in entries:
        if entry.size > limits.attachment_bytes:
            return "protocol.attachment_size"
        fault = encryption_fault(entry.enc, suite_name, limits)
        if fault:
            return fault
    return ""


def manifest_fault(manifest: Manifest, limits: Limits = LIMITS) -> str:
    """The code of the first thing wrong with a batch manifest beyond its types, or nothing."""
    if not manifest.parts and not manifest.attachments:
        return "protocol.batch_empty"
    if (manifest.seq == 1) != (manifest.prev == NO_PREVIOUS):
        return "protocol.chain_start"
    return (
        encryption_fault(manifest.enc, manifest.suite, limits)
        or parts_fault(manifest.parts, manifest.records, manifest.raw_bytes, limits)
        or attachments_fault(manifest.attachments, manifest.suite, limits)
    )


def encode_manifest(manifest: Manifest, limits: Limits = LIMITS) -> bytes:
    """Payload bytes of a manifest that any reader will take. Raises `LocalProtocolError`."""
    payload = encode(manifest)
    try:
        decode_manifest(payload, limits)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return payload


def decode_manifest(payload: bytes, limits: Limits = LIMITS) -> Manifest:
    """A batch manifest from verified payload bytes; also its sums, numbering and limits are checked.

    Unknown keys are ignored here and kept by whoever keeps the bytes. Raises `RemoteProtocolError`.
    """
    manifest = read_json(payload, Manifest, limits.json_depth)
    check_version(manifest.v, manifest.suite)
    fault = manifest_fault(manifest, limits)
    if fault:
        raise RemoteProtocolError(fault)
    return manifest


def decode_change_page(payload: bytes, limits: Limits = LIMITS) -> ChangePage:
    """A change page manifest from verified payload bytes, checked like a batch manifest."""
    page = read_json(payload, ChangePage, limits.json_depth)
    check_version(page.v, page.suite)
    fault = encryption_fault(page.enc, page.suite, limits) or parts_fault(
        page.parts, page.records, page.raw_bytes, limits
    )
    if fault:
        raise RemoteProtocolError(fault)
    if page.until < page.since:
        raise RemoteProtocolError("protocol.cursor_back")
    return page


def _reply_fault(index: ReplyIndex, limits: Limits) -> str:
    if len(index.envelopes) > limits.envelopes_per_reply:
        return "protocol.reply_limit"
    if sum(e.size for e in index.envelopes) > limits.reply_envelope_bytes:
        return "protocol.reply_limit"
    if len(index.parts) > limits.parts_per_batch:
        return "protocol.parts_limit"
    if any(p.size > limits.part_bytes for p in index.parts):
        return "protocol.part_size"
    if any(e.size > limits.envelope_bytes for e in index.envelopes):
        return "protocol.envelope_size"
    if [e.n for e in index.envelopes] != list(range(len(index.envelopes))):
        return "protocol.reply_numbers"
    if [p.n for p in index.parts] != list(range(len(index.parts))):
        return "protocol.part_numbers"
    first = 0
    for envelope in index.envelopes:
        if envelope.first_part != first:
            return "protocol.reply_numbers"
        first += envelope.parts
    return "" if first == len(index.parts) else "protocol.reply_numbers"


def decode_reply_index(payload: bytes, limits: Limits = LIMITS) -> ReplyIndex:
    """A reply index from verified payload bytes; numbering and part runs are checked."""
    index = read_json(payload, ReplyIndex, limits.json_depth)
    check_version(index.v, index.suite)
    fault = _reply_fault(index, limits)
    if fault:
        raise RemoteProtocolError(fault)
    return index
