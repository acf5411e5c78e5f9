"""The signed manifests: of a batch (uplink), of a change page (downlink) and of a reply file. No personal data (I13)."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

NO_PREVIOUS: Final = "0" * 64
"""``prev`` of the first batch of a chain."""

Uuid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]
KeyId = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
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
    """One envelope of a reply file and the run of parts that are its own (none for custody receipts, trust, packages)."""

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


def encode(payload: msgspec.Struct) -> bytes:
    """Payload bytes: compact JSON, keys in the declared order. Made once; afterwards only the bytes travel."""
    raise NotImplementedError


def decode_manifest(payload: bytes) -> Manifest:
    """A batch manifest from verified payload bytes; also its sums, numbering and limits are checked.

    Unknown keys are ignored here and kept by whoever keeps the bytes. Raises `RemoteProtocolError`.
    """
    raise NotImplementedError


def decode_change_page(payload: bytes) -> ChangePage:
    """A change page manifest from verified payload bytes, checked like a batch manifest."""
    raise NotImplementedError


def decode_reply_index(payload: bytes) -> ReplyIndex:
    """A reply index from verified payload bytes; numbering and part runs are checked."""
    raise NotImplementedError
