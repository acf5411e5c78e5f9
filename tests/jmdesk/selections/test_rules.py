"""Honest enterprises: points of every item, unknown facts, vetoes, the line and the best share."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.core.errors import Refused
from jmdesk.selections.rules import Complaints, Facts, package, score, selected

RULES = package()
BEST = Facts(
    {
        "trade_complaints": 0, "payment_judgments": 0, "failed_samplings": 0, "standard": True, "testing": True,
        "tax_grade": "A", "labor_grade": "A", "env_grade": "1", "report_in_order": True, "pledged": True,
        "duties_met": True, "takes_part": True, "charity": True,
    },
    Complaints(4, 4, 4, 2, 10),
    {},
)  # fmt: skip


def test_the_best_has_a_hundred_points_and_the_items_add_up() -> None:
    assert score(RULES, BEST).score == Decimal("100.0")
    assert sum(Decimal(item["max"]) for item in RULES["items"]) == 100


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ({"trade_complaints": 1}, "95.0"),
        ({"trade_complaints": 2, "payment_judgments": 1}, "80.0"),
        ({"payment_judgments": 9}, "75.0"),
        ({"failed_samplings": 1}, "95.0"),
        ({"tax_grade": "M"}, "98.0"),
        ({"labor_grade": "B"}, "98.0"),
        ({"env_grade": "4"}, "96.0"),
        ({"charity": False}, "96.0"),
    ],
)
def test_each_fact_costs_what_the_rules_say(change: dict[str, int | bool | str], points: str) -> None:
    assert score(RULES, replace(BEST, values={**BEST.values, **change})).score == Decimal(points)


@pytest.mark.parametrize(
    ("complaints", "points"),
    [
        (Complaints(0, 0, 0, 0, 0), "95.0"),
        (Complaints(4, 2, 1, 4, 12), "85.5"),
        (Complaints(3, 3, 3, 0, 0), "95.0"),
        (Complaints(3, 1, 1, 1, 5), "86.7"),
    ],
)
def test_complaints_count_by_how_they_were_answered(complaints: Complaints, points: str) -> None:
    assert score(RULES, replace(BEST, complaints=complaints)).score == Decimal(points)


@pytest.mark.parametrize("name", sorted(BEST.values))
def test_what_is_not_known_gives_no_score(name: str) -> None:
    found = score(RULES, replace(BEST, values={**BEST.values, name: None}))
    assert found.score is None
    assert len(found.unknown) == 1


def test_a_grade_that_was_never_given_does_not_apply_and_the_rest_is_scaled() -> None:
    values = {**BEST.values, "tax_grade": "N", "env_grade": "9", "charity": False}
    found = score(RULES, replace(BEST, values=values))
    assert (found.score, found.unknown) == (Decimal("95.6"), ())


def test_a_veto_needs_its_document() -> None:
    assert score(RULES, replace(BEST, vetoes={"E4": "江市监处〔2026〕3号"})).score is None
    for wrong in ({"E4": ""}, {"E9": "x"}):
        with pytest.raises(Refused, match="veto"):
            score(RULES, replace(BEST, vetoes=wrong))


def test_the_best_share_that_reaches_the_line_is_proposed_and_a_tie_is_not_split() -> None:
    scores = {name: Decimal(points) for name, points in zip("abcdefghij", range(99, 79, -2), strict=True)}
    assert selected(RULES, scores) == ["a", "b", "c"]
    assert selected(RULES, {**scores, "d": Decimal(95)}) == ["a", "b", "c", "d"]
    assert selected(RULES, dict.fromkeys("abcdef", Decimal("79.9"))) == []
    assert selected(RULES, {"a": Decimal(80), "b": None}) == ["a"]
    assert selected(RULES, {}) == []


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=3), st.decimals(0, 100, places=1), max_size=30))
def test_nobody_is_passed_over_by_someone_with_fewer_points(scores: dict[str, Decimal]) -> None:
    proposed = selected(RULES, dict(scores))
    lowest = min((scores[name] for name in proposed), default=Decimal(101))
    assert all(scores[name] < lowest for name in scores if name not in proposed)
    assert all(scores[name] >= 80 for name in proposed)
