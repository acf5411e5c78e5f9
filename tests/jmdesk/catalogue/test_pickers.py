from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.pickers import Choice, Picker, industry_picker, region_picker
from jmdesk.catalogue.regions import regions


def codes(code_list: str) -> Picker:
    return Picker(Choice(code, label) for code, label in catalogue().code_lists[code_list].values.items())


def industry() -> Picker:
    return industry_picker(catalogue().code_lists["CL-IND"].values)


def test_nothing_typed_offers_the_list_in_its_own_order() -> None:
    values = catalogue().code_lists["CL-HTYPE"].values
    assert [choice.code for choice in codes("CL-HTYPE").offer(" ")] == list(values)


@pytest.mark.parametrize("typed", ["长子", "zhangzi", "zz", "22", "ＺＨＡＮＧＺＩ"])
def test_a_value_is_found_by_name_pinyin_initials_and_code(typed: str) -> None:
    assert codes("CL-REL").offer(typed)[0].label == "长子"


@given(st.sampled_from([(name, code) for name, found in catalogue().code_lists.items() for code in found.values]))
def test_every_value_of_every_list_is_offered_first_for_its_own_code(where: tuple[str, str]) -> None:
    name, code = where
    assert codes(name).offer(code)[0].code == code


def test_exact_initials_come_before_longer_ones() -> None:
    picker = Picker([Choice("1", "上海市"), Choice("2", "沙湖"), Choice("3", "沙湖")])
    assert [choice.code for choice in picker.offer("sh")] == ["2", "3", "1"]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("0153", "0153"),
        ("柑橘", "0153"),
        ("ganju", "0153"),
        ("麦克风", "3934"),
        ("mkf", "3934"),
        ("红木", "2110"),
        ("3752", "3752"),
    ],
)
def test_local_industries_are_found_by_the_words_people_use(typed: str, code: str) -> None:
    assert industry().offer(typed)[0].code == code


def test_only_classes_of_the_classification_are_offered_and_each_once() -> None:
    found = [choice.code for choice in industry().offer("", limit=10_000)]
    assert len(found) == len(set(found)) == len(industries().classes) == 1381
    assert [entry.level for entry in industries().path("0153")] == ["section", "division", "group", "class"]


def test_every_industry_of_the_favourites_and_the_local_words_is_a_class() -> None:
    assert set(catalogue().code_lists["CL-IND"].values) <= industries().classes


@pytest.mark.parametrize("typed", ["shahu heping", "沙湖 和平", "shahu hpc", "440785103201"])
def test_a_village_is_found_by_town_and_name_together(typed: str) -> None:
    assert region_picker(regions()).offer(typed)[0].code == "440785103201"


def test_towns_come_before_villages_that_fit_as_well_and_quasi_regions_not_at_all() -> None:
    found = region_picker(regions()).offer("", limit=10_000)
    levels = [regions().by_code(choice.code).level for choice in found]
    assert levels.count("town") == 73
    assert set(levels[: levels.index("village")]) == {"county", "town"}
    assert set(levels[levels.index("village") :]) == {"village"}


def test_what_is_nowhere_offers_nothing() -> None:
    assert region_picker(regions()).offer("北京") == ()
    assert industry().offer("火星") == ()
