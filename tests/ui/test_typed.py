"""What people type: dates and amounts."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.widgets.typed_amounts import grouped, in_ten_thousands, typed_amount
from ui.widgets.typed_dates import typed_date

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    "text",
    [
        "1985.12.31",
        "19851231",
        "1985-12-31",
        "1985年12月31日",
        "1985/12/31",
        "１９８５年１２月３１日",
        " 1985 年 12 月 31 日 ",
    ],
)
def test_a_date_is_understood_in_every_usual_form(text: str) -> None:
    assert typed_date(text, TODAY) == date(1985, 12, 31)


@pytest.mark.parametrize("text", ["t", "T", "today", "今天"])
def test_t_means_today(text: str) -> None:
    assert typed_date(text, TODAY) == TODAY


@pytest.mark.parametrize("text", ["85.12.31", "12月31日", "1985.13.1", "19850230", "1985", "abc", "1985-12-31-1"])
def test_what_is_no_whole_date_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        typed_date(text, TODAY)


@given(st.dates(min_value=date(1000, 1, 1)))
def test_a_shown_date_can_be_typed_again(day: date) -> None:
    assert typed_date(day.isoformat(), TODAY) == day
    assert typed_date(f"{day.year:04}年{day.month}月{day.day}日", TODAY) == day


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12500", "12500.00"),
        ("12,500.5", "12500.50"),
        ("1.25万", "12500.00"),
        ("１．２５万元", "12500.00"),
        ("3w", "30000.00"),
        ("0.07", "0.07"),
        (".5", "0.50"),
        ("-20", "-20.00"),
        ("800元", "800.00"),
    ],
)
def test_an_amount_is_understood_in_every_usual_form(text: str, value: str) -> None:
    assert typed_amount(text, 14, 2) == value


@pytest.mark.parametrize("text", ["", "元", "1.234", "十二", "1e5", "--1", "99999999999999", "1.2.3"])
def test_what_is_no_amount_is_not_guessed(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        typed_amount(text, 14, 2)


@given(st.integers(-(10**13), 10**13))
def test_a_shown_amount_can_be_typed_again(cents: int) -> None:
    value = typed_amount(f"{cents / 100:.2f}" if abs(cents) < 10**12 else "0", 16, 2)
    assert typed_amount(grouped(value), 16, 2) == value


def test_an_amount_says_what_it_is_in_ten_thousands() -> None:
    assert grouped("1234567.80") == "1,234,567.80"
    assert grouped("-1234.00") == "-1,234.00"
    assert in_ten_thousands("123456.00") == "12.3456 万"
    assert in_ten_thousands("50000000.00") == "5,000 万"
    assert in_ten_thousands("9999.99") == ""
