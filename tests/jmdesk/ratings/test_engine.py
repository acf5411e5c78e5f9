"""The engine against an independent calculation written straight from the published table."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings

from jmdesk.core.errors import Refused
from jmdesk.ratings import engine, facts
from jmdesk.ratings.model import RulePackage, shipped
from jmdesk.ratings.scorecard import exact_text
from jmdesk.ratings.verification import differences, verify
from tests.jmdesk.ratings.households import Raw, h1, h3, h6, rated
from tests.jmdesk.ratings.strategies import households

Earned: TypeAlias = tuple[Fraction | int, int]


def step(value: Fraction, *steps: tuple[str, int]) -> int:
    """The points of the first threshold that ``value`` reaches from above."""
    return next((points for bound, points in steps if value >= Fraction(bound)), 0)


def by_hand(raw: Raw) -> tuple[Fraction, int]:
    """Points and applicable maximum of JM-HH-1, written without the engine or the package."""
    earned = [*performance_by_hand(raw), *business_by_hand(raw), *rest_by_hand(raw)]
    return sum((Fraction(points) for points, _ in earned), Fraction(0)), sum(top for _, top in earned)


def performance_by_hand(raw: Raw) -> Iterator[Earned]:
    if (a1 := raw["A1"]) is not None:
        days = max(a1["max_overdue_days"], a1["current_overdue_days"])
        yield 20 if days == 0 else 15 if days <= 30 else 10 if days <= 60 else 5 if days <= 90 else 0, 20
    if raw["A2"] is not None:
        yield {"kept": 5, "paid_after_default": 2, "default_open": 0}[raw["A2"]["performance"]], 5
    if raw["A3"] is not None:
        yield step(Fraction(raw["A3"]["fulfil_rate"]), ("95", 8), ("85", 6), ("70", 4)), 8
    if raw["A4"] is not None:
        yield {"on_time": 7, "late_paid": 4, "owing": 0}[raw["A4"]["payment"]], 7


def business_by_hand(raw: Raw) -> Iterator[Earned]:
    yield step(Fraction(raw["B1"]["years"] or 0), ("5", 6), ("3", 4), ("1", 2)), 6
    if (b2 := raw["B2"]) is not None:
        ratio = Fraction(b2["net_income"]) / b2["population"] / Fraction(b2["town_reference"])
        yield step(ratio, ("1.5", 9), ("1", 7), ("0.7", 5), ("0.4", 3)) or 1, 9
    if (b3 := raw["B3"]) is not None:
        share = Fraction(b3["labor"], b3["population"])
        yield step(share, ("0.5", 5), ("0.3", 3)) or (2 if share else 0), 5
    if raw["B4"] is not None:
        best = max((Fraction(r["quantity"]) / Fraction(r["median"]) for r in raw["B4"]), default=Fraction(0))
        yield step(best, ("1", 5), ("0.5", 3)) or (2 if best else 0), 5


def rest_by_hand(raw: Raw) -> Iterator[Earned]:
    if raw["C1"] is not None:
        debt, income = Fraction(raw["C1"]["debt"]), Fraction(raw["C1"]["income"])
        steps = (("0.5", 10), ("1", 8), ("2", 5), ("3", 2))
        within = next((p for bound, p in steps if income > 0 and debt <= Fraction(bound) * income), 0)
        yield within if debt else 10, 10
    if (c2 := raw["C2"]) is not None:
        given, net = Fraction(c2["guarantee"]), c2["net_income"]
        limit = max(Fraction(net or 0), Fraction(0))
        if given == 0 or net is not None:
            yield 5 if given == 0 else 4 if given <= limit / 2 else 2 if given <= limit else 0, 5
    if raw["D1"] is not None and len(raw["D1"]["voters"]) >= 5:
        means = sorted(Fraction(a, b) for a, b in raw["D1"]["voters"])[1:-1]
        yield (sum(means, Fraction(0)) / len(means) - 1) / 4 * 10, 10
    yield {"1": 5, "2": 5, "3": 4, "4": 3, "5": 2, "6": 1, None: 0}[raw["D2"]["level"]], 5
    filled, required = raw["E1"]["filled"], raw["E1"]["required"]
    yield 2 if filled == required else 1 if filled * 10 >= required * 9 else 0, 2
    verified, known = raw["E2"]["verified"], raw["E2"]["fields"]
    yield 0 if not known else 3 if verified * 10 >= known * 6 else 2 if verified * 10 >= known * 3 else 0, 3


def grade_by_hand(raw: Raw, score: Decimal, applicable: int) -> str:
    a1 = raw["A1"]
    if a1 and (a1["current_overdue_days"] > 90 or a1["worst_five_class"] in {"3", "4", "5"}):
        return "NR"
    if applicable < 45:
        return "NR"
    grade = "AAA" if score >= 90 else "AA" if score >= 80 else "A" if score >= 70 else "B" if score >= 60 else "C"
    if a1 is None and grade == "AAA":
        grade = "AA"
    return "A" if applicable < 60 and grade in {"AAA", "AA"} else grade


@settings(deadline=None, max_examples=300)
@given(households())
def test_the_engine_agrees_with_a_calculation_by_hand(raw: Raw) -> None:
    card = rated(raw)
    points, applicable = by_hand(raw)
    assert card.points == points
    assert card.applicable_max == applicable
    share = points / applicable * 100
    assert abs(Fraction(card.score) - share) <= Fraction(1, 20)
    exact = Decimal(share.numerator * 10**40 // share.denominator).scaleb(-40)
    assert card.score == exact.quantize(Decimal("0.1"), ROUND_HALF_UP)
    assert card.grade == grade_by_hand(raw, card.score, applicable)


@settings(deadline=None, max_examples=100)
@given(households())
def test_a_rating_is_recomputed_identically_from_what_it_stores(raw: Raw) -> None:
    package = shipped()
    card = rated(raw)
    again = verify(card.item_scores(), package)
    assert again == card
    assert differences(card.record_values(), package) == ()


def test_a_household_never_loses_by_paying_sooner() -> None:
    def score(days: int) -> Decimal:
        return rated(h1(A1={"max_overdue_days": days, "current_overdue_days": 0, "worst_five_class": None})).score

    assert all(later <= sooner for sooner, later in pairwise(score(days) for days in range(120)))


def test_nothing_at_all_is_not_graded_and_scores_nought() -> None:
    nothing: Raw = {**dict.fromkeys(h1()), "not_applicable": {}}
    card = rated(nothing)
    assert (card.score, card.grade, card.applicable_max.numerator) == (Decimal("0.0"), "NR", 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("score", "99.9"),
        ("grade", "AA"),
        ("applicable_max", "100.0"),
        ("input_digest", "0" * 64),
        ("veto_codes", ["V1"]),
        ("model_ver", "JM-HH-1@0.9"),
    ],
)
def test_a_wrong_value_in_a_rating_is_named(package: RulePackage, field: str, value: object) -> None:
    assert differences(rated(h1()).record_values() | {field: value}, package) == (field,)


def test_items_that_their_facts_do_not_earn_are_refused(package: RulePackage) -> None:
    stored: Any = rated(h1()).item_scores()
    stored["items"][0]["points"] = "19"
    with pytest.raises(Refused, match=r"ratings\.items_differ"):
        verify(stored, package)
    assert differences(rated(h1()).record_values() | {"item_scores": stored}, package) == ("item_scores",)


@pytest.mark.parametrize("stored", [None, [], {}, {"items": []}, {"facts": None}, {"facts": {"A1": 3}}, "x"])
def test_a_rating_without_facts_is_refused(package: RulePackage, stored: object) -> None:
    with pytest.raises(Refused, match=r"ratings\.bad_facts"):
        verify(stored, package)
    assert differences(rated(h1()).record_values() | {"item_scores": stored}, package) == ("item_scores",)


def test_a_veto_is_stored_by_its_code_and_its_document_stays_in_the_facts(package: RulePackage) -> None:
    card = rated(h1(vetoes=[{"code": "V5", "document": "粤测罚字1号"}]))
    assert card.record_values()["veto_codes"] == ["V5"]
    assert verify(card.item_scores(), package).vetoes[0].document == "粤测罚字1号"


def test_stored_values_are_at_the_scale_of_the_catalogue() -> None:
    values = rated(h6()).record_values()
    assert (values["score"], values["applicable_max"], values["model_ver"]) == ("81.8", "55.0", "JM-HH-1@1.0")
    assert len(str(values["input_digest"])) == 64


@pytest.mark.parametrize(
    ("value", "text"),
    [("8", "8"), ("15/2", "7.5"), ("20/3", "20/3"), ("0", "0"), ("100", "100"), ("-5", "-5"), ("1/536870912",) * 2],
)
def test_points_are_written_without_loss(value: str, text: str) -> None:
    assert exact_text(Fraction(value)) == text
    assert Fraction(exact_text(Fraction(value))) == Fraction(value)


def test_the_same_facts_give_equal_scorecards(package: RulePackage) -> None:
    first, second = (engine.score(facts.from_object(h3(), package), package) for _ in range(2))
    assert first == second
