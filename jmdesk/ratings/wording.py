"""Facts and measured values in plain Chinese, as the rule package words them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from jmdesk.core.numbers import round_half_up
from jmdesk.ratings.engine import holds
from jmdesk.ratings.facts import Facts, Row, Scalar
from jmdesk.ratings.model import Field, Indicator
from jmdesk.ratings.scorecard import ItemScore

NOT_GIVEN = "没有登记"
_MOST_PLACES = 9


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with ``{name}`` replaced; names that have no value stay as they are, and nothing is evaluated."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def points_text(points: Fraction) -> str:
    """Points as people read them: whole, or to one decimal, or 约 with two decimals where that is not exact."""
    return _plain(points)


def inputs_text(facts: Facts, indicator: Indicator, item: ItemScore) -> str:
    """What the indicator was computed from, in words; empty when it was not given."""
    inputs = facts.inputs[indicator.id]
    if inputs is None:
        return ""
    value = value_text(item.value, indicator)
    if not isinstance(inputs, tuple):
        return filled(indicator.words, {"value": value, **_cells(inputs, indicator)})
    if not inputs:
        return indicator.words_empty
    rows = [filled(indicator.words, _cells(row, indicator)) for row in inputs]
    return "；".join([*rows, filled(indicator.words_end, {"value": value})])


def value_text(value: Fraction | str | None, indicator: Indicator) -> str:
    """The measured value in words; rounded for reading only and then marked 约, the points come from the exact one.

    Two decimals, or as many more as it takes for the rounded value to hit the same rule: 1.4996 is not shown as 1.5
    beside a rule that says "less than 1.5".
    """
    if isinstance(value, str):
        return value
    if value is None:
        return "无法计算"
    show = indicator.measure.show
    scale = 100 if show == "percent" else 1
    hit = _hit(value, indicator)
    places = next((n for n in range(2, _MOST_PLACES) if _hit(_rounded(value * scale, n) / scale, indicator) == hit), 9)
    return _plain(value * scale, places) + {"percent": "%", "times": "倍", "plain": ""}[show]


def _hit(value: Fraction, indicator: Indicator) -> str:
    return next((rule.id for rule in indicator.rules if holds(rule, value, None)), "")


def _rounded(value: Fraction, places: int) -> Fraction:
    return Fraction(round_half_up(value, places))


def _cells(row: Row, indicator: Indicator) -> dict[str, str]:
    return {spec.name: _cell(row[spec.name], spec) for spec in indicator.fields}


def _cell(cell: Scalar, spec: Field) -> str:
    if cell is None:
        return NOT_GIVEN
    if spec.type == "code":
        return spec.codes[str(cell)]
    if isinstance(cell, tuple):
        return f"{len(cell)}张"
    amount = f"{Decimal(cell):,}" if spec.type == "decimal" else str(cell)
    return f"{amount}{spec.unit}"


def _plain(value: Fraction, places: int = 2) -> str:
    shown = round_half_up(value, places)
    text = f"{shown.normalize():f}" if shown else "0"
    return text if Fraction(shown) == value else f"约{text}"
