"""From records to facts: what counts, what does not, and what was declined."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record
from jmdesk.ratings import engine, facts, reference
from jmdesk.ratings.collect import Basis, HouseholdFile, collect
from jmdesk.ratings.findings import vetoes
from jmdesk.ratings.model import shipped

ON = date(2026, 11, 22)
VILLAGE = "440703101201"
TOWN = reference.shipped().towns["440703101"]

HOUSEHOLD: Record = {
    "household_id": f"{VILLAGE}000001",
    "head_person_id": "01900000-0000-7000-8000-000000000002",
    "region_code": VILLAGE,
    "group_no": "1组",
    "address": "测试村1号",
    "household_type": "1",
    "population": 3,
    "labor_count": 2,
    "resident_status": "1",
    "main_industry": "0111",
    "industry_since": 2019,
    "collect_date": "2026-03-01",
    "collector_id": "01900000-0000-7000-8000-000000000009",
    "verify_level": "2",
    "archive_status": "30",
}
INCOME: Record = {
    "year": 2025,
    "income_crop": "90000.00",
    "income_labor": "30000.50",
    "cost_production": "20000.00",
    "evidence_level": "3",
}
LOAN: Record = {
    "creditor_type": "1",
    "amount": "50000.00",
    "balance": "20000.00",
    "due_date": "2027-06-30",
    "five_class": "1",
    "overdue_days": 3,
}


def basis(year: int = 2026) -> Basis:
    return Basis(shipped(), reference.shipped(), catalogue(), year, ON)


def file(*declined: str, household: Record | None = None, **parts: list[Record]) -> HouseholdFile:
    return HouseholdFile(
        "01900000-0000-7000-8000-000000000001", HOUSEHOLD | (household or {}), (), parts, frozenset(declined)
    )


def raw(found: HouseholdFile) -> dict[str, Any]:
    collected: dict[str, Any] = collect(found, basis())
    engine.score(facts.from_object(collected, shipped()), shipped())
    return collected


def reason(found: HouseholdFile, indicator: str) -> tuple[object, object]:
    collected = raw(found)
    return collected[indicator], collected["not_applicable"].get(indicator)


def test_a_household_with_nothing_but_its_form_is_collected() -> None:
    collected = raw(file())
    assert {name for name, value in collected.items() if value is None} == {"A1", "A2", "A3", "A4", "B2", "C1", "D1"}
    assert collected["B1"] == {"years": 7}
    assert collected["B3"] == {"labor": 2, "population": 3}
    assert collected["B4"] == []
    assert collected["C2"] == {"guarantee": "0.00", "net_income": None}
    assert collected["E1"] == {"filled": 13, "required": 13}


def test_income_is_the_latest_known_year_and_net_of_production_only() -> None:
    older = INCOME | {"year": 2024, "income_crop": "1.00", "exp_living": "9.00"}
    later = INCOME | {"year": 2027}
    empty: Record = {"year": 2026, "evidence_level": "1"}
    collected = raw(file(R07=[later, INCOME | {"exp_living": "77.00"}, older, empty]))
    assert collected["B2"] == {"net_income": "100000.50", "population": 3, "town_reference": TOWN.net_income_per_head}
    assert collected["C1"] == {"debt": "0.00", "income": "120000.50"}


def test_a_loss_is_a_negative_net_income() -> None:
    assert raw(file(R07=[INCOME | {"cost_production": "200000.00"}]))["B2"]["net_income"] == "-79999.50"


def test_what_was_declined_does_not_apply_even_if_somebody_typed_it() -> None:
    found = file("C3", R07=[INCOME], R08=[{"land_kind": "1", "area_mu": "3.00"}])
    assert [reason(found, name) for name in ("B2", "B4", "C1")] == [(None, "declined")] * 3
    assert raw(found)["C2"] == {"guarantee": "0.00", "net_income": None}


def test_a_guarantee_beside_a_declined_income_does_not_apply() -> None:
    found = file("C3", R10=[LOAN | {"guarantee_out": "10.00"}])
    inputs, why = reason(found, "C2")
    assert (inputs, why) == ({"guarantee": "10.00", "net_income": None}, "declined")
    card = engine.score(facts.from_object(raw(found), shipped()), shipped())
    assert (card.item("C2").applicable, card.item("C2").rule) == (False, "declined")


def test_declined_debts_do_not_apply() -> None:
    found = file("C2", R07=[INCOME], R10=[LOAN])
    assert [reason(found, name)[1] for name in ("A1", "C1", "C2")] == ["declined", "declined", "debt_declined"]


def test_income_that_nobody_recorded_is_not_called_declined() -> None:
    assert reason(file(), "B2") == (None, "unrecorded")
    assert reason(file(R10=[LOAN | {"guarantee_out": "10.00"}]), "C2")[1] == "unrecorded"


def test_a_town_without_reference_values_leaves_b2_and_b4_out() -> None:
    found = file(household={"region_code": "440799101201"}, R07=[INCOME], R08=[{"land_kind": "1", "area_mu": "3.00"}])
    assert reason(found, "B2") == (None, "no_reference")
    assert reason(found, "B4") == (None, "no_reference")


def test_only_bank_debts_are_judged_but_all_debts_burden() -> None:
    private = LOAN | {"creditor_type": "5", "balance": "7.00", "overdue_days": 300, "due_date": "2020-01-01"}
    collected = raw(file(R07=[INCOME], R10=[LOAN, private]))
    assert collected["A1"] == {"max_overdue_days": 3, "current_overdue_days": 0, "worst_five_class": "1"}
    assert collected["C1"]["debt"] == "20007.00"
    assert reason(file(R10=[private]), "A1") == (None, "none")


@pytest.mark.parametrize(
    ("loan", "days"),
    [
        ({"due_date": "2026-11-22"}, 0),
        ({"due_date": "2026-11-21"}, 1),
        ({"due_date": "2026-08-23"}, 91),
        ({"due_date": "2026-08-23", "balance": "0.00"}, 0),
    ],
)
def test_a_current_arrear_needs_a_balance_and_a_date_that_has_passed(loan: Record, days: int) -> None:
    assert raw(file(R10=[LOAN | loan]))["A1"]["current_overdue_days"] == days


def test_a_loan_paid_back_more_than_24_months_ago_is_history() -> None:
    paid = LOAN | {"balance": "0.00", "overdue_days": 200, "five_class": "3"}
    assert reason(file(R10=[paid | {"due_date": "2024-11-21"}]), "A1") == (None, "none")
    recent = raw(file(R10=[paid | {"due_date": "2024-11-22"}]))["A1"]
    assert recent == {"max_overdue_days": 200, "current_overdue_days": 0, "worst_five_class": None}


def test_the_worst_class_is_that_of_the_loans_still_owed() -> None:
    loans = [LOAN | {"five_class": "2"}, LOAN | {"five_class": "4"}, LOAN | {"five_class": "5", "balance": "0.00"}]
    assert raw(file(R10=loans))["A1"]["worst_five_class"] == "4"


def test_the_lowest_order_of_the_latest_season_counts() -> None:
    def order(season: str, rate: str | None, *, contract: bool = True) -> Record:
        found: Record = {"season": season, "has_contract": contract}
        return found | ({"fulfil_rate": rate} if rate is not None else {})

    orders = [
        order("2025-1", "60.0"),
        order("2026-1", "99.0"),
        order("2026-1", "91.5"),
        order("2026-1", "10.0", contract=False),
        order("2026-2", None),
    ]
    assert raw(file(R12=orders))["A3"] == {"fulfil_rate": "91.5"}
    assert reason(file(R12=[order("2026-1", None)]), "A3") == (None, "none")


def test_a_missing_start_of_the_main_trade_is_kept_as_missing() -> None:
    without = {name: value for name, value in HOUSEHOLD.items() if name != "industry_since"}
    found = HouseholdFile("x", without)
    assert raw(found)["B1"] == {"years": None}
    assert raw(file(household={"industry_since": 2027}))["B1"] == {"years": 0}


def test_more_labour_than_people_is_left_out_instead_of_scored() -> None:
    assert reason(file(household={"labor_count": 4}), "B3") == (None, "unrecorded")


def test_plots_of_one_kind_are_added_up_and_kinds_without_a_median_left_out() -> None:
    lands: list[Record] = [
        {"land_kind": "1", "area_mu": "1.20"},
        {"land_kind": "5", "area_mu": "4.00"},
        {"land_kind": "1", "area_mu": "2.35"},
    ]
    assert raw(file(R08=lands))["B4"] == [
        {"kind": "1", "quantity": "3.55", "median": TOWN.resources["1"]},
        {"kind": "5", "quantity": "4.00", "median": TOWN.resources["5"]},
    ]


def test_resources_do_not_apply_to_migrant_workers() -> None:
    assert reason(file(household={"household_type": "6"}), "B4") == (None, "migrant_worker")


def vote(batch: str, scores: object, **changed: object) -> Any:
    return {"review_batch": batch, "knows_household": True, "recused": False, "item_scores": scores, **changed}


def test_only_ballots_of_the_latest_batch_by_reviewers_who_may_judge_count() -> None:
    votes = [
        vote("2025-1", [1, 1]),
        vote("2026-1", [5, 4, 3]),
        vote("2026-1", {"diligence": 4, "honesty": 5}),
        vote("2026-1", [5], knows_household=False),
        vote("2026-1", [5], recused=True),
        vote("2026-1", []),
    ]
    assert raw(file(R15=votes))["D1"] == {"voters": [[12, 3], [9, 2]]}


def test_a_tally_that_the_village_assessed_stands_before_single_ballots() -> None:
    tally = assessed("D1", {"voters": [[20, 5]] * 5})
    assert raw(file(R15=[vote("2026-1", [1, 1])], assessment=[tally]))["D1"] == {"voters": [[20, 5]] * 5}


@pytest.mark.parametrize(
    ("honour", "level"),
    [
        ({}, "4"),
        ({"opt_out": True}, None),
        ({"honor_date": "2021-11-22"}, "4"),
        ({"honor_date": "2021-11-21"}, None),
        ({"honor_date": "2026-11-23"}, None),
    ],
)
def test_honours_count_for_five_years_unless_their_owner_says_no(honour: Record, level: str | None) -> None:
    found: Record = {"honor_level": "4", "honor_date": "2025-01-01", "opt_out": False}
    assert raw(file(R13=[found | honour]))["D2"] == {"level": level}


def test_the_highest_honour_counts() -> None:
    honours: list[Record] = [{"honor_level": n, "honor_date": "2025-01-01", "opt_out": False} for n in ("5", "2", "6")]
    assert raw(file(R13=honours))["D2"] == {"level": "2"}


def assessed(item: str, content: object, **changed: object) -> Any:
    return {"item": item, "rating_year": 2026, "facts": content, "assessed_on": "2026-10-01", **changed}


def test_assessments_bring_what_no_record_holds_with_their_basis() -> None:
    assessments = [
        assessed("A2", {"performance": "default_open"}, assessed_on="2026-01-01"),
        assessed("A2", {"performance": "kept"}, basis="互助社台账2026-3"),
        assessed("A4", {"payment": "late_paid"}),
        assessed("B3", {"not_applicable": "stable_income"}),
    ]
    collected = raw(file(household={"labor_count": 0}, assessment=assessments))
    assert (collected["A2"], collected["A4"]) == ({"performance": "kept"}, {"payment": "late_paid"})
    assert (collected["B3"], collected["not_applicable"]["B3"]) == (None, "stable_income")
    assert collected["evidence"] == {"A2": "互助社台账2026-3"}


def test_an_assessment_of_another_year_says_nothing() -> None:
    assert raw(file(assessment=[assessed("A2", {"performance": "kept"}, rating_year=2025)]))["A2"] is None


def test_an_assessment_never_replaces_what_records_say() -> None:
    clean = assessed("A1", {"max_overdue_days": 0, "current_overdue_days": 0, "worst_five_class": "1"})
    assert raw(file(R10=[LOAN], assessment=[clean]))["A1"]["max_overdue_days"] == 3


def test_completeness_counts_every_member() -> None:
    member: Record = {"person_id": "x", "household_id": "y", "person_name": "陈测", "relation": "02"}
    found = HouseholdFile("x", HOUSEHOLD, [member], {})
    assert raw(found)["E1"] == {"filled": 17, "required": 19}


def test_verification_follows_the_level_of_each_record() -> None:
    household = raw(file())["E2"]
    assert household == {"verified": 0, "fields": 15}
    assert raw(file(R07=[INCOME]))["E2"] == {"verified": 5, "fields": 20}
    assert raw(file(household={"verify_level": "4"}, R10=[LOAN]))["E2"] == {"verified": 21, "fields": 21}


def finding(kind: str, **changed: object) -> Any:
    return {
        "neg_type": kind,
        "doc_no": "测2025-1号",
        "neg_org": "测试局",
        "found_date": "2025-05-01",
        "severity": "3",
        "neg_status": "1",
        **changed,
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("N1", None),
        ("N2", "V1"),
        ("N3", None),
        ("N4", "V5"),
        ("N5", None),
        ("N6", None),
        ("N7", "V3"),
        ("N8", "V6"),
    ],
)
def test_findings_become_vetoes_as_the_rules_say(kind: str, code: str | None) -> None:
    expected = [{"code": code, "document": "测2025-1号，测试局"}] if code else []
    assert raw(file(R14=[finding(kind)]))["vetoes"] == expected


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ({"doc_no": "(2025)粤0799民初12号"}, True),
        ({"doc_no": "（2025）粤0799执123号"}, True),
        ({"neg_org": "测试区人民法院"}, True),
        ({"doc_no": "测仲裁字12号"}, False),
        ({"doc_no": "", "neg_org": "测试区人民法院"}, False),
    ],
)
def test_a_breach_of_contract_suspends_only_with_a_ruling(changed: dict[str, object], counts: bool) -> None:
    assert [veto["code"] for veto in vetoes([finding("N6", **changed)], ON)] == (["V4"] if counts else [])


@pytest.mark.parametrize(
    "changed",
    [
        {"neg_status": "2"},
        {"neg_status": "3"},
        {"neg_status": "4"},
        {"neg_status": "5"},
        {"end_date": "2026-11-21"},
        {"retain_until": "2026-11-21"},
        {"doc_no": " "},
    ],
)
def test_a_finding_that_no_longer_stands_suspends_nobody(changed: dict[str, object]) -> None:
    assert vetoes([finding("N2", **changed)], ON) == []


def test_a_finding_stands_on_its_last_day() -> None:
    assert len(vetoes([finding("N2", end_date="2026-11-22")], ON)) == 1
