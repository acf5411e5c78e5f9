"""The verbs of accounts: add, disable, enable, remove, rename, give roles, change a passphrase.

What people are called and may do is in the encrypted store (R02); their ways in are slots of the vault's header. Each
verb writes the store and the header in one transaction: when the header cannot be written, the record is not either.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from jmdesk.accounts.account import ACTIVE, DISABLED, REGIONS, REMOVED, ROLES, TYPE, Account, account, suggested_label
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.core.ids import Ids
from jmdesk.permissions.guard import Guard
from jmdesk.permissions.matrix import Matrix, shipped
from jmdesk.records.workplace import Workplace
from jmdesk.store import reading
from jmdesk.store.store import get_setting, set_setting
from jmdesk.vault import escrow, people, recovery, rotation, slots
from jmdesk.vault.escrow import EscrowKey
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.kdf import Cost
from jmdesk.vault.slots import Owner

_PARKED = "accounts.parked."


class AccountDesk(Workplace, Protocol):
    """A desk whose vault can change under it."""

    vault: Unlocked

    @property
    def ids(self) -> Ids: ...
    @property
    def actor(self) -> str: ...
    @property
    def guard(self) -> Guard: ...
    def judge_anew(self) -> None: ...
    def keep_before(self, act: str) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Who is to work here: name, roles of CL-ROLE (the first is the main one), own regions, label or "" to suggest."""

    name: str
    roles: tuple[str, ...]
    regions: tuple[str, ...] = ()
    label: str = ""


