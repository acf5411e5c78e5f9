"""The worked examples of the model, each as published, and the preset of 2016."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from jmdesk.core.numbers import round_half_up
from jmdesk.ratings import engine
from jmdesk.ratings.model import RulePackage, shipped
from tests.jmdesk.ratings.households import h1, h3, h6, rated, summary


def test_h1_scores_937_and_is_aaa() -> None:
    card = rated(h1())
    assert summary(card) == "89/95 93.7 AAA"
    assert {item.id: item.points for item in card.items if item.applicable} == {
        "A1": 20, "A3": 8, "A4": 7, "B1": 6, "B2": 7, "B3": 5, "B4": 5,
        "C1": 10, "C2": 5, "D1": 8, "D2": 3, "E1": 2, "E2": 3,
    }  # fmt: skip


def test_h2_without_credit_history_is_capped_at_aa() -> None:
    card = rated(h1(A1=None))
    assert summary(card) == "69/75 92.0 AA"
    assert (card.before_caps, card.caps) == ("AAA", ("no_credit_history",))


def test_h3_that_keeps_its_income_to_itself_is_still_rated() -> None:
    card = rated(h3())
    assert summary(card) == "43/68 63.2 B"
    assert card.item("B2").rule == "declined"


def test_h4_is_not_graded_when_too_little_is_known() -> None:
    card = rated(h3(A1=None, A4=None))
    assert card.applicable_max == 41
    assert (card.grade, card.reasons, card.vetoes) == ("NR", ("too_little_information",), ())


def test_h5_with_a_current_arrear_of_120_days_is_suspended() -> None:
    arrear = {"max_overdue_days": 120, "current_overdue_days": 120, "worst_five_class": "2"}
    card = rated(h1(A1=arrear))
    assert summary(card) == "69/95 72.6 NR"
    assert (card.reasons, [veto.code for veto in card.vetoes]) == (("veto",), ["V2"])
    assert "120天" in card.vetoes[0].basis


def test_h5_is_an_a_once_the_arrear_is_paid() -> None:
    card = rated(h1(A1={"max_overdue_days": 120, "current_overdue_days": 0, "worst_five_class": "1"}))
    assert (card.score, card.grade, card.vetoes) == (Decimal("72.6"), "A", ())


def test_a_current_arrear_counts_as_the_longest_even_where_the_history_was_left_at_nought() -> None:
    card = rated(h1(A1={"max_overdue_days": 0, "current_overdue_days": 120, "worst_five_class": None}))
    assert card.item("A1").points == 0
    assert card.grade == "NR"


def test_h6_a_thin_file_is_capped_at_a() -> None:
    card = rated(h6())
    assert summary(card) == "45/55 81.8 A"
    assert (card.before_caps, card.caps) == ("AA", ("thin_file",))


@pytest.mark.parametrize(
    ("exact", "rounded", "grade"),
    [
        ("79.95", "80.0", "AA"),
        ("79.94", "79.9", "A"),
        ("89.95", "90.0", "AAA"),
        ("89.9499", "89.9", "AA"),
        ("69.949", "69.9", "B"),
        ("69.95", "70.0", "A"),
        ("59.95", "60.0", "B"),
        ("59.949999", "59.9", "C"),
        ("0", "0.0", "C"),
        ("100", "100.0", "AAA"),
    ],
)
def test_a_score_is_rounded_before_it_is_banded(package: RulePackage, exact: str, rounded: str, grade: str) -> None:
    score = round_half_up(Fraction(exact))
    assert (score, engine.band(score, package)) == (Decimal(rounded), grade)


def xg_2016(**changed: Any) -> dict[str, Any]:
    return {
        "X01": {"age": 30},
        "X02": {"education": "2"},
        "X03": {"labor": 3},
        "X04": {"marital": "1"},
        "X05": {"income": "125000.00"},
        "X06": {"income": "125000.00", "expense": "30000.00"},
        "X07": {"five_class": "1"},
        "X08": {"level": "4"},
        "X09": {"neighbours": "good"},
        "X10": {"level": "town"},
        **changed,
    }


def test_xg_2016_follows_its_published_table_and_gives_74_and_b() -> None:
    card = rated(xg_2016(), "XG-2016")
    assert summary(card) == "74/100 74.0 B"


def test_xg_2016_without_the_neighbours_opinion_gives_what_the_faulty_program_gave() -> None:
    card = rated(xg_2016(X09={"neighbours": "other"}), "XG-2016")
    assert (card.score, card.grade) == (Decimal("69.0"), "C")


def test_xg_2016_divides_exactly_and_knows_every_class() -> None:
    assert rated(xg_2016(X06={"income": "2.90", "expense": "1.00"}), "XG-2016").item("X06").points == 4
    assert rated(xg_2016(X06={"income": "3.00", "expense": "1.00"}), "XG-2016").item("X06").points == 8
    assert [rated(xg_2016(X07={"five_class": c}), "XG-2016").item("X07").points for c in "12345"] == [
        20,
        -5,
        -20,
        -20,
        -20,
    ]


@pytest.mark.parametrize(("labor", "grade"), [(0, "B"), (1, "B"), (3, "B"), (4, "B"), (5, "BB"), (9, "BB")])
def test_xg_2016_has_no_gap_between_its_grades(labor: int, grade: str) -> None:
    assert rated(xg_2016(X03={"labor": labor}), "XG-2016").grade == grade


def test_xg_2016_does_not_grade_below_65() -> None:
    assert rated(xg_2016(X07={"five_class": "5"}), "XG-2016").grade == "NR"


def test_only_the_published_model_can_be_activated() -> None:
    assert shipped("JM-HH-1").activatable
    assert not shipped("XG-2016").activatable
