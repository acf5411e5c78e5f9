"""``keys.json``: raw keys in hex to verify golden files and `jmdesk verify --keys`; never a desk's own store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Final

import msgspec

from sync.protocol.errors import RemoteProtocolError
from sync.protocol.strict_json import read_json
from sync.protocol.suites import KeyRole, KeySet, OpeningKey, PublicKey, SigningKey

_HexKey = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]

_SIGNERS: Final = {
    "device": KeyRole.DEVICE,
    "platform_signing": KeyRole.PLATFORM,
    "root": KeyRole.ROOT,
    "publisher": KeyRole.PUBLISHER,
    "provisioning": KeyRole.PROVISIONING,
}
_OPENERS: Final = {"platform": KeyRole.RECIPIENT, "escrow": KeyRole.ESCROW, "device_kem": KeyRole.DEVICE_KEM}


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a ``keys.json`` holds: a keyring to check signatures, and private keys to open or sign with, by name."""

    keyring: KeySet
    signing: dict[str, SigningKey] = field(repr=False)
    opening: dict[str, OpeningKey] = field(repr=False)


def read_key_file(data: bytes) -> KeyFile:
    """The keys of a ``keys.json``; unknown names are passed over. Raises `RemoteProtocolError`."""
    named = read_json(data, dict[str, object])
    try:
        keys = {
            name: bytes.fromhex(msgspec.convert(value, _HexKey))
            for name, value in named.items()
            if name.endswith(("_private", "_public"))
        }
    except msgspec.ValidationError as error:
        raise RemoteProtocolError("protocol.key_file") from error
    signing = {n: SigningKey(r, keys[f"{n}_private"]) for n, r in _SIGNERS.items() if f"{n}_private" in keys}
    opening = {n: OpeningKey(r, keys[f"{n}_private"]) for n, r in _OPENERS.items() if f"{n}_private" in keys}
    public = [PublicKey(r, keys[f"{n}_public"]) for n, r in _SIGNERS.items() if f"{n}_public" in keys]
    return KeyFile(KeySet.of(*public, *(key.public for key in signing.values())), signing, opening)
