from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue import idno

TODAY = date(2026, 11, 22)
births = st.dates(min_value=date(1900, 1, 1), max_value=TODAY)
EXPECTED = {"1": "ok", "0": "error", "legacy15": "warn"}


def number(prefix: str, born: date, serial: int) -> str:
    first17 = f"{prefix}{born:%Y%m%d}{serial:03d}"
    return first17 + idno.check_character(first17)


def test_published_vectors_get_their_verdict(idno_vector: dict[str, str]) -> None:
    verdict = idno.check(idno_vector["value"], TODAY)
    foreign = idno_vector["category"] == "foreign-permanent-resident"
    assert verdict.verdict == ("warn" if foreign else EXPECTED[idno_vector["valid"]]), verdict.code


@given(births, st.integers(0, 999))
def test_a_number_tells_birth_date_and_sex(born: date, serial: int) -> None:
    verdict = idno.check(number("440785", born, serial), TODAY)
    assert (verdict.verdict, verdict.birth_date, verdict.sex) == ("ok", born, "1" if serial % 2 else "2")


@given(births, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_any_single_wrong_digit_is_found(born: date, serial: int, place: int, shift: int) -> None:
    good = number("440783", born, serial)
    wrong = good[:place] + str((int(good[place]) + shift) % 10) + good[place + 1 :]
    assert idno.check(wrong, TODAY).verdict == "error"


@given(births, st.integers(0, 999), st.integers(0, 15))
def test_two_swapped_neighbours_are_found(born: date, serial: int, place: int) -> None:
    good = number("440703", born, serial)
    swapped = good[:place] + good[place + 1] + good[place] + good[place + 2 :]
    assert swapped == good or idno.check(swapped, TODAY).verdict == "error"


@given(st.text())
def test_no_text_breaks_the_check(text: str) -> None:
    assert idno.check(text, TODAY).verdict in ("ok", "warn", "error")


@pytest.mark.parametrize(
    "typed",
    [
        "４４０７８５１９９００１０１００１１",
        "440785 19900101 0011",
        " 440785-19900101-0011\u200b",
        "'440785199001010011",
    ],
)
def test_what_keyboards_and_sheets_leave_behind_is_folded(typed: str) -> None:
    verdict = idno.check(typed, TODAY)
    assert (verdict.verdict, verdict.value) == ("ok", "440785199001010011")


@pytest.mark.parametrize("last", ["x", "X", "ｘ", "×", "Х"])
def test_every_kind_of_x_is_an_x(last: str) -> None:
    assert idno.check("11010519491231002" + last, TODAY).value == "11010519491231002X"


def test_a_birth_after_the_day_of_checking_is_an_error() -> None:
    tomorrow = number("440785", TODAY + timedelta(days=1), 1)
    assert idno.check(tomorrow, TODAY).code == "idno.future_birth"
    assert idno.check(tomorrow, TODAY + timedelta(days=1)).verdict == "ok"


@pytest.mark.parametrize(
    ("prefix", "born"),
    [
        ("440722", date(1950, 3, 4)),
        ("440785", date(1980, 3, 4)),
        ("440781", date(1990, 3, 4)),
        ("440705", date(1985, 3, 4)),
    ],
)
def test_county_codes_that_did_not_exist_in_the_birth_year_are_no_fault_of_the_person(prefix: str, born: date) -> None:
    assert idno.check(number(prefix, born, 21), TODAY).verdict == "ok"


def test_a_county_code_never_used_is_only_a_warning() -> None:
    verdict = idno.check(number("449999", date(1980, 5, 6), 12), TODAY)
    assert (verdict.verdict, verdict.code) == ("warn", "idno.prefix_unknown")


@pytest.mark.parametrize("prefix", ["810000", "820000", "830000"])
def test_residence_permits_of_hong_kong_macao_and_taiwan_are_ordinary_numbers(prefix: str) -> None:
    assert idno.check(number(prefix, date(1994, 8, 23), 2), TODAY).verdict == "ok"


def test_foreign_permanent_residents_are_warned_about_in_both_forms() -> None:
    assert idno.check("932682198501010017", TODAY).code == "idno.foreign_resident"
    assert idno.check("932682198501010018", TODAY).code == "idno.checksum"
    assert idno.check("CAN110080010101", TODAY).code == "idno.foreign_resident_2017"


def test_a_legacy_number_is_upgraded_to_its_present_form() -> None:
    assert idno.upgraded("610104620927690") == "610104196209276908"
    verdict = idno.check("610104620927690", TODAY)
    assert (verdict.code, verdict.birth_date, verdict.sex) == ("idno.legacy15", date(1962, 9, 27), "2")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "idno.length"),
        ("44078519900101001", "idno.length"),
        ("44078519900230001X", "idno.birth_date"),
        ("4407851990010100A1", "idno.alphabet"),
    ],
)
def test_each_fault_has_its_own_code(value: str, code: str) -> None:
    assert idno.check(value, TODAY).code == code


@given(
    st.sampled_from(["440785", "449999", "810000", "932682"]),
    births,
    st.integers(0, 999),
    st.sampled_from("0123456789X"),
)
def test_the_quick_answer_never_differs_from_the_full_one(prefix: str, born: date, serial: int, last: str) -> None:
    value = number(prefix, born, serial)[:17] + last
    assert idno.is_sound(value, TODAY) == (idno.check(value, TODAY).verdict == "ok")
