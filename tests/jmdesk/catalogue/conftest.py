"""Vectors and invented records for the catalogue's tests."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
from hypothesis import settings

from jmdesk.catalogue.types import Record

# How long an example takes is measured in tests/bench, never asserted here.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

VECTORS = Path(__file__).parent / "vectors"


def vectors(name: str) -> list[dict[str, str]]:
    with (VECTORS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that take ``idno_vector`` or ``uscc_vector`` run once per published vector."""
    for argument, file in (("idno_vector", "vectors_ric.csv"), ("uscc_vector", "vectors_uscc.csv")):
        if argument in metafunc.fixturenames:
            rows = vectors(file)
            metafunc.parametrize(argument, rows, ids=[row["value"].replace(" ", "_") for row in rows])


@pytest.fixture
def today() -> date:
    return date(2026, 11, 22)


RID = "01900000-0000-7000-8000-00000000000{}"


@pytest.fixture
def household() -> Record:
    return {
        "household_id": "440785103201000001",
        "head_person_id": RID.format(1),
        "region_code": "440785103201",
        "group_no": "3组",
        "address": "恩平市沙湖镇和平村3组12号",
        "household_type": "1",
        "population": 2,
        "labor_count": 1,
        "resident_status": "1",
        "main_industry": "0153",
        "industry_since": 2010,
        "collect_date": "2026-10-01",
        "collector_id": RID.format(9),
        "verify_level": "2",
        "archive_status": "20",
    }


@pytest.fixture
def person() -> Record:
    return {
        "person_id": RID.format(1),
        "household_id": RID.format(5),
        "person_name": "陈建明",
        "id_type": "111",
        "id_no": "440785199001010011",
        "sex": "1",
        "birth_date": "1990-01-01",
        "relation": "02",
        "is_labor": True,
        "is_under14": False,
    }
