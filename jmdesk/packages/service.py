"""The packages of one vault: taken, in force by date, and brought to bear on the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from jmdesk import version as program_version
from jmdesk.catalogue.issues import Issue, built, in_force, latest
from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.core.clock import beijing_date, utc_text
from jmdesk.core.errors import Refused
from jmdesk.packages import queries
from jmdesk.packages.effects import Effects, PackageDesk, writing
from jmdesk.packages.queries import Kept, Touched
from jmdesk.papers.city import PAPERS, city_templates
from jmdesk.papers.template import Template, shipped
from jmdesk.permissions import policy
from jmdesk.ratings.rulebook import Rulebook, check_issue

Standing = Literal["in_force", "coming", "past", "replaced", "withdrawn", "newer_program", "unreadable"]

_KIND_CODES = {"catalogue": "3", "rules": "2", "regions": "4", "calendar": "7", "list": "5"}
"""Kinds as CL-PKG numbers them."""
_OFFICIAL = "2"


@dataclass(frozen=True, slots=True)
class Held:
    """One issue at this desk and how it stands today; ``outcome`` is what taking effect did, once it has."""

    issue: Issue
    standing: Standing
    received_at: str
    outcome: dict[str, object] | None


class Packages:
    """Keeps what publishers signed. Callers have verified the signature; ``client`` is this program's version."""

    def __init__(self, desk: PackageDesk, *, client: str | None = None) -> None:
        self._desk = desk
        self.client = program_version() if client is None else client

    # -- what is here ----------------------------------------------------------------------------------------------

    def kept(self) -> list[Kept]:
        """Every issue in the vault."""
        with self._desk.store.reading() as connection:
            return queries.kept(connection)

    def today(self) -> date:
        """The day in Beijing that decides what is in force."""
        return beijing_date(self._desk.clock.now())

    def holding(self, day: date | None = None) -> dict[tuple[str, str], Issue]:
        """What is in force on a day (today), by kind and name.

        An issue that this program cannot read holds nothing: what held before goes on, and ``held`` says so.
        """
        issues = [k.issue for k in self.kept()]
        while True:
            found = in_force(issues, day or self.today(), self.client)
            bad = [issue for issue in found.values() if not self._readable(issue)]
            if not bad:
                return found
            issues = [issue for issue in issues if issue not in bad]

    def held(self) -> list[Held]:
        """Every issue with its standing today, by kind and name, the newest first."""
        kept, holding, today = self.kept(), self.holding(), self.today()
        newest = {issue.digest for issue in latest(k.issue for k in kept)}
        found = [Held(k.issue, self._standing(k.issue, holding, newest, today), k.received_at, k.outcome) for k in kept]
        return sorted(found, key=lambda h: (h.issue.kind, h.issue.name, -h.issue.sequence))

    def rulebook(self) -> Rulebook:
        """Every rule package at hand, of this program and of the packages, with those in force."""
        return Rulebook(latest(k.issue for k in self.kept()), self.holding())

    def catalogue(self) -> Catalogue:
        """The catalogue, regions and calendar in force today; the program's own where no package says otherwise."""
        return built(self._desk.shipped, self.holding())

    def list_file(self, name: str, file: str) -> str | None:
        """A file of the list package in force under a name; None when there is none."""
        issue = self.holding().get(("list", name))
        return issue.files.get(file) if issue is not None else None

    def paper_templates(self) -> Mapping[str, Template]:
        """The templates of papers in force: the program's, with those of the city's list "papers" in their place."""
        issue = self.holding().get(("list", PAPERS))
        return city_templates(issue.version, issue.files, trying=False) if issue is not None else shipped()

    def unknown(self, digests: Iterable[str]) -> list[str]:
        """Which of some envelopes (SHA-256) are not here yet, in their order."""
        wanted = list(digests)
        with self._desk.store.reading() as connection:
            known = queries.known_digests(connection, wanted)
        return [digest for digest in wanted if digest not in known]

    def envelope(self, digest: str) -> bytes | None:
        """The signed bytes of an issue that is kept."""
        with self._desk.store.reading() as connection:
            return queries.envelope(connection, digest)

    def moved(self, digest: str, *, offset: int = 0, limit: int = 100) -> list[Touched]:
        """What taking effect changed record by record, from the change log; nothing when it changed nothing."""
        with self._desk.store.reading() as connection:
            outcome = next((k.outcome for k in queries.kept(connection) if k.issue.digest == digest), None) or {}
            first, last = outcome.get("first", 0), outcome.get("last", 0)
            if not isinstance(first, int) or not isinstance(last, int) or not last:
                return []
            return queries.touched(connection, first, last, offset=offset, limit=limit)

    # -- taking ----------------------------------------------------------------------------------------------------

    def take(self, issue: Issue, envelope: bytes) -> bool:
        """Keep an issue whose signature the caller has verified; False when it is here already.

        ``Refused``: "protocol.package_rollback" (a later issue is here: I12), "packages.sequence_twice",
        "packages.version_shipped", and what its reader refuses; one that asks for a newer program is kept unread.
        """
        with writing(self._desk) as writer:
            connection = writer.transaction.connection
            lines = [k.issue for k in queries.kept(connection) if (k.issue.kind, k.issue.name) == _line(issue)]
            if any(other.digest == issue.digest for other in lines):
                return False
            _check_sequence(issue, lines)
            if issue.runs_on(self.client):
                self.check(issue)
            queries.keep(connection, issue, envelope, utc_text(self._desk.clock.now()))
            writer.create("R29", _bookkeeping(issue), checked=True)
        return True

    def check(self, issue: Issue, *, trying: bool = True) -> None:
        """Whether this program can read an issue; ``trying`` looks closer. ``Refused`` with the reason when it cannot.

        A list named "security" holds the city's rules for passphrases, PINs and backups: never weaker than the floor;
        one named "papers" the city's own templates of papers.
        """
        check_issue(self._desk.shipped, issue)
        if (issue.kind, issue.name) == ("list", policy.SECURITY):
            policy.read(issue.files.get(policy.SECURITY_FILE, ""))
        if (issue.kind, issue.name) == ("list", PAPERS):
            city_templates(issue.version, issue.files, trying=trying)

    def settle(self) -> list[Held]:
        """Do what taking effect does, once for each issue: records of merged regions move, deadlines are counted anew.

        Call with the catalogue in force already; returns what has just taken effect.
        """
        done = {k.issue.digest for k in self.kept() if k.outcome is not None}
        effects = Effects(self._desk)
        settled = [i for i in self.holding().values() if i.digest not in done]
        for issue in settled:
            effects.apply(issue)
        fresh = {issue.digest for issue in settled}
        return [held for held in self.held() if held.issue.digest in fresh] if fresh else []

    # -- inside ----------------------------------------------------------------------------------------------------

    def _readable(self, issue: Issue) -> bool:
        try:
            self.check(issue, trying=False)
        except Refused:
            return False
        return True

    def _standing(self, issue: Issue, holding: dict[tuple[str, str], Issue], newest: set[str], today: date) -> Standing:
        if issue in holding.values():
            return "in_force"
        if issue.digest not in newest:
            return "replaced"
        if issue.withdrawn:
            return "withdrawn"
        if not issue.runs_on(self.client):
            return "newer_program"
        if issue.effective > today.isoformat():
            return "coming"
        if not issue.covers(today):
            return "past"
        return "replaced" if self._readable(issue) else "unreadable"


def _line(issue: Issue) -> tuple[str, str]:
    return issue.kind, issue.name


def _check_sequence(issue: Issue, lines: list[Issue]) -> None:
    current = max((other.sequence for other in lines), default=-1)
    if issue.sequence < current:
        raise Refused("protocol.package_rollback", sequence=issue.sequence, current=current)
    if issue.sequence == current:
        raise Refused("packages.sequence_twice", sequence=current)


def _bookkeeping(issue: Issue) -> Record:
    """The issue as the catalogue's record of packages (R29), which lists show beside all others."""
    values: Record = {
        "pkg_id": f"{issue.kind}:{issue.name}"[:40],
        "pkg_kind": _KIND_CODES[issue.kind],
        "pkg_version": issue.version[:20],
        "pkg_digest": issue.digest,
        "pkg_sig": "DSSE",
        "effective_from": issue.effective,
        "release_channel": _OFFICIAL,
    }
    return values | ({"min_client": issue.min_client[:20]} if issue.min_client else {})
