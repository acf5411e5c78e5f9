from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from jmdesk.core.errors import Environment
from jmdesk.vault import device
from jmdesk.vault.device import new_device_keys, read_device, sealed, unsealed

WRAP = bytes(range(32))
VAULT = "01900000-0000-7000-8000-000000000001"


def test_the_keys_come_back_as_they_were_kept() -> None:
    keys = new_device_keys()
    again = unsealed(sealed(keys, WRAP, VAULT), WRAP, VAULT)
    assert again.signing.private_bytes_raw() == keys.signing.private_bytes_raw()
    assert again.agreement.private_bytes_raw() == keys.agreement.private_bytes_raw()
    assert again.keyid == keys.keyid


def test_the_name_of_a_device_is_the_start_of_its_key_s_hash() -> None:
    keys = new_device_keys()
    raw = keys.signing.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    assert keys.keyid == hashlib.sha256(raw).hexdigest()[:32]
    assert (len(keys.signing_public), len(keys.agreement_public)) == (32, 32)


def test_showing_the_keys_shows_the_name_alone() -> None:
    keys = new_device_keys()
    assert repr(keys) == f"DeviceKeys({keys.keyid})"


def test_every_flipped_bit_of_the_key_file_is_noticed() -> None:
    whole = sealed(new_device_keys(), WRAP, VAULT)
    for place in range(len(whole)):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            with pytest.raises(ValueError, match="device key"):
                unsealed(bytes(flipped), WRAP, VAULT)


def test_every_cut_of_the_key_file_is_noticed() -> None:
    whole = sealed(new_device_keys(), WRAP, VAULT)
    for length in range(len(whole)):
        with pytest.raises(ValueError, match="device key"):
            unsealed(whole[:length], WRAP, VAULT)


def test_the_keys_of_another_vault_do_not_open() -> None:
    whole = sealed(new_device_keys(), WRAP, VAULT)
    other = VAULT.replace("1", "2")
    with pytest.raises(ValueError, match="of this vault"):
        unsealed(whole, WRAP, other)
    with pytest.raises(ValueError, match="does not open"):
        unsealed(whole.replace(VAULT.encode(), other.encode()), WRAP, other)
    with pytest.raises(ValueError, match="does not open"):
        unsealed(whole, bytes(32), VAULT)


def test_a_short_wrapped_key_crashes_nothing() -> None:
    for wrapped in ("", "AAAA", "AAAAAAAAAAAAAAAA"):
        with pytest.raises(ValueError, match="wrong size"):
            unsealed(f'{{"version":1,"vault":"{VAULT}","wrapped":"{wrapped}"}}\n'.encode(), WRAP, VAULT)


def test_a_missing_key_file_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(Environment) as missing:
        read_device(tmp_path / device.NAME, WRAP, VAULT)
    assert missing.value.code == "vault.device_key_missing"
    (tmp_path / device.NAME).write_bytes(b"x" * 10_000)
    with pytest.raises(Environment) as damaged:
        read_device(tmp_path / device.NAME, WRAP, VAULT)
    assert damaged.value.code == "vault.damaged_device_key"
