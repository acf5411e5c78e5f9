"""Amounts as people type and read them here: grouped digits, 万 for ten thousand."""

from __future__ import annotations

import re
from decimal import Decimal

from jmdesk.core.numbers import decimal_text
from jmdesk.core.text import folded

_AMOUNT = re.compile(r"(-?[\d,_ ]*\.?\d*)\s*(万|w|W)?\s*(元)?")
_TEN_THOUSAND = Decimal(10000)


def typed_amount(text: str, digits: int, scale: int) -> str:
    """The canonical decimal that ``12,345.6``, ``３.５万`` or ``1.2万元`` means, at ``scale``.

    ``ValueError`` when it is no amount, has more decimals than the scale, or is too large for ``digits``.
    """
    match = _AMOUNT.fullmatch(folded(text))
    if match is None or not any(c.isdigit() for c in match[1]):
        raise ValueError("not a number")
    number = re.sub(r"[,_ ]", "", match[1])
    if match[2]:
        number = f"{Decimal(number) * _TEN_THOUSAND:f}"
    return decimal_text(number, digits, scale)


def grouped(canonical: str) -> str:
    """A canonical decimal with its thousands apart: ``12345.60`` → ``12,345.60``."""
    sign, number = ("-", canonical[1:]) if canonical.startswith("-") else ("", canonical)
    whole, _, rest = number.partition(".")
    return f"{sign}{int(whole):,}" + (f".{rest}" if rest else "")


def in_ten_thousands(canonical: str) -> str:
    """The echo beside an amount of 10,000 and more: ``123456.00`` → ``12.3456 万``; else empty."""
    value = Decimal(canonical)
    if abs(value) < _TEN_THOUSAND:
        return ""
    shown = f"{(value / _TEN_THOUSAND).normalize():f}"
    return f"{grouped(shown)} 万"
