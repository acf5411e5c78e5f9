"""The administrator's escrow key: two persons hold it, each half under a passphrase of their own.

The key answers requests of people who forgot theirs (see ``reset``). It never travels: what desks get is its public
part. Both halves are needed, and one alone says nothing about the key (one-time pad).
"""

from __future__ import annotations

import hashlib
import os
from typing import Final, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.errors import Refused
from jmdesk.vault import people, slots
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.kdf import SALT_BYTES, Cost, derive
from jmdesk.vault.passphrase import check_new_passphrase, passphrase_bytes
from jmdesk.vault.slots import Argon2Lock, Owner

MOST_BYTES: Final = 64 * 1024
USER: Final = "escrow"
"""Whose the escrow slot is, in the header."""

_NONCE: Final = 12

T = TypeVar("T", bound=msgspec.Struct)


class EscrowKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="jmdesk-escrow-key-v1", tag_field="kind"):
    """The public part, for desks: ``keyid`` is the first 32 hex digits of SHA-256 of the raw X25519 key."""

    keyid: str
    public: bytes


class EscrowShare(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="jmdesk-escrow-share-v1", tag_field="kind"
):
    """One person's half (``number`` 1 or 2) under that person's passphrase."""

    keyid: str
    number: int
    lock: Argon2Lock
    sealed: bytes


def keyid_of(public: bytes) -> str:
    """The id of an X25519 key."""
    return hashlib.sha256(public).hexdigest()[:32]


def fingerprint(data: bytes) -> str:
    """What two people compare by telephone: 80 bits of SHA-256 as five groups of four hex digits."""
    digest = hashlib.sha256(data).hexdigest().upper()
    return " ".join(digest[start : start + 4] for start in range(0, 20, 4))


def file_bytes(content: msgspec.Struct) -> bytes:
    """The bytes of a file of ours."""
    return msgspec.json.encode(content) + b"\n"


def parsed(data: bytes, kind: type[T]) -> T:
    """What a file holds. ``Refused("vault.bad_escrow_file")`` for anything that is not exactly of this kind."""
    try:
        found = msgspec.json.decode(data[: MOST_BYTES + 1], type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Refused("vault.bad_escrow_file") from None
    if file_bytes(found) != data:
        raise Refused("vault.bad_escrow_file")
    return found


def new_escrow(passphrases: tuple[str, str], cost: Cost) -> tuple[EscrowKey, tuple[EscrowShare, EscrowShare]]:
    """A fresh key and its two halves. ``Refused``: the codes of new passphrases, "vault.passphrase_same"."""
    first, second = passphrases
    if first == second:
        raise Refused("vault.passphrase_same")
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    pad = os.urandom(32)
    other = bytes(a ^ b for a, b in zip(private.private_bytes_raw(), pad, strict=True))
    key = EscrowKey(keyid_of(public), public)
    return key, (_share(key, 1, pad, first, cost), _share(key, 2, other, second, cost))


def joined(shares: tuple[EscrowShare, EscrowShare], passphrases: tuple[str, str]) -> X25519PrivateKey:
    """The private key of two halves.

    ``Refused``: "vault.wrong_share_passphrase" (with ``number``), "vault.shares_differ" when they are not the two
    halves of one key, "vault.bad_escrow_file".
    """
    one, other = shares
    if one.keyid != other.keyid or {one.number, other.number} != {1, 2}:
        raise Refused("vault.shares_differ")
    halves = [_opened(share, secret) for share, secret in zip(shares, passphrases, strict=True)]
    private = X25519PrivateKey.from_private_bytes(bytes(a ^ b for a, b in zip(*halves, strict=True)))
    if keyid_of(private.public_key().public_bytes_raw()) != one.keyid:
        raise Refused("vault.shares_differ")
    return private


def entrust(vault: Unlocked, key: EscrowKey, created: str) -> Unlocked:
    """Put the escrow slot into an open vault, in place of an earlier one. ``Refused`` "vault.bad_escrow_file"."""
    if key.keyid != keyid_of(key.public):
        raise Refused("vault.bad_escrow_file")
    try:
        slot = slots.escrow_slot(vault.header.place, Owner(USER, created), key.keyid, key.public, vault.secrets)
    except ValueError:  # a key of the wrong size, or one that makes every secret zero
        raise Refused("vault.bad_escrow_file") from None
    return people.put_slot(vault, slot)


def _share(key: EscrowKey, number: int, half: bytes, passphrase: str, cost: Cost) -> EscrowShare:
    check_new_passphrase(passphrase)
    lock = Argon2Lock(os.urandom(SALT_BYTES), cost.memory_kib, cost.passes, cost.lanes)
    bare = EscrowShare(key.keyid, number, lock, b"")
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(derive(passphrase_bytes(passphrase), lock.salt, cost)).encrypt(nonce, half, file_bytes(bare))
    return msgspec.structs.replace(bare, sealed=nonce + sealed)


def _opened(share: EscrowShare, passphrase: str) -> bytes:
    if not share.lock.cost.within_bounds or len(share.lock.salt) != SALT_BYTES or len(share.sealed) != _NONCE + 48:
        raise Refused("vault.bad_escrow_file")
    key = derive(passphrase_bytes(passphrase), share.lock.salt, share.lock.cost)
    bound = file_bytes(msgspec.structs.replace(share, sealed=b""))
    try:
        return AESGCM(key).decrypt(share.sealed[:_NONCE], share.sealed[_NONCE:], bound)
    except InvalidTag:
        raise Refused("vault.wrong_share_passphrase", number=share.number) from None
