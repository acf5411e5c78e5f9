"""Parts: NDJSON lines → gzip → AES-256-GCM under the batch's content key, and back."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sync.protocol.envelope import base64_bytes
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.gzip_member import compress, decompress
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.manifest import AttachmentEntry, Encryption, PartEntry, Recipient
from sync.protocol.suites import JM1, KeyRole, OpeningKey, PublicKey, suite

SECRET_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
_OPENERS: Final = frozenset({KeyRole.RECIPIENT, KeyRole.ESCROW, KeyRole.DEVICE_KEM})


class Label(StrEnum):
    """First member of the AAD: what kind of part this is, so that none can stand in for another."""

    BATCH = "jmdesk-part-v1"
    VERDICT = "jmdesk-verdict-v1"
    CHANGE = "jmdesk-change-v1"
    ATTACHMENT = "jmdesk-attachment-v1"
    RESCUE = "jmdesk-rescue-v1"
    WITHHELD = "jmdesk-withheld-v1"


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
        return Encryption(suite(self.suite).content_alg, self.recipients)


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part's manifest entry and the ciphertext that travels."""

    entry: PartEntry
    ciphertext: bytes = field(repr=False)


def _info(owner: str, device: str, kid: str) -> bytes:
    return f"jmdesk-cek-v1|{owner}|{device}|{kid}".encode()


def seal_content_key(secret: bytes, recipients: Iterable[PublicKey], owner: str, device: str) -> ContentKey:
    """Seals a content key to recipients (roles recipient, escrow or device_kem); ``secret`` is 32 fresh random bytes.

    ``owner`` is the batch id, page id, or ``<batch id>/<n>`` for attachment n. Raises `LocalProtocolError`.
    """
    if len(secret) != SECRET_BYTES:
        raise LocalProtocolError("protocol.content_key_size")
    sealed = []
    for key in recipients:
        if key.role not in _OPENERS:
            raise LocalProtocolError("protocol.key_role", role=key.role.value)
        algorithms = suite(key.suite)
        wrapped = algorithms.wrap(key.public, secret, _info(owner, device, key.keyid))
        sealed.append(Recipient(key.keyid, algorithms.wrap_alg, base64.b64encode(wrapped).decode()))
    if not 1 <= len(sealed) <= LIMITS.recipients:
        raise LocalProtocolError("protocol.recipients")
    return ContentKey(secret, tuple(sealed))


def open_content_key(enc: Encryption, key: OpeningKey, owner: str, device: str) -> ContentKey:
    """The content key. Raises `RemoteProtocolError` where it is not sealed to this key or does not open."""
    kid = key.keyid
    mine = next((r for r in enc.recipients if r.kid == kid), None)
    if mine is None:
        raise RemoteProtocolError("protocol.not_a_recipient", kid=kid)
    secret = suite(key.suite).unwrap(key.private, base64_bytes(mine.wrapped), _info(owner, device, kid))
    if secret is None or len(secret) != SECRET_BYTES:
        raise RemoteProtocolError("protocol.content_key", kid=kid)
    return ContentKey(secret, enc.recipients, key.suite)


def part_aad(binding: Binding, n: int, records: int, raw_size: int) -> bytes:
    """The AAD bytes: ``["<label>","<owner>","<device>",<n>,<records>,<raw_size>]``."""
    return f'["{binding.label}","{binding.owner}","{binding.device}",{n},{records},{raw_size}]'.encode()


def attachment_aad(batch_id: str, device: str, n: int, record: str, raw_size: int) -> bytes:
    """The AAD bytes: ``["jmdesk-attachment-v1","<batch_id>","<device>",<n>,"<record>",<raw_size>]``."""
    return f'["{Label.ATTACHMENT}","{batch_id}","{device}",{n},"{record}",{raw_size}]'.encode()


def _nonce(n: int) -> bytes:
    return n.to_bytes(NONCE_BYTES, "big")


def seal_part(
    raw: bytes, records: int, n: int, binding: Binding, key: ContentKey, limits: Limits = LIMITS
) -> SealedPart:
    """One part from its NDJSON bytes. Deterministic given the key. Raises `LocalProtocolError` over a limit."""
    if not 1 <= records <= limits.records_per_part:
        raise LocalProtocolError("protocol.part_records", limit=limits.records_per_part)
    if len(raw) > limits.raw_part_bytes:
        raise LocalProtocolError("protocol.part_raw_size", limit=limits.raw_part_bytes)
    aad = part_aad(binding, n, records, len(raw))
    ciphertext = suite(key.suite).seal(key.secret, _nonce(n), compress(raw), aad)
    if len(ciphertext) > limits.part_bytes:
        raise LocalProtocolError("protocol.part_size", limit=limits.part_bytes)
    entry = PartEntry(n, records, len(ciphertext), len(raw), hashlib.sha256(ciphertext).hexdigest())
    return SealedPart(entry, ciphertext)


