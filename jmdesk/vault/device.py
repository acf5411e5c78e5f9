"""``device.key``: the two private keys that make this desk a device of its unit."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jmdesk.core.errors import Environment
from jmdesk.vault.files import disk_errors, read_bounded, write_durably

NAME: Final = "device.key"
"""The file's name in the first generation of the vault key; see ``device_name``."""
MOST_BYTES: Final = 4096

_NONCE_BYTES: Final = 12
_RAW_BYTES: Final = 32
_WRAPPED_BYTES: Final = _NONCE_BYTES + 2 * _RAW_BYTES + 16


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class DeviceKeys:
    """Ed25519 to sign what the desk sends, X25519 to open what is sealed to it. Showing them shows the id alone."""

    signing: Ed25519PrivateKey
    agreement: X25519PrivateKey

    @property
    def signing_public(self) -> bytes:
        """The raw 32-byte Ed25519 public key."""
        return self.signing.public_key().public_bytes_raw()

    @property
    def agreement_public(self) -> bytes:
        """The raw 32-byte X25519 public key."""
        return self.agreement.public_key().public_bytes_raw()

    @property
    def keyid(self) -> str:
        """The device's name on the wire: the first 32 hex digits of SHA-256 of its Ed25519 public key."""
        return hashlib.sha256(self.signing_public).hexdigest()[:32]

    def __repr__(self) -> str:
        return f"DeviceKeys({self.keyid})"


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: int
    vault: str
    wrapped: bytes


def new_device_keys() -> DeviceKeys:
    """Fresh keys from the system's random source."""
    return DeviceKeys(Ed25519PrivateKey.generate(), X25519PrivateKey.generate())


def sealed(device: DeviceKeys, wrap_key: bytes, vault_id: str) -> bytes:
    """The bytes of ``device.key``: both raw keys under AES-256-GCM, bound to the vault."""
    nonce = os.urandom(_NONCE_BYTES)
    secret = device.signing.private_bytes_raw() + device.agreement.private_bytes_raw()
    wrapped = nonce + AESGCM(wrap_key).encrypt(nonce, secret, _bound(vault_id))
    return msgspec.json.encode(_File(1, vault_id, wrapped)) + b"\n"


def unsealed(data: bytes, wrap_key: bytes, vault_id: str) -> DeviceKeys:
    """The keys in the bytes of ``device.key``; ``ValueError`` for another vault's, and for any change to ours."""
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise ValueError("not a device key") from None
    if file.version != 1 or file.vault != vault_id or msgspec.json.encode(file) + b"\n" != data:
        raise ValueError("not the device key of this vault")
    if len(file.wrapped) != _WRAPPED_BYTES:
        raise ValueError("device key of the wrong size")
    try:
        secret = AESGCM(wrap_key).decrypt(file.wrapped[:_NONCE_BYTES], file.wrapped[_NONCE_BYTES:], _bound(vault_id))
    except InvalidTag:
        raise ValueError("device key does not open") from None
    return DeviceKeys(
        Ed25519PrivateKey.from_private_bytes(secret[:_RAW_BYTES]),
        X25519PrivateKey.from_private_bytes(secret[_RAW_BYTES:]),
    )


def device_name(generation: int) -> str:
    """The file's name under a generation of the vault key: old and new stand side by side while the key changes."""
    return f"device-{generation}.key" if generation else NAME


def write_device(file: Path, device: DeviceKeys, wrap_key: bytes, vault_id: str) -> None:
    """Keep the keys. ``Environment`` as ``disk_errors`` says."""
    with disk_errors():
        write_durably(file, sealed(device, wrap_key, vault_id))


def read_device(file: Path, wrap_key: bytes, vault_id: str) -> DeviceKeys:
    """The keys kept in a file.

    ``Environment("vault.device_key_missing")`` after a restore on another computer (backups leave it out on purpose),
    ``Environment("vault.damaged_device_key")`` when it does not open. Either way the records are whole: the desk
    works on and has to be enrolled anew before it can send.
    """
    try:
        with disk_errors():
            data = read_bounded(file, MOST_BYTES)
        if data is None:
            raise Environment("vault.device_key_missing")
        return unsealed(data, wrap_key, vault_id)
    except ValueError:
        raise Environment("vault.damaged_device_key") from None


def _bound(vault_id: str) -> bytes:
    return msgspec.json.encode(["jmdesk-device-key-v1", vault_id])
