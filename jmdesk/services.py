"""The services of a desk, each made when it is first asked for."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from jmdesk.accounts.account import INTERESTS, guard_of
from jmdesk.accounts.service import Accounts
from jmdesk.audit.service import Audit
from jmdesk.catalogue.types import Catalogue
from jmdesk.consents.service import Consents
from jmdesk.core.clock import Clock
from jmdesk.core.ids import Ids
from jmdesk.drafts.service import Drafts
from jmdesk.households.service import Households
from jmdesk.inbox import Inbox
from jmdesk.permissions.guard import Guard
from jmdesk.place import Place
from jmdesk.records.service import Records
from jmdesk.store.reading import get as get_record

if TYPE_CHECKING:
    from jmdesk.attachments.service import Attachments
    from jmdesk.backups.service import Backups
    from jmdesk.caretaking.service import Caretaking
    from jmdesk.complaints.service import Complaints
    from jmdesk.conflicts.service import Conflicts
    from jmdesk.enterprises.service import Enterprises
    from jmdesk.exports.service import Exports
    from jmdesk.green_cards.service import GreenCards
    from jmdesk.handover.service import Handovers
    from jmdesk.households.duplicates.service import Duplicates
    from jmdesk.households.lists import SavedLists
    from jmdesk.households.operations import Operations
    from jmdesk.households.rounds.service import Rounds
    from jmdesk.inspections.service import Inspections
    from jmdesk.packages.service import Packages
    from jmdesk.papers.service import Papers
    from jmdesk.ratings.service import Ratings
    from jmdesk.reviews.service import Reviews
    from jmdesk.rights.service import Rights
    from jmdesk.selections.service import Selections
    from jmdesk.villages.service import Villages
    from jmdesk.workflows.service import Workflows


class Services(Place):
    """What can be done at an open vault. ``Desk`` opens it, keeps it up to date and closes it."""

    clock: Clock
    ids: Ids
    shipped: Catalogue
    """What came with the program; ``catalogue`` is what is in force."""

    def keep_before(self, act: str) -> None:
        """Make a backup before a risky act (a kind of ``backups.card.KINDS``). Errors as ``Backups.make``."""
        self.backups.make(act)

    @property
    def guard(self) -> Guard:
        """What the user may do; asked by every service."""
        return self.records.guard

    def judge_anew(self) -> None:
        """Read the accounts and settle what the user may do from now on."""
        guard = guard_of(self.accounts.all(), self.actor, self.accounts.matrix)
        with self.store.reading() as connection:
            own = get_record(connection, "R02", self.actor)
        if own is not None and own.values.get(INTERESTS):
            guard = replace(guard, avoided=self.complaints.interests().avoided())
        self.records.guard = guard
        self._follow_regions()

    def _follow_regions(self) -> None:
        """Let an account that is limited to a village work for the one that took its place."""
        guard = self.records.guard
        if guard.regions and self._holding:
            self.records.guard = replace(guard, regions=self.catalogue.regions.widened(guard.regions), _known={})

    @cached_property
    def accounts(self) -> Accounts:
        """The people who work at this vault."""
        return Accounts(self)

    @cached_property
    def audit(self) -> Audit:
        """Events beside the changes of records, and the view of all of them."""
        return Audit(self.store, self.actor)

    @cached_property
    def backups(self) -> Backups:
        """Whole copies of this vault."""
        from jmdesk.backups.service import Backups
        from jmdesk.packages.security import security_of

        return Backups(self, security_of(self.packages))

    @cached_property
    def exports(self) -> Exports:
        """Lists handed out as files."""
        from jmdesk.exports.service import Exports

        return Exports(self)

    @cached_property
    def drafts(self) -> Drafts:
        """What the user typed and has not saved."""
        return Drafts(self.store, self.clock, self.actor)

    @cached_property
    def records(self) -> Records:
        """The verbs of every record type."""
        home, barrier = self.vault.header.regions[0].ljust(12, "0"), self.barrier
        # Asked for when an enterprise is changed: opening a vault need not wait for it.
        keepers = {"R20": lambda writer, found, names: self.enterprises.keep(writer, found, names)}  # noqa: PLW0108
        return Records(self.store, self.catalogue, actor=self.actor, home_region=home, keepers=keepers, barrier=barrier)

    @cached_property
    def attachments(self) -> Attachments:
        """Photos and papers beside records."""
        from jmdesk.attachments.service import Attachments

        return Attachments(self.store, self.records, self.clock, self.actor)

    @cached_property
    def consents(self) -> Consents:
        """Consents and their withdrawal."""
        return Consents(self.store, self.catalogue, self.records, self.clock)

    @cached_property
    def workflows(self) -> Workflows:
        """Cases, their steps and their clocks."""
        from jmdesk.workflows.service import Workflows, each

        bars = {
            "W2": self.reviews.bar,
            "W3": self.villages.bar_village,
            "W4": self.villages.bar_town,
            "W5": self.complaints.bar_own("R20"),
            "W6": each(self.complaints.bar_own("R21"), self.enterprises.bar, self.complaints.bar_event),
            "W7": self.complaints.bar,
            "W8": each(self.complaints.bar_own("R23"), self.selections.bar),
            "W9": each(self.complaints.bar_own("R24"), self.green_cards.bar),
        }
        effects = {
            "W6": self.enterprises.follow,
            "W7": self.complaints.follow,
            "W8": self.selections.follow,
            "W9": self.green_cards.follow,
            "W13": self.rights.effect,
        }
        return Workflows(self, actor=self.actor, unit=self.unit, roles=self._own_roles, bars=bars, effects=effects)

    @cached_property
    def complaints(self) -> Complaints:
        """The complaint desk of an association."""
        from jmdesk.complaints.service import Complaints

        return Complaints(self)

    @cached_property
    def rights(self) -> Rights:
        """Withdrawals, requests of a person about their own data, and erasure."""
        from jmdesk.rights.service import Rights

        return Rights(self)

    @cached_property
    def villages(self) -> Villages:
        """Credit villages and towns."""
        from jmdesk.villages.service import Villages

        return Villages(self)

    @cached_property
    def enterprises(self) -> Enterprises:
        """Member enterprises: archives and credit events."""
        from jmdesk.enterprises.service import Enterprises

        return Enterprises(self)

    @cached_property
    def green_cards(self) -> GreenCards:
        """Green cards: applications, answers of the departments, grades, benefits."""
        from jmdesk.green_cards.service import GreenCards

        return GreenCards(self)

    @cached_property
    def selections(self) -> Selections:
        """Honest enterprises, chosen by the trade itself."""
        from jmdesk.selections.service import Selections

        return Selections(self)

    @cached_property
    def papers(self) -> Papers:
        """Papers given out: filled, numbered, kept."""
        from jmdesk.papers.service import Papers

        templates = self.packages.paper_templates()
        return Papers(
            self, actor=self.actor, block=lambda: self.number_block, templates=lambda: templates, mark=self.mark
        )

    def _own_roles(self) -> frozenset[str] | None:
        return self.guard.roles if self.guard.matrix is not None else None

    @cached_property
    def households(self) -> Households:
        """Household archives: list, search, dossier."""
        return Households(self.store, self.records, self.clock)

    @cached_property
    def family(self) -> Operations:
        """What happens to households: heads, moves, splits, merges, deaths."""
        from jmdesk.households.operations import Operations

        return Operations(self, actor=self.actor, block=lambda: self.number_block, regions=lambda: self.regions)

    @cached_property
    def rounds(self) -> Rounds:
        """The yearly collection rounds."""
        from jmdesk.households.rounds.service import Rounds

        return Rounds(self, actor=self.actor)

    @cached_property
    def caretaking(self) -> Caretaking:
        """Villages without a computer, kept by the town."""
        from jmdesk.caretaking.service import Caretaking

        return Caretaking(self)

    @cached_property
    def handovers(self) -> Handovers:
        """What one officer hands to the next."""
        from jmdesk.handover.service import Handovers

        return Handovers(self)

    @cached_property
    def inspections(self) -> Inspections:
        """One household, one file, for inspections."""
        from jmdesk.inspections.service import Inspections

        return Inspections(self)

    @cached_property
    def lists(self) -> SavedLists:
        """The user's named lists of households."""
        from jmdesk.households.lists import SavedLists

        return SavedLists(self.store, self.actor, lambda code: self.catalogue.regions.current(code))  # noqa: PLW0108

    @cached_property
    def duplicates(self) -> Duplicates:
        """People who are on record twice."""
        from jmdesk.households.duplicates.service import Duplicates

        return Duplicates(self)

    @property
    def inbox(self) -> Inbox:
        """The door for the platform's verified replies, as the grant now stands."""
        return Inbox(self.store, self.reader, self.regions)

    @cached_property
    def ratings(self) -> Ratings:
        """Ratings of households."""
        from jmdesk.ratings.service import Ratings

        return Ratings(self, rules=self.packages.rulebook())

    @cached_property
    def reviews(self) -> Reviews:
        """The household review: batches, panel, notice, decision, certificates."""
        from jmdesk.reviews.service import Reviews

        return Reviews(self)

    @cached_property
    def packages(self) -> Packages:
        """Signed packages: what is here, what is in force."""
        from jmdesk.packages.service import Packages

        return Packages(self)

    @cached_property
    def conflicts(self) -> Conflicts:
        """Records that wait for somebody's decision: changed in two places, voided on one side, refused."""
        from jmdesk.conflicts.service import Conflicts

        return Conflicts(self)

    def close(self) -> None:
        """Close the store and lock the vault."""
        try:
            self.store.close()
        finally:
            self.vault.close()
