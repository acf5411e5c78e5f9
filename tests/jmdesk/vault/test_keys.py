from __future__ import annotations

import dataclasses

import pytest
from cryptography.hazmat.primitives import hashes, hmac

from jmdesk.vault.keys import VaultKeys, derived

KEY = bytes(range(32))


def _hkdf_expand_one_block(key: bytes, info: bytes) -> bytes:
    """RFC 5869, section 2.3, for 32 bytes: T(1) = HMAC(PRK, info | 0x01)."""
    mac = hmac.HMAC(key, hashes.SHA256())
    mac.update(info + b"\x01")
    return mac.finalize()


def test_each_key_is_hkdf_of_its_own_label() -> None:
    assert derived(KEY) == VaultKeys(
        db=_hkdf_expand_one_block(KEY, b"jmdesk/db"),
        audit_mac=_hkdf_expand_one_block(KEY, b"jmdesk/audit-mac"),
        header_mac=_hkdf_expand_one_block(KEY, b"jmdesk/header-mac"),
        device_wrap=_hkdf_expand_one_block(KEY, b"jmdesk/device-wrap"),
        backup=_hkdf_expand_one_block(KEY, b"jmdesk/backup"),
    )


def test_no_key_equals_another() -> None:
    values = [getattr(derived(KEY), field.name) for field in dataclasses.fields(VaultKeys)]
    assert len(set(values)) == len(values) == 5


def test_showing_the_keys_shows_nothing_of_them() -> None:
    keys = derived(KEY)
    for text in (repr(keys), str(keys), f"{keys}", repr([keys])):
        assert "VaultKeys(…)" in text
        assert all(getattr(keys, field.name).hex() not in text for field in dataclasses.fields(keys))
        assert "\\x" not in text


@pytest.mark.parametrize("size", [0, 16, 31, 33])
def test_a_vault_key_of_another_size_is_a_bug(size: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        derived(bytes(size))
