"""``trust.v1``: the offline root certifies every key that a desk may believe or seal to."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from sync.protocol.manifest import Digest, KeyId, Moment, Ordinal, Token
from sync.protocol.suites import KeyRole, PublicKey, SigningKey


class TrustedKey(msgspec.Struct, frozen=True):
    """One certified key: hex of the raw public key, its role, and when it may be used (UTC)."""

    kid: KeyId
    role: KeyRole
    suite: Token
    public: Digest
    not_before: Moment
    not_after: Moment


class TrustDocument(msgspec.Struct, frozen=True):
    """The payload. ``public`` comes first and at a fixed position: it is the root key that signs it."""

    public: Digest
    v: int
    suite: Token
    version: Ordinal
    issued: Moment
    expires: Moment
    keys: tuple[TrustedKey, ...]
    revoked: tuple[KeyId, ...]


@dataclass(frozen=True, slots=True)
class Trust:
    """A verified trust document and its envelope; it is a `Keyring` for everything that the root certified.

    Signatures are accepted from every certified key that is not revoked, also after ``not_after``: a receipt stays
    valid for ever. Sealing is only to keys that are valid now (`recipients`).
    """

    document: TrustDocument
    envelope: bytes = field(repr=False)

    def find(self, keyid: str, role: KeyRole) -> PublicKey | None:
        """The certified key of that id in that role, unless revoked."""
        raise NotImplementedError

    def recipients(self, now: str) -> tuple[PublicKey, ...]:
        """The recipient and escrow keys to which content keys are sealed now."""
        raise NotImplementedError

    def expired(self, now: str) -> bool:
        """Whether the document is past its date; ``now`` is a UTC moment of the protocol's form."""
        raise NotImplementedError

    @property
    def root(self) -> str:
        """Fingerprint of the root: hex SHA-256 of its raw public key."""
        raise NotImplementedError


def sign_trust(
    root: SigningKey,
    *,
    version: int,
    issued: str,
    expires: str,
    keys: tuple[TrustedKey, ...],
    revoked: tuple[str, ...] = (),
) -> bytes:
    """The envelope of a new trust document."""
    raise NotImplementedError


def certify(key: PublicKey, not_before: str, not_after: str) -> TrustedKey:
    """A key as it stands in a trust document."""
    raise NotImplementedError


def open_trust(envelope: bytes, root: str, *, now: str, version: int = 0) -> Trust:
    """A trust document signed by the pinned root, in date, and not older than ``version`` (I12).

    ``root`` is the fingerprint in hex or a prefix of at least 20 digits (from an enrolment code); ``now`` is passed in.
    """
    raise NotImplementedError


def open_stored_trust(envelope: bytes, root: str) -> Trust:
    """A trust document that was accepted before; may be past its date (the caller tells the user, work goes on)."""
    raise NotImplementedError