class Accounts:
    """The accounts of one vault. Changes need the role of a system or security administrator (permission matrix)."""

    def __init__(self, desk: AccountDesk, *, matrix: Matrix | None = None, cost: Cost | None = None) -> None:
        self._desk, self.cost = desk, cost
        self.matrix = matrix or shipped()
        """What is asked about roles; ``cost`` of a new passphrase is calibrated unless set."""

    def all(self) -> list[Account]:
        """Everybody who ever had an account, the oldest first."""
        header = self._desk.vault.header
        labels = {plate.user: plate.label for plate in header.nameplates}
        recovery = {slot.user for slot in header.slots if slot.kind == slots.RECOVERY}
        with self._desk.store.reading() as connection:
            found = reading.find(connection, TYPE)
        return [account(one, labels.get(one.rid, ""), has_recovery=one.rid in recovery) for one in found]

    def get(self, user: str) -> Account:
        """An account by id or label. ``Refused`` "vault.unknown_user"."""
        found = next((one for one in self.all() if user and user in (one.user, one.label)), None)
        if found is None:
            raise Refused("vault.unknown_user")
        return found

    def clashes(self) -> list[tuple[Account, frozenset[str]]]:
        """Active users who hold duties that should be apart, with those duties."""
        active = [one for one in self.all() if one.active]
        return [
            (one, roles) for one in active for roles in self.matrix.clashes(frozenset(one.roles), len(active))
        ]  # fmt: skip

    # -- verbs -----------------------------------------------------------------------------------------------------

    def add(self, wanted: NewAccount, passphrase: str) -> Account:
        """Let somebody new in. The new colleague types the passphrase; nobody else needs to know it.

        ``Refused``: "permissions.…", "accounts.name_needed", "accounts.roles_needed", "accounts.duties_apart", and
        those of ``vault.people.add_user``.
        """
        desk = self._desk
        desk.guard.require("create", TYPE)
        if not wanted.name.strip():
            raise Refused("accounts.name_needed")
        present = self.all()
        self._check_roles(wanted.roles, 1 + sum(one.active for one in present))
        label = wanted.label.strip() or suggested_label(wanted.name, (one.label for one in present))
        user = desk.ids.new()
        owner = Owner(user, utc_text(desk.clock.now()))
        values: Record = {
            "user_id": user,
            "user_name": wanted.name.strip(),
            "role": wanted.roles[0],
            "user_status": ACTIVE,
            ROLES: list(wanted.roles),
            REGIONS: list(wanted.regions),
        }
        with desk.records.writing("account") as writer:
            writer.bookkeep(TYPE, user, values)
            desk.vault = people.add_user(
                desk.vault, owner, label, passphrase, known=(wanted.name.strip(),), cost=self.cost
            )
        desk.judge_anew()
        return self.get(user)

    def rename(self, user: str, *, name: str = "", label: str = "") -> None:
        """Another name in the store, another label on the unlock page; empty leaves it."""
        found = self.get(user)
        if found.user != self._desk.actor:
            self._desk.guard.require("create", TYPE)
        with self._desk.records.writing("account") as writer:
            if name.strip():
                writer.bookkeep(TYPE, found.user, {"user_name": name.strip()})
            if label.strip():
                self._desk.vault = people.relabel(self._desk.vault, found.user, label.strip())

    def assign(self, user: str, roles: tuple[str, ...], regions: tuple[str, ...] | None = None) -> None:
        """Give a user these roles (the first is the main one) and regions. ``Refused`` as ``add``."""
        self._desk.guard.require("edit", TYPE)
        found = self.get(user)
        self._check_roles(roles, sum(one.active for one in self.all()))
        values: Record = {"role": roles[0], ROLES: list(roles)}
        if regions is not None:
            values[REGIONS] = list(regions)
        with self._desk.records.writing("account") as writer:
            writer.bookkeep(TYPE, found.user, values)
        self._desk.judge_anew()

    def disable(self, user: str) -> None:
        """Shut a user's door for a while: the slots wait inside the encrypted store.

        Who kept an old copy of ``vault.json`` can still open with it; only removal changes the vault key.
        """
        self._desk.guard.require("void", TYPE)
        found = self._other(user)
        with self._desk.records.writing("account") as writer:
            writer.bookkeep(TYPE, found.user, {"user_status": DISABLED})
            self._desk.vault, parked = people.set_aside(self._desk.vault, found.user)
            kept = base64.b64encode(parked).decode()
            set_setting(writer.transaction.connection, _PARKED + found.user, kept)

    def enable(self, user: str) -> None:
        """Open the door of a disabled user again. ``Refused`` "accounts.not_disabled"."""
        self._desk.guard.require("void", TYPE)
        found = self.get(user)
        with self._desk.records.writing("account") as writer:
            kept = get_setting(writer.transaction.connection, _PARKED + found.user)
            if found.status != DISABLED or not kept:
                raise Refused("accounts.not_disabled")
            writer.bookkeep(TYPE, found.user, {"user_status": ACTIVE})
            self._desk.vault = people.put_back(self._desk.vault, base64.b64decode(kept))
            set_setting(writer.transaction.connection, _PARKED + found.user, "")

    def remove(self, user: str) -> None:
        """Take a user's way in for good: the vault gets a new key, and **the desk is closed** afterwards.

        The record stays (history names its author), marked as given up. Whatever the user copied before stays readable
        to them; what is written from now on does not. Repeatable: a removal that was cut short is finished by another.
        """
        self._desk.guard.require("void", TYPE)
        found = self._other(user)
        with self._desk.records.writing("account") as writer:
            writer.bookkeep(TYPE, found.user, {"user_status": REMOVED})
            set_setting(writer.transaction.connection, _PARKED + found.user, "")
        self._renew(found.user if found.label else "")

    def renew_key(self) -> None:
        """Give the vault a new key without removing anybody; **the desk is closed** afterwards."""
        self._desk.guard.require("void", TYPE)
        self._renew("")

    def change_passphrase(self, old: str, new: str) -> None:
        """A new passphrase for the user at the desk. ``Refused`` as ``vault.people.change_passphrase``."""
        desk = self._desk
        with desk.records.writing("passphrase") as writer:
            writer.remark(TYPE, desk.actor)
            at = utc_text(desk.clock.now())
            desk.vault = people.change_passphrase(desk.vault, old, new, at, known=self._known(), cost=self.cost)

    def give_recovery_code(self) -> str:
        """A new recovery code for the user at the desk, in place of an earlier one: show it once, keep it nowhere."""
        desk = self._desk
        with desk.records.writing("recovery_code") as writer:
            writer.remark(TYPE, desk.actor)
            desk.vault, code = recovery.give_code(desk.vault, utc_text(desk.clock.now()))
        return code

    def note_reset(self) -> None:
        """Write into the log that the user at the desk came in without the passphrase and set a new one."""
        with self._desk.records.writing("reset") as writer:
            writer.remark(TYPE, self._desk.actor)

    def entrust(self, key: EscrowKey) -> None:
        """Let the holders of an escrow key answer this vault's requests. ``Refused`` "vault.bad_escrow_file"."""
        desk = self._desk
        desk.guard.require("edit", TYPE)
        with desk.records.writing("escrow") as writer:
            writer.remark(TYPE, desk.actor, key.keyid)
            desk.vault = escrow.entrust(desk.vault, key, utc_text(desk.clock.now()))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _renew(self, without: str) -> None:
        desk = self._desk
        desk.keep_before("key")
        with desk.records.writing("key") as writer:
            writer.transaction.note(TYPE, desk.actor, {"kind": "vault"})
        with desk.store.standing_still() as copy:
            desk.vault = rotation.renewed(desk.vault, copy, without=without)
        desk.close()
        rotation.shed_old_generation(desk.vault)

    def _known(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.all())

    def _other(self, user: str) -> Account:
        found = self.get(user)
        if found.user == self._desk.actor:
            raise Refused("vault.own_slot")
        return found

    def _check_roles(self, roles: Iterable[str], users: int) -> None:
        given = tuple(roles)
        if not given or not set(given) <= set(self.matrix.roles):
            raise Refused("accounts.roles_needed")
        for clash in self.matrix.clashes(frozenset(given), users):
            names = "、".join(sorted(self.matrix.roles[role].label for role in clash))
            raise Refused("accounts.duties_apart", roles=names)
