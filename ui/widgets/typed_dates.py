"""Dates as people type them here."""

from __future__ import annotations

import re
from datetime import date

from jmdesk.core.text import folded

_SEPARATED = re.compile(r"(\d{4})\s*[-./年]\s*(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?号?")
_PLAIN = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TODAY = frozenset({"t", "today", "今天", "今日"})


def typed_date(text: str, today: date) -> date:
    """The day that ``1985.12.31``, ``19851231``, ``1985年12月31日``, ``1985-1-2``, ``t`` or ``今天`` means.

    ``ValueError`` for anything else: a two-digit year or a day without a year is asked again, never guessed.
    """
    plain = folded(text)
    if plain.casefold() in _TODAY:
        return today
    match = _SEPARATED.fullmatch(plain) or _PLAIN.fullmatch(plain)
    if match is None:
        raise ValueError("not a date")
    return date(*(int(part) for part in match.groups()))
