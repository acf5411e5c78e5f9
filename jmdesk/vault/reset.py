"""A forgotten passphrase: request file, the administrators' answer, a new slot.

The user chooses the new passphrase when asking; it locks the private key to which the answer is sealed, and stays on
this computer. So the administrators never learn a passphrase, and an answer that falls into other hands opens nothing.
What they must make sure of by other means (a call, a face) is who asks: they compare the fingerprint with the user.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.vault import attempts, people, slots
from jmdesk.vault.escrow import MOST_BYTES, file_bytes, parsed
from jmdesk.vault.files import disk_errors, read_bounded, write_durably
from jmdesk.vault.folder import Unlocked, peek
from jmdesk.vault.header import Header, SealedHeader, read_headers
from jmdesk.vault.instance import locked
from jmdesk.vault.kdf import SALT_BYTES, Cost, calibrated, derive
from jmdesk.vault.keys import VaultKeys, derived
from jmdesk.vault.passphrase import check_new_passphrase, passphrase_bytes
from jmdesk.vault.slots import Argon2Lock, HpkeLock, Owner, Place, Secrets, Slot

NAME: Final = "reset.json"
"""The asker's half of a request, in the vault's folder until the answer has come."""

_NONCE: Final = 12


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="jmdesk-reset-request-v1", tag_field="kind"):
    """What goes to the administrators: which vault, whose slot, the key to answer to, and the vault's escrow slot."""

    vault: str
    generation: int
    unit: str
    user: str
    label: str
    asked_at: str
    public: bytes
    escrow: Slot


class Answer(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="jmdesk-reset-answer-v1", tag_field="kind"):
    """What comes back: the vault's secrets, sealed to the request's key. ``request`` is the request's SHA-256."""

    vault: str
    generation: int
    user: str
    request: bytes
    sealed: bytes


class _Pending(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="jmdesk-reset-pending-v1", tag_field="kind"
):
    request: bytes
    lock: Argon2Lock
    guarded: bytes


def ask(folder: Path, user: str, new: str, now: datetime, *, cost: Cost | None = None) -> bytes:
    """The bytes of a request file for a user (id or label), who has chosen a new passphrase.

    ``Refused``: "vault.no_escrow" when the unit has entrusted no key, "vault.unknown_user", and the codes of new
    passphrases. An earlier request of this vault is given up.
    """
    header = peek(folder)
    escrow = next((slot for slot in header.slots if slot.kind == slots.ESCROW), None)
    if escrow is None:
        raise Refused("vault.no_escrow")
    plate = next((plate for plate in header.nameplates if user in (plate.user, plate.label)), None)
    if plate is None:
        raise Refused("vault.unknown_user")
    check_new_passphrase(new, known=(header.unit,))
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    asked = Request(
        header.vault, header.generation, header.unit, plate.user, plate.label, utc_text(now), public, escrow
    )
    data = file_bytes(asked)
    cost = cost or calibrated()
    lock = Argon2Lock(os.urandom(SALT_BYTES), cost.memory_kib, cost.passes, cost.lanes)
    nonce, digest = os.urandom(_NONCE), hashlib.sha256(data).digest()
    key = derive(passphrase_bytes(new), lock.salt, cost)
    guarded = nonce + AESGCM(key).encrypt(nonce, private.private_bytes_raw(), digest)
    with disk_errors():
        write_durably(folder / NAME, file_bytes(_Pending(digest, lock, guarded)))
    return data


def answered(data: bytes, private: X25519PrivateKey) -> bytes:
    """The answer to a request, by the holders of the escrow key, who have made sure who asks.

    ``Refused``: "vault.bad_escrow_file"; "vault.other_escrow_key" when the vault was entrusted to another key, or its
    escrow slot was touched.
    """
    asked = parsed(data, Request)
    if asked.escrow.kind != slots.ESCROW or not isinstance(asked.escrow.lock, HpkeLock):
        raise Refused("vault.bad_escrow_file")
    try:
        secrets = slots.escrow_opened(asked.escrow, Place(asked.vault, asked.generation), private)
    except slots.MalformedSlot:
        raise Refused("vault.other_escrow_key") from None
    digest = hashlib.sha256(data).digest()
    bare = Answer(asked.vault, asked.generation, asked.user, digest, b"")
    try:
        sealed = slots.sealed_to(asked.public, secrets.vault_key + secrets.anchor, file_bytes(bare))
    except ValueError:
        raise Refused("vault.bad_escrow_file") from None
    return file_bytes(msgspec.structs.replace(bare, sealed=sealed))


def accepted(folder: Path, data: bytes, new: str, now: datetime, *, cost: Cost | None = None) -> Unlocked:
    """Open the vault with the answer and the passphrase chosen when asking; it is the user's passphrase from now on.

    ``Refused``: "vault.bad_escrow_file"; "vault.answer_not_ours" for another vault's or an earlier request's answer;
    "vault.answer_outdated" when the vault key has changed since; "vault.wrong_passphrase"; ``Environment`` as
    ``unlock`` says.
    """
    folder = folder.absolute()
    answer = parsed(data, Answer)
    with disk_errors():
        kept = read_bounded(folder / NAME, MOST_BYTES)
    pending = parsed(kept or b"", _Pending) if kept else None
    if pending is None or pending.request != answer.request:
        raise Refused("vault.answer_not_ours")
    lock = locked(folder)
    try:
        header = read_headers(folder).copies[0]
        _check_current(header.header, answer)
        attempts.check_may_try(folder, answer.user, now)
        try:
            secrets = _unsealed(pending, answer, new)
        except Refused as error:
            if error.code == "vault.wrong_passphrase":
                attempts.note_failure(folder, answer.user, now)
            raise
        keys = _proved(header, secrets)
        failed = attempts.settle(folder, answer.user)
        vault = Unlocked(folder, keys, header.header, answer.user, False, lock, secrets, failed)  # noqa: FBT003
        vault = people.set_passphrase(vault, Owner(answer.user, utc_text(now)), new, cost=cost)
        with disk_errors():
            (folder / NAME).unlink(missing_ok=True)
    except BaseException:
        lock.release()
        raise
    return vault


def _check_current(header: Header, answer: Answer) -> None:
    if header.vault != answer.vault or all(plate.user != answer.user for plate in header.nameplates):
        raise Refused("vault.answer_not_ours")
    if header.generation != answer.generation:
        raise Refused("vault.answer_outdated")


def _proved(header: SealedHeader, secrets: Secrets) -> VaultKeys:
    """The keys, once the header has proved that they are this vault's."""
    keys = derived(secrets.vault_key)
    if not header.authentic(keys.header_mac):
        raise Refused("vault.answer_not_ours")
    return keys


def _unsealed(pending: _Pending, answer: Answer, new: str) -> Secrets:
    lock = pending.lock
    if not lock.cost.within_bounds or len(lock.salt) != SALT_BYTES or len(pending.guarded) != _NONCE + 48:
        raise Refused("vault.bad_escrow_file")
    key = derive(passphrase_bytes(new), lock.salt, lock.cost)
    try:
        raw = AESGCM(key).decrypt(pending.guarded[:_NONCE], pending.guarded[_NONCE:], pending.request)
    except InvalidTag:
        raise Refused("vault.wrong_passphrase") from None
    info = file_bytes(msgspec.structs.replace(answer, sealed=b""))
    try:
        content = slots.unsealed(X25519PrivateKey.from_private_bytes(raw), answer.sealed, info)
    except ValueError:
        raise Refused("vault.answer_not_ours") from None
    if len(content) != 64:
        raise Refused("vault.answer_not_ours")
    return Secrets(content[:32], content[32:])
