"""Who has a way into an open vault: passphrases and labels, added, changed, set aside and put back.

Each act writes the header durably and gives the vault as it is afterwards; before that, nothing has happened.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from jmdesk.core.errors import Refused
from jmdesk.vault import header as headers
from jmdesk.vault import slots
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.header import Header, Nameplate, save_header
from jmdesk.vault.kdf import Cost, calibrated
from jmdesk.vault.passphrase import check_new_passphrase
from jmdesk.vault.slots import Owner, Slot


def users(header: Header) -> tuple[str, ...]:
    """The ids of everybody who has a passphrase, in the order of the unlock page."""
    return tuple(plate.user for plate in header.nameplates)


def slot_of(header: Header, user: str, kind: str = slots.PASSPHRASE) -> Slot:
    """A user's slot of a kind. ``Refused`` "vault.unknown_user"."""
    found = next((slot for slot in header.slots if (slot.kind, slot.user) == (kind, user)), None)
    if found is None:
        raise Refused("vault.unknown_user")
    return found


def add_user(
    vault: Unlocked, owner: Owner, label: str, passphrase: str, *, known: tuple[str, ...] = (), cost: Cost | None = None
) -> Unlocked:
    """Give a new user a slot. ``known`` words must not make up the passphrase (unit, names).

    ``Refused``: ``vault.bad_user``, ``vault.user_exists``, ``vault.bad_label``, ``vault.label_taken``,
    ``vault.too_many_users``, and the ``vault.passphrase_…`` codes.
    """
    header = vault.header
    if not headers.USER.fullmatch(owner.user):
        raise Refused("vault.bad_user")
    if any(slot.user == owner.user for slot in header.slots):
        raise Refused("vault.user_exists")
    if len(header.slots) + 2 > headers.MOST_SLOTS:
        raise Refused("vault.too_many_users")
    _check_label(header, owner.user, label)
    check_new_passphrase(passphrase, known=(header.unit, *known))
    slot = slots.guarded_slot(header.place, owner, passphrase, vault.secrets, cost or calibrated())
    plates = (*header.nameplates, Nameplate(owner.user, label))
    return _saved(vault, nameplates=plates, slots=(*header.slots, slot))


def relabel(vault: Unlocked, user: str, label: str) -> Unlocked:
    """Call a user something else on the unlock page. ``Refused`` as ``add_user``."""
    slot_of(vault.header, user)
    _check_label(vault.header, user, label)
    plates = tuple(Nameplate(p.user, label if p.user == user else p.label) for p in vault.header.nameplates)
    return _saved(vault, nameplates=plates)


def change_passphrase(
    vault: Unlocked, old: str, new: str, created: str, *, known: tuple[str, ...] = (), cost: Cost | None = None
) -> Unlocked:
    """A new passphrase for the user who has the vault open. The old one is asked for: a desk may be left open.

    ``Refused``: ``vault.wrong_passphrase``, ``vault.passphrase_same``, and the ``vault.passphrase_…`` codes.
    """
    slots.opened(slot_of(vault.header, vault.user), vault.header.place, old)
    if old == new:
        raise Refused("vault.passphrase_same")
    return set_passphrase(vault, Owner(vault.user, created), new, known=known, cost=cost)


def set_passphrase(
    vault: Unlocked, owner: Owner, new: str, *, known: tuple[str, ...] = (), cost: Cost | None = None
) -> Unlocked:
    """Replace a user's passphrase slot, after the user got in some other way (recovery code, answer to a request)."""
    header = vault.header
    slot_of(header, owner.user)
    check_new_passphrase(new, known=(header.unit, *known))
    fresh = slots.guarded_slot(header.place, owner, new, vault.secrets, cost or calibrated())
    return _saved(vault, slots=tuple(_swapped(header.slots, fresh)))


def put_slot(vault: Unlocked, slot: Slot) -> Unlocked:
    """Add a recovery or escrow slot, in place of the one of its kind and user."""
    kept = [one for one in vault.header.slots if (one.kind, one.user) != (slot.kind, slot.user)]
    return _saved(vault, slots=(*kept, slot))


def drop_slot(vault: Unlocked, kind: str, user: str) -> Unlocked:
    """Take away a recovery or escrow slot; nothing when there is none."""
    kept = tuple(one for one in vault.header.slots if (one.kind, one.user) != (kind, user))
    return _saved(vault, slots=kept) if kept != vault.header.slots else vault


def set_aside(vault: Unlocked, user: str) -> tuple[Unlocked, bytes]:
    """Take a user's ways in out of the header; gives them as bytes, to be kept inside the encrypted store.

    ``Refused`` "vault.own_slot": nobody shuts the door on oneself (and so one door always stays).
    """
    if user == vault.user:
        raise Refused("vault.own_slot")
    slot_of(vault.header, user)
    taken = tuple(slot for slot in vault.header.slots if slot.user == user)
    plate = next(plate for plate in vault.header.nameplates if plate.user == user)
    after = _saved(
        vault,
        nameplates=tuple(p for p in vault.header.nameplates if p.user != user),
        slots=tuple(slot for slot in vault.header.slots if slot.user != user),
    )
    return after, msgspec.json.encode(_Parked(plate, taken))


def put_back(vault: Unlocked, parked: bytes) -> Unlocked:
    """Give a user back what ``set_aside`` took, also after the vault key was changed meanwhile."""
    kept = msgspec.json.decode(parked, type=_Parked)
    place, header = vault.header.place, vault.header
    if any(slot.user == kept.plate.user for slot in header.slots):
        raise Refused("vault.user_exists")
    _check_label(header, kept.plate.user, kept.plate.label)
    fresh = tuple(slots.resealed(slot, place, vault.secrets) for slot in kept.slots)
    return _saved(vault, nameplates=(*header.nameplates, kept.plate), slots=(*header.slots, *fresh))


class _Parked(msgspec.Struct, frozen=True):
    plate: Nameplate
    slots: tuple[Slot, ...]


def _swapped(present: tuple[Slot, ...], fresh: Slot) -> list[Slot]:
    return [fresh if (one.kind, one.user) == (fresh.kind, fresh.user) else one for one in present]


def _check_label(header: Header, user: str, label: str) -> None:
    if not headers.label_is_well_formed(label):
        raise Refused("vault.bad_label")
    if any(plate.label == label and plate.user != user for plate in header.nameplates):
        raise Refused("vault.label_taken")


def _saved(vault: Unlocked, **changes: object) -> Unlocked:
    header: Header = msgspec.structs.replace(vault.header, **changes)
    save_header(vault.folder, header, vault.keys.header_mac)
    return replace(vault, header=header)
