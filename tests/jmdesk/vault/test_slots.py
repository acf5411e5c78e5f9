from __future__ import annotations

import msgspec
import pytest

from jmdesk.core.errors import Refused
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.slots import Argon2Lock, HpkeLock, MalformedSlot, Owner, Slot, opened, passphrase_slot

VAULT_KEY = bytes(range(32))
OWNER = Owner(vault_id="01900000-0000-7000-8000-000000000001", user="u01", created="2026-11-22T01:30:00Z")
PASSPHRASE = "荔枝湾边三只白鹭"


@pytest.fixture(scope="module")
def slot() -> Slot:
    return passphrase_slot(OWNER, PASSPHRASE, VAULT_KEY, FLOOR)


def _lock(slot: Slot) -> Argon2Lock:
    assert isinstance(slot.lock, Argon2Lock)
    return slot.lock


def test_the_passphrase_gives_the_vault_key_back(slot: Slot) -> None:
    assert opened(slot, OWNER.vault_id, PASSPHRASE) == VAULT_KEY


def test_another_passphrase_is_told_to_be_wrong(slot: Slot) -> None:
    with pytest.raises(Refused) as refused:
        opened(slot, OWNER.vault_id, PASSPHRASE + "。")
    assert refused.value.code == "vault.wrong_passphrase"


@pytest.mark.parametrize("field", ["kind", "user", "created", "vault", "salt", "passes", "lanes", "memory_kib"])
def test_every_field_of_a_slot_is_bound_to_its_seal(slot: Slot, field: str) -> None:
    lock = _lock(slot)
    vault_id = OWNER.vault_id
    if field == "vault":
        vault_id = vault_id.replace("1", "2")
    elif field == "salt":
        lock = msgspec.structs.replace(lock, salt=bytes(16))
    elif field in {"passes", "lanes"}:
        lock = msgspec.structs.replace(lock, **{field: getattr(lock, field) + 1})
    elif field == "memory_kib":
        lock = msgspec.structs.replace(lock, memory_kib=lock.memory_kib + 1024)
    changed = msgspec.structs.replace(slot, lock=lock)
    if field in {"kind", "user", "created"}:
        changed = msgspec.structs.replace(changed, **{field: "other"})
    with pytest.raises(Refused, match=r"vault\.wrong_passphrase"):
        opened(changed, vault_id, PASSPHRASE)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("memory_kib", 2**31),
        ("memory_kib", 8),
        ("passes", 1),
        ("passes", 10**9),
        ("lanes", 0),
        ("salt", b""),
        ("salt", bytes(4096)),
    ],
)
def test_a_slot_with_parameters_out_of_bounds_is_malformed_not_tried(slot: Slot, field: str, value: object) -> None:
    doctored = msgspec.structs.replace(slot, lock=msgspec.structs.replace(_lock(slot), **{field: value}))
    with pytest.raises(MalformedSlot):
        opened(doctored, OWNER.vault_id, PASSPHRASE)


@pytest.mark.parametrize("size", [0, 12, 59, 61, 4096])
def test_a_wrapped_key_of_another_size_is_malformed(slot: Slot, size: int) -> None:
    with pytest.raises(MalformedSlot):
        opened(msgspec.structs.replace(slot, wrapped=bytes(size)), OWNER.vault_id, PASSPHRASE)


def test_two_slots_of_one_passphrase_share_no_bytes(slot: Slot) -> None:
    other = passphrase_slot(OWNER, PASSPHRASE, VAULT_KEY, FLOOR)
    assert _lock(other).salt != _lock(slot).salt
    assert other.wrapped != slot.wrapped


def test_the_format_holds_an_escrow_slot_that_no_passphrase_opens() -> None:
    escrow = Slot("escrow", "admin", OWNER.created, HpkeLock("ab" * 16), bytes(80))
    assert msgspec.json.decode(msgspec.json.encode(escrow), type=Slot) == escrow
    with pytest.raises(MalformedSlot):
        opened(escrow, OWNER.vault_id, PASSPHRASE)