def pack_lines(
    lines: Iterable[bytes], binding: Binding, key: ContentKey, *, records_per_part: int = 1_000, limits: Limits = LIMITS
) -> Iterator[SealedPart]:
    """Parts of at most ``records_per_part`` lines each, sealed one at a time as the lines come."""
    if not 1 <= records_per_part <= limits.records_per_part:
        raise LocalProtocolError("protocol.part_records", limit=limits.records_per_part)
    waiting: list[bytes] = []
    size = n = 0
    for line in lines:
        if len(line) > limits.line_bytes:
            raise LocalProtocolError("protocol.line_size", limit=limits.line_bytes)
        if waiting and (len(waiting) == records_per_part or size + len(line) + 1 > limits.fill_part_bytes):
            yield _sealed(waiting, n, binding, key, limits)
            waiting, size, n = [], 0, n + 1
        waiting.append(line)
        size += len(line) + 1
    if waiting:
        yield _sealed(waiting, n, binding, key, limits)


def _sealed(lines: list[bytes], n: int, binding: Binding, key: ContentKey, limits: Limits) -> SealedPart:
    if n >= limits.parts_per_batch:
        raise LocalProtocolError("protocol.parts_limit", limit=limits.parts_per_batch)
    return seal_part(b"\n".join((*lines, b"")), len(lines), n, binding, key, limits)


def check_part(entry: PartEntry | AttachmentEntry, ciphertext: bytes) -> None:
    """Size and SHA-256 against the manifest; needs no key. Raises `RemoteProtocolError`."""
    if len(ciphertext) != entry.size:
        raise RemoteProtocolError("protocol.part_bytes", n=entry.n, size=len(ciphertext), expected=entry.size)
    if hashlib.sha256(ciphertext).hexdigest() != entry.sha256:
        raise RemoteProtocolError("protocol.part_digest", n=entry.n)


def open_part(entry: PartEntry, ciphertext: bytes, binding: Binding, key: ContentKey, limits: Limits = LIMITS) -> bytes:
    """The NDJSON bytes of a part, after digest, tag, gzip shape and raw size are checked."""
    check_part(entry, ciphertext)
    if entry.raw_size > limits.raw_part_bytes:
        raise RemoteProtocolError("protocol.part_raw_size", n=entry.n, limit=limits.raw_part_bytes)
    aad = part_aad(binding, entry.n, entry.records, entry.raw_size)
    member = suite(key.suite).unseal(key.secret, _nonce(entry.n), ciphertext, aad)
    if member is None:
        raise RemoteProtocolError("protocol.part_seal", n=entry.n)
    return decompress(member, entry.raw_size)


def attachment_owner(batch_id: str, n: int) -> str:
    """Owner of attachment n's content key: ``<batch_id>/<n>``."""
    return f"{batch_id}/{n}"


def seal_attachment(
    content: bytes, n: int, record: str, batch_id: str, device: str, key: ContentKey, limits: Limits = LIMITS
) -> tuple[AttachmentEntry, bytes]:
    """An attachment's manifest entry and ciphertext; ``key`` is its own, sealed with owner ``<batch id>/<n>``."""
    aad = attachment_aad(batch_id, device, n, record, len(content))
    ciphertext = suite(key.suite).seal(key.secret, _nonce(n), content, aad)
    if len(ciphertext) > limits.attachment_bytes:
        raise LocalProtocolError("protocol.attachment_size", limit=limits.attachment_bytes)
    digest = hashlib.sha256(ciphertext).hexdigest()
    return AttachmentEntry(n, record, len(ciphertext), len(content), digest, key.encryption), ciphertext


def open_attachment(entry: AttachmentEntry, ciphertext: bytes, batch_id: str, device: str, key: OpeningKey) -> bytes:
    """The attachment's content. Raises `RemoteProtocolError`."""
    check_part(entry, ciphertext)
    content_key = open_content_key(entry.enc, key, attachment_owner(batch_id, entry.n), device)
    aad = attachment_aad(batch_id, device, entry.n, entry.record, entry.raw_size)
    content = suite(content_key.suite).unseal(content_key.secret, _nonce(entry.n), ciphertext, aad)
    if content is None or len(content) != entry.raw_size:
        raise RemoteProtocolError("protocol.part_seal", n=entry.n)
    return content
