"""A tally sheet as it lies on the table: for each household the sums of its valid votes, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from jmdesk.ratings.engine import trimmed_mean
from jmdesk.reviews.rules import PanelRules


@dataclass(frozen=True, slots=True)
class TallyLine:
    """One line of a sheet: how many valid votes it names, the sum of marks of each, and their total as written there.

    ``total`` is None where the paper has none.
    """

    household: str
    valid: int
    sums: tuple[int, ...]
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What a line comes to. ``fault`` is "" or what does not agree: "marks", "number", "total", "too_many".

    ``highest`` and ``lowest`` are the places of the two votes that do not count, -1 while there are too few votes;
    ``mean`` is the mean mark of the rest, None then.
    """

    fault: str
    highest: int
    lowest: int
    mean: Fraction | None
    sum: int


def counted(line: TallyLine, rules: PanelRules, most: int) -> Counted:
    """Check a line and count it; ``most`` are the members who were there and are not kin to the household."""
    items = len(rules.items)
    voters = tuple((total, items) for total in line.sums)
    mean = trimmed_mean(voters, rules.least_votes)
    order = sorted(range(len(line.sums)), key=line.sums.__getitem__)
    lowest, highest = (order[0], order[-1]) if mean is not None else (-1, -1)
    return Counted(_fault(line, rules, most), highest, lowest, mean, sum(line.sums))


def _fault(line: TallyLine, rules: PanelRules, most: int) -> str:
    low, high = (mark * len(rules.items) for mark in (rules.lowest, rules.highest))
    if not all(low <= total <= high for total in line.sums):
        return "marks"
    if len(line.sums) != line.valid:
        return "number"
    if line.total is not None and line.total != sum(line.sums):
        return "total"
    return "too_many" if line.valid > most else ""


def begun(lines: Sequence[TallyLine]) -> list[TallyLine]:
    """The lines in which something is entered."""
    return [line for line in lines if line.sums or line.valid or line.total is not None]
