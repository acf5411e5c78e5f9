"""The rules for credit villages (JM-VL-1) and credit towns (JM-TN-1): pure, exact, explained item by item.

A package names ratios, gates that must all be passed, items with points, and outcomes. A ratio whose denominator is
zero is not applicable: its gate is open and its item leaves the total, as with a village in which nobody has a loan. A
fact that is missing is not zero: the gate or item is "unknown" and there is no outcome until it comes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Literal

from jmdesk.core.numbers import round_half_up
from jmdesk.core.resources import resource

State = Literal["passed", "missed", "unknown", "not_applicable"]

NOT_REACHED = "0"
"""CL-VGRADE: below every level."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A figure worked out from facts: ``value`` in the unit, None when unknown or when it does not apply."""

    id: str
    title: str
    unit: str
    value: Fraction | None
    applies: bool

    @property
    def shown(self) -> str:
        """The value with two decimals and its unit; a dash when there is none."""
        return "—" if self.value is None else f"{round_half_up(self.value, 2)}{self.unit}"


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition for applying at all: what is asked, what is there, and whether it is passed."""

    id: str
    title: str
    asked: str
    shown: str
    state: State


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the score. ``points`` is None when unknown or not applicable; then ``maximum`` does not count."""

    id: str
    title: str
    shown: str
    maximum: Fraction
    points: Fraction | None
    state: State


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules make of one village or town.

    ``score`` has one decimal, None while a fact is unknown. ``outcome`` is CL-VGRADE ("0" while a gate is missed), None
    while a fact is unknown. ``remarks`` say what limits the outcome.
    """

    model: str
    ratios: Mapping[str, Ratio]
    gates: tuple[Gate, ...]
    items: tuple[Item, ...]
    score: Decimal | None
    outcome: str | None
    remarks: tuple[str, ...]

    @property
    def missed(self) -> tuple[Gate, ...]:
        """The gates that stand in the way."""
        return tuple(gate for gate in self.gates if gate.state == "missed")

    @property
    def unknown(self) -> tuple[str, ...]:
        """The titles of what is not known yet."""
        found = [gate.title for gate in self.gates if gate.state == "unknown"]
        return tuple(dict.fromkeys(found + [item.title for item in self.items if item.state == "unknown"]))


Facts = Mapping[str, Fraction | int | bool | None]
"""Counts, amounts and given points by the names of the package; None or absent is unknown."""


@cache
def package(model: str) -> Mapping[str, Any]:
    """The rules that ship with this program. ``KeyError`` for an unknown model."""
    if model not in ("JM-VL-1", "JM-TN-1"):
        raise KeyError(model)
    raw: Mapping[str, Any] = json.loads(resource(f"rules/{model}.json").read_text(encoding="utf-8"))
    return raw


def assess(rules: Mapping[str, Any], facts: Facts) -> Assessment:
    """Apply a package to facts. Pure: the same package and facts give the same assessment for ever."""
    ratios = _ratios(rules["ratios"], facts)
    gates = tuple(_gate(raw, ratios, facts) for raw in rules["gates"])
    items = tuple(_item(raw, ratios, facts) for raw in rules["items"])
    score = _score(items)
    remarks: list[str] = []
    outcome: str | None = None
    if score is not None and all(gate.state != "unknown" for gate in gates):
        outcome = next(band["code"] for band in rules["outcomes"] if score >= Decimal(band["from"]))
        if any(gate.state == "missed" for gate in gates):
            outcome = NOT_REACHED
        limit = rules["without_loans"]
        if any(not ratio.applies for ratio in ratios.values()):
            remarks.append(limit["text"])
            outcome = min(outcome, limit["highest"])
    return Assessment(rules["model"], ratios, gates, items, score, outcome, tuple(remarks))


def _ratios(raw: Mapping[str, Any], facts: Facts) -> dict[str, Ratio]:
    made: dict[str, Ratio] = {}
    for name, about in raw.items():
        if "minus" in about:
            first, second = about["minus"]
            value, applies = _difference(made[first], facts.get(second))
        else:
            value, applies = _share(facts.get(about["of"]), facts.get(about["per"]))
        made[name] = Ratio(name, about["title"], about["unit"], value, applies)
    return made


def _share(part: Fraction | int | bool | None, whole: Fraction | int | bool | None) -> tuple[Fraction | None, bool]:
    """A share in per cent; without a denominator it does not apply."""
    if whole is not None and whole == 0:
        return None, False
    if part is None or whole is None:
        return None, True
    return Fraction(part) * 100 / Fraction(whole), True


def _difference(now: Ratio, before: Fraction | int | bool | None) -> tuple[Fraction | None, bool]:
    if not now.applies:
        return None, False
    return (None if now.value is None or before is None else now.value - Fraction(before)), True


def _gate(raw: Mapping[str, Any], ratios: Mapping[str, Ratio], facts: Facts) -> Gate:
    if "fact" in raw:
        known = facts.get(raw["fact"])
        state: State = "unknown" if known is None else "passed" if known else "missed"
        words = {"unknown": "—", "passed": "是", "missed": "否"}
        return Gate(raw["id"], raw["title"], "是", words[state], state)
    ratio = ratios[raw["ratio"]]
    asked = f"≥ {raw['at_least']}{ratio.unit}" if "at_least" in raw else f"< {raw['below']}{ratio.unit}"
    if not ratio.applies:
        state = "not_applicable"
    elif ratio.value is None:
        state = "unknown"
    elif "at_least" in raw:
        state = "passed" if ratio.value >= Fraction(raw["at_least"]) else "missed"
    else:
        state = "passed" if ratio.value < Fraction(raw["below"]) else "missed"
    return Gate(raw["id"], ratio.title, asked, ratio.shown, state)


def _item(raw: Mapping[str, Any], ratios: Mapping[str, Ratio], facts: Facts) -> Item:
    maximum = Fraction(raw["max"])
    if "given" in raw:
        given = facts.get(raw["given"])
        if given is None:
            return Item(raw["id"], raw["title"], "—", maximum, None, "unknown")
        points = min(max(Fraction(given), Fraction(0)), maximum)
        return Item(raw["id"], raw["title"], f"{round_half_up(points)}分", maximum, points, "passed")
    ratio = ratios[raw["ratio"]]
    if ratio.value is None:
        state: State = "unknown" if ratio.applies else "not_applicable"
        return Item(raw["id"], ratio.title, ratio.shown, maximum, None, state)
    points = _points(raw, ratio.value)
    return Item(raw["id"], ratio.title, ratio.shown, maximum, points, "passed")


def _points(raw: Mapping[str, Any], value: Fraction) -> Fraction:
    """The points of the first band that holds."""
    for edge, points in raw.get("at_least", ()):
        if value >= Fraction(edge):
            return Fraction(points)
    for edge, points in raw.get("below", ()):
        if value < Fraction(edge):
            return Fraction(points)
    return Fraction(raw.get("otherwise", "0"))


def _score(items: tuple[Item, ...]) -> Decimal | None:
    """Points over what applies, out of 100, rounded once."""
    if any(item.state == "unknown" for item in items):
        return None
    counted = [item for item in items if item.points is not None]
    whole = sum((item.maximum for item in counted), Fraction(0))
    reached = sum((item.points for item in counted if item.points is not None), Fraction(0))
    return round_half_up(reached * 100 / whole) if whole else None
