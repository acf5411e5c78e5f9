"""The vault folder: made once, opened with a passphrase, held by one program at a time.

::

    vault.json, vault.json.bak   which vault, whose, and the slots that open it
    desk.db                      the encrypted store (desk-1.db after the first change of the vault key, and so on)
    desk.mark                    how far the store had come: tells when its end is lost (desk-1.mark …)
    device.key                   this desk's private keys (left out of backups; device-1.key …)
    attempts.json                failed attempts since each user last got in
    backups/                     whole copies, each under a key of its own
    outgoing/                    sealed batches that the platform has not settled yet
    lock                         held while a program has the vault open
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from jmdesk.core.clock import Clock, SystemClock, utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.ids import Ids, TimeOrderedIds
from jmdesk.core.messages import Message, message
from jmdesk.vault import attempts, device, header, instance, slots
from jmdesk.vault.device import DeviceKeys, device_name, new_device_keys, read_device, write_device
from jmdesk.vault.files import disk_errors, flush_folder, shred
from jmdesk.vault.header import Header, Headers, Nameplate, SealedHeader, read_headers, save_header
from jmdesk.vault.instance import InstanceLock, locked
from jmdesk.vault.kdf import Cost, calibrated
from jmdesk.vault.keys import VaultKeys, derived
from jmdesk.vault.passphrase import check_new_passphrase
from jmdesk.vault.slots import Place, Secrets

DATABASE: Final = "desk.db"
OUTGOING: Final = "outgoing"
BACKUP_CARD: Final = "backup.json"
"""Marks a folder as a backup: it is restored, never worked in."""
FIRST_LABEL: Final = "用户1"

_OF_GENERATION: Final = re.compile(r"(?:desk|device)(?:-([0-9]{1,7}))?\..+")

# What a creation that was cut short may have left behind; anything else in the folder is somebody's.
_LEFTOVERS: Final = frozenset({instance.NAME, device.NAME, f".{device.NAME}.tmp", f".{header.NAME}.tmp", OUTGOING})


@dataclass(frozen=True, slots=True)
class Unlocked:
    """An open vault: its folder, keys, header, and the user whose slot opened it.

    ``header_restored`` is true when ``vault.json`` was damaged and its copy took its place: show the user ``notice``.
    ``failed_attempts`` counts those at this user's door since it last opened. ``secrets`` is what new slots are made
    of. The vault stays locked against other programs until ``close``.
    """

    folder: Path
    keys: VaultKeys
    header: Header
    user: str
    header_restored: bool
    lock: InstanceLock
    secrets: Secrets
    failed_attempts: int = 0

    def notice(self, language: str = "zh") -> Message | None:
        """What the user should be told on opening, if anything."""
        return message("vault.header_restored", {}, language) if self.header_restored else None

    @property
    def database(self) -> Path:
        """Where the encrypted store is, or will be."""
        return self.folder / database_name(self.header.generation)

    @property
    def device_file(self) -> Path:
        """Where the private keys of this desk are."""
        return self.folder / device_name(self.header.generation)

    @property
    def outgoing(self) -> Path:
        """Where sealed batches wait."""
        return self.folder / OUTGOING

    def device_keys(self) -> DeviceKeys:
        """The private keys of this desk. Errors as ``read_device``."""
        return read_device(self.device_file, self.keys.device_wrap, self.header.vault)

    def renew_device_keys(self) -> DeviceKeys:
        """Fresh keys in place of missing or damaged ones; the desk must be enrolled anew afterwards."""
        fresh = new_device_keys()
        self.keep_device_keys(fresh)
        return fresh

    def keep_device_keys(self, keys: DeviceKeys) -> None:
        """Put other keys in the place of this desk's. ``Environment`` as ``disk_errors`` says."""
        write_device(self.device_file, keys, self.keys.device_wrap, self.header.vault)

    def close(self) -> None:
        """Let other programs open the vault. Close the store first."""
        self.lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def create_vault(
    path: Path,
    passphrase: str,
    *,
    unit: str,
    regions: tuple[str, ...],
    user: str,
    label: str = FIRST_LABEL,
    cost: Cost | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
) -> Unlocked:
    """Make a vault in a new or empty folder and leave it open.

    ``user`` is an opaque id (letters, digits, ``_.-``) and ``label`` what the unlock page calls its holder; both stand
    in plain. ``cost`` is calibrated for this computer unless given. ``vault.json`` is written last, so a creation that
    was cut short can simply be repeated. ``Refused``: ``vault.exists``, ``vault.not_empty``, ``vault.bad_user``,
    ``vault.bad_label``, ``vault.bad_claims``, and the ``vault.passphrase_…`` codes; ``Environment`` as ``disk_errors``
    and ``locked`` say.
    """
    if not header.USER.fullmatch(user):
        raise Refused("vault.bad_user")
    if not header.label_is_well_formed(label):
        raise Refused("vault.bad_label")
    if not header.claims_are_well_formed(unit, regions):
        raise Refused("vault.bad_claims")
    check_new_passphrase(passphrase, known=(unit, user))
    clock = clock or SystemClock()
    folder = _new_folder(path)
    lock = locked(folder)
    try:
        _check_vacant(folder)
        secrets = slots.new_secrets()
        place = Place((ids or TimeOrderedIds(clock)).new(), 0)
        owner = slots.Owner(user, utc_text(clock.now()))
        slot = slots.guarded_slot(place, owner, passphrase, secrets, cost or calibrated())
        plates = (Nameplate(user, label),)
        made = Header(header.VERSION, place.vault_id, owner.created, unit, regions, 0, plates, (slot,))
        keys = derived(secrets.vault_key)
        with disk_errors():
            (folder / OUTGOING).mkdir(mode=0o700, exist_ok=True)
        write_device(folder / device.NAME, new_device_keys(), keys.device_wrap, place.vault_id)
        save_header(folder, made, keys.header_mac)
        with disk_errors():
            flush_folder(folder.parent)
    except BaseException:
        lock.release()
        raise
    return Unlocked(folder, keys, made, user, header_restored=False, lock=lock, secrets=secrets)


