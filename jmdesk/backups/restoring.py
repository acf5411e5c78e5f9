"""Goes back to a backup: into a new folder, or in the place of the vault that is open.

Either way the store gets a fresh key, and remembers that it was restored. The private keys of the device are in no
backup: in a new folder (another computer) the desk has to be enrolled anew; in place they stay, and the platform
notices a chain that was set back at the next contact.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import msgspec

from jmdesk.backups.card import Card
from jmdesk.backups.opening import OpenBackup
from jmdesk.backups.rehearsal import rehearsed
from jmdesk.catalogue.types import Catalogue
from jmdesk.core.clock import Clock, utc_text
from jmdesk.core.errors import Refused
from jmdesk.core.ids import Ids
from jmdesk.core.progress import Cancelled, never
from jmdesk.store.store import Store
from jmdesk.vault import rotation, slots
from jmdesk.vault.files import disk_errors, flush_folder
from jmdesk.vault.folder import OUTGOING, Unlocked, database_name
from jmdesk.vault.header import Header, save_header
from jmdesk.vault.keys import VAULT_KEY_BYTES, derived
from jmdesk.vault.slots import Secrets

RESTORED: Final = "backups.restored"
"""The setting that says from which backup a store came: JSON with ``of`` (UTC), ``kind``, ``at`` (UTC), ``by``."""


class RestoreDesk(Protocol):
    """The open desk whose vault goes back to a backup."""

    vault: Unlocked

    @property
    def store(self) -> Store: ...
    @property
    def catalogue(self) -> Catalogue: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    def close(self) -> None: ...


def restore_here(desk: RestoreDesk, backup: OpenBackup, cancelled: Cancelled = never) -> None:
    """Put a backup in the place of the present store; **the desk is closed** afterwards.

    Who has a way in today keeps it (a passphrase changed since stays changed), who was removed since stays out, who
    came since has no account in the older store and is left out. One rename of ``vault.json`` decides: a power cut
    leaves the present store or the restored one. The caller has made a backup of the present. ``Refused``:
    "backups.other_vault", "backups.before_your_time"; else as ``rehearsed`` and ``rotation.renewed``.
    """
    header = desk.vault.header
    then = {slot.user for slot in backup.way.copy.header.slots}
    if backup.kept.card.vault != header.vault:
        raise Refused("backups.other_vault")
    if desk.vault.user not in then:
        raise Refused("backups.before_your_time")
    both: Header = msgspec.structs.replace(
        header,
        slots=tuple(slot for slot in header.slots if slot.user in then),
        nameplates=tuple(plate for plate in header.nameplates if plate.user in then),
    )
    with rehearsed(backup, desk.vault.folder, desk.catalogue, desk.clock, desk.ids, cancelled) as store:
        _mark(store, backup.kept.card, desk.clock, desk.vault.user)
        with desk.store.standing_still():
            desk.vault = rotation.renewed(replace(desk.vault, header=both), store.copy)
    desk.close()
    rotation.shed_old_generation(desk.vault)


def restore_to(
    backup: OpenBackup, folder: Path, catalogue: Catalogue, clock: Clock, ids: Ids, cancelled: Cancelled = never
) -> None:
    """Make a vault out of a backup in a new or empty folder; the passphrases of its day open it.

    The header is written last. The desk must be enrolled anew before it sends. ``Refused`` "vault.not_empty"; else as
    ``rehearsed`` and ``disk_errors``.
    """
    folder = folder.absolute()
    with disk_errors():
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Refused("vault.not_empty")
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    header = backup.way.copy.header
    secrets = Secrets(os.urandom(VAULT_KEY_BYTES), backup.way.secrets.anchor)
    keys = derived(secrets.vault_key)
    with rehearsed(backup, folder, catalogue, clock, ids, cancelled) as store:
        _mark(store, backup.kept.card, clock, backup.way.user)
        store.copy(folder / database_name(header.generation), keys.db, cancelled=cancelled)
    with disk_errors():
        (folder / OUTGOING).mkdir(mode=0o700)
        flush_folder(folder)
    resealed = tuple(slots.resealed(slot, header.place, secrets) for slot in header.slots)
    save_header(folder, msgspec.structs.replace(header, slots=resealed), keys.header_mac)
    with disk_errors():
        flush_folder(folder.parent)


def _mark(store: Store, card: Card, clock: Clock, user: str) -> None:
    at = utc_text(clock.now())
    told = {"of": card.created, "kind": card.kind, "at": at, "by": user}
    store.put_setting(RESTORED, json.dumps(told))
    with store.transaction(user, "restore") as transaction:
        transaction.note("R02", user, {"of": card.created, "kind": card.kind, "entries": card.entries})
