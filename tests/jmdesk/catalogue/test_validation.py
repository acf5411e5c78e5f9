from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.json_values import DEEPEST, LONGEST_TEXT, MOST_VALUES, json_fault
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import regions
from jmdesk.catalogue.types import Field, Record
from jmdesk.catalogue.validation import RESULT, validation
from jmdesk.core.clock import utc_text

TODAY = date(2026, 11, 22)
V = validation()
WIRE = validation(wire=True)
FIELDS = [field for type_ in catalogue().types.values() for field in type_.fields]
RID = "01900000-0000-7000-8000-000000000001"
days = st.dates(date(1900, 1, 1), date(2199, 12, 31)).map(date.isoformat)
chinese = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
EXACT = {"CL-IDNO": "440785199001010011", "CL-USCC": "91440785MA00000A9G", "CL-IND": "0153"}


def decimals(field: Field) -> st.SearchStrategy[str]:
    scale = field.type.scale
    largest = 100 * 10**scale if field.unit == "%" else 10**field.type.size - 1
    return st.integers(0, largest).map(lambda n: f"{n // 10**scale}.{n % 10**scale:0{scale}d}")


def coded(field: Field) -> list[str]:
    return list(catalogue().code_lists[field.code_list].values) if field.code_list else []


GOOD: dict[str, Callable[[Field], st.SearchStrategy[Any]]] = {
    "str": lambda f: st.text(chinese, min_size=1, max_size=f.type.size),
    "char": lambda f: st.just("202603" if f.identifier == "period" else "a" * f.type.size),
    "int": lambda f: st.integers(f.type.minimum or 0, 2**31 - 1 if f.type.maximum is None else f.type.maximum),
    "dec": decimals,
    "bool": lambda _: st.booleans(),
    "code": lambda f: st.sampled_from(coded(f)),
    "date": lambda _: days,
    "datetime": lambda _: st.integers(0, 6 * 10**9).map(lambda s: utc_text(datetime.fromtimestamp(s, UTC))),
    "daterange": lambda _: st.lists(days, min_size=2, max_size=2).map(sorted),
    "year": lambda _: st.integers(1850, 2026),
    "uuid": lambda _: st.uuids().map(str),
    "digest": lambda _: st.binary(min_size=32, max_size=32).map(bytes.hex),
    "ref": lambda f: st.uuids().map(lambda u: str(u) if f.type.target else f"R05:{u}"),
    "json": lambda f: (
        st.lists(st.sampled_from(coded(f)), min_size=1, unique=True) if f.code_list else st.just({"A1": "20.0"})
    ),
}


def good_values(field: Field) -> st.SearchStrategy[Any]:
    if field.code_list in EXACT:
        return st.just(EXACT[field.code_list])
    if field.code_list == "CL-REGION":
        return st.sampled_from(sorted(regions().codes))
    return GOOD[field.type.kind](field)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.data())
def test_every_field_accepts_what_its_type_allows(data: st.DataObject) -> None:
    field = data.draw(st.sampled_from(FIELDS))
    value = data.draw(good_values(field))
    assert V.of(field.record_id).check_field(field.identifier, value, {}, TODAY) is None


@given(st.sampled_from(FIELDS), any_json)
def test_nothing_that_arrives_breaks_a_check_or_passes_with_a_wrong_type(field: Field, value: object) -> None:
    problem = V.of(field.record_id).check_field(field.identifier, value, {}, TODAY)
    if problem is None:
        kinds: dict[str, Any] = {"int": int, "year": int, "bool": bool, "daterange": list, "json": list | dict}
        assert isinstance(value, kinds.get(field.type.kind, str))
        assert not isinstance(value, bool) or field.type.kind == "bool"
    else:
        assert problem.message().text != problem.code
        assert problem.message().action


