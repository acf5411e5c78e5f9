"""Opens a backup with a passphrase, unpacks and checks it in a side folder, and says what going back would lose."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from jmdesk.backups.card import Kept, digest, read_card
from jmdesk.backups.writing import check_room, copy_file
from jmdesk.core.errors import Environment
from jmdesk.core.progress import Cancelled, never
from jmdesk.store.verification import Copy, verified
from jmdesk.vault import slots
from jmdesk.vault.files import disk_errors
from jmdesk.vault.folder import WayIn, way_into


@dataclass(frozen=True, slots=True)
class OpenBackup:
    """A backup whose key is known and whose card is authentic."""

    kept: Kept
    way: WayIn


def open_backup(folder: Path, secret: str, user: str | None = None, *, kind: str = slots.PASSPHRASE) -> OpenBackup:
    """Open a backup with a passphrase of its day. Nothing is written: the medium may be read-only.

    ``Refused`` as ``vault.folder.unlock``; ``Environment``: "backups.no_backup", "backups.altered" when the card was
    not written by the holder of the key or belongs to another backup, "vault.damaged_header".
    """
    kept = read_card(folder)
    way = way_into(folder, secret, user, kind=kind)
    if not kept.authentic(way.keys.backup) or kept.card.vault != way.copy.header.vault:
        raise Environment("backups.altered")
    return OpenBackup(kept, way)


def unpack(backup: OpenBackup, target: Path, cancelled: Cancelled = never) -> Copy:
    """Copy a backup's store to ``target`` and look at all of it there; the backup itself is only read.

    ``Refused`` "store.cancelled"; ``Environment``: "backups.altered" when the bytes are not those that were written,
    "backups.no_room", "store.damaged" and the like. What was written of it is the caller's to remove.
    """
    card = backup.kept.card
    with disk_errors():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_room(target.parent, card.size)
    with disk_errors():
        if not backup.kept.store.is_file():
            raise Environment("backups.altered")
        copy_file(backup.kept.store, target, cancelled)
        if digest(target) != card.sha256:
            raise Environment("backups.altered")
    found = verified(target, backup.way.keys.db)
    if (found.schema, found.head.count, found.head.hash.hex()) != (card.schema, card.entries, card.head):
        raise Environment("backups.altered")
    return found
