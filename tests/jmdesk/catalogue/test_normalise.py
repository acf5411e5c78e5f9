from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.dates import read_date, read_serial
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.normalise import Reading, normaliser
from jmdesk.catalogue.types import Field
from jmdesk.catalogue.validation import validation

TODAY = date(2026, 11, 22)
FIELDS = [field for type_ in catalogue().types.values() for field in type_.fields]


def read(type_id: str, identifier: str, cell: Any, under: str = "") -> Reading:
    field = catalogue().types[type_id].by_identifier[identifier]
    return normaliser().read(field, cell, on=TODAY, under=under)


@pytest.mark.parametrize(
    ("type_id", "identifier", "cell", "value"),
    [
        ("R07", "income_crop", "１２．５", "12.50"),
        ("R07", "income_crop", "￥1,234.50", "1234.50"),
        ("R07", "income_crop", "1.2万", "12000.00"),
        ("R07", "income_crop", "1.2 万元", "12000.00"),
        ("R07", "income_crop", "800元", "800.00"),
        ("R07", "income_crop", 800, "800.00"),
        ("R07", "income_crop", 0.1 + 0.2, "0.30"),
        ("R07", "income_crop", "0", "0.00"),
        ("R07", "income_crop", "-0", "0.00"),
        ("R07", "income_crop", Decimal("3.5"), "3.50"),
        ("R20", "revenue_main", "2亿元", "20000.00"),
        ("R08", "area_mu", "3.5亩", "3.50"),
        ("R08", "area_mu", "1公顷", "15.00"),
        ("R09", "area_m2", "120㎡", "120.00"),
        ("R12", "scale_qty", "30头", "30.00"),
        ("R12", "output_qty", "1000斤", "500.00"),
        ("R12", "fulfil_rate", "85%", "85.0"),
        ("R05", "population", "４口人", 4),
        ("R05", "population", 4.0, 4),
        ("R05", "industry_since", "2010年", 2010),
        ("R05", "industry_since", date(2010, 5, 1), 2010),
        ("R05", "collect_date", "1985.12.31", "1985-12-31"),
        ("R05", "collect_date", "1985年1月5日", "1985-01-05"),
        ("R05", "collect_date", "19851231", "1985-12-31"),
        ("R05", "collect_date", "二〇二六年三月五日", "2026-03-05"),
        ("R05", "collect_date", "2026-03-05 00:00:00", "2026-03-05"),
        ("R05", "collect_date", datetime(2026, 3, 5), "2026-03-05"),  # noqa: DTZ001 (a cell has no zone)
        ("R05", "region_code", "恩平市沙湖镇和平村", "440785103201"),
        ("R05", "region_code", "440785 103201", "440785103201"),
        ("R05", "main_industry", "柑橘类种植", "0153"),
        ("R05", "main_industry", "153", "0153"),
        ("R05", "main_industry", 153.0, "0153"),
        ("R05", "main_industry", "0153 柑橘类种植", "0153"),
        ("R05", "household_type", "种养大户", "2"),
        ("R05", "household_type", "2-种养大户", "2"),
        ("R05", "household_type", 2.0, "2"),
        ("R05", "address", "  沙湖镇　和平村 ", "沙湖镇 和平村"),
        ("R05", "phone", "138 0000 0000", "13800000000"),
        ("R05", "phone", "０７５０－１２３４５６７", "0750-1234567"),
        ("R05", "phone", 13800000000.0, "13800000000"),
        ("R06", "person_name", "陈　明", "陈明"),
        ("R06", "person_name", "阿依古丽•买买提", "阿依古丽·买买提"),
        ("R06", "sex", "男", "1"),
        ("R06", "relation", "户主", "02"),
        ("R06", "relation", "大儿子", "22"),
        ("R06", "id_no", "440785 19900101 0011", "440785199001010011"),
        ("R06", "id_no", "11010519491231002x", "11010519491231002X"),
        ("R06", "is_labor", "√", True),
        ("R06", "is_labor", "无", False),
        ("R19", "period", "2026年3月", "202603"),
        ("R22", "claims", "赔偿、道歉", ["4", "7"]),
        ("R22", "received_at", "2026-11-22 14:30", "2026-11-22T06:30:00Z"),
        ("R22", "received_at", "2026年11月22日14时30分", "2026-11-22T06:30:00Z"),
        ("R22", "received_at", datetime(2026, 11, 22, 6, 30, tzinfo=UTC), "2026-11-22T06:30:00Z"),
        ("R16", "publicity_range", "2026.3.1 至 2026.3.8", ["2026-03-01", "2026-03-08"]),
    ],
)
def test_what_offices_write_is_read(type_id: str, identifier: str, cell: Any, value: Any) -> None:
    assert read(type_id, identifier, cell) == Reading(value)


