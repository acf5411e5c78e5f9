"""Credit villages and towns: the worked example, the edges of every band, what is unknown and what does not apply."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.villages.rules import Facts, assess, package

V1: Facts = {
    "hh_base": 400, "hh_filed": 360, "hh_credit": 300, "hh_loan": 120, "hh_no_arrears": 110,
    "loan_balance": Fraction(800), "npl_balance": Fraction(20), "npl_prev": Fraction(2), "hh_line": 160,
    "organisation": 8, "quality": 5, "cadres_clean": True,
}  # fmt: skip
T1: Facts = {
    "village_total": 20, "village_credit": 13, "hh_base": 8000, "hh_credit": 5600, "hh_loan": 2000,
    "hh_no_arrears": 1900, "loan_balance": Fraction(9000), "npl_balance": Fraction(80), "npl_prev": Fraction(1),
    "organisation": 9,
}  # fmt: skip
VILLAGE, TOWN = package("JM-VL-1"), package("JM-TN-1")


def test_the_worked_example_is_a_county_level_credit_village() -> None:
    found = assess(VILLAGE, V1)
    assert [str(item.points) for item in found.items] == ["15", "22", "17", "12", "8", "3", "5"]
    assert (found.score, found.outcome, found.missed) == (Decimal("82.0"), "1", ())
    assert found.ratios["no_arrears"].shown == "91.67%"
    assert found.ratios["npl_rise"].shown == "0.50个百分点"


def test_a_town_adds_up() -> None:
    found = assess(TOWN, T1)
    assert [str(item.points) for item in found.items] == ["30", "17", "20", "15", "9"]
    assert (found.score, found.outcome) == (Decimal("91.0"), "2")


@pytest.mark.parametrize(
    ("change", "missed"),
    [
        ({"hh_credit": 279}, "信用户占比"),
        ({"hh_no_arrears": 101}, "无拖欠率"),
        ({"npl_balance": Fraction(40), "npl_prev": Fraction(4)}, "不良率"),
        ({"npl_prev": Fraction(3, 2)}, "不良率较上年"),
        ({"hh_filed": 319}, "建档率"),
        ({"cadres_clean": False}, "申报村干部无法律文书认定的需关注事项"),
    ],
)
def test_one_gate_missed_is_no_credit_village_whatever_the_score(change: Facts, missed: str) -> None:
    found = assess(VILLAGE, {**V1, **change})
    assert missed in [gate.title for gate in found.missed]
    assert found.outcome == "0"


@pytest.mark.parametrize(
    ("change", "item", "points"),
    [
        ({"hh_credit": 280}, "credit", 22),
        ({"hh_credit": 319}, "credit", 22),
        ({"hh_credit": 320}, "credit", 26),
        ({"hh_credit": 360}, "credit", 30),
        ({"hh_no_arrears": 102}, "no_arrears", 14),
        ({"hh_no_arrears": 114}, "no_arrears", 20),
        ({"npl_balance": Fraction(8)}, "npl", 12),
        ({"npl_balance": Fraction(799, 100)}, "npl", 15),
        ({"npl_balance": Fraction(24)}, "npl", 9),
        ({"hh_line": 200}, "line", 5),
        ({"hh_line": 119}, "line", 1),
        ({"organisation": 12}, "organisation", 10),
    ],
)
def test_bands_are_half_open(change: Facts, item: str, points: int) -> None:
    found = assess(VILLAGE, {**V1, **change})
    assert {line.id: line.points for line in found.items}[item] == points


def test_a_village_without_loans_is_measured_by_what_applies_and_not_above_the_county() -> None:
    facts = {**V1, "hh_loan": 0, "hh_no_arrears": 0, "loan_balance": Fraction(0), "npl_balance": Fraction(0)}
    found = assess(VILLAGE, {**facts, "hh_credit": 400, "hh_line": 400, "organisation": 10})
    assert [item.state for item in found.items if item.points is None] == ["not_applicable", "not_applicable"]
    assert (found.score, found.outcome) == (Decimal("100.0"), "1")
    assert len(found.remarks) == 1


@pytest.mark.parametrize("name", sorted(V1))
def test_what_is_not_known_is_never_taken_for_zero(name: str) -> None:
    found = assess(VILLAGE, {key: value for key, value in V1.items() if key != name})
    assert found.outcome is None
    assert found.unknown


@given(more=st.integers(0, 100), credit=st.integers(0, 300), clean=st.integers(0, 120))
def test_more_credit_households_never_lower_the_score(more: int, credit: int, clean: int) -> None:
    before = assess(VILLAGE, {**V1, "hh_credit": credit, "hh_no_arrears": clean}).score
    after = assess(VILLAGE, {**V1, "hh_credit": credit + more, "hh_no_arrears": clean}).score
    assert before is not None
    assert after is not None
    assert after >= before


@pytest.mark.parametrize("rules", [VILLAGE, TOWN])
def test_the_items_of_a_package_add_up_to_a_hundred(rules: dict[str, list[dict[str, str]]]) -> None:
    assert sum(Decimal(item["max"]) for item in rules["items"]) == 100
