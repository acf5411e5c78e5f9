"""The rules of the green card (JM-GC-1): base, gain and loss, vetoes, grades; pure and exact.

The base is what the departments say, out of 80: a department with which the enterprise has no business does not apply
and the rest is scaled up; one that has not answered is awaited, never zero, and there is no grade until it answers.
Gains are capped at 20, losses at 40, the total lies between 0 and 100. A veto needs its document and gives D.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Final

from jmdesk.core.errors import Refused
from jmdesk.core.numbers import round_half_up
from jmdesk.core.resources import resource

VERSIONS: Final = ("1.0", "2.0")
NOT_APPLICABLE: Final = "na"
"""What a department answers about an enterprise with which it has nothing to do."""

LOWEST: Final = "D"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one enterprise in one year.

    ``departments``: level "1" (best) to "5", "na", by department; absent or None is awaited. ``gains``: the items that
    hold. ``losses``: how often each happened. ``vetoes``: code → number of the document that proves it. ``revenue`` in
    万元.
    """

    departments: Mapping[str, str | None]
    gains: Sequence[str]
    losses: Mapping[str, int]
    vetoes: Mapping[str, str]
    revenue: Decimal


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the explanation: what it is about, what was given, the points if there are any."""

    part: str
    id: str
    title: str
    given: str
    points: Decimal | None


@dataclass(frozen=True, slots=True)
class Grade:
    """The result. ``base``, ``total`` and ``grade`` are None while a department is awaited and no veto decides.

    ``backbone``: green, and revenue at or above the line.
    """

    model: str
    base: Decimal | None
    gain: Decimal
    loss: Decimal
    total: Decimal | None
    grade: str | None
    green: bool
    backbone: bool
    awaited: tuple[str, ...]
    vetoes: tuple[str, ...]
    lines: tuple[Line, ...]


@cache
def package(version: str) -> Mapping[str, Any]:
    """One version of the rules that ship with this program. ``KeyError`` for an unknown one."""
    if version not in VERSIONS:
        raise KeyError(version)
    raw: Mapping[str, Any] = json.loads(resource(f"rules/JM-GC-1@{version}.json").read_text(encoding="utf-8"))
    return raw


def in_force(on: date) -> Mapping[str, Any]:
    """The version in force on a day; before the first one, the first."""
    begun = [version for version in VERSIONS if date.fromisoformat(package(version)["effective_from"]) <= on]
    return package(begun[-1] if begun else VERSIONS[0])


def rate(rules: Mapping[str, Any], facts: Facts) -> Grade:
    """Apply the rules. ``Refused`` "green_cards.unknown" for an item the rules lack, "green_cards.veto" for a veto
    without a document.
    """
    _check(rules, facts)
    base, base_lines, awaited = _base(rules["base"], facts)
    gain, gain_lines = _gain(rules["gain"], facts)
    loss, loss_lines = _loss(rules["loss"], facts)
    total = None if base is None else min(max(base + gain - loss, Decimal(0)), Decimal(100))
    veto_texts = {raw["code"]: raw["text"] for raw in rules["vetoes"]}
    vetoes = tuple(f"{veto_texts[code]}({document})" for code, document in facts.vetoes.items())
    grade = None if total is None else next(b["grade"] for b in rules["bands"] if total >= Decimal(b["from"]))
    if vetoes:
        grade = LOWEST
    green = grade in rules["green"]
    return Grade(
        f"{rules['model']}@{rules['version']}",
        base,
        gain,
        loss,
        total,
        grade,
        green,
        green and facts.revenue >= Decimal(rules["backbone_revenue"]),
        awaited,
        vetoes,
        (*base_lines, *gain_lines, *loss_lines),
    )


def _check(rules: Mapping[str, Any], facts: Facts) -> None:
    known = {
        "departments": {d["id"] for d in rules["base"]["departments"]},
        "gains": {item["id"] for item in rules["gain"]["items"]},
        "losses": {item["id"] for item in rules["loss"]["items"]},
        "vetoes": {veto["code"] for veto in rules["vetoes"]},
    }
    for name, names in known.items():
        for given in getattr(facts, name):
            if given not in names:
                raise Refused("green_cards.unknown", item=given)
    levels = {*rules["base"]["levels"], NOT_APPLICABLE, None}
    for department, level in facts.departments.items():
        if level not in levels:
            raise Refused("green_cards.unknown", item=f"{department} {level}")
    for code, document in facts.vetoes.items():
        if not document.strip():
            raise Refused("green_cards.veto", veto=code)


def _base(rules: Mapping[str, Any], facts: Facts) -> tuple[Decimal | None, list[Line], tuple[str, ...]]:
    reached, whole = Fraction(0), Fraction(0)
    lines: list[Line] = []
    awaited: list[str] = []
    for department in rules["departments"]:
        level = facts.departments.get(department["id"])
        points: Fraction | None = None
        given = "不适用"
        if level is None:
            awaited.append(department["title"])
            given = "待补"
        elif level != NOT_APPLICABLE:
            maximum = Fraction(department["max"])
            points = maximum * Fraction(rules["levels"][level])
            reached, whole = reached + points, whole + maximum
            given = rules["level_titles"][level]
        shown = None if points is None else round_half_up(points, 2)
        lines.append(Line("base", department["id"], department["title"], given, shown))
    if awaited or not whole:
        return None, lines, tuple(awaited)
    return round_half_up(reached * Fraction(rules["max"]) / whole), lines, ()


def _gain(rules: Mapping[str, Any], facts: Facts) -> tuple[Decimal, list[Line]]:
    lines = [
        Line("gain", item["id"], item["title"], "有", Decimal(item["points"]))
        for item in rules["items"]
        if item["id"] in facts.gains
    ]
    points = sum((line.points for line in lines if line.points is not None), Decimal(0))
    return min(points, Decimal(rules["max"])), lines


def _loss(rules: Mapping[str, Any], facts: Facts) -> tuple[Decimal, list[Line]]:
    lines: list[Line] = []
    for item in rules["items"]:
        count = facts.losses.get(item["id"], 0)
        if count:
            points = Decimal(item["each"]) * count
            points = min(points, Decimal(item["at_most"])) if "at_most" in item else points
            lines.append(Line("loss", item["id"], item["title"], f"{count} 次", -points))
    points = -sum((line.points for line in lines if line.points is not None), Decimal(0))
    return min(points, Decimal(rules["max"])), lines
