"""``backup.json``: what a backup is, in plain and without anything personal; sealed with a MAC under its own key."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from jmdesk.core.clock import from_utc_text
from jmdesk.core.errors import Environment
from jmdesk.vault.files import disk_errors, read_bounded, write_durably
from jmdesk.vault.folder import BACKUP_CARD

VERSION: Final = 1
KINDS: Final = ("daily", "manual", "migration", "import", "key", "restore")
"""Why it was made: by itself each day, because somebody asked, or before a risky act. None is made before an erasure:
it would keep what has to go."""

_MOST_BYTES: Final = 4096
_STORE: Final = re.compile(r"desk(?:-[0-9]{1,7})?\.db")


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One backup: of which vault, when (UTC), why; its store's file, size and SHA-256; where its change log stands.

    ``schema`` is the store's revision; ``broken_at`` the first broken link of its change log (0: it is whole): a
    backup of a log that somebody cut is as good as can be, and says so.
    """

    version: int
    vault: str
    created: str
    kind: str
    store: str
    size: int
    sha256: str
    schema: str
    entries: int
    head: str
    broken_at: int

    @property
    def at(self) -> datetime:
        """When it was made."""
        return from_utc_text(self.created)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    card: msgspec.Raw
    mac: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup in its folder, as its card says; unverified until it is opened."""

    folder: Path
    card: Card
    body: bytes
    mac: bytes

    def authentic(self, key: bytes) -> bool:
        """Whether the holder of the backup's key wrote this card."""
        return hmac.compare_digest(self.mac, _mac(key, self.body))

    @property
    def store(self) -> Path:
        """The copy of the store."""
        return self.folder / self.card.store


def write_card(folder: Path, card: Card, key: bytes) -> None:
    """Put the card into a backup's folder. Raises ``OSError``."""
    body = msgspec.json.encode(card)
    write_durably(folder / BACKUP_CARD, msgspec.json.encode(_File(msgspec.Raw(body), _mac(key, body))) + b"\n")


def read_card(folder: Path) -> Kept:
    """The backup in a folder. ``Environment`` "backups.no_backup" when there is none, or its card cannot be read."""
    try:
        with disk_errors():
            data = read_bounded(folder / BACKUP_CARD, _MOST_BYTES)
        file = msgspec.json.decode(data or b"", type=_File)
        body = bytes(file.card)
        card = msgspec.json.decode(body, type=Card)
        _ = card.at
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, ValueError):
        raise Environment("backups.no_backup") from None
    if card.version != VERSION or card.kind not in KINDS or _STORE.fullmatch(card.store) is None:
        raise Environment("backups.no_backup")
    return Kept(folder, card, body, file.mac)


def digest(file: Path) -> str:
    """SHA-256 of a file, in hex. Raises ``OSError``."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def intact(kept: Kept) -> bool:
    """Whether a backup's store has the bytes that its card names. Raises ``OSError``."""
    return kept.store.is_file() and digest(kept.store) == kept.card.sha256


def _mac(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"jmdesk-backup-v1\n" + body, "sha256")
