"""The green card: the worked example, edges of grades, what is awaited, caps, vetoes, the backbone line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.core.errors import Refused
from jmdesk.green_cards.rules import VERSIONS, Facts, in_force, package, rate

RULES = package("1.0")
ALL_BEST = {department["id"]: "1" for department in RULES["base"]["departments"]}
# 17 departments apply (no customs): 70.8 of 76. Four levels below the best: -0.2*10 -0.2*8 -0.2*4 -0.4*2 = -5.2
G1 = Facts(
    {**ALL_BEST, "customs": "na", "bank": "2", "market": "2", "statistics": "2", "food": "3"},
    ["hightech", "trademark", "quality_award"],
    {"penalty": 1},
    {},
    Decimal("100000.00"),
)


def test_the_worked_example_is_green_and_backbone_at_the_line_exactly() -> None:
    found = rate(RULES, G1)
    assert (found.base, found.gain, found.loss, found.total) == tuple(map(Decimal, ("74.5", "8", "5", "77.5")))
    assert (found.grade, found.green, found.backbone) == ("B", True, True)
    assert not rate(RULES, replace(G1, revenue=Decimal("99999.99"))).backbone


def test_a_department_that_has_not_answered_is_awaited_and_never_zero() -> None:
    found = rate(RULES, replace(G1, departments={**G1.departments, "court": None}))
    assert (found.base, found.total, found.grade, found.awaited) == (None, None, None, ("法院",))
    assert next(line for line in found.lines if line.id == "court").given == "待补"


@pytest.mark.parametrize(
    ("level", "losses", "grade"),
    [("1", {}, "A"), ("2", {}, "C"), ("1", {"penalty": 1}, "B"), ("1", {"penalty": 2}, "B"), ("1", {"wages": 2}, "C")],
)
def test_grades_are_half_open_bands(level: str, losses: dict[str, int], grade: str) -> None:
    facts = Facts(dict.fromkeys(ALL_BEST, level), ["tax_a", "aeo"], losses, {}, Decimal(0))
    assert rate(RULES, facts).grade == grade


def test_losses_are_capped_one_by_one_and_together() -> None:
    found = rate(RULES, replace(G1, losses={"complaints": 9}))
    assert found.loss == 12
    found = rate(RULES, replace(G1, losses={"complaints": 9, "wages": 5, "abnormal": 3}))
    assert found.loss == 40


def test_a_veto_needs_its_document_and_gives_the_lowest_grade_even_while_a_department_is_awaited() -> None:
    vetoed = replace(G1, vetoes={"G2": "江应急罚〔2026〕7号"}, departments={})
    assert (rate(RULES, vetoed).grade, rate(RULES, vetoed).green) == ("D", False)
    with pytest.raises(Refused, match="veto"):
        rate(RULES, replace(G1, vetoes={"G2": " "}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"departments": {"moon": "1"}},
        {"departments": {"court": "6"}},
        {"gains": ["luck"]},
        {"losses": {"rain": 1}},
        {"vetoes": {"G9": "x"}},
    ],
)
def test_what_the_rules_do_not_know_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Refused, match="unknown"):
        rate(RULES, replace(G1, **wrong))  # type: ignore[arg-type]


@given(levels=st.lists(st.sampled_from("12345"), min_size=18, max_size=18), better=st.integers(0, 17))
def test_a_better_department_never_lowers_the_total(levels: list[str], better: int) -> None:
    names = list(ALL_BEST)
    before = rate(RULES, replace(G1, departments=dict(zip(names, levels, strict=True)))).total
    levels[better] = "1"
    after = rate(RULES, replace(G1, departments=dict(zip(names, levels, strict=True)))).total
    assert before is not None
    assert after is not None
    assert after >= before


@pytest.mark.parametrize(("version", "departments"), [("1.0", 18), ("2.0", 16)])
def test_each_version_has_its_departments_and_eighty_points(version: str, departments: int) -> None:
    found = package(version)["base"]["departments"]
    assert (len(found), sum(int(d["max"]) for d in found)) == (departments, 80)


def test_a_year_is_rated_by_the_rules_of_that_year() -> None:
    assert [in_force(date(year, 6, 30))["version"] for year in (2014, 2018, 2019, 2026)] == ["1.0", "1.0", "2.0", "2.0"]
    assert VERSIONS == ("1.0", "2.0")
