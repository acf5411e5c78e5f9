"""The data files agree with each other and with the catalogue."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import regions
from jmdesk.core.resources import resource


def loaded(path: str) -> Any:
    return json.loads(resource(path).read_text(encoding="utf-8"))


def rows(path: str) -> list[dict[str, str]]:
    return list(csv.DictReader(resource(path).read_text(encoding="utf-8").splitlines()))


def test_every_everyday_word_names_a_code_of_its_list() -> None:
    lists = catalogue().code_lists
    wrong = [
        (name, alias)
        for name, aliases in loaded("registers/words.json")["codes"].items()
        for alias, code in aliases.items()
        if code and code not in lists[name].values  # "" says nothing
    ]
    assert wrong == []


def test_no_everyday_word_says_something_else_than_the_list_itself() -> None:
    for name, aliases in loaded("registers/words.json")["codes"].items():
        own = {label: code for code, label in catalogue().code_lists[name].values.items()}
        assert {alias for alias, code in aliases.items() if own.get(alias, code) != code} == set()


def test_every_local_word_of_an_industry_names_classes() -> None:
    words = loaded("catalogue/industry_words.json")["industries"]
    assert {code for codes in words.values() for code in codes} <= industries().classes


def test_special_readings_have_one_syllable_per_character() -> None:
    for table in loaded("catalogue/pinyin/readings.json").values():
        assert [word for word, reading in table.items() if len(word) != len(reading.split())] == []


def test_the_crosswalk_and_the_tiles_know_only_regions_of_the_package() -> None:
    for row in rows("regions/towns_code_crosswalk.csv"):
        assert regions().by_code(row["nbs_code_2023"]).name == row["town_name"]
    tiles = loaded("regions/counties_tiles.json")["tiles"]
    assert {tile["code"] for tile in tiles} == {r.code[:6] for r in regions().within("4407", "county")}


def test_industries_form_a_tree() -> None:
    entries = industries().by_code
    assert all(entry.parent in entries for entry in entries.values() if entry.level != "section")


def test_deadlines_are_given_for_every_kind_of_rights_request() -> None:
    terms = loaded("calendar/deadlines.json")["R25"]
    assert set(terms) == set(catalogue().code_lists["CL-CASE"].values)
    assert all(term["unit"] in ("working", "natural") and term["days"] > 0 and term["basis"] for term in terms.values())


@pytest.mark.parametrize(
    ("code_list", "file"),
    [
        ("CL-SEX", "codes_gbt2261_1_sex.csv"),
        ("CL-MARRY", "codes_gbt2261_2_marital.csv"),
        ("CL-ETHNIC", "codes_gbt3304_ethnic.csv"),
        ("CL-REL", "codes_gbt4761_2008_family.csv"),
        ("CL-EDU", "codes_gbt4658_2006_education.csv"),
    ],
)
def test_code_lists_of_the_catalogue_are_within_their_standard(code_list: str, file: str) -> None:
    standard = {row["code"] for row in rows(f"catalogue/gbt/{file}")}
    assert set(catalogue().code_lists[code_list].values) - standard == set()