def unlock(
    path: Path, secret: str, user: str | None = None, *, kind: str = slots.PASSPHRASE, clock: Clock | None = None
) -> Unlocked:
    """Open a vault with a passphrase, or the recovery code of a user (``kind``). Takes the time of one Argon2id.

    ``user`` is an id or the label of the unlock page; it may be left out while one user has a passphrase. ``Refused``:
    ``vault.not_a_vault``, ``vault.newer_version``, ``vault.user_needed``, ``vault.unknown_user``,
    ``vault.no_recovery_code``, ``vault.wrong_passphrase``, ``vault.wait`` after several failures; ``Environment``:
    ``vault.damaged_header``, ``vault.in_use``, ``vault.low_memory`` and those of ``disk_errors``. A slot that opens on
    a store that does not is damage too, said by the store (``store.damaged``).
    """
    folder = path.absolute()
    now = (clock or SystemClock()).now()
    _check_is_vault(folder)
    _close_to_others(folder)
    lock = locked(folder)
    try:
        found = read_headers(folder)
        door = _slot_of(found.copies[0].header, user, kind).user
        attempts.check_may_try(folder, door, now)
        try:
            way = _way_in(found, secret, user, kind)
        except Refused as error:
            if error.code == "vault.wrong_passphrase":
                attempts.note_failure(folder, door, now)
            raise
        _mend(folder, way, found)
        clear_older(folder, way.copy.header.generation)
        failed = attempts.settle(folder, way.user)
    except BaseException:
        lock.release()
        raise
    restored = found.damaged or way.copy is not found.copies[0]
    return Unlocked(folder, way.keys, way.copy.header, way.user, restored, lock, way.secrets, failed)


def peek(path: Path) -> Header:
    """What a vault says of itself without being opened, unverified: for a list of vaults to choose from.

    ``Refused``: ``vault.not_a_vault``, ``vault.newer_version``; ``Environment``: ``vault.damaged_header`` and those of
    ``disk_errors``.
    """
    folder = path.absolute()
    _check_is_vault(folder)
    return read_headers(folder).copies[0].header


