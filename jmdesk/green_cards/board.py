"""The green-card board of a year: pure counts over cards, so that the screen and the spreadsheet agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

COUNTY_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Card:
    """One card as the board counts it. ``grade`` is "" while a department is awaited; ``revenue`` in 万元."""

    rid: str
    enterprise: str
    name: str
    region: str
    industry: str
    grade: str
    total: Decimal | None
    green: bool
    backbone: bool
    revenue: Decimal | None
    awaited: int


@dataclass(frozen=True, slots=True)
class Target:
    """A number of backbone enterprises to be reached in a year; ``reached`` is this board's number."""

    year: int
    backbone: int
    text: str
    reached: int


@dataclass(frozen=True, slots=True)
class Board:
    """The counts of a year. ``nursery`` are cards below the line by a tenth of it at most, the nearest first."""

    year: int
    applied: int
    graded: int
    grades: Mapping[str, int]
    green: int
    backbone: int
    awaiting: int
    targets: tuple[Target, ...]
    by_county: tuple[tuple[str, int, int], ...]
    by_industry: tuple[tuple[str, int, int], ...]
    nursery: tuple[Card, ...]


def board(rules: Mapping[str, Any], year: int, cards: Sequence[Card], city_target: int | None = None) -> Board:
    """Count a year's cards by the rules of that year; ``city_target`` is what the city has set for it."""
    green = [card for card in cards if card.green]
    backbone = sum(card.backbone for card in cards)
    targets = [Target(raw["year"], raw["backbone"], raw["text"], backbone) for raw in rules["targets"]]
    if city_target is not None:
        targets.append(Target(year, city_target, f"{year}年目标(市定)", backbone))
    return Board(
        year,
        len(cards),
        sum(bool(card.grade) for card in cards),
        {band["grade"]: sum(card.grade == band["grade"] for card in cards) for band in rules["bands"]},
        len(green),
        backbone,
        sum(card.awaited > 0 for card in cards),
        tuple(targets),
        _split(cards, lambda card: card.region[:COUNTY_DIGITS]),
        _split(cards, lambda card: card.industry[:2]),
        nursery(rules, cards),
    )


def nursery(rules: Mapping[str, Any], cards: Sequence[Card]) -> tuple[Card, ...]:
    """Cards within so many per cent below the line of green, or green and within it below the backbone's revenue."""
    share = Decimal(rules["nursery"]) / 100
    line = min(Decimal(band["from"]) for band in rules["bands"] if band["grade"] in rules["green"])
    revenue = Decimal(rules["backbone_revenue"])
    near: list[tuple[Decimal, Card]] = []
    for card in cards:
        if not card.green and card.total is not None and line * (1 - share) <= card.total < line:
            near.append(((line - card.total) / line, card))
        elif card.green and not card.backbone and card.revenue is not None and card.revenue >= revenue * (1 - share):
            near.append(((revenue - card.revenue) / revenue, card))
    return tuple(card for _, card in sorted(near, key=lambda pair: (pair[0], pair[1].rid)))


def _split(cards: Sequence[Card], key: Any) -> tuple[tuple[str, int, int], ...]:
    green, backbone = Counter[str](), Counter[str]()
    for card in cards:
        green[key(card)] += card.green
        backbone[key(card)] += card.backbone
    return tuple((name, green[name], backbone[name]) for name in sorted(green))
