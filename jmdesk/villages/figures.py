"""The figures of a village or town: each with its value, basis, source and cut-off, and the list behind it. Pure.

A figure that nobody gave is unknown (None) and never taken for zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from jmdesk.villages.rules import Facts

DRAFT, CONSENT, UNRATED, UNDER_WAY, OBJECTED = "draft", "consent", "unrated", "under_way", "objected"
FILED, CREDIT, AWAY, RATED = "filed", "credit", "away", "rated"
CAUSES = (DRAFT, CONSENT, UNRATED, UNDER_WAY, OBJECTED)
"""Why a household on record does not count yet, each household by its first cause."""

WORDS: Mapping[str, str] = {
    "unfiled": "未建档",
    DRAFT: "档案未填完整",
    CONSENT: "授权未取得",
    UNRATED: "本年度尚未评定",
    UNDER_WAY: "评定办理中、尚未认定",
    OBJECTED: "异议成立、待重新评定",
}

Number = Fraction | int | bool | None


@dataclass(frozen=True, slots=True)
class Figure:
    """One fact as people read it.

    ``basis`` says what is counted (户籍, 常住, 银行客户 …), ``source`` where it comes from, ``as_of`` until when it is
    true (an ISO day or month, "" when unknown), ``note`` what limits it. ``listing`` names the households behind it, ""
    when there is no list. ``bank``: a bank's figure, hidden on projected views. ``by``: the unit that put it into an
    application, "" for this desk's own count.
    """

    name: str
    label: str
    value: Number
    unit: str
    basis: str
    source: str
    as_of: str
    note: str = ""
    listing: str = ""
    bank: bool = False
    by: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one village or town for a year: its figures, and who is behind them.

    ``causes`` counts households by what is missing; ``lists`` are record ids of households by the name of a list.
    """

    region: str
    year: int
    cutoff: str
    figures: tuple[Figure, ...]
    causes: Mapping[str, int]
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        """The values by name, for the rules."""
        return {figure.name: figure.value for figure in self.figures}

    def figure(self, name: str) -> Figure:
        """One figure. ``KeyError``."""
        return next(figure for figure in self.figures if figure.name == name) if self._has(name) else _none(name)

    def _has(self, name: str) -> bool:
        return any(figure.name == name for figure in self.figures)


def _none(name: str) -> Figure:
    raise KeyError(name)


def missing_sentence(standing: Standing, *, banks: bool = True) -> str:
    """What is still to be done, in one plain sentence: households by cause, and figures that nobody has given yet.

    Never a number of credit households to be reached: grades follow from what is known, not from a quota. Without
    ``banks`` (a village's own view) it says who adds the banks' figures.
    """
    parts = [f"{WORDS[cause]} {count:,} 户" for cause, count in standing.causes.items() if count]
    lacking = [figure for figure in standing.figures if figure.value is None]
    unknown = [figure.label for figure in lacking if banks or not figure.bank]
    said = f"还差：{'，'.join(parts)}。" if parts else ""
    if unknown:
        said += f"还没有数据：{'、'.join(unknown)}。"
    if len(unknown) < len(lacking):
        said += "银行数据由镇(街)初审时补充。"
    return said or "建档、授权、评定都已办完，没有待补的数据。"
