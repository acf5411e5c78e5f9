"""The yearly reference values that B2 and B4 compare with: a town's income per head and medians of resources.

They are data of their own, dated and replaced every year. A value that is not there makes the indicator not
applicable, never 0.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal

import msgspec

from jmdesk.core.errors import Refused
from jmdesk.core.numbers import decimal_text
from jmdesk.core.resources import resource

_TOWN_DIGITS = 9


class Town(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One town: net income per head in yuan, and the median of each kind of resource (CL-LAND) in mu."""

    name: str
    net_income_per_head: str | None = None
    resources: dict[str, str] = msgspec.field(default_factory=dict)


class ReferenceValues(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The values of one year by town code (nine digits). ``sample`` ones are invented and say so on screen."""

    format: Literal[1]
    sample: bool
    year: int
    effective_from: date
    source: str
    net_income_unit: str
    resource_unit: str
    towns: dict[str, Town]

    def town(self, region_code: str) -> Town | None:
        """The town that a 9- or 12-digit region code lies in; nothing when it has no values."""
        return self.towns.get(region_code[:_TOWN_DIGITS])


def parse(data: bytes) -> ReferenceValues:
    """Reference values from JSON. ``Refused("ratings.bad_reference")`` names the first fault and its place."""
    try:
        values = msgspec.json.decode(data, type=ReferenceValues)
        for code, town in values.towns.items():
            _check(code, town)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Refused("ratings.bad_reference", reason=str(error)) from None
    return values


def _check(code: str, town: Town) -> None:
    if len(code) != _TOWN_DIGITS or not code.isascii() or not code.isdigit():
        raise ValueError(f"{code} is no town code")
    given = [*town.resources.values(), *([town.net_income_per_head] if town.net_income_per_head is not None else [])]
    for text in given:
        if decimal_text(text, 14, 2) != text or text.startswith("-") or not text.strip("0."):
            raise ValueError(f"{code}: {text} is no amount above 0 with two decimals")


@cache
def shipped() -> ReferenceValues:
    """The invented sample values that came with the product."""
    return parse(resource("rules/reference-sample.json").read_bytes())
