"""Writes one backup, verifies it, and copies it elsewhere; nothing is visible under its name before it is whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from jmdesk.backups.card import VERSION, Card, Kept, digest, read_card, write_card
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.progress import Cancelled, never
from jmdesk.store.verification import verified
from jmdesk.vault import slots
from jmdesk.vault.files import disk_errors, flush_folder, shred, write_durably
from jmdesk.vault.folder import BACKUP_CARD, Unlocked, database_name
from jmdesk.vault.header import BACKUP_NAME as HEADER_COPY
from jmdesk.vault.header import NAME as HEADER
from jmdesk.vault.header import Header, save_header
from jmdesk.vault.keys import VAULT_KEY_BYTES, derived
from jmdesk.vault.slots import Secrets

PART: Final = ".part-"
ROOM: Final = 32 << 20
"""Bytes that must stay free beside a backup."""

_CHUNK: Final = 1 << 20

CopyStore = Callable[[Path, bytes], None]
"""Writes the whole store durably into a new file under another database key."""


def write_backup(vault: Unlocked, copy: CopyStore, place: Path, kind: str, now: datetime) -> Kept:
    """A backup of an open vault in a folder of its own inside ``place``.

    The store is copied under a fresh key, and that key sealed to the vault's slots: every passphrase of today opens
    it. The private keys of the device stay out. Written under another name, opened and checked (every page, references,
    change log, row counts), then renamed. ``Environment``: "backups.no_room", "store.damaged", those of ``disk_errors``
    and of the copy. A backup that fails leaves nothing.
    """
    with disk_errors():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        clear_parts(place)
    check_room(place, _size_of(vault.database))
    name = _vacant(place, f"{now:%Y%m%dT%H%M%SZ}-{kind}")
    part = place / f"{PART}{name}"
    try:
        with disk_errors():
            part.mkdir(mode=0o700)
        kept = _written(vault, copy, part, kind, now)
        with disk_errors():
            flush_folder(part)
            part.rename(place / name)
            flush_folder(place)
    except BaseException:
        discard(part)
        raise
    return Kept(place / name, kept.card, kept.body, kept.mac)


def _written(vault: Unlocked, copy: CopyStore, part: Path, kind: str, now: datetime) -> Kept:
    secrets = Secrets(os.urandom(VAULT_KEY_BYTES), vault.secrets.anchor)
    keys, header = derived(secrets.vault_key), vault.header
    store = part / database_name(header.generation)
    copy(store, keys.db)
    found = verified(store, keys.db)
    resealed = tuple(slots.resealed(slot, header.place, secrets) for slot in header.slots)
    theirs: Header = msgspec.structs.replace(header, slots=resealed)
    save_header(part, theirs, keys.header_mac)
    with disk_errors():
        card = Card(
            version=VERSION,
            vault=header.vault,
            created=utc_text(now),
            kind=kind,
            store=store.name,
            size=store.stat().st_size,
            sha256=digest(store),
            schema=found.schema,
            entries=found.head.count,
            head=found.head.hash.hex(),
            broken_at=found.broken_at,
        )
        write_card(part, card, keys.backup)
    return read_card(part)


def copy_to(kept: Kept, place: Path, cancelled: Cancelled = never) -> Kept:
    """The same backup in another place (a second disk, a stick), read back and compared.

    ``Refused`` "store.cancelled"; ``Environment``: "backups.no_room", "backups.copy_differs", those of ``disk_errors``.
    """
    target = place / kept.folder.name
    if target.exists():
        return read_card(target)
    part = place / f"{PART}{kept.folder.name}"
    with disk_errors():
        place.mkdir(parents=True, exist_ok=True)
        clear_parts(place)
    check_room(place, kept.card.size)
    try:
        with disk_errors():
            part.mkdir(mode=0o700)
            for name in (HEADER, HEADER_COPY, BACKUP_CARD):
                write_durably(part / name, (kept.folder / name).read_bytes())
            copy_file(kept.store, part / kept.card.store, cancelled)
            _check_same(part / kept.card.store, kept.card)
            flush_folder(part)
            part.rename(target)
            flush_folder(place)
    except BaseException:
        discard(part)
        raise
    return read_card(target)


def _check_same(file: Path, card: Card) -> None:
    if digest(file) != card.sha256:
        raise Environment("backups.copy_differs")


def check_room(place: Path, size: int) -> None:
    """``Environment`` "backups.no_room" unless ``size`` bytes and some more are free."""
    with disk_errors():
        free = shutil.disk_usage(place).free
    needed = size + ROOM
    if free < needed:
        raise Environment("backups.no_room", needed=_megabytes(needed), free=_megabytes(free))


def discard(folder: Path) -> None:
    """Remove a backup's folder, or what was begun of one; what cannot be removed now is left for the next time."""
    try:
        for entry in folder.iterdir():
            shred(entry)
        folder.rmdir()
    except OSError:
        return


def clear_parts(place: Path) -> None:
    """Remove what a power cut left of backups under way. Raises ``OSError``."""
    for entry in place.iterdir():
        if entry.name.startswith(PART) and entry.is_dir():
            discard(entry)


def copy_file(source: Path, target: Path, cancelled: Cancelled = never) -> None:
    """Copy a file durably under a new name. ``Refused`` "store.cancelled"; raises ``OSError``."""
    with source.open("rb") as reading, target.open("xb") as writing:
        while chunk := reading.read(_CHUNK):
            if cancelled():
                raise Refused("store.cancelled")
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())


def _vacant(place: Path, name: str) -> str:
    """A name that is not taken: two backups may be made within one second."""
    taken, number = name, 2
    while (place / taken).exists():
        taken, number = f"{name}-{number}", number + 1
    return taken


def _size_of(store: Path) -> int:
    with disk_errors():
        log = store.with_name(f"{store.name}-wal")
        return store.stat().st_size + (log.stat().st_size if log.exists() else 0)


def _megabytes(size: int) -> int:
    return -(-size // (1 << 20))
