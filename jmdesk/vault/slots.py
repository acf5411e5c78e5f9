"""Key slots: the vault key, wrapped once for each way in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.errors import Refused
from jmdesk.vault.kdf import SALT_BYTES, Cost, derive
from jmdesk.vault.keys import VAULT_KEY_BYTES
from jmdesk.vault.passphrase import passphrase_bytes

PASSPHRASE: Final = "passphrase"  # noqa: S105 -- the name of a kind of slot

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


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
    ``created`` when it was made (UTC), ``lock`` how it is locked, ``wrapped`` the vault key: nonce, ciphertext and tag
    of AES-256-GCM under an Argon2id lock, encapsulated key and ciphertext under an HPKE lock.
    """

    kind: str
    user: str
    created: str
    lock: Argon2Lock | HpkeLock
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose slot it is, and of which vault: what the slot's seal is bound to beside its own fields."""

    vault_id: str
    user: str
    created: str


class MalformedSlot(Exception):
    """A slot that this program cannot have written."""


def passphrase_slot(owner: Owner, passphrase: str, vault_key: bytes, cost: Cost) -> Slot:
    """The vault key, wrapped under a passphrase with a fresh salt."""
    lock = Argon2Lock(os.urandom(SALT_BYTES), cost.memory_kib, cost.passes, cost.lanes)
    bare = Slot(PASSPHRASE, owner.user, owner.created, lock, b"")
    key = derive(passphrase_bytes(passphrase), lock.salt, cost)
    nonce = os.urandom(_NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, vault_key, _bound(owner.vault_id, bare))
    return msgspec.structs.replace(bare, wrapped=nonce + sealed)


def opened(slot: Slot, vault_id: str, passphrase: str) -> bytes:
    """The vault key of a slot.

    ``Refused("vault.wrong_passphrase")`` when the seal does not open. ``MalformedSlot`` when its cost or sizes are out
    of bounds, which is known before anything is derived.
    """
    if not isinstance(slot.lock, Argon2Lock):
        raise MalformedSlot("no secret opens this slot")
    if not slot.lock.cost.within_bounds or len(slot.lock.salt) != SALT_BYTES:
        raise MalformedSlot("KDF parameters out of bounds")
    if len(slot.wrapped) != _NONCE_BYTES + VAULT_KEY_BYTES + _TAG_BYTES:
        raise MalformedSlot("wrapped key of the wrong size")
    key = derive(passphrase_bytes(passphrase), slot.lock.salt, slot.lock.cost)
    nonce, sealed = slot.wrapped[:_NONCE_BYTES], slot.wrapped[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, sealed, _bound(vault_id, slot))
    except InvalidTag:
        raise Refused("vault.wrong_passphrase") from None


def _bound(vault_id: str, slot: Slot) -> bytes:
    """The additional data of a slot's seal: the vault and every field but the wrapped key, as compact JSON."""
    return msgspec.json.encode(["jmdesk-slot-v1", vault_id, slot.kind, slot.user, slot.created, slot.lock])