@pytest.mark.parametrize(
    ("type_id", "identifier", "cell", "code"),
    [
        ("R07", "income_crop", "12.345", "field.too_many_decimals"),
        ("R07", "income_crop", "约好几万", "field.number"),
        ("R07", "income_crop", "12亩", "field.wrong_unit"),
        ("R07", "income_crop", "1234567890123", "field.decimal"),
        ("R07", "income_crop", float("nan"), "field.number"),
        ("R07", "income_crop", Decimal("NaN"), "field.number"),
        ("R07", "income_crop", float("-inf"), "field.number"),
        ("R07", "income_crop", -5, "field.negative"),
        ("R07", "income_crop", True, "field.number"),
        ("R05", "population", "3.5", "field.integer"),
        ("R05", "collect_date", "26.3.5", "field.date"),
        ("R05", "collect_date", "2026.2.30", "field.date"),
        ("R05", "collect_date", "1985年12月", "field.date_without_day"),
        ("R05", "region_code", "圩镇社区", "field.ambiguous"),
        ("R05", "region_code", "不存在村", "field.code"),
        ("R05", "household_type", "富户", "field.code"),
        ("R05", "household_type", "2-一般农户", "field.code"),
        ("R06", "id_no", 440785199001010011.0, "field.digits_lost"),
        ("R06", "id_no", "4.40785E+17", "field.digits_lost"),
        ("R06", "is_labor", "大概", "field.boolean"),
        ("R22", "claims", "赔偿、升天", "field.codes"),
        ("R22", "received_at", "2026-11-22 25:00", "field.time"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_guessed(type_id: str, identifier: str, cell: Any, code: str) -> None:
    reading = read(type_id, identifier, cell)
    assert reading.value is None
    assert reading.problem is not None
    assert (reading.problem.field, reading.problem.code) == (identifier, code)


@pytest.mark.parametrize("cell", [None, "", " \u3000", "\u200b"])
def test_an_empty_cell_is_no_value_and_no_problem(cell: Any) -> None:
    assert read("R05", "population", cell) == Reading()


def test_a_village_name_that_repeats_is_found_within_its_town() -> None:
    assert read("R05", "region_code", "圩镇社区", under="440785103").value == "440785103001"


def test_a_formulas_long_result_is_rounded_and_said_so() -> None:
    reading = read("R07", "income_crop", 1234.565)
    assert (reading.value, reading.problem and reading.problem.code) == ("1234.57", "field.rounded")


def test_a_warning_comes_with_its_value() -> None:
    reading = read("R06", "id_no", "610104620927690")
    assert (reading.value, reading.problem and reading.problem.level) == ("610104620927690", "warn")


@given(
    st.sampled_from(FIELDS),
    st.text() | st.floats() | st.decimals() | st.integers() | st.booleans() | st.dates() | st.datetimes(),
)
def test_whatever_a_cell_holds_gives_a_valid_value_or_a_problem(field: Field, cell: Any) -> None:
    reading = normaliser().read(field, cell, on=TODAY)
    if reading.value is not None:
        problem = validation().of(field.record_id).check_field(field.identifier, reading.value, {}, TODAY)
        assert problem is None or problem.level == "warn"


@given(st.dates(date(1910, 1, 1), date(2100, 12, 31)))
def test_a_date_survives_every_way_of_writing_it(day: date) -> None:
    ways = (f"{day:%Y-%m-%d}", f"{day:%Y/%m/%d}", f"{day.year}.{day.month}.{day.day}", f"{day:%Y%m%d}")
    assert {read_date(way) for way in (*ways, f"{day.year}年{day.month}月{day.day}日")} == {day}
    assert read_serial((day - date(1899, 12, 30)).days) == day


@given(st.integers(0, 10**14 - 1))
def test_a_wire_value_reads_as_itself(cents: int) -> None:
    text = f"{cents // 100}.{cents % 100:02d}"
    assert read("R07", "income_crop", text) == Reading(text)
