from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jmdesk.catalogue.crosschecks import LEVELS, LIMITS, NOT_ABOVE, NOT_FUTURE, cross_checks
from jmdesk.catalogue.household_checks import Children, check_household
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record

TODAY = date(2026, 11, 22)
HEAD, WIFE, SON = (f"01900000-0000-7000-8000-00000000000{n}" for n in (1, 2, 3))


def found(type_id: str, record: Record) -> list[tuple[str, str, str]]:
    return [(p.field, p.code, p.level) for p in cross_checks().check(type_id, record, TODAY)]


def test_every_name_in_the_tables_is_a_field_of_its_type() -> None:
    named = [(t, name) for t, pairs in NOT_ABOVE.items() for low, high, _ in pairs for name in (low, high)]
    named += [(t, name) for t, names in NOT_FUTURE.items() for name in names]
    named += [(t, name) for t, limits in LIMITS.items() for name, _, _ in limits]
    named += [(t, "region_code") for t in LEVELS]
    assert not [(t, name) for t, name in named if name not in catalogue().types[t].by_identifier]


@pytest.mark.parametrize("type_id", list(catalogue().types))
def test_an_empty_draft_has_nothing_to_contradict(type_id: str) -> None:
    assert found(type_id, {}) == []


def test_a_sound_household_and_person_pass(household: Record, person: Record) -> None:
    assert found("R05", household) == []
    assert found("R06", person) == []


@pytest.mark.parametrize(
    ("type_id", "record", "expected"),
    [
        ("R05", {"population": 3, "labor_count": 4}, ("labor_count", "crosscheck.above", "error")),
        ("R05", {"population": 31}, ("population", "crosscheck.limit", "warn")),
        ("R05", {"collect_date": "2026-11-23"}, ("collect_date", "crosscheck.future", "warn")),
        ("R05", {"region_code": "440785103000"}, ("region_code", "crosscheck.region_level", "warn")),
        ("R17", {"region_code": "440785103000"}, ("region_code", "crosscheck.region_level", "error")),
        ("R18", {"region_code": "440785103201"}, ("region_code", "crosscheck.region_level", "error")),
        ("R06", {"id_no": "440785199001010011", "sex": "2"}, ("sex", "crosscheck.sex", "warn")),
        (
            "R06",
            {"id_no": "440785199001010011", "birth_date": "1990-01-02"},
            ("birth_date", "crosscheck.birth_date", "error"),
        ),
        ("R06", {"birth_date": "2020-01-02", "is_under14": False}, ("is_under14", "crosscheck.under14", "error")),
        ("R06", {"birth_date": "2020-01-02", "is_labor": True}, ("is_labor", "crosscheck.child_labour", "warn")),
        ("R06", {"birth_date": "2020-01-02", "id_no": "440785199001010012"}, ("id_no", "crosscheck.child_id", "warn")),
        (
            "R07",
            {"income_crop": "10.00", "income_labor": "5.50", "income_total": "15.00"},
            ("income_total", "crosscheck.sum", "error"),
        ),
        ("R07", {"income_business": "5000000.01"}, ("income_total", "crosscheck.income_recheck", "warn")),
        ("R10", {"amount": "9000.00", "balance": "10000.00"}, ("balance", "crosscheck.above", "error")),
        ("R10", {"start_date": "2026-02-01", "due_date": "2026-01-31"}, ("start_date", "crosscheck.later", "error")),
        ("R10", {"five_class": "3"}, ("overdue_days", "crosscheck.five_class", "warn")),
        ("R10", {"five_class": "5", "overdue_days": 0}, ("overdue_days", "crosscheck.five_class", "warn")),
        ("R12", {"has_contract": False, "fulfil_rate": "90.0"}, ("fulfil_rate", "crosscheck.no_contract", "warn")),
        ("R15", {"recused": True, "item_scores": {"a": 3}}, ("item_scores", "crosscheck.recused", "error")),
        ("R15", {"item_scores": {"a": 6}}, ("item_scores", "crosscheck.vote_range", "error")),
        ("R16", {"first_rater": HEAD, "second_rater": HEAD}, ("second_rater", "crosscheck.same_person", "error")),
        ("R17", {"hh_credit": 10, "hh_filed": 9}, ("hh_credit", "crosscheck.above", "error")),
        ("R17", {"hh_filed": 10, "hh_base": 9}, ("hh_filed", "crosscheck.above", "error")),
        ("R17", {"hh_no_arrears": 10, "hh_loan": 9}, ("hh_no_arrears", "crosscheck.above", "error")),
        ("R17", {"npl_balance": "10.00", "loan_balance": "9.00"}, ("npl_balance", "crosscheck.above", "error")),
        ("R20", {"uscc": "93440783MA00000D3X", "ent_type": "91"}, ("ent_type", "crosscheck.ent_type", "warn")),
        ("R20", {"revenue_main": "1.00"}, ("revenue_year", "crosscheck.needed", "warn")),
        ("R21", {"basis_kind": "1"}, ("doc_no", "crosscheck.needed", "error")),
        (
            "R22",
            {"received_at": "2026-03-02T06:30:00Z", "accepted_at": "2026-03-01T06:30:00Z"},
            ("received_at", "crosscheck.later", "error"),
        ),
        ("R27", {"rate_pct": "6.01"}, ("rate_pct", "crosscheck.limit", "error")),
        ("R04", {"consent_state": "2"}, ("signed_at", "crosscheck.needed", "error")),
        (
            "R03",
            {"region_code": "440785103201", "parent_code": "440785102000"},
            ("parent_code", "crosscheck.parent", "error"),
        ),
    ],
)
def test_each_contradiction_is_found(type_id: str, record: Any, expected: tuple[str, str, str]) -> None:
    assert found(type_id, record) == [expected]


