"""The desk: one open vault with every service on it; what the window, the command line and the tests are given."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Self

from jmdesk.accounts.account import ACTIVE, ROLES, suggested_label
from jmdesk.catalogue.issues import built
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Catalogue
from jmdesk.core.clock import Clock, SystemClock, is_plausible
from jmdesk.core.errors import Refused
from jmdesk.core.ids import Ids, TimeOrderedIds
from jmdesk.core.messages import Message, message
from jmdesk.permissions.matrix import shipped as shipped_matrix
from jmdesk.place import UNIT_NAME
from jmdesk.services import Services
from jmdesk.store.store import Store, must_be_there
from jmdesk.vault.folder import Unlocked, create_vault, unlock
from jmdesk.vault.kdf import Cost
from jmdesk.vault.process import no_core_dumps

if TYPE_CHECKING:
    from types import TracebackType

    from jmdesk.backups.writing import CopyStore
    from jmdesk.packages.service import Held


class Desk(Services):
    """One open vault. Close it, or use it in a ``with``: closing locks the vault and forgets its keys."""

    def __init__(self, vault: Unlocked, clock: Clock, ids: Ids) -> None:
        self.vault, self.clock, self.ids = vault, clock, ids
        self.shipped: Catalogue = catalogue()
        self.catalogue = self.shipped
        """What is in force: what came with the program, with the packages of the day laid over it (``renew``)."""
        self._holding: frozenset[str] = frozenset()
        keep, marking = self._keep_before_migration, vault.keys.audit_mac
        self.store = Store(vault.database, vault.keys.db, self.catalogue, clock, ids, keep=keep, mark_key=marking)

    @classmethod
    def create(
        cls,
        path: Path,
        passphrase: str,
        *,
        unit: str,
        regions: tuple[str, ...],
        unit_name: str = "",
        user_name: str = "",
        clock: Clock | None = None,
        ids: Ids | None = None,
        cost: Cost | None = None,
    ) -> Self:
        """Make a vault for a unit and open it. Errors as ``vault.folder.create_vault``."""
        clock = clock or SystemClock()
        ids = ids or TimeOrderedIds(clock)
        label = suggested_label(user_name, ())
        vault = create_vault(
            path, passphrase, unit=unit, regions=regions, user=ids.new(), label=label, cost=cost, clock=clock, ids=ids
        )
        desk = cls._opened(vault, clock, ids)
        desk._introduce(unit_name, user_name)
        return desk

    @classmethod
    def open(
        cls,
        path: Path,
        passphrase: str,
        *,
        user: str | None = None,
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> Self:
        """Open a vault. Takes the time of one Argon2id; errors as ``vault.folder.unlock`` and ``Store``.

        ``Environment`` "store.missing" when the data file is gone: an empty one must never be taken for it.
        """
        return cls.enter(unlock(path, passphrase, user, clock=clock), clock=clock, ids=ids)

    @classmethod
    def enter(cls, vault: Unlocked, *, clock: Clock | None = None, ids: Ids | None = None) -> Self:
        """The desk of a vault that was unlocked in whatever way. Errors as ``open``; the vault is then closed.

        ``Refused`` "accounts.closed" for a user who was removed while the power went.
        """
        clock = clock or SystemClock()
        try:
            must_be_there(vault.database)
        except BaseException:
            vault.close()
            raise
        desk = cls._opened(vault, clock, ids or TimeOrderedIds(clock))
        desk.judge_anew()
        if not desk.accounts.get(desk.actor).active:
            desk.close()
            raise Refused("accounts.closed")
        desk.consents.lapse()
        desk.audit.note_opening(desk.vault.failed_attempts, desk.store.lost)
        desk.consents.erase_overdue()
        desk.attachments.erase_removed()
        desk.reviews.catch_up()
        return desk

    @classmethod
    def _opened(cls, vault: Unlocked, clock: Clock, ids: Ids) -> Self:
        try:
            no_core_dumps()
            desk = cls(vault, clock, ids)
        except BaseException:
            vault.close()
            raise
        try:
            desk.renew()
        except BaseException:
            desk.close()
            raise
        return desk

    def _keep_before_migration(self, copy: CopyStore) -> None:
        from jmdesk.backups.service import before_migration

        before_migration(self.vault, copy, self.clock.now())

    def _introduce(self, unit_name: str, user_name: str) -> None:
        """What a new vault knows first: the unit's name, and the user's record in its natural home."""
        if unit_name:
            self.store.put_setting(UNIT_NAME, unit_name)
        founder: list[object] = list(shipped_matrix().founder)
        with self.records.writing("init") as writer:
            writer.bookkeep("R02", self.actor, {
                "user_id": self.actor,
                "user_name": user_name or "经办人",
                "role": str(founder[0]),
                ROLES: founder,
                "user_status": ACTIVE,
            })  # fmt: skip

    def renew(self) -> list[Held]:
        """Go by the packages that are in force today; what has just taken effect, with what it did to the records.

        On opening, at midnight and after a package came. Services ask the desk for its catalogue each time; those that
        are bound to one are made anew.
        """
        holding = self.packages.holding()
        digests = frozenset(issue.digest for issue in holding.values())
        if digests != self._holding:
            self.catalogue = self.store.catalogue = built(self.shipped, holding)
            self._holding = digests
            self.records.catalogue = self.catalogue
            for bound in ("backups", "consents", "papers", "ratings"):
                self.__dict__.pop(bound, None)
            self._follow_regions()
        return self.packages.settle()

    def begin_day(self) -> list[Held]:
        """What a new day brings: packages that take effect, consents whose term ended, values nobody consented to."""
        held = self.renew()
        self.consents.lapse()
        self.consents.erase_overdue()
        self.attachments.erase_removed()
        self.reviews.catch_up()
        return held

    def notice(self, language: str = "zh") -> Message | None:
        """What the user should be told on opening (a lost end, a header restored from its copy …), if anything."""
        now = self.clock.now()
        clock = None if is_plausible(now) else message("records.clock", {"day": now.date()}, language)
        return self.store.news(language) or self.vault.notice(language) or clock or self.backups.news(language)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
