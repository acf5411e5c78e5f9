"""``vault.json``: which vault this is, whose, and the slots that open it."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from jmdesk.core.errors import Environment, Refused
from jmdesk.vault.files import disk_errors, read_bounded, write_durably
from jmdesk.vault.slots import PASSPHRASE, Place, Slot

NAME: Final = "vault.json"
BACKUP_NAME: Final = "vault.json.bak"
VERSION: Final = 1
MOST_BYTES: Final = 256 * 1024
MOST_SLOTS: Final = 64
MOST_REGIONS: Final = 1000
MOST_GENERATIONS: Final = 1_000_000
LONGEST_LABEL: Final = 20

USER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
UNIT: Final = re.compile(r"[0-9A-Z]{18}")
REGION: Final = re.compile(r"[0-9]{2,12}")


class Nameplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the unlock page calls a user: a label that colleagues recognise and a stranger need not (``林*燕``).

    It stands in plain, under the header's MAC; the name itself is in the store.
    """

    user: str
    label: str


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``vault.json`` says.

    ``vault`` is the vault's UUID, ``created`` UTC; ``unit`` (unified social credit code) and ``regions`` (NBS codes)
    are what the office claimed at the start: the platform's grant overrides them. ``generation`` counts the vault keys
    that this vault has had and names its files; ``nameplates`` has one for every passphrase. Nothing secret.
    """

    version: int
    vault: str
    created: str
    unit: str
    regions: tuple[str, ...]
    generation: int
    nameplates: tuple[Nameplate, ...]
    slots: tuple[Slot, ...]

    @property
    def place(self) -> Place:
        """What the slots' seals are bound to."""
        return Place(self.vault, self.generation)

    def label(self, user: str) -> str:
        """What the unlock page calls a user; the id when there is no such user."""
        return next((plate.label for plate in self.nameplates if plate.user == user), user)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file around the header: ``sum`` tells chance damage without a key, ``mac`` tells tampering with one."""

    body: msgspec.Raw
    mac: bytes
    sum: bytes


class _Versioned(msgspec.Struct, frozen=True):
    version: int


class DamagedHeader(Exception):
    """Bytes that are no header of ours, whole or in part."""


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """A header as read: its checksum holds; whether its MAC does is known only once a slot has given the key."""

    header: Header
    body: bytes
    mac: bytes

    def authentic(self, mac_key: bytes) -> bool:
        """Whether the holder of the vault key wrote exactly these bytes."""
        return hmac.compare_digest(self.mac, _mac(mac_key, self.body))


@dataclass(frozen=True, slots=True)
class Headers:
    """The copies that could be read, ``vault.json`` first; ``damaged`` when that one could not."""

    copies: tuple[SealedHeader, ...]
    damaged: bool


def rendered(header: Header, mac_key: bytes) -> bytes:
    """The bytes of ``vault.json``. Pure."""
    body = msgspec.json.encode(header)
    mac = _mac(mac_key, body)
    return msgspec.json.encode(_File(msgspec.Raw(body), mac, _sum(body, mac))) + b"\n"


def parsed(data: bytes) -> SealedHeader:
    """The header in the bytes of ``vault.json``. Pure.

    The checksum is looked at before the body is. Strict: anything but what ``rendered`` writes is ``DamagedHeader``, to
    the last space. ``Refused("vault.newer_version")`` for a whole header of a later program.
    """
    try:
        file = msgspec.json.decode(data, type=_File)
        body = bytes(file.body)
        if not hmac.compare_digest(file.sum, _sum(body, file.mac)):
            raise DamagedHeader("checksum")
        if msgspec.json.encode(file) + b"\n" != data:
            raise DamagedHeader("not as written")
        if msgspec.json.decode(body, type=_Versioned).version > VERSION:
            raise Refused("vault.newer_version")
        header = msgspec.json.decode(body, type=Header)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise DamagedHeader("not a header") from None
    if msgspec.json.encode(header) != body or not _plausible(header):
        raise DamagedHeader("values out of bounds")
    return SealedHeader(header, body, file.mac)


def read_headers(folder: Path) -> Headers:
    """Both copies of a vault's header, the good ones only.

    A later version in ``vault.json`` is said at once: its backup must not open in its stead. The backup is looked at
    even when the main copy is whole, because only an open slot can tell whether it was tampered with.
    ``Refused("vault.newer_version")``; ``Environment("vault.damaged_header")`` when neither copy is good.
    """
    copies: list[SealedHeader] = []
    damaged = False
    for name in (NAME, BACKUP_NAME):
        try:
            with disk_errors():
                data = read_bounded(folder / name, MOST_BYTES)
            copies.append(parsed(data or b""))
        except (DamagedHeader, ValueError):
            damaged = damaged or name == NAME
    if not copies:
        raise Environment("vault.damaged_header")
    return Headers(tuple(copies), damaged)


def save_header(folder: Path, header: Header, mac_key: bytes) -> None:
    """Write both copies, one after the other: whenever the power goes, one of them is whole.

    The second copy is the same header, not the one before: a passphrase that was changed must not go on opening.
    Raises ``Environment`` (``vault.disk_full``, ``vault.read_only``, ``vault.disk_error``).
    """
    data = rendered(header, mac_key)
    with disk_errors():
        write_durably(folder / NAME, data)
        write_durably(folder / BACKUP_NAME, data)


def _plausible(header: Header) -> bool:
    return (
        header.version == VERSION
        and 1 <= len(header.slots) <= MOST_SLOTS
        and all(USER.fullmatch(slot.user) for slot in header.slots)
        and len({(slot.kind, slot.user) for slot in header.slots}) == len(header.slots)
        and claims_are_well_formed(header.unit, header.regions)
        and 0 <= header.generation <= MOST_GENERATIONS
        and _plates_fit(header)
    )


def _plates_fit(header: Header) -> bool:
    """One plate for each passphrase, no two alike."""
    users = [plate.user for plate in header.nameplates]
    labels = {plate.label for plate in header.nameplates}
    with_passphrase = {slot.user for slot in header.slots if slot.kind == PASSPHRASE}
    unique = len(labels) == len(users) == len(set(users)) and set(users) == with_passphrase
    return unique and all(label_is_well_formed(label) for label in labels)


def label_is_well_formed(label: str) -> bool:
    """Whether a label can be shown: 1 to 20 printing characters, no space at the ends."""
    return 1 <= len(label) <= LONGEST_LABEL and label.isprintable() and label.strip() == label


def claims_are_well_formed(unit: str, regions: tuple[str, ...]) -> bool:
    """Whether unit and regions look like codes; whether they exist is the catalogue's to say, and the platform's."""
    return (
        UNIT.fullmatch(unit) is not None
        and 1 <= len(regions) <= MOST_REGIONS
        and all(REGION.fullmatch(region) for region in regions)
    )


def _mac(mac_key: bytes, body: bytes) -> bytes:
    return hmac.digest(mac_key, b"jmdesk-header-v1\n" + body, "sha256")


def _sum(body: bytes, mac: bytes) -> bytes:
    return hashlib.sha256(body + mac).digest()
