"""Issues of packages: what a publisher signed, which of them is in force on a day, and the catalogue that they make.

Pure, and the same at the desk and at the platform. Who calls has verified the signature: an issue is what was in a
verified envelope. One kind has one line for the catalogue, the regions and the calendar; rules and lists have a line
for each name. A day is a day in Beijing.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Protocol

from jmdesk.catalogue.layers import calendar_of, extended, regions_of
from jmdesk.catalogue.types import Catalogue

KINDS: Final = ("catalogue", "rules", "regions", "calendar", "list")
_ONE_LINE: Final = frozenset({"catalogue", "regions", "calendar"})
_NUMBER: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue of a package: in force from ``effective`` until the day before ``until`` ("" for no end).

    ``sequence`` grows with every issue of one (kind, name); of a version that is issued again the later issue counts.
    ``until`` equal to ``effective`` withdraws a version. ``digest`` is the SHA-256 of the envelope, ``files`` maps
    names to text.
    """

    kind: str
    name: str
    version: str
    sequence: int
    effective: str
    until: str
    min_client: str
    issued: str
    digest: str
    files: Mapping[str, str] = field(repr=False)

    @property
    def withdrawn(self) -> bool:
        """Whether this issue takes its version back."""
        return self.until == self.effective

    def covers(self, day: date) -> bool:
        """Whether the issue's dates hold the day."""
        return self.effective <= day.isoformat() and (not self.until or day.isoformat() < self.until)

    def runs_on(self, client: str) -> bool:
        """Whether a program of this version is new enough for it."""
        return release(self.min_client) <= release(client)


class Signed(Protocol):
    """The payload of a package envelope, as the protocol reads it."""

    @property
    def kind(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def sequence(self) -> int: ...
    @property
    def effective(self) -> str: ...
    @property
    def until(self) -> str: ...
    @property
    def min_client(self) -> str: ...
    @property
    def issued(self) -> str: ...
    @property
    def files(self) -> Mapping[str, str]: ...


def issue_of(package: Signed, envelope: bytes) -> Issue:
    """The issue that a verified envelope holds."""
    return Issue(
        *(str(package.kind), package.name, package.version, package.sequence, package.effective, package.until),
        *(package.min_client, package.issued, hashlib.sha256(envelope).hexdigest(), dict(package.files)),
    )


def release(version: str) -> tuple[int, ...]:
    """A program's version as numbers to compare: ``1.10`` is later than ``1.9``; "" is before every version."""
    numbers = tuple(int(number) for number in _NUMBER.findall(version.partition("+")[0])[:4])
    return numbers + (0,) * (4 - len(numbers)) if numbers else ()


def latest(issues: Iterable[Issue]) -> list[Issue]:
    """Of every version its latest issue, in the order of their sequence."""
    found: dict[tuple[str, str, str], Issue] = {}
    for issue in sorted(issues, key=lambda i: i.sequence):
        found[issue.kind, issue.name, issue.version] = issue
    return sorted(found.values(), key=lambda i: (i.kind, i.name, i.sequence))


def in_force(issues: Iterable[Issue], day: date, client: str) -> dict[tuple[str, str], Issue]:
    """What holds on a day for a program of a version, by kind and name ("" for the kinds that have one line).

    The latest effective date wins, then the later issue. An issue that asks for a newer program does not hold: what
    held before goes on.
    """
    found: dict[tuple[str, str], Issue] = {}
    for issue in latest(issues):
        if not issue.covers(day) or not issue.runs_on(client):
            continue
        line = (issue.kind, "" if issue.kind in _ONE_LINE else issue.name)
        before = found.get(line)
        if before is None or (issue.effective, issue.sequence) >= (before.effective, before.sequence):
            found[line] = issue
    return found


def built(shipped: Catalogue, holding: Mapping[tuple[str, str], Issue]) -> Catalogue:
    """The catalogue, regions and calendar of the issues in force, laid over what came with the program.

    ``Refused`` as the readers of ``layers``; an issue is read before it is kept, so what is held can be built.
    """
    made = shipped
    if (issue := holding.get(("catalogue", ""))) is not None:
        made = extended(made, issue.version, issue.files)
    if (issue := holding.get(("regions", ""))) is not None:
        regions = regions_of(issue.version, issue.files)
        made = replace(made, read_regions=lambda: regions)
    if (issue := holding.get(("calendar", ""))) is not None:
        calendar = calendar_of(issue.version, issue.files)
        made = replace(made, read_calendar=lambda: calendar)
    return made
