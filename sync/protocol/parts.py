"""Parts: NDJSON lines → gzip → AES-256-GCM under the batch's content key, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import AttachmentEntry, Encryption, PartEntry, Recipient
from sync.protocol.suites import JM1, OpeningKey, PublicKey


class Label(StrEnum):
    """First member of the AAD: what kind of part this is, so that none can stand in for another."""

    BATCH = "jmdesk-part-v1"
    VERDICT = "jmdesk-verdict-v1"
    CHANGE = "jmdesk-change-v1"
    ATTACHMENT = "jmdesk-attachment-v1"


@dataclass(frozen=True, slots=True)
class Binding:
    """To what a part belongs: its kind, the batch or page id, and the device at whose end it is."""

    label: Label
    owner: str
    device: str


@dataclass(frozen=True, slots=True)
class ContentKey:
    """The 32 random bytes that seal the parts of one batch or page, and that key sealed to each recipient."""

    secret: bytes = field(repr=False)
    recipients: tuple[Recipient, ...]
    suite: str = JM1

    @property
    def encryption(self) -> Encryption:
        """The manifest's ``enc``."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part's manifest entry and the ciphertext that travels."""

    entry: PartEntry
    ciphertext: bytes = field(repr=False)


def seal_content_key(secret: bytes, recipients: Iterable[PublicKey], owner: str, device: str) -> ContentKey:
    """Seals a content key to recipients (roles recipient, escrow or device_kem); ``secret`` is 32 fresh random bytes.

    ``owner`` is the batch id, page id, or ``<batch id>/<n>`` for attachment n.
    """
    raise NotImplementedError


def open_content_key(enc: Encryption, key: OpeningKey, owner: str, device: str) -> ContentKey:
    """The content key. Raises `RemoteProtocolError` where it is not sealed to this key or does not open."""
    raise NotImplementedError


def part_aad(binding: Binding, n: int, records: int, raw_size: int) -> bytes:
    """The AAD bytes: ``["<label>","<owner>","<device>",<n>,<records>,<raw_size>]``."""
    raise NotImplementedError


def seal_part(raw: bytes, records: int, n: int, binding: Binding, key: ContentKey) -> SealedPart:
    """One part from its NDJSON bytes. Deterministic given the key. Raises `LocalProtocolError` over a limit."""
    raise NotImplementedError


def pack_lines(
    lines: Iterable[bytes], binding: Binding, key: ContentKey, *, records_per_part: int = 1_000, limits: Limits = LIMITS
) -> Iterator[SealedPart]:
    """Parts of at most ``records_per_part`` lines each, sealed one at a time as the lines come."""
    raise NotImplementedError


def check_part(entry: PartEntry, ciphertext: bytes) -> None:
    """Size and SHA-256 against the manifest; needs no key. Raises `RemoteProtocolError`."""
    raise NotImplementedError


def open_part(entry: PartEntry, ciphertext: bytes, binding: Binding, key: ContentKey, limits: Limits = LIMITS) -> bytes:
    """The NDJSON bytes of a part, after digest, tag, gzip shape, raw size and line count are checked."""
    raise NotImplementedError


def seal_attachment(
    content: bytes, n: int, record: str, batch_id: str, device: str, key: ContentKey
) -> tuple[AttachmentEntry, bytes]:
    """An attachment's manifest entry and ciphertext; ``key`` is its own, sealed with owner ``<batch id>/<n>``."""
    raise NotImplementedError


def open_attachment(entry: AttachmentEntry, ciphertext: bytes, batch_id: str, device: str, key: OpeningKey) -> bytes:
    """The attachment's content."""
    raise NotImplementedError