@pytest.mark.parametrize(
    ("type_id", "record"),
    [
        ("R05", {"population": 3, "labor_count": 3}),
        ("R10", {"amount": "10000.00", "balance": "10000.00", "five_class": "3", "overdue_days": 91}),
        ("R10", {"amount": "10000.00", "balance": "9000.00"}),
        ("R07", {"income_business": "5000000.00"}),
        ("R27", {"rate_pct": "6.00", "premium_pct": "2.00"}),
        ("R20", {"uscc": "N2440785MF00000C3R", "ent_type": "N2"}),
    ],
)
def test_the_limit_itself_is_allowed(type_id: str, record: Any) -> None:
    assert found(type_id, record) == []


def family() -> dict[str, dict[str, Record]]:
    return {
        "R06": {
            HEAD: {"relation": "02", "is_labor": True, "id_no": "440785199001010011"},
            WIFE: {"relation": "12", "is_labor": False, "birth_date": "1991-02-03"},
        }
    }


def in_household(household: Record, children: Children) -> list[tuple[str, str]]:
    return [(f.rid, f.problem.code) for f in check_household(cross_checks(), "H", household, children, TODAY)]


def test_a_sound_family_passes(household: Record) -> None:
    assert in_household(household, family()) == []


def test_a_household_may_be_entered_before_its_people(household: Record) -> None:
    assert in_household(household, {}) == []


@pytest.mark.parametrize("relations", [("12", "20"), ("02", "01")])
def test_exactly_one_member_is_the_head(household: Record, relations: tuple[str, str]) -> None:
    children = family()
    children["R06"][HEAD]["relation"], children["R06"][WIFE]["relation"] = relations
    assert ("H", "crosscheck.one_head") in in_household(household, children)


def test_the_head_is_the_member_that_the_household_names(household: Record) -> None:
    assert ("H", "crosscheck.other_head") in in_household(household | {"head_person_id": WIFE}, family())


def test_members_and_labour_are_counted(household: Record) -> None:
    assert in_household(household | {"population": 3}, family()) == [("H", "crosscheck.member_count")]
    assert in_household(household | {"labor_count": 2}, family()) == [("H", "crosscheck.labour_count")]


def test_two_members_never_share_a_number(household: Record) -> None:
    children = family()
    children["R06"][WIFE]["id_no"] = "440785199001010011"
    codes = in_household(household, children)
    assert {(HEAD, "crosscheck.same_id"), (WIFE, "crosscheck.same_id")} <= set(codes)


def test_a_son_older_than_the_head_is_asked_about(household: Record) -> None:
    children = family()
    children["R06"][SON] = {"relation": "20", "birth_date": "1980-01-01", "is_labor": False}
    assert in_household(household | {"population": 3}, children) == [(SON, "crosscheck.generations")]


def test_years_of_income_are_recorded_once_and_ended_rights_are_asked_about(household: Record) -> None:
    children: Children = {
        "R07": {"a": {"year": 2025}, "b": {"year": 2025}, "c": {"year": 2024}},
        "R08": {"d": {"right_end": "2026-09-30"}, "e": {"right_end": "2026-10-01"}},
    }
    assert in_household(household, children) == [("b", "crosscheck.same_year"), ("d", "crosscheck.right_ended")]
