"""Key slots: the vault key, sealed once for each way in.

Every slot has an X25519 key pair of its own. The private half and the vault's *anchor* lie under what the person
knows; the vault key lies sealed to the public half. So a new vault key can be sealed to everybody without asking
anybody for a passphrase, and only somebody who once opened this vault (and so holds the anchor) can make something
that a slot takes for a vault key.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.errors import Refused
from jmdesk.vault.kdf import SALT_BYTES, Cost, derive
from jmdesk.vault.keys import VAULT_KEY_BYTES
from jmdesk.vault.passphrase import passphrase_bytes

PASSPHRASE: Final = "passphrase"  # noqa: S105 -- the name of a kind of slot
RECOVERY: Final = "recovery"
ESCROW: Final = "escrow"

ANCHOR_BYTES: Final = 32
PUBLIC_BYTES: Final = 32

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_GUARDED_BYTES: Final = _NONCE_BYTES + 32 + ANCHOR_BYTES + _TAG_BYTES
_SEALED_BYTES: Final = 32 + _NONCE_BYTES + VAULT_KEY_BYTES + _TAG_BYTES + _TAG_BYTES

_SUITE: Final = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


class Argon2Lock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="argon2id", tag_field="alg"):
    """A slot that a secret opens: passphrase, or printed recovery code. Memory in KiB, salt 16 bytes."""

    salt: bytes
    memory_kib: int
    passes: int
    lanes: int

    @property
    def cost(self) -> Cost:
        """The cost as the KDF takes it."""
        return Cost(self.memory_kib, self.passes, self.lanes)


class HpkeLock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="hpke-x25519", tag_field="alg"):
    """A slot that the holder of a private key opens (the administrator's escrow). ``recipient`` is the key's id."""

    recipient: str


class Slot(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way into the vault.

    ``kind`` says what it is for (``passphrase``, ``recovery``, ``escrow``), ``user`` whose it is (an opaque id),
    ``created`` when it was made (UTC), ``lock`` how it is locked, ``public`` the slot's X25519 key. ``guarded`` is the
    private key and the anchor: nonce, ciphertext and tag of AES-256-GCM under the Argon2id key (empty in an escrow
    slot: the administrator keeps that private key). ``wrapped`` is the vault key: encapsulated key and ciphertext of
    HPKE; inside it, AES-256-GCM under the anchor (in an escrow slot: vault key and anchor).
    """

    kind: str
    user: str
    created: str
    lock: Argon2Lock | HpkeLock
    public: bytes
    guarded: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """The vault and the generation of its key that a slot belongs to: what its seals are bound to."""

    vault_id: str
    generation: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose slot it is and since when (UTC text)."""

    user: str
    created: str


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What opens a vault: the key of this generation, and the anchor that stays. Showing them shows nothing."""

    vault_key: bytes
    anchor: bytes

    def __repr__(self) -> str:
        return "Secrets(…)"


class MalformedSlot(Exception):
    """A slot that this program cannot have written."""


def new_secrets() -> Secrets:
    """A fresh vault key and anchor from the system's random source."""
    return Secrets(os.urandom(VAULT_KEY_BYTES), os.urandom(ANCHOR_BYTES))


def guarded_slot(place: Place, owner: Owner, secret: str, secrets: Secrets, cost: Cost, kind: str = PASSPHRASE) -> Slot:
    """A slot that a passphrase (or recovery code) opens, with a fresh salt and a fresh key pair."""
    private = X25519PrivateKey.generate()
    lock = Argon2Lock(os.urandom(SALT_BYTES), cost.memory_kib, cost.passes, cost.lanes)
    bare = Slot(kind, owner.user, owner.created, lock, private.public_key().public_bytes_raw(), b"", b"")
    key = derive(passphrase_bytes(secret), lock.salt, cost)
    content = private.private_bytes_raw() + secrets.anchor
    guarded = _under(key, content, _bound(place, bare))
    return resealed(msgspec.structs.replace(bare, guarded=guarded), place, secrets)


def escrow_slot(place: Place, owner: Owner, recipient: str, public: bytes, secrets: Secrets) -> Slot:
    """A slot that only the holder of an escrow key opens; ``recipient`` is the id of that key."""
    bare = Slot(ESCROW, owner.user, owner.created, HpkeLock(recipient), public, b"", b"")
    return resealed(bare, place, secrets)


def resealed(slot: Slot, place: Place, secrets: Secrets) -> Slot:
    """The same way in to another generation's key: nobody has to be asked for a passphrase."""
    content = (
        secrets.vault_key + secrets.anchor
        if slot.kind == ESCROW
        else _under(secrets.anchor, secrets.vault_key, _info(place, slot))
    )
    public = X25519PublicKey.from_public_bytes(slot.public)
    return msgspec.structs.replace(slot, wrapped=_SUITE.encrypt(content, public, info=_info(place, slot)))


def opened(slot: Slot, place: Place, secret: str) -> Secrets:
    """What a passphrase or recovery code gives.

    ``Refused("vault.wrong_passphrase")`` when its seal does not open. ``MalformedSlot`` when cost or sizes are out of
    bounds, which is known before anything is derived, and when the vault key's own seal does not open.
    """
    if not isinstance(slot.lock, Argon2Lock):
        raise MalformedSlot("no secret opens this slot")
    if not slot.lock.cost.within_bounds or len(slot.lock.salt) != SALT_BYTES:
        raise MalformedSlot("KDF parameters out of bounds")
    if (len(slot.public), len(slot.guarded), len(slot.wrapped)) != (PUBLIC_BYTES, _GUARDED_BYTES, _SEALED_BYTES):
        raise MalformedSlot("keys of the wrong size")
    key = derive(passphrase_bytes(secret), slot.lock.salt, slot.lock.cost)
    try:
        content = _from_under(key, slot.guarded, _bound(place, slot))
    except InvalidTag:
        raise Refused("vault.wrong_passphrase") from None
    private, anchor = X25519PrivateKey.from_private_bytes(content[:32]), content[32:]
    try:
        sealed = _SUITE.decrypt(slot.wrapped, private, info=_info(place, slot))
        return Secrets(_from_under(anchor, sealed, _info(place, slot)), anchor)
    except InvalidTag:
        raise MalformedSlot("the vault key's seal does not open") from None


def escrow_opened(slot: Slot, place: Place, private: X25519PrivateKey) -> Secrets:
    """What the escrow key gives. ``MalformedSlot`` when it is not for this key, or was touched."""
    try:
        content = _SUITE.decrypt(slot.wrapped, private, info=_info(place, slot))
    except (InvalidTag, ValueError):
        raise MalformedSlot("the escrow key does not open this slot") from None
    if slot.kind != ESCROW or len(content) != VAULT_KEY_BYTES + ANCHOR_BYTES:
        raise MalformedSlot("not an escrow slot")
    return Secrets(content[:VAULT_KEY_BYTES], content[VAULT_KEY_BYTES:])


def sealed_to(public: bytes, content: bytes, info: bytes) -> bytes:
    """Bytes that only the holder of an X25519 private key reads. ``ValueError`` for a bad public key."""
    return _SUITE.encrypt(content, X25519PublicKey.from_public_bytes(public), info=info)


def unsealed(private: X25519PrivateKey, sealed: bytes, info: bytes) -> bytes:
    """What ``sealed_to`` sealed. ``ValueError`` when it does not open."""
    try:
        return _SUITE.decrypt(sealed, private, info=info)
    except InvalidTag:
        raise ValueError("does not open") from None


def _under(key: bytes, content: bytes, bound: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, bound)


def _from_under(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)


def _bound(place: Place, slot: Slot) -> bytes:
    """What the guarded part is bound to: the vault and every field that stays, as compact JSON.

    Not the generation: the guarded part outlives it.
    """
    fields = [slot.kind, slot.user, slot.created, slot.lock, slot.public]
    return msgspec.json.encode(["jmdesk-slot-v1", place.vault_id, *fields])


def _info(place: Place, slot: Slot) -> bytes:
    """What the vault key's seal is bound to: vault, generation and every other field of the slot."""
    fields = [slot.kind, slot.user, slot.created, slot.lock, slot.public]
    return msgspec.json.encode(["jmdesk-slot-key-v1", place.vault_id, place.generation, *fields])
