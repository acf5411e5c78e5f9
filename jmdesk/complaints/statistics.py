"""The figures of a year of complaints, and what of them may be published. Pure.

A published figure never points at a person: groups smaller than ``SMALLEST`` are folded together, and where that would
leave one hidden figure to be worked out from the total, one more is folded with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from jmdesk.catalogue.types import Record
from jmdesk.complaints.rules import MEDIATED
from jmdesk.core.clock import beijing_date, from_utc_text
from jmdesk.core.numbers import round_half_up
from jmdesk.workflows.standing import Standing

SMALLEST: Final = 5
"""The smallest group that is shown by itself."""
FOLDED: Final = "其他(合并)"
OUTSIDE: Final = "非会员或未知"
FIRMS: Final = "企业"
"""The table that names firms: for the desk, not for a meeting of their rivals."""
MONTHS, QUARTERS = "月份", "季度"


@dataclass(frozen=True, slots=True)
class Entry:
    """One complaint as the figures see it: nothing of the complainant but the kind."""

    month: int
    kind: str
    product: str
    problem: str
    cluster: str
    firm: str
    member: bool
    accepted: bool
    decided: bool
    outcome: str
    recovered: Decimal
    satisfaction: int
    kept: Mapping[str, bool]


Grouping = Callable[[Entry], str]
"""Names the group that a complaint belongs to."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many; ``percent`` with one decimal, None when there is nothing to divide."""

    part: int
    whole: int

    @property
    def percent(self) -> Decimal | None:
        """The rate in per cent, rounded half up."""
        return round_half_up(Fraction(100 * self.part, self.whole)) if self.whole else None

    @property
    def small(self) -> bool:
        """Whether it rests on so few that it must not be published."""
        return self.whole < SMALLEST


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: a group, how many complaints, how many of them accepted, ended, and ended in agreement."""

    name: str
    count: int
    accepted: int
    ended: int
    agreed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """A year: totals, rates of time limits by their name, and tables."""

    year: int
    total: Line
    on_time: Mapping[str, Rate]
    success: Rate
    recovered: Decimal
    satisfaction: Rate
    tables: Mapping[str, tuple[Line, ...]]
    members: int = 0
    """Member enterprises on record, 0 where nobody counted them."""
    about_members: int = 0

    @property
    def per_hundred(self) -> Decimal | None:
        """Complaints about members for each hundred of them, one decimal; None where nobody counted them."""
        return round_half_up(Fraction(100 * self.about_members, self.members)) if self.members else None


def entry(values: Record, case: Standing, cluster: str, firm: str, today: date) -> Entry:
    """One complaint's entry. ``cluster`` and ``firm`` in words, "" unknown; an open limit that is over is missed."""
    recovered, satisfaction = values.get("recovered_amount"), values.get("satisfaction")
    kept: dict[str, bool] = {}
    for due in case.dues:
        if due.met_on is not None or not due.in_time(today):
            kept[due.clock.label] = kept.get(due.clock.label, True) and due.in_time(today)
    return Entry(
        month=beijing_date(from_utc_text(str(values["received_at"]))).month,
        kind=str(values.get("complainant_kind", "")),
        product=str(values.get("product", "")).strip(),
        problem=str(values.get("problem_class", "")),
        cluster=cluster,
        firm=firm,
        member=values.get("respondent_is_member") is True,
        accepted=values.get("accept_decision") == "1",
        decided="accept_decision" in values,
        outcome=str(values.get("outcome", "")),
        recovered=Decimal(recovered) if isinstance(recovered, str) else Decimal(0),
        satisfaction=satisfaction if isinstance(satisfaction, int) else 0,
        kept=kept,
    )