@dataclass(frozen=True, slots=True, repr=False)
class WayIn:
    """What a secret opened: a copy of the header, whose slot it was, and the keys."""

    copy: SealedHeader
    user: str
    keys: VaultKeys
    secrets: Secrets


def way_into(path: Path, secret: str, user: str | None = None, *, kind: str = slots.PASSPHRASE) -> WayIn:
    """Open the slots of a folder without touching it: of a backup, which may lie on a medium that cannot be written.

    ``user`` and errors as ``unlock``; nobody counts the attempts, there Argon2id alone slows guesses.
    """
    return _way_in(read_headers(path.absolute()), secret, user, kind)


def database_name(generation: int) -> str:
    """The store's file name under a generation of the vault key."""
    return f"desk-{generation}.db" if generation else DATABASE


def _way_in(found: Headers, secret: str, user: str | None, kind: str) -> WayIn:
    """The first copy of the header that the secret opens and the vault key vouches for.

    A wrong passphrase is final: only damage moves on to the other copy, which may hold a passphrase since changed.
    """
    for copy in found.copies:
        slot = _slot_of(copy.header, user, kind)
        try:
            secrets = slots.opened(slot, copy.header.place, secret)
        except slots.MalformedSlot:
            continue
        keys = derived(secrets.vault_key)
        if copy.authentic(keys.header_mac):
            return WayIn(copy, slot.user, keys, secrets)
    raise Environment("vault.damaged_header")


def _mend(folder: Path, way: WayIn, found: Headers) -> None:
    """Make both copies the good one: a damaged one is replaced, an older one must not go on opening."""
    if found.copies != (way.copy, way.copy):
        save_header(folder, way.copy.header, way.keys.header_mac)


def clear_older(folder: Path, generation: int) -> None:
    """Finish a change of the key that a power cut interrupted: what opens under the old key goes.

    Newer files stay: they are an unfinished copy, or somebody put back an old header, and nothing may be lost by that.
    """
    with disk_errors():
        for entry in folder.iterdir():
            named = _OF_GENERATION.fullmatch(entry.name)
            if named is not None and int(named[1] or 0) < generation:
                shred(entry)


def _slot_of(found: Header, user: str | None, kind: str) -> slots.Slot:
    named = next((plate.user for plate in found.nameplates if plate.label == user), user)
    own = [slot for slot in found.slots if slot.kind == slots.PASSPHRASE and named in {None, slot.user}]
    if len(own) != 1:
        raise Refused("vault.user_needed") if user is None else Refused("vault.unknown_user")
    wanted = next((slot for slot in found.slots if slot.kind == kind and slot.user == own[0].user), None)
    if wanted is None:
        raise Refused("vault.no_recovery_code")
    return wanted


def _new_folder(path: Path) -> Path:
    folder = path.absolute()
    if folder.exists() and not folder.is_dir():
        raise Refused("vault.not_empty")
    with disk_errors():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _check_vacant(folder)
        _close_to_others(folder)
    return folder


def _check_vacant(folder: Path) -> None:
    with disk_errors():
        present = {entry.name for entry in folder.iterdir()}
    if present & {header.NAME, header.BACKUP_NAME}:
        raise Refused("vault.exists")
    if present - _LEFTOVERS:
        raise Refused("vault.not_empty")


def _check_is_vault(folder: Path) -> None:
    """Tell a folder that never was a vault from a vault that lost its header."""
    with disk_errors():
        present = {entry.name for entry in folder.iterdir()} if folder.is_dir() else set()
    if BACKUP_CARD in present:
        raise Refused("vault.is_backup")
    if not any(name in {header.NAME, header.BACKUP_NAME} or _OF_GENERATION.fullmatch(name) for name in present):
        raise Refused("vault.not_a_vault")


def _close_to_others(folder: Path) -> None:
    """Permissions 0700 where the system has them; a medium without them (FAT) is taken as it is."""
    if os.name != "nt" and folder.stat().st_mode & 0o077:
        try:
            folder.chmod(0o700)
        except OSError:
            return
