"""The keys of an open vault, each with one use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

VAULT_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class VaultKeys:
    """Five 32-byte keys derived from the vault key; showing one shows nothing.

    ``db`` opens the SQLCipher file (raw key), ``audit_mac`` keys the MAC of the store's mark, ``header_mac`` the MAC
    of ``vault.json``, ``device_wrap`` wraps ``device.key``, ``backup`` wraps the key of each backup file.
    """

    db: bytes
    audit_mac: bytes
    header_mac: bytes
    device_wrap: bytes
    backup: bytes

    def __repr__(self) -> str:
        return "VaultKeys(…)"


def derived(vault_key: bytes) -> VaultKeys:
    """The keys of a vault key: HKDF-SHA256 (RFC 5869), expanded only, one label each.

    The vault key is 32 uniform random bytes, so the extract step would add nothing.
    """
    if len(vault_key) != VAULT_KEY_BYTES:
        raise ValueError("a vault key is 32 bytes")

    def labelled(label: str) -> bytes:
        return HKDFExpand(algorithm=SHA256(), length=32, info=f"jmdesk/{label}".encode()).derive(vault_key)

    return VaultKeys(
        db=labelled("db"),
        audit_mac=labelled("audit-mac"),
        header_mac=labelled("header-mac"),
        device_wrap=labelled("device-wrap"),
        backup=labelled("backup"),
    )
