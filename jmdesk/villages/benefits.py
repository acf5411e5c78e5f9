"""Policies that banks and offices have published for each grade: shown as published, never computed as an approval.

Data of the city (``resources/rules/benefits.json``), section 3.7 of the domain research.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from jmdesk.core.resources import resource


@dataclass(frozen=True, slots=True)
class Benefit:
    """One published policy: what it is about, what was published, and by whom."""

    title: str
    text: str
    publisher: str


@cache
def _package() -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(resource("rules/benefits.json").read_text(encoding="utf-8"))
    return raw


def disclaimer() -> str:
    """What must stand beside every policy."""
    return str(_package()["disclaimer"])


def for_household(grade: str) -> tuple[Benefit, ...]:
    """What was published for households of a grade; nothing for a grade that nothing was published for."""
    return tuple(Benefit(**entry) for entry in _package()["household"].get(grade, ()))


def for_village() -> tuple[Benefit, ...]:
    """What was published for credit villages and towns."""
    return tuple(Benefit(**entry) for entry in _package()["village"])
