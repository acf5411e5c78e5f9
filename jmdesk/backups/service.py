"""The backups of one vault: when they are due, where they lie, what is made of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from jmdesk.accounts.account import TYPE as ACCOUNT
from jmdesk.audit.service import Audit
from jmdesk.backups.card import Kept, intact, read_card
from jmdesk.backups.opening import OpenBackup, open_backup
from jmdesk.backups.rehearsal import Report, rehearsed, report
from jmdesk.backups.restoring import RESTORED, RestoreDesk, restore_here
from jmdesk.backups.retention import superfluous
from jmdesk.backups.writing import PART, CopyStore, copy_to, discard, write_backup
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_text, from_utc_text, is_plausible
from jmdesk.core.errors import KnownError, Refused
from jmdesk.core.messages import Message, message
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.permissions.guard import Guard
from jmdesk.permissions.policy import SecurityPolicy
from jmdesk.permissions.policy import shipped as shipped_policy
from jmdesk.vault.files import disk_errors
from jmdesk.vault.folder import Unlocked

FOLDER: Final = "backups"

_SECOND: Final = "backups.second"
_NEWS: Final = timedelta(days=7)


class BackupDesk(RestoreDesk, Protocol):
    """The open desk that is backed up."""

    @property
    def actor(self) -> str: ...
    @property
    def guard(self) -> Guard: ...
    @property
    def audit(self) -> Audit: ...


@dataclass(frozen=True, slots=True)
class Made:
    """A new backup: here, in the second place when there is one, or why not there."""

    kept: Kept
    second: Kept | None = None
    second_problem: KnownError | None = None


class Backups:
    """Backups of one vault. They lie in its own folder and, where a second one is named, there too.

    The own folder guards against mistakes and damaged files; only the second place against a lost or broken computer.
    """

    def __init__(self, desk: BackupDesk, policy: SecurityPolicy | None = None) -> None:
        self._desk, self._policy = desk, policy or shipped_policy()

    @property
    def place(self) -> Path:
        """Where backups lie in the vault's own folder."""
        return self._desk.vault.folder / FOLDER

    @property
    def second(self) -> Path | None:
        """The second place, if one was named."""
        named = self._desk.store.setting(_SECOND)
        return Path(named) if named else None

    def name_second(self, place: Path | None) -> None:
        """Copy each backup to another disk or a stick from now on; ``None`` stops that.

        ``Refused`` "backups.second_inside" for a folder inside the vault.
        """
        if place is not None and place.absolute().is_relative_to(self._desk.vault.folder):
            raise Refused("backups.second_inside")
        self._desk.store.put_setting(_SECOND, str(place.absolute()) if place is not None else "")

    def all(self) -> list[Kept]:
        """The backups in the vault's own folder, the newest first, as their cards say."""
        return present(self.place)

    def unsound(self) -> list[Path]:
        """Backups in the vault's own folder that are not what was written; every byte of them is read."""
        kept = {one.folder: one for one in self.all()}
        with disk_errors():
            folders = [entry for entry in self.place.iterdir() if entry.is_dir()] if self.place.is_dir() else []
            finished = sorted(folder for folder in folders if not folder.name.startswith(PART))
            return [folder for folder in finished if folder not in kept or not intact(kept[folder])]

    def due(self) -> bool:
        """Whether the last backup (or the vault itself) is older than the policy allows.

        One of a day when the clock was wrong says nothing: it would put the next one off for decades.
        """
        made = [kept for kept in self.all() if is_plausible(kept.card.at)]
        last = made[0].card.at if made else from_utc_text(self._desk.vault.header.created)
        return self._desk.clock.now() - last >= timedelta(hours=self._policy.backup_hours)

    def daily(self, progress: Progress = silent, cancelled: Cancelled = never) -> Made | None:
        """Make the backup of the day when it is due. Errors as ``make``."""
        return self.make("daily", progress, cancelled) if self.due() else None

    def make(self, kind: str = "manual", progress: Progress = silent, cancelled: Cancelled = never) -> Made:
        """A verified backup now; superfluous ones go. Others write on meanwhile.

        A second place that is not there (a stick in a drawer) is no error: ``Made`` says so. ``Refused``
        "store.cancelled"; ``Environment`` as ``write_backup``.
        """
        desk, now = self._desk, self._desk.clock.now()
        kept = write_backup(
            desk.vault, lambda file, key: desk.store.copy(file, key, progress, cancelled), self.place, kind, now
        )
        self._thin(self.place)
        second, problem = None, None
        place = self.second
        if place is not None:
            try:
                second = copy_to(kept, place, cancelled)
                self._thin(place)
            except KnownError as error:
                problem = error
        told: Record = {
            "of": kept.card.created,
            "kind": kind,
            "entries": kept.card.entries,
            "second": second is not None,
        }
        desk.audit.note("backup", ACCOUNT, desk.actor, told)
        return Made(kept, second, problem)

    def copy(self, kept: Kept, place: Path, cancelled: Cancelled = never) -> Kept:
        """Put a backup onto another disk or a stick. Errors as ``copy_to``."""
        return copy_to(kept, place, cancelled)

    def rehearse(self, backup: OpenBackup, cancelled: Cancelled = never) -> Report:
        """Unpack and check a backup in a side folder, and say what going back to it would lose; nothing is changed."""
        desk = self._desk
        labels = {plate.user: plate.label for plate in desk.vault.header.nameplates}
        with rehearsed(backup, desk.vault.folder, desk.catalogue, desk.clock, desk.ids, cancelled) as store:
            return report(backup, store, desk.store, labels)

    def restore(self, backup: OpenBackup, progress: Progress = silent, cancelled: Cancelled = never) -> Made:
        """Go back to a backup, after the present state was backed up; **the desk is closed** afterwards.

        Needs who may change accounts. Errors as ``make`` and ``restoring.restore_here``.
        """
        self._desk.guard.require("create", ACCOUNT)
        made = self.make("restore", progress, cancelled)
        restore_here(self._desk, backup, cancelled)
        return made

    def open(self, folder: Path, secret: str) -> OpenBackup:
        """Open a backup as the user at the desk. Errors as ``open_backup``."""
        return open_backup(folder, secret, self._desk.actor)

    def restored(self) -> dict[str, str] | None:
        """From which backup this store came, if it did: ``of``, ``kind``, ``at``, ``by``."""
        text = self._desk.store.setting(RESTORED)
        return json.loads(text) if text else None

    def news(self, language: str = "zh") -> Message | None:
        """What the user should know for a week after a restore."""
        restored = self.restored()
        if restored is None or self._desk.clock.now() - from_utc_text(restored["at"]) > _NEWS:
            return None
        return message("backups.restored", {"of": beijing_text(restored["of"])}, language)

    def _thin(self, place: Path) -> None:
        now = self._desk.clock.now()
        if not is_plausible(now):
            return
        own = [kept for kept in present(place) if kept.card.vault == self._desk.vault.header.vault]
        astray = [kept for kept in own if not is_plausible(kept.card.at)]  # of a day when the clock was wrong
        own = [kept for kept in own if kept not in astray]
        for kept in [*astray, *superfluous(own, now, self._policy.backup_days)]:
            discard(kept.folder)


def before_migration(vault: Unlocked, copy: CopyStore, now: datetime) -> None:
    """The backup before a migration; when it cannot be made, the store is left as it is. Errors as ``write_backup``."""
    write_backup(vault, copy, vault.folder / FOLDER, "migration", now)


def present(place: Path) -> list[Kept]:
    """The backups in a folder, the newest first; what is none is left out."""
    found: list[Kept] = []
    with disk_errors():
        folders = [entry for entry in place.iterdir() if entry.is_dir()] if place.is_dir() else []
    for folder in folders:
        if folder.name.startswith(PART):
            continue
        try:
            found.append(read_card(folder))
        except KnownError:
            continue
    return sorted(found, key=lambda kept: (kept.card.created, kept.folder.name), reverse=True)
