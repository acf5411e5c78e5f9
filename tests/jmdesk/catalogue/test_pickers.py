from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.pickers import code_picker, industry_picker, pick_region, region_picker


def test_nothing_typed_offers_the_list_in_its_own_order() -> None:
    values = catalogue().code_lists["CL-HTYPE"].values
    assert [choice.code for choice in code_picker("CL-HTYPE").offer(" ")] == list(values)


@pytest.mark.parametrize("typed", ["长子", "zhangzi", "zz", "22", "ＺＨＡＮＧＺＩ"])
def test_a_value_is_found_by_name_pinyin_initials_and_code(typed: str) -> None:
    assert code_picker("CL-REL").offer(typed)[0].label == "长子"


@given(st.sampled_from([(name, code) for name, found in catalogue().code_lists.items() for code in found.values]))
def test_every_value_of_every_list_is_offered_first_for_its_own_code(where: tuple[str, str]) -> None:
    name, code = where
    assert code_picker(name).offer(code)[0].code == code


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
    assert industry_picker().offer(typed)[0].code == code


def test_only_classes_of_the_classification_are_offered_and_each_once() -> None:
    codes = [choice.code for choice in industry_picker().offer("", limit=10_000)]
    assert len(codes) == len(set(codes)) == len(industries().classes) == 1381
    assert [entry.level for entry in industries().path("0153")] == ["section", "division", "group", "class"]


def test_every_industry_of_the_favourites_and_the_local_words_is_a_class() -> None:
    assert set(catalogue().code_lists["CL-IND"].values) <= industries().classes


@pytest.mark.parametrize("typed", ["shahu heping", "沙湖 和平", "shahu hpc", "440785103201"])
def test_a_village_is_found_by_town_and_name_together(typed: str) -> None:
    assert pick_region(typed)[0].code == "440785103201"


def test_regions_are_offered_within_a_scope_and_of_a_level() -> None:
    assert {choice.code[:9] for choice in pick_region("圩", under="440785103000")} == {"440785103"}
    towns = region_picker("town").offer("", limit=1000)
    assert len(towns) == 73
    assert len(region_picker("town", quasi=True).offer("", limit=1000)) == 82


def test_what_is_nowhere_offers_nothing() -> None:
    assert pick_region("北京") == ()
    assert industry_picker().offer("火星") == ()