def figures(year: int, entries: Sequence[Entry], names: Mapping[str, Mapping[str, str]], members: int = 0) -> Figures:
    """The figures of a year's entries. ``names`` are the labels of ``kind``, ``problem`` and ``outcome`` by code."""
    on_time: dict[str, list[bool]] = {}
    for one in entries:
        for label, kept in one.kept.items():
            on_time.setdefault(label, []).append(kept)
    mediated = [one for one in entries if one.outcome in MEDIATED | {"3", "5"}]
    stars = [one.satisfaction for one in entries if one.satisfaction]
    return Figures(
        year,
        _line("合计", entries),
        {label: Rate(sum(kept), len(kept)) for label, kept in sorted(on_time.items())},
        Rate(sum(one.outcome in MEDIATED for one in mediated), len(mediated)),
        sum((one.recovered for one in entries), Decimal(0)),
        Rate(sum(star >= 4 for star in stars), len(stars)),
        {
            MONTHS: tuple(
                _line(f"{month}月", [one for one in entries if one.month == month]) for month in range(1, 13)
            ),
            "投诉人类别": _table(entries, lambda one: names["kind"].get(one.kind, "")),
            "问题类别": _table(entries, lambda one: names["problem"].get(one.problem, "")),
            "产品或服务": _table(entries, lambda one: one.product),
            "特色行业": _table(entries, lambda one: one.cluster or OUTSIDE),
            FIRMS: _table(entries, lambda one: one.firm if one.member else OUTSIDE),
            "结果": _table(entries, lambda one: names["outcome"].get(one.outcome, "未办结")),
        },
        members,
        sum(one.member for one in entries),
    )


def published(found: Figures) -> Figures:
    """What may be shown outside the desk: no firms, no small groups, no rate that rests on a few."""
    tables = {name: folded(lines) for name, lines in found.tables.items() if name not in (FIRMS, MONTHS)}
    tables[QUARTERS] = folded(_quarters(found.tables[MONTHS]))
    nothing = Rate(0, 0)
    return Figures(
        found.year,
        found.total,
        {label: rate for label, rate in found.on_time.items() if not rate.small},
        nothing if found.success.small else found.success,
        Decimal(0) if found.success.part < SMALLEST else found.recovered,
        nothing if found.satisfaction.small else found.satisfaction,
        tables,
        0 if 0 < found.about_members < SMALLEST else found.members,
        0 if found.about_members < SMALLEST else found.about_members,
    )


def _table(entries: Iterable[Entry], by: Grouping) -> tuple[Line, ...]:
    groups: dict[str, list[Entry]] = {}
    for one in entries:
        groups.setdefault(by(one) or "未填", []).append(one)
    lines = [_line(name, group) for name, group in groups.items()]
    return tuple(sorted(lines, key=lambda line: (-line.count, line.name)))


def _line(name: str, entries: Iterable[Entry]) -> Line:
    counted = Counter[str]()
    for one in entries:
        counted["count"] += 1
        counted["accepted"] += one.accepted
        counted["ended"] += bool(one.outcome)
        counted["agreed"] += one.outcome in MEDIATED
    return Line(name, counted["count"], counted["accepted"], counted["ended"], counted["agreed"])


def _added(name: str, lines: Iterable[Line]) -> Line:
    found = list(lines)
    return Line(
        name,
        sum(line.count for line in found),
        sum(line.accepted for line in found),
        sum(line.ended for line in found),
        sum(line.agreed for line in found),
    )


def _quarters(months: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(_added(f"第{n + 1}季度", months[3 * n : 3 * n + 3]) for n in range(4))


def folded(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Small groups as one, which takes in the next larger ones until it is no small group itself."""
    by_size = sorted((line for line in lines if line.count), key=lambda line: line.count)
    small = [line for line in by_size if line.count < SMALLEST]
    large = by_size[len(small) :]
    while small and large and sum(line.count for line in small) < SMALLEST:
        small.append(large.pop(0))
    hidden = {line.name for line in small}
    shown = [line for line in lines if line.count and line.name not in hidden]
    rest = _added(FOLDED, small)
    return (*shown, rest) if rest.count >= SMALLEST else tuple(shown)
