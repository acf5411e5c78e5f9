"""What would change a grade: the nearest steps that lift it, found by rating again with one item improved."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from jmdesk.ratings import engine
from jmdesk.ratings.model import Indicator, RulePackage
from jmdesk.ratings.scorecard import ItemScore, Scorecard

_MOST = 3


@dataclass(frozen=True, slots=True)
class Step:
    """One item moved to a better rule."""

    indicator: str
    rule: str
    gain: Fraction


@dataclass(frozen=True, slots=True)
class Improvement:
    """Steps that, taken together, lift the grade; ``score`` and ``grade`` are what would then be reached."""

    steps: tuple[Step, ...]
    score: Decimal
    grade: str


def improvements(card: Scorecard, package: RulePackage) -> tuple[Improvement, ...]:
    """Up to three single steps that lift the grade, the smallest first; else the fewest steps together; else nothing.

    Only indicators that the household can do something about are proposed (those whose package text says how), and
    nothing is proposed to a household that is not graded or already has the best grade.
    """
    if not card.rated:
        return ()
    steps = sorted(_steps(card, package), key=lambda step: (step.gain, step.indicator))
    singles: dict[str, Improvement] = {}
    for step in steps:
        reached = _after(card, package, (step,))
        if step.indicator not in singles and package.rank(reached.grade) < package.rank(card.grade):
            singles[step.indicator] = reached
    if singles:
        return tuple(singles.values())[:_MOST]
    return _together(card, package, steps)


def _together(card: Scorecard, package: RulePackage, steps: list[Step]) -> tuple[Improvement, ...]:
    best: dict[str, Step] = {}
    for step in steps:
        best[step.indicator] = step
    chosen: tuple[Step, ...] = ()
    for step in sorted(best.values(), key=lambda step: (-step.gain, step.indicator)):
        chosen = (*chosen, step)
        reached = _after(card, package, chosen)
        if package.rank(reached.grade) < package.rank(card.grade):
            return (reached,)
    return ()


def _steps(card: Scorecard, package: RulePackage) -> Iterator[Step]:
    for item in card.items:
        indicator = package.indicator(item.id)
        if item.applicable and indicator.improve and item.points < item.max:
            yield from _better(item, indicator)


def _better(item: ItemScore, indicator: Indicator) -> Iterator[Step]:
    for rule in indicator.rules:
        if rule.points is not None and rule.points > item.points:
            yield Step(indicator.id, rule.id, rule.points - item.points)


def _after(card: Scorecard, package: RulePackage, steps: tuple[Step, ...]) -> Improvement:
    gains = {step.indicator: step.gain for step in steps}
    items = tuple(replace(item, points=item.points + gains.get(item.id, Fraction(0))) for item in card.items)
    reached = engine.summed(card.facts, package, items)
    return Improvement(steps, reached.score, reached.grade)
