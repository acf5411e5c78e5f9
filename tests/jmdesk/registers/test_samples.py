"""Invented registers are plausible, reproducible, and name nobody."""

from __future__ import annotations

import random
from datetime import date
from itertools import islice
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.errors import Refused
from jmdesk.registers.livelihoods import SampleHousehold
from jmdesk.registers.people import FEMALE, MALE, InventedNumbers
from jmdesk.registers.samples import LAYOUTS, Layout, invented_households, villages_under, write_register

VILLAGE = "440705101201"
_WEIGHTS = [2**i % 11 for i in range(17, 0, -1)]


def homes(code: str = VILLAGE, count: int = 300, seed: int = 1) -> list[SampleHousehold]:
    return [home for _, home in invented_households(code, count, seed)]


def valid(id_no: str) -> bool:
    total = sum(int(c) * w for c, w in zip(id_no[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == id_no[17]


def test_every_identity_number_is_valid_and_carries_a_sequence_never_issued_to_the_living() -> None:
    for home in homes():
        for person in home.members:
            assert valid(person.id_no)
            assert person.id_no[6:14] == f"{person.birth:%Y%m%d}"
            assert person.id_no[14:17] in {"996", "997", "998", "999"}
            assert person.birth.year > 1926
            assert int(person.id_no[16]) % 2 == (person.sex == MALE)


def test_neighbouring_villages_made_apart_share_no_identity_number() -> None:
    numbers = [p.id_no for village in ("440705101201", "440705101202") for h in homes(village) for p in h.members]
    assert len(numbers) == len(set(numbers))


def test_numbers_run_out_with_an_error_rather_than_twice() -> None:
    numbers = InventedNumbers(("440705",))
    born = date(1990, 1, 1)
    assert numbers.new(born, FEMALE) != numbers.new(born, FEMALE)
    with pytest.raises(ValueError, match="no invented identity number"):
        numbers.new(born, FEMALE)


def test_families_have_one_head_known_relations_and_parents_older_than_children() -> None:
    relations = catalogue().code_lists["CL-REL"].values
    for home in homes():
        assert [p.relation for p in home.members].count("02") == 1
        assert home.head.relation == "02"
        assert all(p.relation in relations for p in home.members)
        for person in home.members:
            years = (person.birth - home.head.birth).days / 365.25
            if person.relation[0] in "23" and person.relation != "38":
                assert years > 15
            if person.relation in {"51", "52"}:
                assert years < -15
            if person.relation == "12":
                assert (person.sex, home.head.sex) == (FEMALE, MALE)


def test_livelihoods_use_only_codes_of_the_catalogue() -> None:
    lists = catalogue().code_lists
    for home in homes():
        assert home.household_type in lists["CL-HTYPE"].values
        assert home.industry in lists["CL-IND"].values
        assert set(home.land) <= lists["CL-LAND"].values.keys()
        assert all(amount >= 0 for amount in home.income.values())
        assert home.debt is None or home.debt.balance <= home.debt.amount


def test_phones_come_from_a_segment_nobody_has() -> None:
    assert {home.phone[:3] for home in homes()} <= {"154", ""}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_seed_writes_the_same_cells(tmp_path: Path, layout: Layout) -> None:
    def cells(name: str, seed: int) -> list[object]:
        path = tmp_path / name
        write_register(path, VILLAGE, layout, 12, seed, 0.5)
        book = CalamineWorkbook.from_path(str(path))
        return [book.get_sheet_by_name(sheet).to_python() for sheet in book.sheet_names]

    first = cells("1.xlsx", 7)
    assert first == cells("2.xlsx", 7)
    assert first != cells("3.xlsx", 8)


def test_a_town_spreads_its_households_over_its_villages() -> None:
    villages = {home.village for home in homes("440705101", 140)}
    assert villages == {place.code for place in villages_under("440705101")}
    assert len(villages) == 14


def test_a_street_without_villages_uses_its_communities() -> None:
    assert all(place.village.endswith("居委会") for place in villages_under("440703002"))


def test_layout_b_has_one_sheet_per_village_group(tmp_path: Path) -> None:
    write_register(tmp_path / "b.xlsx", VILLAGE, "b", 120)
    assert CalamineWorkbook.from_path(str(tmp_path / "b.xlsx")).sheet_names == ["第1组", "第2组", "第3组"]


def test_layout_c_makes_a_folder_of_forms_when_the_path_is_no_workbook(tmp_path: Path) -> None:
    report = write_register(tmp_path / "forms", VILLAGE, "c", 5)
    assert report.households == 5
    assert [f.name for f in sorted((tmp_path / "forms").iterdir())] == [f"{n:05d}.xlsx" for n in range(1, 6)]


def test_too_many_forms_for_one_workbook_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"registers\.too_many_forms"):
        write_register(tmp_path / "c.xlsx", VILLAGE, "c", 1001)


@pytest.mark.parametrize("code", ["440705101999", "110101", "4407", "", "江门"])
def test_a_region_without_villages_is_refused(tmp_path: Path, code: str) -> None:
    with pytest.raises(Refused, match=r"registers\.unknown_region"):
        write_register(tmp_path / "a.xlsx", code, "a", 5)


def test_the_report_counts_every_placed_flaw(tmp_path: Path) -> None:
    report = write_register(tmp_path / "a.xlsx", VILLAGE, "a", 200, flaws=0.5)
    outcomes = ("read", "warned", "refused")
    assert 60 < len(report.flaws) < 140
    assert sum(report.expected(outcome) for outcome in outcomes) == len(report.flaws)
    assert all(report.expected(outcome) for outcome in outcomes)


def test_a_streamed_register_reads_like_a_small_one(tmp_path: Path) -> None:
    write_register(tmp_path / "small.xlsx", "440705101", "a", 30)
    write_register(tmp_path / "large.xlsx", "440705101", "a", 3000)
    small, large = (
        CalamineWorkbook.from_path(str(tmp_path / name)).get_sheet_by_index(0).to_python(nrows=4)
        for name in ("small.xlsx", "large.xlsx")
    )
    assert small[1:] == large[1:]


def test_a_county_streams_without_holding_its_households() -> None:
    source = invented_households("440705", 200_000, 1)
    assert len(list(islice(source, 50))) == 50


def test_drawing_is_independent_of_the_global_random_source() -> None:
    first = homes(count=5)
    random.seed(99)
    assert homes(count=5) == first
