from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.derived import DERIVED, INCOME_PARTS, DerivedContext, age, birthday, derive
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record
from jmdesk.catalogue.validation import validation

TODAY = date(2026, 11, 22)


def derived(type_id: str, record: Record, context: DerivedContext | None = None, on: date = TODAY) -> Record:
    return derive(catalogue().types[type_id], record, on=on, context=context)


def test_exactly_the_derived_fields_of_the_catalogue_are_derived() -> None:
    marked = {(t.id, f.identifier) for t in catalogue().types.values() for f in t.fields if f.derived}
    assert set(DERIVED) == marked


@pytest.mark.parametrize("type_id", list(catalogue().types))
def test_nothing_is_derived_from_nothing(type_id: str) -> None:
    assert derived(type_id, {}) == {}


def test_an_identity_number_gives_birth_date_and_age_group() -> None:
    assert derived("R06", {"id_no": "440785199001010011"}) == {"birth_date": "1990-01-01", "is_under14": False}


def test_without_an_identity_number_the_birth_date_is_as_entered() -> None:
    assert derived("R06", {"birth_date": "2020-05-01"}) == {"is_under14": True}
    assert derived("R06", {"id_type": "414", "id_no": "440785199001010011"}) == {}
    assert derived("R06", {"id_no": "440785199001010012"}) == {}


def test_a_child_is_under_fourteen_until_the_day_after_the_birthday() -> None:
    child: Record = {"birth_date": "2012-11-22"}
    assert derived("R06", child, on=date(2026, 11, 22)) == {"is_under14": True}
    assert derived("R06", child, on=date(2026, 11, 23)) == {"is_under14": False}


@given(st.dates(date(1900, 1, 1), date(2020, 12, 31)), st.integers(0, 100))
def test_an_age_is_completed_on_the_birthday(born: date, years: int) -> None:
    assert age(born, birthday(born, years)) == years


@given(st.dictionaries(st.sampled_from(INCOME_PARTS), st.integers(0, 10**9), min_size=1), st.integers(0, 10**9))
def test_incomes_add_up_to_the_cent(parts: dict[str, int], cost: int) -> None:
    record: Record = {name: f"{cents // 100}.{cents % 100:02d}" for name, cents in parts.items()}
    record["cost_production"] = f"{cost // 100}.{cost % 100:02d}"
    found = derived("R07", record)
    assert Decimal(str(found["income_total"])) * 100 == sum(parts.values())
    assert Decimal(str(found["net_income"])) * 100 == sum(parts.values()) - cost
    assert found["exp_total"] == record["cost_production"]
    assert [
        p for p in validation().validate("R07", record | found, complete=False, on=TODAY) if p.level == "error"
    ] == []


def test_bad_information_is_kept_five_years_from_its_end() -> None:
    assert derived("R14", {"end_date": "2024-02-29"}) == {"retain_until": "2029-02-28"}
    assert derived("R14", {"found_date": "2024-02-29"}) == {}


def test_small_samples_are_suppressed() -> None:
    assert [derived("R19", {"loan_hh": n}) for n in (0, 4, 5)] == [
        {"suppressed": True},
        {"suppressed": True},
        {"suppressed": False},
    ]


def test_a_towns_share_of_credit_households_is_summed_over_its_villages() -> None:
    villages: list[Record] = [{"hh_credit": 300, "hh_base": 400}, {"hh_credit": 1, "hh_base": 300}]
    assert derived("R18", {}, DerivedContext(TODAY, villages=villages)) == {"hh_credit_pct": "43.0"}
    assert derived("R18", {}, DerivedContext(TODAY, villages=[{"hh_credit": 0, "hh_base": 0}])) == {}


def test_a_green_card_is_computed_as_the_worked_example_says() -> None:
    card: Record = {
        "base_score": "74.5",
        "gain_score": "8.0",
        "loss_score": "5.0",
        "gc_grade": "B",
        "revenue_main": "100000.00",
    }
    assert derived("R24", card) == {"total": "77.5", "is_green": True, "is_backbone": True}
    assert derived("R24", card | {"revenue_main": "99999.99"})["is_backbone"] is False
    assert derived("R24", card | {"gc_grade": "C"})["is_backbone"] is False
    assert derived("R24", card | {"loss_score": "90.0"})["total"] == "0.0"


def test_a_rights_request_is_due_by_its_kind() -> None:
    received: Record = {"received_at": "2026-03-02T06:30:00Z"}
    assert derived("R25", received | {"case_kind": "1"}) == {"due_at": "2026-03-23T16:00:00Z"}
    assert derived("R25", received | {"case_kind": "3"}) == {"due_at": "2026-03-23T16:00:00Z"}
    assert derived("R25", received | {"case_kind": "2"}) == {"due_at": "2026-03-05T16:00:00Z"}
    late_evening: Record = {"received_at": "2026-03-02T16:30:00Z", "case_kind": "2"}
    assert derived("R25", late_evening) == {"due_at": "2026-03-06T16:00:00Z"}


def test_completeness_counts_what_is_there() -> None:
    context = DerivedContext(
        TODAY, expected=("address", "population"), members=[{"sex": "1"}, {}], expected_of_member=("sex",)
    )
    assert derived("R05", {"address": "和平村"}, context) == {"completeness_pct": "50.0"}
