"""What one synchronisation did, for the sync page, the command line, and tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from jmdesk.catalogue.issues import Issue
from jmdesk.core.errors import KnownError
from sync.client.scope import ScopeChange

TAKEN = ("accepted", "merged", "duplicate")


@dataclass(slots=True)
class SyncReport:
    """Counts of records unless said otherwise; built up while the work goes on, so that a stop shows what was done.

    ``sealed`` went into new batches, with so many ``attachments`` (documents); ``handed_over`` are in batches for which
    the platform signed now; ``verdicts`` counts by verdict what was settled now; ``unsettled`` are batches that still
    wait for their receipt; ``held`` counts by code what was not ready to travel, and ``reasons`` names some of what it
    waits for; ``adopted``, ``beside``, ``known`` say what became of pulled records; ``offered`` were lost by a restored
    platform, ``left`` are out of scope by now, ``joined`` were unsettled and are joined with the platform's;
    ``rotated``: new keys are in force; ``waiting`` names what an administrator has to approve (``reopen``, ``rotate``);
    ``problem`` is a refusal that paused the sending and did not keep anything else from being done.
    """

    started: str
    finished: str = ""
    batches: int = 0
    sealed: int = 0
    attachments: int = 0
    handed_over: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    unsettled: int = 0
    held: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pages: int = 0
    adopted: int = 0
    beside: int = 0
    known: int = 0
    stopped: bool = False
    offered: int = 0
    left: int = 0
    joined: int = 0
    rotated: bool = False
    scope: ScopeChange | None = None
    """Other regions, roles or numbers that the platform granted."""
    log_cut: int = 0
    """The entry up to which the platform countersigned a change log that is not the one here; 0 when all is well."""
    waiting: str = ""
    problem: KnownError | None = None
    refusals: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """What was not taken, by verdict, code and field."""
    packages: list[Issue] = field(default_factory=list)
    """Packages that came."""
    refused_packages: list[KnownError] = field(default_factory=list)
    """Why packages that came were not taken."""

    @property
    def settled(self) -> int:
        """Records whose signed verdict is stored."""
        return sum(self.verdicts.values())

    @property
    def set_aside(self) -> int:
        """Records that the platform did not take: conflict, rejected, forbidden, gone."""
        return sum(count for verdict, count in self.verdicts.items() if verdict not in TAKEN)

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do but what a person must decide."""
        return not self.stopped and self.problem is None and not self.unsettled and self.waiting != "reopen"

    def note_verdicts(self, totals: Mapping[str, int]) -> None:
        """Add the totals of one receipt."""
        for verdict, count in totals.items():
            if count:
                self.verdicts[verdict] = self.verdicts.get(verdict, 0) + count

    def as_json(self) -> dict[str, object]:
        """The object that ``jmdesk sync --json`` prints."""
        return {
            "started": self.started,
            "finished": self.finished,
            "batches": self.batches,
            "sealed": self.sealed,
            "attachments": self.attachments,
            "handed_over": self.handed_over,
            "settled": self.settled,
            "verdicts": dict(self.verdicts),
            "unsettled_batches": self.unsettled,
            "held": dict(self.held),
            "pages": self.pages,
            "adopted": self.adopted,
            "beside": self.beside,
            "known": self.known,
            "offered": self.offered,
            "left": self.left,
            "joined": self.joined,
            "rotated": self.rotated,
            "regions": list(self.scope.after.regions) if self.scope and self.scope.after else None,
            "log_cut": self.log_cut,
            "waiting": self.waiting,
            "packages": [f"{issue.kind} {issue.name} {issue.version}" for issue in self.packages],
            "refused_packages": [error.code for error in self.refused_packages],
            "stopped": self.stopped,
            "complete": self.complete,
            "problem": self.problem.code if self.problem else None,
        }
