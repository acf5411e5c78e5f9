from __future__ import annotations

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from jmdesk.core.errors import Refused
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.slots import (
    ESCROW,
    Argon2Lock,
    HpkeLock,
    MalformedSlot,
    Owner,
    Place,
    Secrets,
    Slot,
    _info,
    escrow_opened,
    escrow_slot,
    guarded_slot,
    opened,
    resealed,
    sealed_to,
    unsealed,
)

SECRETS = Secrets(bytes(range(32)), bytes(range(32, 64)))
PLACE = Place("01900000-0000-7000-8000-000000000001", 0)
OWNER = Owner("u01", "2026-11-22T01:30:00Z")
PASSPHRASE = "荔枝湾边三只白鹭"


@pytest.fixture(scope="module")
def slot() -> Slot:
    return guarded_slot(PLACE, OWNER, PASSPHRASE, SECRETS, FLOOR)


def _lock(slot: Slot) -> Argon2Lock:
    assert isinstance(slot.lock, Argon2Lock)
    return slot.lock


def _flipped(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def test_the_passphrase_gives_the_vault_key_and_the_anchor_back(slot: Slot) -> None:
    assert opened(slot, PLACE, PASSPHRASE) == SECRETS


def test_showing_the_secrets_shows_nothing() -> None:
    assert repr(SECRETS) == "Secrets(…)"


def test_another_passphrase_is_told_to_be_wrong(slot: Slot) -> None:
    with pytest.raises(Refused) as refused:
        opened(slot, PLACE, PASSPHRASE + "。")
    assert refused.value.code == "vault.wrong_passphrase"


@pytest.mark.parametrize(
    "field", ["kind", "user", "created", "vault", "salt", "passes", "lanes", "memory_kib", "public", "guarded"]
)
def test_every_field_of_a_slot_is_bound_to_its_seal(slot: Slot, field: str) -> None:
    lock, place, changed = _lock(slot), PLACE, slot
    if field == "vault":
        place = Place(PLACE.vault_id.replace("1", "2"), 0)
    elif field == "salt":
        lock = msgspec.structs.replace(lock, salt=bytes(16))
    elif field in {"passes", "lanes"}:
        lock = msgspec.structs.replace(lock, **{field: getattr(lock, field) + 1})
    elif field == "memory_kib":
        lock = msgspec.structs.replace(lock, memory_kib=lock.memory_kib + 1024)
    elif field in {"public", "guarded"}:
        changed = msgspec.structs.replace(slot, **{field: _flipped(getattr(slot, field), 20)})
    else:
        changed = msgspec.structs.replace(slot, **{field: "other"})
    with pytest.raises(Refused, match=r"vault\.wrong_passphrase"):
        opened(msgspec.structs.replace(changed, lock=lock), place, PASSPHRASE)


@pytest.mark.parametrize("place", [0, 31, 32, 60, 107])
def test_a_flipped_byte_of_the_sealed_vault_key_is_damage_not_a_wrong_passphrase(slot: Slot, place: int) -> None:
    with pytest.raises(MalformedSlot):
        opened(msgspec.structs.replace(slot, wrapped=_flipped(slot.wrapped, place)), PLACE, PASSPHRASE)


def test_a_vault_key_of_an_earlier_generation_does_not_come_back(slot: Slot) -> None:
    with pytest.raises(MalformedSlot):
        opened(slot, Place(PLACE.vault_id, 1), PASSPHRASE)


def test_a_new_vault_key_reaches_every_slot_without_its_passphrase(slot: Slot) -> None:
    later = Place(PLACE.vault_id, 1)
    fresh = Secrets(bytes(32), SECRETS.anchor)
    assert opened(resealed(slot, later, fresh), later, PASSPHRASE) == fresh


def test_somebody_who_never_opened_the_vault_cannot_slip_in_a_key_of_their_own(slot: Slot) -> None:
    """The public key stands in plain: without the anchor, what is sealed to it is not taken for a vault key."""
    forged = resealed(slot, PLACE, Secrets(bytes(32), bytes(32)))
    with pytest.raises(MalformedSlot):
        opened(forged, PLACE, PASSPHRASE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_kib", 2**31),
        ("memory_kib", 8),
        ("memory_kib", FLOOR.memory_kib - 1),
        ("passes", 1),
        ("passes", 10**9),
        ("lanes", 0),
        ("lanes", 9),
        ("salt", b""),
        ("salt", bytes(4096)),
    ],
)
def test_a_slot_with_parameters_out_of_bounds_is_malformed_not_tried(
    slot: Slot, monkeypatch: pytest.MonkeyPatch, field: str, value: object
) -> None:
    doctored = msgspec.structs.replace(slot, lock=msgspec.structs.replace(_lock(slot), **{field: value}))
    monkeypatch.setattr("jmdesk.vault.slots.derive", lambda *_: pytest.fail("derived"))
    with pytest.raises(MalformedSlot):
        opened(doctored, PLACE, PASSPHRASE)


