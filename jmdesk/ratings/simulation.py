"""What would change under another rule package: both computed from today's records, nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.core.errors import Environment, Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.ratings import model
from jmdesk.ratings.model import NOT_RATED, RulePackage

if TYPE_CHECKING:
    from jmdesk.ratings.service import Ratings

_AT_ONCE = 500
MOST_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Change:
    """A household that another package would grade differently; scores in the wire's form."""

    household: str
    before: str
    after: str
    score_before: str
    score_after: str


@dataclass(frozen=True, slots=True)
class Simulation:
    """The comparison: grades before and after (best first, NR last), the households that change, how many failed."""

    label_before: str
    label_after: str
    before: dict[str, int]
    after: dict[str, int]
    changes: tuple[Change, ...]
    compared: int
    failed: int
    cancelled: bool = False


def simulate(
    ratings: Ratings,
    package: RulePackage,
    households: Sequence[str],
    year: int,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Simulation:
    """Grade households under the package in force and under another one.

    ``Refused`` "ratings.not_activatable" for a package that only checks the engine.
    """
    if not package.activatable:
        raise Refused("ratings.not_activatable", model=package.model)
    before, after, changes = Counter[str](), Counter[str](), list[Change]()
    compared = failed = 0
    stopped = False
    progress(0, len(households))
    for start in range(0, len(households), _AT_ONCE):
        if cancelled():
            stopped = True
            break
        some = households[start : start + _AT_ONCE]
        now, then = ratings.computed(some, year=year), ratings.computed(some, package, year=year)
        for household in some:
            old, new = now.cards.get(household), then.cards.get(household)
            if old is None or new is None:
                failed += 1
                continue
            compared += 1
            before[old.grade] += 1
            after[new.grade] += 1
            if old.grade != new.grade:
                changes.append(Change(household, old.grade, new.grade, str(old.score), str(new.score)))
        progress(min(start + _AT_ONCE, len(households)), len(households))
    order = list(dict.fromkeys([band.grade for p in (ratings.package, package) for band in p.bands] + [NOT_RATED]))
    return Simulation(
        ratings.package.label,
        package.label,
        {grade: before[grade] for grade in order},
        {grade: after[grade] for grade in order},
        tuple(changes),
        compared,
        failed,
        stopped,
    )


def package_named(ratings: Ratings, name: str) -> RulePackage:
    """A rule package by its label, or from a ``.json`` file.

    ``Refused`` "ratings.unknown_model" and what ``model.parse`` refuses; ``Environment`` "cli.unreadable_file".
    """
    if not name.endswith(".json"):
        return ratings.package_of(name)
    path = Path(name)
    try:
        data = path.read_bytes()[: MOST_BYTES + 1]
    except OSError as error:
        raise Environment("cli.unreadable_file", file=path.name) from error
    return model.parse(data)
