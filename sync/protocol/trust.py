"""``trust.v1``: the offline root certifies every key that a desk may believe or seal to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import msgspec

from sync.protocol.envelope import PayloadType, open_self_signed, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION, KeyId, Moment, Ordinal, PublicHex, Token, check_version, encode
from sync.protocol.strict_json import read_json
from sync.protocol.suites import KeyRole, PublicKey, SigningKey, suite

CERTIFIABLE: Final = frozenset(
    {
        KeyRole.PLATFORM,
        KeyRole.RECIPIENT,
        KeyRole.ESCROW,
        KeyRole.PUBLISHER,
        KeyRole.PROVISIONING,
        KeyRole.UPDATE,
    }
)
"""The roles that a root certifies; devices are granted by the platform, roots are pinned."""
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{20,64}")


class TrustedKey(msgspec.Struct, frozen=True):
    """One certified key: hex of the raw public key, its role, and when it may be used (UTC)."""

    kid: KeyId
    role: KeyRole
    suite: Token
    public: PublicHex
    not_before: Moment
    not_after: Moment


class TrustDocument(msgspec.Struct, frozen=True):
    """The payload. ``public`` comes first and at a fixed position: it is the root key that signs it."""

    public: PublicHex
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
        if keyid in self.document.revoked:
            return None
        for key in self.document.keys:
            if key.kid == keyid and key.role is role:
                return _public(key)
        return None

    def recipients(self, now: str) -> tuple[PublicKey, ...]:
        """The recipient and escrow keys to which content keys are sealed now; ``now`` is a UTC moment."""
        return tuple(
            _public(key)
            for key in self.document.keys
            if key.role in (KeyRole.RECIPIENT, KeyRole.ESCROW)
            and key.kid not in self.document.revoked
            and key.not_before <= now < key.not_after
        )

    def expired(self, now: str) -> bool:
        """Whether the document is past its date; ``now`` is a UTC moment of the protocol's form."""
        return now >= self.document.expires

    @property
    def root(self) -> str:
        """Fingerprint of the root: hex SHA-256 of its raw public key."""
        return fingerprint(bytes.fromhex(self.document.public), self.document.suite)


def fingerprint(root_public: bytes, suite_name: str = "JM1") -> str:
    """The root's fingerprint: the suite's digest of its raw public key, in 64 hex digits."""
    return suite(suite_name).digest(root_public).hex()


def _public(key: TrustedKey) -> PublicKey:
    return PublicKey(key.role, bytes.fromhex(key.public), key.suite)


def certify(key: PublicKey, not_before: str, not_after: str) -> TrustedKey:
    """A key as it stands in a trust document."""
    return TrustedKey(key.keyid, key.role, key.suite, key.public.hex(), not_before, not_after)


def _fault(document: TrustDocument) -> str:
    for key in document.keys:
        if key.role not in CERTIFIABLE:
            return "protocol.trust_role"
        if _public(key).keyid != key.kid:
            return "protocol.trust_kid"
        if key.not_before >= key.not_after:
            return "protocol.trust_dates"
    if len({key.kid for key in document.keys}) != len(document.keys):
        # One key, one role: a key that could both sign packages and receipts would break I4.
        return "protocol.trust_twice"
    if document.issued >= document.expires:
        return "protocol.trust_dates"
    return ""


def _read(payload: bytes) -> TrustDocument:
    document = read_json(payload, TrustDocument)
    check_version(document.v, document.suite)
    fault = _fault(document)
    if fault:
        raise RemoteProtocolError(fault)
    return document


def sign_trust(
    root: SigningKey,
    *,
    version: int,
    issued: str,
    expires: str,
    keys: tuple[TrustedKey, ...],
    revoked: tuple[str, ...] = (),
) -> bytes:
    """The envelope of a new trust document. Raises `LocalProtocolError`."""
    document = TrustDocument(root.public.public.hex(), VERSION, root.suite, version, issued, expires, keys, revoked)
    payload = encode(document)
    try:
        _read(payload)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return sign_envelope(PayloadType.TRUST, payload, root)


def open_stored_trust(envelope: bytes, root: str) -> Trust:
    """A trust document that was accepted before; may be past its date (the caller tells the user, work goes on).

    ``root`` is the fingerprint in hex, or its first 20 digits or more. Raises `RemoteProtocolError`.
    """
    if not _FINGERPRINT.fullmatch(root):
        raise LocalProtocolError("protocol.fingerprint")
    opened = open_self_signed(envelope, PayloadType.TRUST)
    if not fingerprint(opened.signer.public, opened.signer.suite).startswith(root):
        raise RemoteProtocolError("protocol.trust_root")
    return Trust(_read(opened.payload), envelope)


def open_trust(envelope: bytes, root: str, *, now: str, version: int = 0) -> Trust:
    """A trust document signed by the pinned root, in date, and not older than ``version`` (I12).

    ``root`` is the fingerprint in hex or a prefix of at least 20 digits (from an enrolment code); ``now`` is passed in.
    Raises `RemoteProtocolError` ``trust_root``, ``trust_rollback``, ``trust_expired``.
    """
    trust = open_stored_trust(envelope, root)
    if trust.document.version < version:
        raise RemoteProtocolError("protocol.trust_rollback", version=trust.document.version, current=version)
    if trust.expired(now):
        raise RemoteProtocolError("protocol.trust_expired", expires=trust.document.expires)
    return trust