@pytest.mark.parametrize("type_id", list(catalogue().types))
def test_an_empty_draft_is_fine_and_an_empty_record_lacks_its_required_values(type_id: str) -> None:
    type_ = catalogue().types[type_id]
    assert V.validate(type_id, {}, complete=False, on=TODAY) == []
    missing = {problem.field for problem in V.validate(type_id, {}, complete=True, on=TODAY)}
    needed = {field.identifier for field in type_.fields if field.required and field.derived != "computed"}
    if type_id in RESULT:  # an application: its result is worked out later
        needed = {name for name in needed if type_.by_identifier[name].key}
    assert missing == needed


def test_with_a_result_an_application_needs_what_it_was_worked_out_from() -> None:
    result: Record = {"region_code": "440785103000", "rating_year": 2026, "town_grade": "1"}
    missing = {problem.field for problem in V.validate("R18", result, complete=True, on=TODAY)}
    assert missing == {"village_total", "village_credit", "no_arrears_pct", "npl_pct", "score"}
    missing = {
        problem.field for problem in V.validate("R18", {**result, "x_without_loans": True}, complete=True, on=TODAY)
    }
    assert "npl_pct" not in missing


def test_a_complete_household_and_person_pass(household: Record, person: Record, today: date) -> None:
    assert V.validate("R05", household, complete=True, on=today) == []
    assert V.validate("R06", person, complete=True, on=today) == []


def test_validation_changes_nothing(household: Record, today: date) -> None:
    before = copy.deepcopy(household)
    V.validate("R05", household, complete=True, on=today)
    assert household == before


@pytest.mark.parametrize(
    ("type_id", "identifier", "value", "code"),
    [
        ("R05", "address", "", "field.empty"),
        ("R05", "address", "\u3000 ", "field.empty"),
        ("R05", "address", "长" * 121, "field.too_long"),
        ("R05", "address", "三组\x00号", "field.control_characters"),
        ("R05", "address", "三组\ud800号", "field.control_characters"),
        ("R05", "address", "三组\u202e号", "field.control_characters"),
        ("R05", "population", True, "field.integer"),
        ("R05", "population", "4", "field.integer"),
        ("R05", "population", -1, "field.range"),
        ("R05", "household_id", "44078510320100001", "field.length"),
        ("R05", "region_code", "440785103", "region.length"),
        ("R05", "region_code", "440785103999", "region.village_unknown"),
        ("R05", "main_industry", "015", "field.industry"),
        ("R05", "main_industry", "9999", "field.industry"),
        ("R05", "industry_since", 1066, "field.year"),
        ("R05", "industry_since", 2027, "field.year_future"),
        ("R05", "collect_date", "2026-02-29", "field.date"),
        ("R05", "collect_date", "20260228", "field.date"),
        ("R05", "collect_date", "2026-W09-1", "field.date"),
        ("R05", "household_type", 1, "field.code"),
        ("R05", "household_type", ["1"], "field.code"),
        ("R05", "head_person_id", "R06:" + RID, "field.reference"),
        ("R05", "head_person_id", RID.upper().replace("0", "A"), "field.reference"),
        ("R06", "id_no", "440785199001010012", "idno.checksum"),
        ("R06", "id_no", "440785199001010011 ", "field.too_long"),
        ("R06", "id_no", "11010519491231002x", "field.not_canonical"),
        ("R06", "id_no", "610104620927690", "idno.legacy15"),
        ("R06", "is_labor", "是", "field.boolean"),
        ("R06", "is_labor", 1, "field.boolean"),
        ("R07", "income_crop", "12", "field.decimal"),
        ("R07", "income_crop", "12.5", "field.decimal"),
        ("R07", "income_crop", 12.5, "field.decimal"),
        ("R07", "income_crop", "012.50", "field.decimal"),
        ("R07", "income_crop", "-0.00", "field.decimal"),
        ("R07", "income_crop", "-12.50", "field.negative"),
        ("R07", "income_crop", "1234567890123.00", "field.decimal"),
        ("R12", "fulfil_rate", "100.1", "field.range"),
        ("R13", "subject_id", RID, "field.reference"),
        ("R13", "subject_id", "R99:" + RID, "field.reference"),
        ("R16", "publicity_range", ["2026-02-02", "2026-02-01"], "field.date_range"),
        ("R19", "period", "202613", "field.month"),
        ("R20", "uscc", "91350100M0001TGQXM", "uscc.check_character"),
        ("R20", "uscc", "91440785ma00000a9g", "field.not_canonical"),
        ("R22", "received_at", "2026-11-22T25:00:00Z", "field.time"),
        ("R22", "received_at", "2026-11-22T09:00:00+08:00", "field.time"),
        ("R22", "claims", ["4", "4"], "field.codes"),
        ("R22", "claims", [], "field.codes"),
        ("R22", "satisfaction", 6, "field.range"),
        ("R15", "item_scores", {"a": 1.5}, "field.json"),
        ("R15", "item_scores", {"a": None}, "field.json"),
    ],
)
def test_each_fault_has_its_code(type_id: str, identifier: str, value: Any, code: str) -> None:
    problems = V.validate(type_id, {identifier: value}, complete=False, on=TODAY)
    assert [(p.field, p.code) for p in problems] == [(identifier, code)]


