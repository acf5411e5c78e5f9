"""Crypto suites: the registry, the provider interface, and JM1.

A suite is chosen by the key that is registered for a signer or recipient, never by a field of a message. A second
suite (SM2/SM3/SM4) is one more class in this registry; no format changes, since digests are hex of 32 bytes, and keys,
signatures and wrapped keys travel as opaque hex or base64.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sync.protocol.errors import LocalProtocolError, RemoteProtocolError

JM1: Final = "JM1"
KEYID_DIGITS: Final = 32


class KeyRole(StrEnum):
    """What a key may do. Signing roles and opening roles never mix."""

    DEVICE = "device"
    PLATFORM = "platform"
    ROOT = "root"
    PROVISIONING = "provisioning"
    PUBLISHER = "publisher"
    UPDATE = "update"
    RECIPIENT = "recipient"
    ESCROW = "escrow"
    DEVICE_KEM = "device_kem"


class Suite(Protocol):
    """What a provider of algorithms offers; every key is raw bytes."""

    name: str
    content_alg: str
    wrap_alg: str

    def digest(self, data: bytes) -> bytes:
        """32 bytes."""
        ...

    def signing_public(self, private: bytes) -> bytes:
        """The raw public key of a raw signing key."""
        ...

    def sign(self, private: bytes, message: bytes) -> bytes:
        """A signature over the whole message."""
        ...

    def verify(self, public: bytes, signature: bytes, message: bytes) -> bool:
        """Whether the signature is this key's over exactly this message."""
        ...

    def seal(self, key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        """Ciphertext with its tag at the end."""
        ...

    def unseal(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
        """The plain bytes, or nothing where key, nonce, AAD or ciphertext are not the sealed ones."""
        ...

    def kem_public(self, private: bytes) -> bytes:
        """The raw public key of a raw opening key."""
        ...

    def wrap(self, public: bytes, secret: bytes, info: bytes) -> bytes:
        """A content key sealed to one recipient: encapsulation followed by ciphertext."""
        ...

    def unwrap(self, private: bytes, wrapped: bytes, info: bytes) -> bytes | None:
        """The content key, or nothing where it was not sealed to this key under this info."""
        ...


class JM1Suite:
    """Ed25519 (RFC 8032), SHA-256, HPKE base mode X25519/HKDF-SHA256/AES-256-GCM (RFC 9180), AES-256-GCM parts."""

    name = JM1
    content_alg = "A256GCM"
    wrap_alg = "HPKE-X25519-HKDFSHA256-A256GCM"

    def __init__(self) -> None:
        self._hpke = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def signing_public(self, private: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    def sign(self, private: bytes, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(private).sign(message)

    def verify(self, public: bytes, signature: bytes, message: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True

    def seal(self, key: bytes, nonce: bytes, plain: bytes, aad: bytes) -> bytes:
        return AESGCM(key).encrypt(nonce, plain, aad)

    def unseal(self, key: bytes, nonce: bytes, ciphertext: bytes, aad: bytes) -> bytes | None:
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, aad)
        except InvalidTag:
            return None

    def kem_public(self, private: bytes) -> bytes:
        return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    def wrap(self, public: bytes, secret: bytes, info: bytes) -> bytes:
        try:
            return self._hpke.encrypt(secret, X25519PublicKey.from_public_bytes(public), info=info)
        except ValueError as error:  # not 32 bytes, or a point of small order
            raise LocalProtocolError("protocol.key_unusable") from error

    def unwrap(self, private: bytes, wrapped: bytes, info: bytes) -> bytes | None:
        try:
            return self._hpke.decrypt(wrapped, X25519PrivateKey.from_private_bytes(private), info=info)
        except (InvalidTag, ValueError):
            return None


SUITES: Final[Mapping[str, Suite]] = {JM1: JM1Suite()}
"""Every suite this program knows."""


def suite(name: str) -> Suite:
    """The suite of that name. Raises `RemoteProtocolError` ``protocol.suite_unknown``."""
    found = SUITES.get(name)
    if found is None:
        raise RemoteProtocolError("protocol.suite_unknown")
    return found


def keyid(public: bytes, suite_name: str = JM1) -> str:
    """First 32 hex digits of the suite's digest over the raw public key."""
    return suite(suite_name).digest(public).hex()[:KEYID_DIGITS]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A registered public key: raw bytes, what it may do, and the suite that decides the algorithm."""

    role: KeyRole
    public: bytes
    suite: str = JM1

    @property
    def keyid(self) -> str:
        """The id that envelopes and recipients name."""
        return keyid(self.public, self.suite)


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: ``DSSEv1 SP len(T) SP T SP len(payload) SP payload``."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


class Signer(Protocol):
    """Whoever signs with a key: the key itself, or a process of its own that holds it and looks at what it signs."""

    @property
    def role(self) -> KeyRole:
        """What the key may sign."""
        ...

    @property
    def suite(self) -> str:
        """The suite that decides the algorithm."""
        ...

    @property
    def public(self) -> PublicKey:
        """The public half."""
        ...

    @property
    def keyid(self) -> str:
        """The id that envelopes name."""
        ...

    def sign(self, payload_type: str, payload: bytes) -> bytes:
        """The signature over a payload and its type."""
        ...


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private signing key (raw 32 bytes in JM1) and the role it acts in. Its repr hides the key."""

    role: KeyRole
    private: bytes = field(repr=False)
    suite: str = JM1

    @property
    def public(self) -> PublicKey:
        """The public half, to be registered with the other side."""
        return PublicKey(self.role, suite(self.suite).signing_public(self.private), self.suite)

    @property
    def keyid(self) -> str:
        """The id that envelopes name."""
        return self.public.keyid

    def sign(self, payload_type: str, payload: bytes) -> bytes:
        """The signature over a payload and its type."""
        return suite(self.suite).sign(self.private, pre_authentication(payload_type, payload))


@dataclass(frozen=True, slots=True)
class OpeningKey:
    """A private key (raw X25519 in JM1) that opens wrapped content keys. Its repr hides the key."""

    role: KeyRole
    private: bytes = field(repr=False)
    suite: str = JM1

    @property
    def public(self) -> PublicKey:
        """The public half, to which the other side seals."""
        return PublicKey(self.role, suite(self.suite).kem_public(self.private), self.suite)

    @property
    def keyid(self) -> str:
        """The id that `Recipient.kid` names."""
        return self.public.keyid


class Keyring(Protocol):
    """Whoever knows which public keys may sign what."""

    def find(self, keyid: str, role: KeyRole) -> PublicKey | None:
        """The registered key of that id in that role, or nothing."""
        ...


class KeySet:
    """A keyring over keys in memory."""

    def __init__(self, keys: Mapping[tuple[str, KeyRole], PublicKey] | None = None) -> None:
        self._keys = dict(keys or {})

    @classmethod
    def of(cls, *keys: PublicKey) -> KeySet:
        """A keyring that holds exactly these keys."""
        return cls({(key.keyid, key.role): key for key in keys})

    def find(self, keyid: str, role: KeyRole) -> PublicKey | None:
        """The key, only in the role in which it was registered."""
        return self._keys.get((keyid, role))
