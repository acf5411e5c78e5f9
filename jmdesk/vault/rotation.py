"""A new vault key: the store copied into a new file under it, every remaining slot sealed anew, the old one gone.

The one moment that counts is the rename of ``vault.json``. Before it the vault is the old one beside an unfinished
copy; after it the vault is the new one beside leftovers that the next unlock removes. Nobody is asked for a
passphrase: the vault key is sealed to each slot's public key.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec

from jmdesk.core.errors import Environment, Refused
from jmdesk.vault import people, slots
from jmdesk.vault.device import device_name, write_device
from jmdesk.vault.files import disk_errors, shred
from jmdesk.vault.folder import Unlocked, clear_older, database_name
from jmdesk.vault.header import Header, read_headers, save_header
from jmdesk.vault.keys import VAULT_KEY_BYTES, derived
from jmdesk.vault.slots import Place, Secrets

CopyStore = Callable[[Path, bytes], None]
"""Writes the whole store durably into a new file under another database key."""


def renewed(vault: Unlocked, copy_store: CopyStore, *, without: str = "") -> Unlocked:
    """Give the vault a new key, and leave a user without any way in.

    The caller keeps the store from being written until this returns, and closes it then: the old file is removed.
    ``Refused`` "vault.own_slot" and "vault.unknown_user"; ``Environment`` as ``disk_errors`` and the copy say, with
    the vault unchanged.
    """
    if without == vault.user:
        raise Refused("vault.own_slot")
    if without:
        people.slot_of(vault.header, without)
    header = vault.header
    secrets = Secrets(os.urandom(VAULT_KEY_BYTES), vault.secrets.anchor)
    place = Place(header.vault, header.generation + 1)
    keys = derived(secrets.vault_key)
    fresh: Header = msgspec.structs.replace(
        header,
        generation=place.generation,
        nameplates=tuple(plate for plate in header.nameplates if plate.user != without),
        slots=tuple(slots.resealed(slot, place, secrets) for slot in header.slots if slot.user != without),
    )
    store, device = vault.folder / database_name(place.generation), vault.folder / device_name(place.generation)
    _clear(store, device)
    try:
        copy_store(store, keys.db)
        _copy_device(vault, device, keys.device_wrap)
        save_header(vault.folder, fresh, keys.header_mac)
    except Environment:
        if _still(vault):
            _clear(store, device)
        raise
    return replace(vault, keys=keys, header=fresh, secrets=secrets)


def shed_old_generation(vault: Unlocked) -> None:
    """Remove what the old key opens; once the old store is closed. The next unlock does what this cannot."""
    clear_older(vault.folder, vault.header.generation)


def _copy_device(vault: Unlocked, target: Path, wrap_key: bytes) -> None:
    try:
        keys = vault.device_keys()
    except Environment as error:
        if error.code not in ("vault.device_key_missing", "vault.damaged_device_key"):
            raise
        return  # a desk that has lost its keys must be enrolled anew with or without a new vault key
    write_device(target, keys, wrap_key, vault.header.vault)


def _still(vault: Unlocked) -> bool:
    """Whether the header on disk is the old one: the first of its two copies may have been written before an error."""
    return read_headers(vault.folder).copies[0].header.generation == vault.header.generation


def _clear(store: Path, device: Path) -> None:
    with disk_errors():
        for path in (store, store.with_name(f"{store.name}-wal"), store.with_name(f"{store.name}-shm"), device):
            shred(path)
