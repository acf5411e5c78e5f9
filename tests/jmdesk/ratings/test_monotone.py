"""Whatever a household does better never costs it a point or a grade; points add up exactly, within their limits."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import fields, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jmdesk.ratings.model import shipped
from tests.jmdesk.ratings.households import Raw, h1, rated
from tests.jmdesk.ratings.strategies import households

GRADES = ("NR", "C", "B", "A", "AA", "AAA")
Step = Callable[[Any, int], None]
"""Makes the facts of one indicator better by a little (1 to 1,000)."""


def paid_sooner(facts: Any, by: int) -> None:
    for name in ("max_overdue_days", "current_overdue_days"):
        facts[name] = max(0, facts[name] - by)


def next_better(name: str, *worst_first: str | None) -> Step:
    """One step up a ladder."""

    def step(facts: Any, _by: int) -> None:
        at = worst_first.index(facts[name])
        facts[name] = worst_first[min(at + 1, len(worst_first) - 1)]

    return step


def more(name: str, most: str = "") -> Step:
    """A larger number, up to another one of the facts."""

    def step(facts: Any, by: int) -> None:
        if facts[name] is not None:
            facts[name] = min(facts[name] + by, facts[most]) if most else facts[name] + by

    return step


def money(name: str, sign: int = 1) -> Step:
    """A larger (or smaller) amount, never one that is owed turned round."""

    def step(facts: Any, by: int) -> None:
        if facts[name] is not None:
            amount = Decimal(facts[name]) + sign * by * 137
            facts[name] = str(amount if sign > 0 else max(amount, Decimal("0.00")))

    return step


def more_kept(facts: Any, by: int) -> None:
    facts["fulfil_rate"] = str(min(Decimal(facts["fulfil_rate"]) + by, Decimal("100.0")))


def more_land(facts: Any, by: int) -> None:
    if facts:
        facts[0]["quantity"] = str(Decimal(facts[0]["quantity"]) + by)


def a_kinder_vote(facts: Any, by: int) -> None:
    able = [voter for voter in facts["voters"] if voter[0] < 5 * voter[1]]
    if able:
        able[by % len(able)][0] += 1


BETTER: dict[str, tuple[str, Step]] = {
    "pays sooner": ("A1", paid_sooner),
    "keeps a guarantee": ("A2", next_better("performance", "default_open", "paid_after_default", "kept")),
    "keeps more orders": ("A3", more_kept),
    "pays what the village is owed": ("A4", next_better("payment", "owing", "late_paid", "on_time")),
    "stays in the trade": ("B1", more("years")),
    "earns more": ("B2", money("net_income")),
    "has more people at work": ("B3", more("labor", "population")),
    "works more land": ("B4", more_land),
    "owes less": ("C1", money("debt", -1)),
    "earns more beside its debts": ("C1", money("income")),
    "guarantees less": ("C2", money("guarantee", -1)),
    "earns more beside its guarantees": ("C2", money("net_income")),
    "is thought better of": ("D1", a_kinder_vote),
    "is honoured": ("D2", next_better("level", None, "6", "5", "4", "3", "2", "1")),
    "fills in more": ("E1", more("filled", "required")),
    "shows more papers": ("E2", more("verified", "fields")),
}


ANYBODY = {**h1(), "A2": {"performance": "default_open"}}


@settings(deadline=None, max_examples=120)
@given(better=st.sampled_from(sorted(BETTER)), raw=households(), by=st.integers(1, 1000))
def test_a_household_that_does_better_never_loses(better: str, raw: Raw, by: int) -> None:
    indicator, step = BETTER[better]
    before = {**raw, indicator: ANYBODY[indicator] if raw[indicator] is None else raw[indicator]}
    after = deepcopy(before)
    step(after[indicator], by)
    first, second = rated(before), rated(after)
    assert second.points >= first.points
    assert second.score >= first.score
    assert GRADES.index(second.grade) >= GRADES.index(first.grade)


@pytest.mark.parametrize("better", BETTER)
def test_every_way_of_doing_better_is_one(better: str) -> None:
    indicator, step = BETTER[better]
    worst = {**ANYBODY, **WORST}
    after = deepcopy(worst)
    for _ in range(6):
        step(after[indicator], 1000)
    assert rated(after).item(indicator).points > rated(worst).item(indicator).points


WORST: Raw = {
    "A1": {"max_overdue_days": 90, "current_overdue_days": 90, "worst_five_class": None},
    "A3": {"fulfil_rate": "10.0"},
    "A4": {"payment": "owing"},
    "B1": {"years": 0},
    "B2": {"net_income": "0.00", "population": 4, "town_reference": "26000.00"},
    "B3": {"labor": 0, "population": 4},
    "B4": [{"kind": "1", "quantity": "0.00", "median": "3.20"}],
    "C1": {"debt": "200000.00", "income": "10000.00"},
    "C2": {"guarantee": "200000.00", "net_income": "10000.00"},
    "D1": {"voters": [[5, 5]] * 6},
    "D2": {"level": None},
    "E1": {"filled": 1, "required": 20},
    "E2": {"verified": 0, "fields": 20},
}


@settings(deadline=None, max_examples=30)
@given(households())
def test_points_add_up_exactly_and_stay_within_their_limits(raw: Raw) -> None:
    card = rated(raw)
    assert card.points == sum((item.points for item in card.items if item.applicable), Fraction(0))
    assert card.applicable_max == sum((item.max for item in card.items if item.applicable), Fraction(0))
    assert 0 <= card.points <= card.applicable_max <= shipped().total == 100
    assert all(0 <= item.points <= item.max for item in card.items)
    assert Decimal(0) <= card.score <= Decimal(100)
    assert card.score == card.score.quantize(Decimal("0.1"))


@settings(deadline=None, max_examples=30)
@given(households())
def test_no_float_is_anywhere_in_a_scorecard_or_in_what_is_stored_of_it(raw: Raw) -> None:
    card = rated(raw)
    assert not [where for where, value in walk(card, "card") if isinstance(value, float)]
    assert not [where for where, value in walk(card.record_values(), "record") if isinstance(value, float)]


def walk(value: object, where: str) -> list[tuple[str, object]]:
    """Everything inside a value, with the way to it."""
    found = [(where, value)]
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            found += walk(getattr(value, one.name), f"{where}.{one.name}")
    elif isinstance(value, dict):
        for name, inner in value.items():
            found += walk(inner, f"{where}.{name}")
    elif isinstance(value, list | tuple | frozenset):
        for number, inner in enumerate(value):
            found += walk(inner, f"{where}[{number}]")
    return found
