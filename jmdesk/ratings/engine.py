"""The pure rating engine: facts and a rule package in, a scorecard out.

Exact fractions throughout, one rounding at the end (half up, one decimal). The same package and the same facts give
the same scorecard for ever, on the desk and on the gateway, so that an objection can be judged years later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import TypeAlias

from jmdesk.core.numbers import round_half_up
from jmdesk.ratings.facts import Facts, Row, Scalar
from jmdesk.ratings.model import NOT_RATED, Cap, Indicator, Measure, Rule, RulePackage, Trigger
from jmdesk.ratings.scorecard import TOO_LITTLE, VETOED, ItemScore, Scorecard, VetoHit

Measured: TypeAlias = tuple[Fraction | str | None, str | None]
"""A value and a state (``missing``, ``no_base``); neither means that nothing can be measured."""


def score(facts: Facts, package: RulePackage) -> Scorecard:
    """The scorecard that ``facts`` earn under ``package``."""
    return summed(facts, package, tuple(_item(facts, indicator) for indicator in package.indicators))


def summed(facts: Facts, package: RulePackage, items: tuple[ItemScore, ...]) -> Scorecard:
    """The scorecard of given item scores: totals, bands, caps, floor and vetoes."""
    points = sum((item.points for item in items if item.applicable), Fraction(0))
    applicable = sum((item.max for item in items if item.applicable), Fraction(0))
    rounded = round_half_up(points / applicable * 100) if applicable else Decimal("0.0")
    before = band(rounded, package)
    grade, caps = _capped(before, package, items, applicable)
    vetoes = tuple(_vetoes(facts, package))
    reasons = ((VETOED,) if vetoes else ()) + ((TOO_LITTLE,) if applicable < package.floor.below else ())
    return Scorecard(
        model=package.label,
        facts=facts,
        items=items,
        points=points,
        applicable_max=applicable,
        score=rounded,
        before_caps=before,
        caps=caps,
        vetoes=vetoes,
        reasons=reasons,
        grade=NOT_RATED if reasons else grade,
    )


def band(rounded: Decimal, package: RulePackage) -> str:
    """The grade of a score that has been rounded already: half-open bands, the best first."""
    exact = Fraction(rounded)
    return next((b.grade for b in package.bands if exact >= b.from_), package.unbanded)


def _capped(
    grade: str, package: RulePackage, items: Iterable[ItemScore], applicable: Fraction
) -> tuple[str, tuple[str, ...]]:
    absent = {item.id for item in items if not item.applicable}
    lowering = [
        c for c in package.caps if _cap_holds(c, absent, applicable) and package.rank(grade) < package.rank(c.grade)
    ]
    lowest = max((cap.grade for cap in lowering), key=package.rank, default=grade)
    return lowest, tuple(cap.id for cap in lowering)


def _cap_holds(cap: Cap, absent: set[str], applicable: Fraction) -> bool:
    if cap.applicable_below is not None:
        return applicable < cap.applicable_below
    return cap.not_applicable in absent


def _vetoes(facts: Facts, package: RulePackage) -> Iterator[VetoHit]:
    for veto in package.vetoes:
        documents = "；".join(claim.document for claim in facts.vetoes if claim.code == veto.code)
        basis = "；".join(text for text in (_triggered(t, facts, package) for t in veto.triggers) if text)
        if documents or basis:
            yield VetoHit(veto.code, documents, basis)


def _triggered(trigger: Trigger, facts: Facts, package: RulePackage) -> str:
    inputs = facts.inputs[trigger.indicator]
    if not isinstance(inputs, Mapping):
        return ""
    value = inputs[trigger.field]
    if isinstance(value, str) and value in trigger.codes:
        words = package.indicator(trigger.indicator).field(trigger.field).codes[value]
        return trigger.text.replace("{value}", words)
    if trigger.above is not None and isinstance(value, int) and value > trigger.above:
        return trigger.text.replace("{value}", str(value))
    return ""


def _item(facts: Facts, indicator: Indicator) -> ItemScore:
    inputs = facts.inputs[indicator.id]
    default = indicator.measure.lacking if inputs is not None else indicator.not_applicable[0].code
    value, state = (None, None) if inputs is None else _measured(inputs, indicator.measure)
    if value is None and state is None:
        reason = facts.not_applicable.get(indicator.id, default)
        return ItemScore(indicator.id, applicable=False, points=Fraction(0), max=indicator.max, rule=reason)
    hit = next(rule for rule in indicator.rules if holds(rule, value, state))
    return ItemScore(
        indicator.id, applicable=True, points=earned(hit, value), max=indicator.max, rule=hit.id, value=value
    )


def holds(rule: Rule, value: Fraction | str | None, state: str | None) -> bool:
    """True when every condition of the rule is met."""
    if rule.state is not None or state is not None:
        return rule.state == state
    if isinstance(value, str):
        return value in rule.codes
    if value is None or rule.codes:
        return False
    return (
        (rule.at_least is None or value >= rule.at_least)
        and (rule.above is None or value > rule.above)
        and (rule.at_most is None or value <= rule.at_most)
        and (rule.below is None or value < rule.below)
    )


def earned(rule: Rule, value: Fraction | str | None) -> Fraction:
    """The points of a rule that was hit, exact."""
    line = rule.line
    if line is not None and isinstance(value, Fraction):
        return min(line.high, max(line.low, line.offset + (value - line.origin) / line.per))
    return rule.points if rule.points is not None else Fraction(0)


def _measured(inputs: Row | tuple[Row, ...], measure: Measure) -> Measured:
    if isinstance(inputs, tuple):
        ratios = [value for row in inputs if isinstance(value := _ratio(row, measure)[0], Fraction)]
        return max(ratios, default=Fraction(0)), None
    first = inputs[measure.fields[0]]
    if measure.kind == "ratio":
        return _ratio(inputs, measure)
    if measure.kind == "trimmed_mean":
        return trimmed_mean(first, measure.least), None
    if measure.kind == "code":
        return (first, None) if isinstance(first, str) else (None, "missing")
    numbers = [number for name in measure.fields if (number := _number(inputs[name])) is not None]
    return (max(numbers), None) if numbers else (None, "missing")


def _number(cell: Scalar) -> Fraction | None:
    # Through Decimal, which reads digits far faster than Fraction and is as exact.
    return Fraction(Decimal(cell)) if isinstance(cell, int | str) else None


def _ratio(row: Row, measure: Measure) -> Measured:
    """Nothing divided by anything is 0, even by an amount that was not given; by nothing or less there is no base."""
    top = _number(row[measure.fields[0]])
    if top is None:
        return None, "missing"
    if top == 0:
        return top, None
    below = [number for name in measure.over if (number := _number(row[name])) is not None]
    if len(below) < len(measure.over):
        return None, None
    base = prod(below, start=Fraction(1))
    return (top / base, None) if base > 0 else (None, "no_base")


def trimmed_mean(ballots: Scalar, least: int) -> Fraction | None:
    """The mean of the voters' own means without one highest and one lowest; nothing below ``least`` voters."""
    if not isinstance(ballots, tuple) or len(ballots) < least:
        return None
    means = sorted(Fraction(total, count) for total, count in ballots)[1:-1]
    return sum(means, Fraction(0)) / len(means)