@pytest.mark.parametrize("field", ["public", "guarded", "wrapped"])
@pytest.mark.parametrize("change", [-1, 1, 4096])
def test_a_part_of_another_size_is_malformed(slot: Slot, field: str, change: int) -> None:
    resized = bytes(len(getattr(slot, field)) + change)
    with pytest.raises(MalformedSlot):
        opened(msgspec.structs.replace(slot, **{field: resized}), PLACE, PASSPHRASE)


def test_two_slots_of_one_passphrase_share_no_bytes(slot: Slot) -> None:
    other = guarded_slot(PLACE, OWNER, PASSPHRASE, SECRETS, FLOOR)
    assert _lock(other).salt != _lock(slot).salt
    assert other.public != slot.public
    assert other.guarded[:12] != slot.guarded[:12]
    assert other.wrapped != slot.wrapped


def test_the_escrow_key_opens_its_slot_and_no_passphrase_does() -> None:
    private = X25519PrivateKey.generate()
    escrow = escrow_slot(PLACE, OWNER, "ab" * 16, private.public_key().public_bytes_raw(), SECRETS)
    assert isinstance(escrow.lock, HpkeLock)
    assert msgspec.json.decode(msgspec.json.encode(escrow), type=Slot) == escrow
    assert escrow_opened(escrow, PLACE, private) == SECRETS
    with pytest.raises(MalformedSlot):
        opened(escrow, PLACE, PASSPHRASE)


@pytest.mark.parametrize("field", ["kind", "user", "created", "recipient", "public", "vault", "generation", "key"])
def test_every_field_of_an_escrow_slot_is_bound_to_its_seal(field: str) -> None:
    private = X25519PrivateKey.generate()
    escrow = escrow_slot(PLACE, OWNER, "ab" * 16, private.public_key().public_bytes_raw(), SECRETS)
    place = PLACE
    if field == "vault":
        place = Place(PLACE.vault_id.replace("1", "2"), 0)
    elif field == "generation":
        place = Place(PLACE.vault_id, 1)
    elif field == "key":
        private = X25519PrivateKey.generate()
    elif field == "recipient":
        escrow = msgspec.structs.replace(escrow, lock=HpkeLock("cd" * 16))
    elif field == "public":
        escrow = msgspec.structs.replace(escrow, public=bytes(32))
    else:
        escrow = msgspec.structs.replace(escrow, **{field: "other"})
    with pytest.raises(MalformedSlot):
        escrow_opened(escrow, place, private)


def test_a_passphrase_slot_is_never_taken_for_an_escrow_slot(slot: Slot) -> None:
    assert slot.kind != ESCROW
    with pytest.raises(MalformedSlot):
        escrow_opened(slot, PLACE, X25519PrivateKey.generate())


def test_what_is_sealed_to_a_key_opens_with_no_other_and_under_no_other_name() -> None:
    mine, other = X25519PrivateKey.generate(), X25519PrivateKey.generate()
    sealed = sealed_to(mine.public_key().public_bytes_raw(), b"secret", b"name")
    assert unsealed(mine, sealed, b"name") == b"secret"
    for key, name in ((other, b"name"), (mine, b"other name")):
        with pytest.raises(ValueError, match="does not open"):
            unsealed(key, sealed, name)


@pytest.mark.parametrize(("kind", "size"), [("passphrase", 64), (ESCROW, 63), (ESCROW, 65)])
def test_an_escrow_slot_holds_a_vault_key_and_an_anchor_and_nothing_else(kind: str, size: int) -> None:
    private = X25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    bare = Slot(kind, OWNER.user, OWNER.created, HpkeLock("a"), public, b"", b"")
    wrapped = sealed_to(public, bytes(size), _info(PLACE, bare))
    with pytest.raises(MalformedSlot):
        escrow_opened(msgspec.structs.replace(bare, wrapped=wrapped), PLACE, private)
