"""Cells are read as offices write them; what cannot be read is said, what is lost is never mended."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Value
from jmdesk.registers.cells import (
    Raw,
    Reader,
    chinese_numerals,
    code_reader,
    decimal_reader,
    name_reader,
    plain_text,
    read_date,
    read_group,
    read_id_number,
    read_integer,
    read_phone,
    read_year,
    read_yes_no,
    reader,
    text_reader,
)

YUAN = decimal_reader(14, 2, unit="元", money=True)
WAN = decimal_reader(14, 2, unit="万元", money=True)
MU = decimal_reader(10, 2)


def code_of(read: Reader, raw: Raw) -> str | None:
    remark = read(raw)[1]
    return remark.code.removeprefix("registers.") if remark else None


@pytest.mark.parametrize(
    ("read", "raw", "value"),
    [
        (YUAN, 21100.0, "21100.00"),
        (YUAN, 12, "12.00"),
        (YUAN, "12,345.6", "12345.60"),
        (YUAN, "１２３４５", "12345.00"),
        (YUAN, "￥1，200元", "1200.00"),
        (YUAN, "3.5万", "35000.00"),
        (YUAN, "1.2亿元", "120000000.00"),
        (YUAN, 0.1 + 0.2, "0.30"),
        (YUAN, -500.0, "-500.00"),
        (YUAN, -0.001 * 0, "0.00"),
        (WAN, 3.96, "39600.00"),
        (WAN, "3.96", "39600.00"),
        (WAN, "12,000元", "12000.00"),
        (WAN, "2万", "20000.00"),
        (MU, "3.5亩", "3.50"),
        (MU, 3.5, "3.50"),
    ],
)
def test_numbers_are_read_exactly_in_their_unit(read: Reader, raw: Raw, value: str) -> None:
    assert read(raw) == (value, None)


@pytest.mark.parametrize(
    ("raw", "value", "code"),
    [
        ("约30000元(未核)", "30000.00", "number_among_words"),
        ("30000(退休金)", "30000.00", "number_among_words"),
        ("约3万", "30000.00", "number_about"),
        ("5000左右", "5000.00", "number_about"),
        ("2至3万", None, "not_a_number"),
        ("外出打工", None, "not_a_number"),
        (date(2025, 1, 2), None, "not_a_number"),
        (True, None, "not_a_number"),
        ("不清楚", None, "said_unknown"),
        (123.456, "123.46", "rounded"),
        (1e13, None, "number_too_large"),
        ("1234567890123456789012", None, "number_too_large"),
    ],
)
def test_what_is_decided_about_a_number_is_said(raw: Raw, value: str | None, code: str) -> None:
    assert YUAN(raw)[0] == value
    assert code_of(YUAN, raw) == code


@pytest.mark.parametrize("raw", ["", "无", "/", "—", "　", "暂无"])
@pytest.mark.parametrize("read", [YUAN, read_date, read_integer, read_year, read_id_number, read_phone])
def test_words_for_nothing_are_no_value_and_no_remark(read: Reader, raw: str) -> None:
    assert read(raw) == (None, None)


@given(st.decimals(min_value=0, max_value=10**11, places=2, allow_nan=False, allow_infinity=False))
def test_every_amount_survives_being_written_as_text(amount: object) -> None:
    assert YUAN(str(amount)) == (f"{amount:.2f}", None)


@given(st.integers(min_value=0, max_value=10**10))
def test_wan_is_ten_thousand_yuan_for_every_number_of_cents(cents: int) -> None:
    value, remark = WAN(cents / 10**6)
    assert (value, remark) == (f"{cents // 100}.{cents % 100:02d}", None)


@pytest.mark.parametrize(
    ("raw", "day"),
    [
        (date(1985, 12, 31), "1985-12-31"),
        (datetime(1985, 12, 31, 8, 30), "1985-12-31"),  # noqa: DTZ001 - as spreadsheets give them
        (31412.0, "1985-12-31"),
        (31412, "1985-12-31"),
        ("31412", None),
        ("1985.12.31", "1985-12-31"),
        ("1985年12月31日", "1985-12-31"),
        ("１９８５．１２．３１", "1985-12-31"),
        ("1985-1-5", "1985-01-05"),
        ("1985/1/5 0:00:00", "1985-01-05"),
        ("19851231", "1985-12-31"),
        (19851231.0, "1985-12-31"),
        ("二〇二五年十二月三十一日", "2025-12-31"),
        ("一九八五年十月二十日", "1985-10-20"),
        ("1985.13.31", None),
        ("1985.2.30", None),
        ("85.12.31", None),
        ("1985年", None),
        (1985.0, None),
        (time(8, 30), None),
    ],
)
def test_dates_are_read_in_every_office_spelling_and_never_guessed(raw: Raw, day: str | None) -> None:
    value, remark = read_date(raw)
    assert value == day
    assert (remark is None) is (day is not None)


@pytest.mark.parametrize("raw", ["1985年12月", "1985.12", "198512", "1985-12", "1985年12月份"])
def test_a_month_without_a_day_is_its_first_day_and_says_so(raw: str) -> None:
    assert read_date(raw)[0] == "1985-12-01"
    assert code_of(read_date, raw) == "date_without_day"


def test_a_month_kept_as_a_number_is_not_guessed_for_october_looks_like_january() -> None:
    assert read_date(2025.1)[0] is None
    assert code_of(read_date, 2025.1) == "date_as_number"


@given(st.dates(min_value=date(1930, 1, 1), max_value=date(2100, 1, 1)))
def test_every_day_reads_back_from_text_number_and_serial(day: date) -> None:
    serial = (day - date(1899, 12, 30)).days
    for raw in (f"{day.year}年{day.month}月{day.day}日", f"{day:%Y.%m.%d}", f"{day:%Y%m%d}", float(serial), day):
        assert read_date(raw) == (day.isoformat(), None)


def test_chinese_numerals_below_a_hundred_become_digits() -> None:
    assert [chinese_numerals(text) for text in ("十", "十二", "二十", "三十一", "二〇二五")] == [
        "10",
        "12",
        "20",
        "31",
        "2025",
    ]


@pytest.mark.parametrize(
    "raw",
    [
        "44070519900101997X",
        "44070519900101997x",
        "440705 19900101 997X",
        "４４０７０５１９９００１０１９９７Ｘ",
        "'44070519900101997X",
        '="44070519900101997X"',
        "\u200b44070519900101997X",
    ],
)
def test_identity_numbers_are_freed_of_spaces_and_full_width(raw: str) -> None:
    assert read_id_number(raw) == ("44070519900101997X", None)


@pytest.mark.parametrize("raw", [440705199001019979.0, 440705199001019979, "4.40705E+17", "4.40705199001E17"])
def test_an_identity_number_kept_as_a_number_is_refused_and_never_mended(raw: Raw) -> None:
    assert read_id_number(raw)[0] is None
    assert code_of(read_id_number, raw) == "id_digits_lost"


def test_a_legacy_number_of_fifteen_digits_is_exact_as_a_number() -> None:
    assert read_id_number(440705900101997.0) == ("440705900101997", None)


@pytest.mark.parametrize(
    ("code_list", "raw", "code"),
    [
        ("CL-REL", "老婆", "12"),
        ("CL-REL", "长子", "22"),
        ("CL-REL", "02", "02"),
        ("CL-REL", "2", "02"),
        ("CL-REL", 2.0, "02"),
        ("CL-SEX", "男", "1"),
        ("CL-HTYPE", "1 一般农户", "1"),
        ("CL-HTYPE", "1.一般农户", "1"),
        ("CL-IND", "水稻", "0111"),
        ("CL-IND", "0111", "0111"),
        ("CL-IND", "稻谷种植", "0111"),
        ("CL-CRED", "农商行", "1"),
        ("CL-SRC", "银行提供", "2"),
    ],
)
def test_codes_are_read_by_code_label_and_everyday_word(code_list: str, raw: Raw, code: str) -> None:
    assert code_reader(code_list)(raw) == (code, None)


@pytest.mark.parametrize("raw", ["邻居家", "1 种养大户", "99x"])
def test_a_word_outside_its_list_is_an_error(raw: str) -> None:
    value, remark = code_reader("CL-HTYPE")(raw)
    assert value is None
    assert remark is not None
    assert (remark.code, remark.level) == ("registers.unknown_code", "error")


def test_every_everyday_word_stands_for_a_code_of_its_list() -> None:
    from jmdesk.registers.cells import words

    for name, known in words()["codes"].items():
        codes = catalogue().code_lists[name].values
        assert {code for code in known.values() if code} <= codes.keys(), name


@pytest.mark.parametrize(("raw", "value"), [("是", True), ("√", True), ("无", False), ("×", False), (1.0, True)])
def test_ticks_and_words_mean_yes_or_no(raw: Raw, value: bool) -> None:
    assert read_yes_no(raw) == (value, None)


@pytest.mark.parametrize("raw", ["第三村民小组", "3组", "3", 3.0, "三组", "第3组"])
def test_one_village_group_has_one_spelling(raw: Raw) -> None:
    assert read_group(raw) == ("3组", None)


@pytest.mark.parametrize(
    ("read", "raw", "value"),
    [
        (read_integer, 4.0, 4),
        (read_integer, "4人", 4),
        (read_year, 2009.0, 2009),
        (read_year, "2009年", 2009),
        (read_year, "2009年3月", 2009),
        (read_year, date(2009, 3, 1), 2009),
        (read_phone, 15412345678.0, "15412345678"),
        (read_phone, "0750-1234567", "0750-1234567"),
        (name_reader(50), "陈　明", "陈明"),
        (name_reader(50), "阿 里 Ali Khan", "阿里 Ali Khan"),
        (text_reader(10), " 新屋 \n 3号 ", "新屋 3号"),
    ],
)
def test_plain_values_lose_only_what_means_nothing(read: Reader, raw: Raw, value: Value) -> None:
    assert read(raw) == (value, None)


@pytest.mark.parametrize(
    ("read", "raw", "code"),
    [
        (read_integer, "四五个", "not_a_whole_number"),
        (read_integer, 4.5, "not_a_whole_number"),
        (read_year, "前年", "not_a_year"),
        (read_phone, "没有电话", "not_a_phone"),
        (text_reader(3), "太长的文字", "text_too_long"),
        (name_reader(3), "太长的名字", "text_too_long"),
        (read_yes_no, "也许", "not_yes_no"),
    ],
)
def test_what_cannot_be_read_says_why(read: Reader, raw: Raw, code: str) -> None:
    assert read(raw)[0] is None
    assert code_of(read, raw) == code


def test_of_several_phones_the_first_is_kept_with_a_remark() -> None:
    assert read_phone("15412345678/15487654321")[0] == "15412345678"
    assert code_of(read_phone, "15412345678、15487654321") == "first_phone_kept"


def test_a_rare_character_of_a_village_name_stays_as_it_is() -> None:
    assert plain_text("滘头村蓢边") == "滘头村蓢边"


def test_every_input_field_of_a_household_register_has_a_reader() -> None:
    for type_id in ("R05", "R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13"):
        for described in catalogue().types[type_id].fields:
            assert reader(described)("") == (None, None)
