"""The invented households of the worked examples, as plain facts."""

from __future__ import annotations

from typing import Any

from jmdesk.ratings import engine, facts
from jmdesk.ratings.model import shipped
from jmdesk.ratings.scorecard import Scorecard, exact_text

Raw = dict[str, Any]

# Seven ballots of five marks; without one highest and one lowest the means average exactly 4.2.
MEAN_4_2 = [[25, 5], [21, 5], [21, 5], [21, 5], [21, 5], [21, 5], [15, 5]]
MEAN_3 = [[15, 5], [15, 5], [15, 5], [20, 5], [10, 5]]


def h1(**changed: Any) -> Raw:
    """Example H1, with the named indicators replaced."""
    return {
        "A1": {"max_overdue_days": 0, "current_overdue_days": 0, "worst_five_class": "1"},
        "A2": None,
        "A3": {"fulfil_rate": "96.0"},
        "A4": {"payment": "on_time"},
        "B1": {"years": 8},
        "B2": {"net_income": "120000.00", "population": 4, "town_reference": "26000.00"},
        "B3": {"labor": 2, "population": 4},
        "B4": [{"kind": "1", "quantity": "5.00", "median": "3.20"}],
        "C1": {"debt": "50000.00", "income": "150000.00"},
        "C2": {"guarantee": "0.00", "net_income": "120000.00"},
        "D1": {"voters": MEAN_4_2},
        "D2": {"level": "4"},
        "E1": {"filled": 20, "required": 20},
        "E2": {"verified": 12, "fields": 20},
        **changed,
    }


def h3(**changed: Any) -> Raw:
    """Example H3: income not given."""
    return {
        **h1(),
        "A1": {"max_overdue_days": 12, "current_overdue_days": 0, "worst_five_class": None},
        "A3": None,
        "B1": {"years": 4},
        "B2": None,
        "B3": {"labor": 1, "population": 3},
        "B4": [{"kind": "1", "quantity": "1.60", "median": "3.20"}],
        "C1": None,
        "C2": {"guarantee": "0.00", "net_income": None},
        "D1": {"voters": MEAN_3},
        "D2": {"level": None},
        "E1": {"filled": 18, "required": 20},
        "E2": {"verified": 1, "fields": 20},
        "not_applicable": {"B2": "declined", "C1": "declined"},
        **changed,
    }


def h6(**changed: Any) -> Raw:
    """Example H6: a household of migrant workers without loans that gave its income."""
    return {
        **h1(),
        **dict.fromkeys(("A1", "A3", "A4", "B4")),
        "D2": {"level": None},
        "E2": {"verified": 6, "fields": 20},
        **changed,
    }


def rated(raw: Raw, model: str = "JM-HH-1") -> Scorecard:
    """The scorecard of plain facts under a shipped model."""
    package = shipped(model)
    return engine.score(facts.from_object(raw, package), package)


def summary(card: Scorecard) -> str:
    """``89/95 93.7 AAA``: points, applicable maximum, score and grade as the worked examples write them."""
    return f"{exact_text(card.points)}/{exact_text(card.applicable_max)} {card.score} {card.grade}"
