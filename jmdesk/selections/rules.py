"""The rules for honest enterprises (JM-HE-1): points item by item, vetoes with documents, the line and the best share.

Pure and exact. A fact that is not known is said to be so: there is no score until it is, and nobody is ranked by a
guess. No complaint at all gives 20 of 25: not the full points, so that silence is not bought.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Final

from jmdesk.core.errors import Refused
from jmdesk.core.numbers import round_half_up
from jmdesk.core.resources import resource


@dataclass(frozen=True, slots=True)
class Complaints:
    """The consumer complaints of the last 24 months: how many, answered in time, mediated, and the mean satisfaction.

    ``satisfaction`` is the sum of the marks 1 to 5 over ``rated`` complaints; nobody rated counts as not satisfied.
    """

    total: int
    answered_in_time: int
    mediated: int
    rated: int
    satisfaction: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one enterprise: counts, yes or no, grade codes by the names of the package; None is unknown."""

    values: Mapping[str, int | bool | str | None]
    complaints: Complaints | None
    vetoes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the explanation. ``points`` is None while its fact is unknown, and where it does not apply."""

    id: str
    dimension: str
    title: str
    given: str
    maximum: Decimal
    points: Fraction | None
    applies: bool = True


@dataclass(frozen=True, slots=True)
class Score:
    """The result for one enterprise; ``score`` (one decimal) is None while a fact is unknown or a veto stands."""

    model: str
    items: tuple[Item, ...]
    score: Decimal | None
    vetoes: tuple[str, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The titles of what is not known yet."""
        return tuple(item.title for item in self.items if item.applies and item.points is None)


@cache
def package() -> Mapping[str, Any]:
    """The rules that ship with this program."""
    raw: Mapping[str, Any] = json.loads(resource("rules/JM-HE-1.json").read_text(encoding="utf-8"))
    return raw


def score(rules: Mapping[str, Any], facts: Facts) -> Score:
    """Apply the rules to one enterprise. ``Refused`` "selections.veto" for a veto without a document or unknown."""
    texts = {veto["code"]: veto["text"] for veto in rules["vetoes"]}
    for code, document in facts.vetoes.items():
        if code not in texts or not document.strip():
            raise Refused("selections.veto", veto=code)
    items = tuple(_item(raw, facts) for raw in rules["items"])
    vetoes = tuple(f"{texts[code]}({document})" for code, document in facts.vetoes.items())
    counted = [item for item in items if item.applies]
    known = [item.points for item in counted if item.points is not None]
    whole = None
    if len(known) == len(counted) and not vetoes:
        maximum = sum((Fraction(item.maximum) for item in counted), Fraction(0))
        whole = round_half_up(sum(known, Fraction(0)) * 100 / maximum)
    return Score(f"{rules['model']}@{rules['version']}", items, whole, vetoes)


HIDDEN: Final = "不显示(同业回避)"
"""Stands where complaints about a rival would be told."""


def without_complaints(facts: Facts, result: Score) -> tuple[Facts, Score]:
    """The same for who sees no complaints: neither how many, nor the points they gave."""
    told = {"contract", "complaints"}
    items = tuple(
        replace(item, given=HIDDEN, points=None, applies=False) if item.id in told else item for item in result.items
    )
    values = {name: value for name, value in facts.values.items() if name != "trade_complaints"}
    return replace(facts, values=values, complaints=None), replace(result, items=items)


def selected(rules: Mapping[str, Any], scores: Mapping[str, Decimal | None]) -> list[str]:
    """Who may be proposed among the members of one trade, the best first: at or above the line and in the best share.

    The share is of all members that were scored, rounded up so that a small trade is not left without anyone; equal
    scores at its edge all belong to it.
    """
    scored = {name: points for name, points in scores.items() if points is not None}
    ranking = sorted(scored, key=lambda name: (-scored[name], name))
    places = -(-len(ranking) * int(rules["top_percent"]) // 100)
    if not places:
        return []
    edge = max(scored[ranking[places - 1]], Decimal(rules["line"]))
    return [name for name in ranking if scored[name] >= edge]


def _item(raw: Mapping[str, Any], facts: Facts) -> Item:
    maximum = Fraction(raw["max"])
    if "fact" in raw and facts.values.get(raw["fact"]) == raw.get("not_rated", ""):
        return Item(raw["id"], raw["dimension"], raw["title"], "未评，不适用", Decimal(raw["max"]), None, applies=False)
    given, points = _POINTS[raw["kind"]](raw, facts, maximum)
    return Item(raw["id"], raw["dimension"], raw["title"], given, Decimal(raw["max"]), points)


Points = tuple[str, Fraction | None]
_UNKNOWN: Points = ("待补", None)


def _deduct(raw: Mapping[str, Any], facts: Facts, maximum: Fraction) -> Points:
    counts = {name: facts.values.get(name) for name in raw["each"]}
    if any(count is None for count in counts.values()):
        return _UNKNOWN
    lost = sum((Fraction(each) * int(counts[name] or 0) for name, each in raw["each"].items()), Fraction(0))
    return f"{sum(int(count or 0) for count in counts.values())} 次", max(maximum - lost, Fraction(0))


def _flag(raw: Mapping[str, Any], facts: Facts, maximum: Fraction) -> Points:
    known = facts.values.get(raw["fact"])
    return _UNKNOWN if known is None else ("有", maximum) if known else ("无", Fraction(0))


def _table(raw: Mapping[str, Any], facts: Facts, _maximum: Fraction) -> Points:
    code = facts.values.get(raw["fact"])
    return _UNKNOWN if code is None else (str(code), Fraction(raw["points"].get(str(code), "0")))


def _complaints(raw: Mapping[str, Any], facts: Facts, _maximum: Fraction) -> Points:
    found = facts.complaints
    if found is None:
        return _UNKNOWN
    if not found.total:
        return "没有投诉", Fraction(raw["without"])
    satisfied = Fraction(found.satisfaction, found.rated) / Fraction(raw["best"]) if found.rated else Fraction(0)
    points = (
        Fraction(raw["answered"]) * Fraction(found.answered_in_time, found.total)
        + Fraction(raw["mediated"]) * Fraction(found.mediated, found.total)
        + Fraction(raw["satisfied"]) * satisfied
    )
    return f"{found.total} 件，按期答复 {found.answered_in_time} 件，调解成功 {found.mediated} 件", points


_POINTS = {"deduct": _deduct, "flag": _flag, "table": _table, "complaints": _complaints}