def test_a_passport_is_not_judged_as_an_identity_card(today: date) -> None:
    passport: Record = {"id_type": "414", "id_no": "E12345678"}
    assert V.validate("R06", passport, complete=False, on=today) == []
    assert [p.code for p in V.validate("R06", {"id_no": "E12345678"}, complete=False, on=today)] == ["idno.length"]
    bad: Record = {"id_type": "414", "id_no": "E1;--"}
    assert [p.code for p in V.validate("R06", bad, complete=False, on=today)] == ["idno.document"]


def test_a_new_village_may_be_registered_before_the_region_package_knows_it(today: date) -> None:
    problems = V.validate("R03", {"region_code": "440785103299"}, complete=False, on=today)
    assert [p.level for p in problems] == ["warn"]


def test_unknown_items_are_refused_and_unknown_extensions_are_kept(today: date) -> None:
    problems = V.validate("R05", {"religion": "x", "x_tea_house": "有", "x_bad": 1.5}, complete=False, on=today)  # type: ignore[dict-item]
    assert [(p.field, p.code, p.level) for p in problems] == [
        ("", "field.unknown", "error"),
        ("x_tea_house", "field.unknown_extension", "warn"),
        ("x_bad", "field.json", "error"),
    ]


def test_what_never_travels_is_refused_from_the_wire_and_not_missed_there(person: Record, today: date) -> None:
    assert [p.code for p in WIRE.validate("R06", person, complete=True, on=today)] == ["field.not_on_wire"]
    del person["is_under14"]
    assert WIRE.validate("R06", person, complete=True, on=today) == []
    assert [p.field for p in V.validate("R06", person, complete=True, on=today)] == ["is_under14"]


def test_no_problem_repeats_the_value_it_found(today: date) -> None:
    record: Record = {"id_no": "440785199001010012", "person_name": "陈建明\x00", "relation": "440785199001010012"}
    for problem in V.validate("R06", record, complete=False, on=today):
        assert "440785199001010012" not in str(problem)
        assert "陈建明" not in str(problem)


def test_structured_values_are_bounded() -> None:
    deep: list[object] = []
    for _ in range(DEEPEST):
        deep = [deep]
    assert json_fault(deep) == "too deep"
    assert json_fault([0] * (MOST_VALUES + 1)) == "too many values"
    assert json_fault(["长" * (LONGEST_TEXT + 1)]) == "text too long"
    assert json_fault({"\ud800": 1}) == "lone surrogate"
    assert json_fault([2**53]) == "number too large"
    assert json_fault({"a": [1, "2.50", True, {}]}) is None


def test_contradictions_are_found_once_each_value_for_itself_is_right(household: Record, today: date) -> None:
    household["labor_count"] = 3
    found = V.validate("R05", household, complete=False, on=today)
    assert [(p.field, p.code) for p in found] == [("labor_count", "crosscheck.above")]
    household["collect_date"] = "not a date"
    assert [p.code for p in V.validate("R05", household, complete=False, on=today)] == ["field.date"]
