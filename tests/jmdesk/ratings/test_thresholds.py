"""Every threshold of JM-HH-1 on its edge and just off it, against points written down by hand."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from tests.jmdesk.ratings.households import h1, rated

DAYS = {0: 20, 1: 15, 30: 15, 31: 10, 60: 10, 61: 5, 90: 5, 91: 0, 720: 0}
RATES = {"100": 8, "95.0": 8, "94.9": 6, "85.0": 6, "84.9": 4, "70.0": 4, "69.9": 0, "0": 0}
YEARS = {5: 6, 4: 4, 3: 4, 2: 2, 1: 2, 0: 0, None: 0}
INCOMES = {
    "39000.00": 9, "38999.99": 7, "26000.00": 7, "25999.99": 5, "18200.00": 5, "18199.99": 3,
    "10400.00": 3, "10399.99": 1, "0.00": 1, "-5000.00": 1,
}  # fmt: skip
LABOR = {(1, 2): 5, (2, 5): 3, (3, 10): 3, (2, 7): 2, (1, 9): 2, (0, 4): 0}
MU = {"3.20": 5, "3.19": 3, "1.60": 3, "1.59": 2, "0.01": 2, "0.00": 0}
DEBTS = {
    "0.00": 10, "500.00": 10, "500.01": 8, "1000.00": 8, "1000.01": 5, "2000.00": 5,
    "2000.01": 2, "3000.00": 2, "3000.01": 0,
}  # fmt: skip
GUARANTEES = {"0.00": 5, "0.01": 4, "500.00": 4, "500.01": 2, "1000.00": 2, "1000.01": 0}
LEVELS = {"1": 5, "2": 5, "3": 4, "4": 3, "5": 2, "6": 1, None: 0}
FILLED = {20: 2, 19: 1, 18: 1, 17: 0, 0: 0}
VERIFIED = {12: 3, 11: 2, 6: 2, 5: 0, 0: 0}

CASES: list[tuple[str, Any, int]] = [
    *(("A1", {"max_overdue_days": d, "current_overdue_days": 0, "worst_five_class": None}, p) for d, p in DAYS.items()),
    *(("A2", {"performance": c}, p) for c, p in {"kept": 5, "paid_after_default": 2, "default_open": 0}.items()),
    *(("A3", {"fulfil_rate": r}, p) for r, p in RATES.items()),
    *(("A4", {"payment": c}, p) for c, p in {"on_time": 7, "late_paid": 4, "owing": 0}.items()),
    *(("B1", {"years": y}, p) for y, p in YEARS.items()),
    *(("B2", {"net_income": n, "population": 1, "town_reference": "26000.00"}, p) for n, p in INCOMES.items()),
    *(("B3", {"labor": n, "population": m}, p) for (n, m), p in LABOR.items()),
    *(("B4", [{"kind": "1", "quantity": q, "median": "3.20"}], p) for q, p in MU.items()),
    *(("C1", {"debt": d, "income": "1000.00"}, p) for d, p in DEBTS.items()),
    *(("C2", {"guarantee": g, "net_income": "1000.00"}, p) for g, p in GUARANTEES.items()),
    *(("D2", {"level": c}, p) for c, p in LEVELS.items()),
    *(("E1", {"filled": n, "required": 20}, p) for n, p in FILLED.items()),
    *(("E2", {"verified": n, "fields": 20}, p) for n, p in VERIFIED.items()),
]


@pytest.mark.parametrize(("indicator", "inputs", "points"), CASES)
def test_every_threshold_holds_on_its_edge(indicator: str, inputs: object, points: int) -> None:
    item = rated(h1(**{indicator: inputs})).item(indicator)
    assert item.applicable
    assert item.points == points


@pytest.mark.parametrize(
    ("income", "debt", "points"),
    [("0.00", "0.00", 10), ("-1.00", "0.00", 10), ("0.00", "0.01", 0), ("-1.00", "5.00", 0)],
)
def test_debt_without_any_income_earns_nothing_and_no_debt_earns_all(income: str, debt: str, points: int) -> None:
    assert rated(h1(C1={"debt": debt, "income": income})).item("C1").points == points


def test_a_guarantee_without_net_income_earns_nothing() -> None:
    assert rated(h1(C2={"guarantee": "1.00", "net_income": "0.00"})).item("C2").points == 0
    assert rated(h1(C2={"guarantee": "1.00", "net_income": "-9.00"})).item("C2").points == 0


def test_a_guarantee_beside_an_income_that_was_not_given_does_not_apply() -> None:
    item = rated(h1(C2={"guarantee": "1.00", "net_income": None})).item("C2")
    assert (item.applicable, item.rule) == (False, "declined")


def test_the_best_kind_of_resource_counts() -> None:
    rows = [
        {"kind": "1", "quantity": "1.00", "median": "3.20"},
        {"kind": "5", "quantity": "8.00", "median": "8.00"},
        {"kind": "3", "quantity": "2.00", "median": "4.00"},
    ]
    assert rated(h1(B4=rows)).item("B4").points == 5
    assert rated(h1(B4=list(reversed(rows)))).item("B4").points == 5
    assert rated(h1(B4=[])).item("B4").points == 0


@pytest.mark.parametrize(
    ("voters", "points"),
    [
        ([[5, 1]] * 5, Fraction(10)),
        ([[1, 1]] * 5, Fraction(0)),
        ([[25, 5], [5, 5], [15, 5], [15, 5], [15, 5]], Fraction(5)),
        ([[5, 1], [1, 1], [3, 1], [4, 1], [4, 1]], Fraction(20, 3)),
        # One voter marked two items, the others one: every voter weighs the same.
        ([[2, 2], [3, 1], [3, 1], [4, 1], [5, 1]], Fraction(35, 6)),
    ],
)
def test_the_panel_is_the_mean_of_means_without_highest_and_lowest(voters: object, points: Fraction) -> None:
    assert rated(h1(D1={"voters": voters})).item("D1").points == points


def test_four_ballots_are_too_few() -> None:
    item = rated(h1(D1={"voters": [[25, 5]] * 4})).item("D1")
    assert (item.applicable, item.rule) == (False, "too_few")


@pytest.mark.parametrize(("days", "grade"), [(90, "A"), (91, "NR")])
def test_a_current_arrear_suspends_only_beyond_90_days(days: int, grade: str) -> None:
    arrear = {"max_overdue_days": days, "current_overdue_days": days, "worst_five_class": "2"}
    assert rated(h1(A1=arrear)).grade == grade


@pytest.mark.parametrize(("five_class", "vetoed"), [("1", False), ("2", False), ("3", True), ("4", True), ("5", True)])
def test_a_class_of_substandard_or_lower_suspends(five_class: str, vetoed: bool) -> None:
    card = rated(h1(A1={"max_overdue_days": 0, "current_overdue_days": 0, "worst_five_class": five_class}))
    assert (card.grade == "NR") is vetoed


@pytest.mark.parametrize(
    ("absent", "applicable", "grade", "caps"),
    [
        ("A1 A3", 67, "AA", ("no_credit_history",)),
        ("A1 A3 A4", 60, "AA", ("no_credit_history",)),
        ("A1 A3 A4 E1", 58, "A", ("thin_file",)),
        ("A1 A3 A4 C1 C2", 45, "A", ("thin_file",)),
        ("A1 A3 A4 C1 B3 E1", 43, "NR", ("thin_file",)),
    ],
)
def test_the_floors_of_45_and_60_are_half_open(absent: str, applicable: int, grade: str, caps: tuple[str, ...]) -> None:
    card = rated(h1(**dict.fromkeys(absent.split())))
    assert card.applicable_max == applicable
    assert (card.grade, card.caps) == (grade, caps)


def test_every_veto_suspends_whatever_the_score_and_keeps_its_document() -> None:
    for code in ("V1", "V2", "V3", "V4", "V5", "V6"):
        card = rated(h1(vetoes=[{"code": code, "document": "(2025)粤0799测1号"}]))
        assert (card.grade, card.score > 90) == ("NR", True)
        assert [(hit.code, hit.document) for hit in card.vetoes] == [(code, "(2025)粤0799测1号")]
