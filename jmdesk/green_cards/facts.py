"""What is known of a card, and what of it the record and the board show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from jmdesk.catalogue.types import Record
from jmdesk.green_cards import rules
from jmdesk.green_cards.board import Card
from jmdesk.store.stored import Stored
from jmdesk.workflows.standing import Standing


def facts_of(found: Stored, case: Standing) -> rules.Facts:
    """What is known of a card: the departments' answers, and the latest facts that were written down."""
    event = case.last("facts")
    given: Mapping[str, Any] = event.details if event is not None else {}
    revenue = found.values.get("revenue_main")
    return rules.Facts(
        {department: str(level) for department, level in levels_of(found).items()},
        [str(item) for item in given.get("gains", [])],
        {str(item): int(times) for item, times in given.get("losses", {}).items()},
        {str(code): str(document) for code, document in given.get("vetoes", {}).items()},
        Decimal(str(revenue)) if revenue is not None else Decimal(0),
    )


def shown_by(result: rules.Grade, facts: rules.Facts) -> Record:
    """What a calculation puts on the record; the total and the marks of green and backbone follow from it."""
    shown: Record = {
        "gain_score": f"{result.gain:.1f}",
        "loss_score": f"{result.loss:.1f}",
        "gc_grade": result.grade or "",
    }
    if result.base is not None:
        shown["base_score"] = f"{result.base:.1f}"
    if facts.vetoes:
        shown["veto_codes"] = dict(facts.vetoes)
    return shown


def card_of(record: Stored, firm: Stored | None, departments: Sequence[str]) -> Card:
    """A card as the board counts it; ``departments`` are those that it waits for."""
    values, known = record.values, firm.values if firm is not None else {}
    levels = levels_of(record)
    total, revenue = values.get("total"), values.get("revenue_main")
    return Card(
        record.rid,
        str(values.get("uscc", "")),
        str(known.get("ent_name", "")),
        firm.region if firm is not None else record.region,
        str(known.get("industry_code", "")),
        str(values.get("gc_grade", "")),
        Decimal(str(total)) if total is not None else None,
        bool(values.get("is_green")),
        bool(values.get("is_backbone")),
        Decimal(str(revenue)) if revenue is not None else None,
        sum(department not in levels for department in departments),
    )


def levels_of(found: Stored) -> Mapping[str, Any]:
    """The answers so far: department → level."""
    levels = found.values.get("dept_scores")
    return levels if isinstance(levels, dict) else {}


def year_of(found: Stored) -> int:
    """The year of a card, 0 for none."""
    year = found.values.get("gc_year")
    return year if isinstance(year, int) else 0
