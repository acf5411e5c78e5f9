"""The vault folder: made once, opened with a passphrase, held by one program at a time.

::

    vault.json, vault.json.bak   which vault, whose, and the slots that open it
    desk.db                      the encrypted store
    device.key                   this desk's private keys (left out of backups)
    outgoing/                    sealed batches that the platform has not settled yet
    lock                         held while a program has the vault open
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from jmdesk.core.clock import Clock, SystemClock, utc_text
from jmdesk.core.errors import Environment, Refused
from jmdesk.core.ids import Ids, TimeOrderedIds
from jmdesk.core.messages import Message, message
from jmdesk.vault import device, header, instance, slots
from jmdesk.vault.device import DeviceKeys, new_device_keys, read_device, write_device
from jmdesk.vault.files import disk_errors, flush_folder
from jmdesk.vault.header import Header, Headers, SealedHeader, read_headers, save_header
from jmdesk.vault.instance import InstanceLock, locked
from jmdesk.vault.kdf import Cost, calibrated
from jmdesk.vault.keys import VAULT_KEY_BYTES, VaultKeys, derived
from jmdesk.vault.passphrase import check_new_passphrase

DATABASE: Final = "desk.db"
OUTGOING: Final = "outgoing"

# What a creation that was cut short may have left behind; anything else in the folder is somebody's.
_LEFTOVERS: Final = frozenset({instance.NAME, device.NAME, f".{device.NAME}.tmp", f".{header.NAME}.tmp", OUTGOING})


@dataclass(frozen=True, slots=True)
class Unlocked:
    """An open vault: its folder, keys, header, and the user whose slot opened it.

    ``header_restored`` is true when ``vault.json`` was damaged and its copy took its place: show the user ``notice``.
    The vault stays locked against other programs until ``close``.
    """

    folder: Path
    keys: VaultKeys
    header: Header
    user: str
    header_restored: bool
    lock: InstanceLock

    def notice(self, language: str = "zh") -> Message | None:
        """What the user should be told on opening, if anything."""
        return message("vault.header_restored", {}, language) if self.header_restored else None

    @property
    def database(self) -> Path:
        """Where the encrypted store is, or will be."""
        return self.folder / DATABASE

    @property
    def outgoing(self) -> Path:
        """Where sealed batches wait."""
        return self.folder / OUTGOING

    def device_keys(self) -> DeviceKeys:
        """The private keys of this desk. Errors as ``read_device``."""
        return read_device(self.folder, self.keys.device_wrap, self.header.vault)

    def renew_device_keys(self) -> DeviceKeys:
        """Fresh keys in place of missing or damaged ones; the desk must be enrolled anew afterwards."""
        fresh = new_device_keys()
        write_device(self.folder, fresh, self.keys.device_wrap, self.header.vault)
        return fresh

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
    cost: Cost | None = None,
    clock: Clock | None = None,
    ids: Ids | None = None,
) -> Unlocked:
    """Make a vault in a new or empty folder and leave it open.

    ``user`` is an opaque id (letters, digits, ``_.-``), for it stands in plain; ``cost`` is calibrated for this
    computer unless given. ``vault.json`` is written last, so a creation that was cut short can simply be repeated.
    ``Refused``: ``vault.exists``, ``vault.not_empty``, ``vault.bad_user``, ``vault.bad_claims``, and the
    ``vault.passphrase_…`` codes; ``Environment`` as ``disk_errors`` and ``locked`` say.
    """
    if not header.USER.fullmatch(user):
        raise Refused("vault.bad_user")
    if not header.claims_are_well_formed(unit, regions):
        raise Refused("vault.bad_claims")
    check_new_passphrase(passphrase, known=(unit, user))
    clock = clock or SystemClock()
    folder = _new_folder(path)
    lock = locked(folder)
    try:
        _check_vacant(folder)
        vault_key = os.urandom(VAULT_KEY_BYTES)
        owner = slots.Owner((ids or TimeOrderedIds(clock)).new(), user, utc_text(clock.now()))
        slot = slots.passphrase_slot(owner, passphrase, vault_key, cost or calibrated())
        made = Header(header.VERSION, owner.vault_id, owner.created, unit, regions, (slot,))
        keys = derived(vault_key)
        with disk_errors():
            (folder / OUTGOING).mkdir(mode=0o700, exist_ok=True)
        write_device(folder, new_device_keys(), keys.device_wrap, owner.vault_id)
        save_header(folder, made, keys.header_mac)
        with disk_errors():
            flush_folder(folder.parent)
    except BaseException:
        lock.release()
        raise
    return Unlocked(folder, keys, made, user, header_restored=False, lock=lock)


def unlock(path: Path, passphrase: str, user: str | None = None) -> Unlocked:
    """Open a vault with a passphrase. Takes the time of one Argon2id: call it off the window's thread.

    ``user`` may be left out while one user has a passphrase. ``Refused``: ``vault.not_a_vault``,
    ``vault.newer_version``, ``vault.user_needed``, ``vault.unknown_user``, ``vault.wrong_passphrase``;
    ``Environment``: ``vault.damaged_header``, ``vault.in_use``, ``vault.low_memory`` and those of ``disk_errors``. A
    slot that opens on a store that does not is damage too, said by the store (``store.damaged``).
    """
    folder = path.absolute()
    _check_is_vault(folder)
    _close_to_others(folder)
    lock = locked(folder)
    try:
        found = read_headers(folder)
        way = _way_in(found, passphrase, user)
        _mend(folder, way, found)
    except BaseException:
        lock.release()
        raise
    restored = found.damaged or way.copy is not found.copies[0]
    return Unlocked(folder, way.keys, way.copy.header, way.user, header_restored=restored, lock=lock)


def peek(path: Path) -> Header:
    """What a vault says of itself without being opened, unverified: for a list of vaults to choose from.

    ``Refused``: ``vault.not_a_vault``, ``vault.newer_version``; ``Environment``: ``vault.damaged_header`` and those of
    ``disk_errors``.
    """
    folder = path.absolute()
    _check_is_vault(folder)
    return read_headers(folder).copies[0].header


@dataclass(frozen=True, slots=True)
class _WayIn:
    copy: SealedHeader
    user: str
    keys: VaultKeys


def _way_in(found: Headers, passphrase: str, user: str | None) -> _WayIn:
    """The first copy of the header that the passphrase opens and the vault key vouches for.

    A wrong passphrase is final: only damage moves on to the other copy, which may hold a passphrase since changed.
    """
    for copy in found.copies:
        slot = _slot_of(copy.header, user)
        try:
            keys = derived(slots.opened(slot, copy.header.vault, passphrase))
        except slots.MalformedSlot:
            continue
        if copy.authentic(keys.header_mac):
            return _WayIn(copy, slot.user, keys)
    raise Environment("vault.damaged_header")


def _mend(folder: Path, way: _WayIn, found: Headers) -> None:
    """Make both copies the good one: a damaged one is replaced, an older one must not go on opening."""
    if found.copies != (way.copy, way.copy):
        save_header(folder, way.copy.header, way.keys.header_mac)


def _slot_of(found: Header, user: str | None) -> slots.Slot:
    candidates = [slot for slot in found.slots if slot.kind == slots.PASSPHRASE and user in {None, slot.user}]
    if len(candidates) == 1:
        return candidates[0]
    raise Refused("vault.user_needed") if user is None else Refused("vault.unknown_user")


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
    if not present & {header.NAME, header.BACKUP_NAME, DATABASE, device.NAME}:
        raise Refused("vault.not_a_vault")


def _close_to_others(folder: Path) -> None:
    """Permissions 0700 where the system has them; a medium without them (FAT) is taken as it is."""
    if os.name != "nt" and folder.stat().st_mode & 0o077:
        try:
            folder.chmod(0o700)
        except OSError:
            return
