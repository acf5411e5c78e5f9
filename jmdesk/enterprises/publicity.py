"""How long a bad credit event is shown, by the rule in force on the day it takes effect: pure, rules are data.

Law: 国家发展改革委令第58号 until 2026-03-31, 第36号 from 2026-04-01. An event keeps the term it was given.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from jmdesk.core.resources import resource

PUBLIC = "P"
REPAIRED = "4"


@dataclass(frozen=True, slots=True)
class Term:
    """The term of one event: the law, whether it is shown at all, until which day, and from when it may be repaired.

    ``until`` is the last day. ``repair_from`` is the first day after the shortest term.
    """

    law: str
    title: str
    shown: bool
    until: date
    repair_from: date


@cache
def _rules() -> Mapping[str, Any]:
    raw: Mapping[str, Any] = json.loads(resource("rules/publicity.json").read_text(encoding="utf-8"))
    return raw


def is_bad(polarity: object) -> bool:
    """Whether the enterprise must be heard before an event of this polarity (CL-POL) takes effect."""
    return polarity in _rules()["statement_first"]


def is_administrative(values: Mapping[str, object]) -> bool:
    """Whether an authority recorded the event (R21), so that only it can repair the record."""
    named = _rules()["administrative"]
    return values.get("basis_kind") in named["basis"] or values.get("event_cat") in named["categories"]


def term(polarity: str, begins: date) -> Term:
    """The term of a bad event that takes effect on a day. ``KeyError`` for a polarity without one."""
    rules = _rules()["rules"]
    begun = [rule for rule in rules if date.fromisoformat(rule["effective_from"]) <= begins]
    rule = begun[-1] if begun else rules[0]
    tier = rule["tiers"][polarity]
    return Term(
        rule["id"],
        rule["title"],
        bool(tier["shown"]),
        months_later(begins, tier["most_months"]) - timedelta(days=1),
        months_later(begins, tier["least_months"]),
    )


def months_later(day: date, months: int) -> date:
    """The same day so many months on; the month's last day where it is shorter (民法典 第二百零二条)."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_shown(values: Mapping[str, object], on: date) -> bool:
    """Whether an event (R21) is public on a day: it stops by itself, without anybody acting."""
    until = values.get("publicity_to")
    over = isinstance(until, str) and until < on.isoformat()
    return values.get("publicity") == PUBLIC and values.get("repair_status") != REPAIRED and not over
