"""Desks and households for tests: a real vault on disk, a clock that stands still, one invented family."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jmdesk.core.clock import FixedClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.records.writer import Writer
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.instance import locked
from jmdesk.vault.kdf import FLOOR

VILLAGE = "440785109214"
UNIT = "N2440785MF00000C3R"
PASSPHRASE = "一片稻田 seven ducks 4"
NOW = datetime(2026, 11, 22, 2, 0, 0, tzinfo=UTC)


def new_desk(folder: Path, *, unit: str = UNIT, regions: tuple[str, ...] = (VILLAGE,)) -> Desk:
    """A desk on a fresh vault at the test clock, with the cheapest key derivation allowed."""
    return Desk.create(
        folder, PASSPHRASE, unit=unit, regions=regions, user_name="测试员", clock=FixedClock(NOW), cost=FLOOR
    )


@pytest.fixture(scope="session")
def closed_desk(tmp_path_factory: pytest.TempPathFactory) -> Unlocked:
    """A vault made once: its key derivation and migration need not be paid by every test."""
    with new_desk(tmp_path_factory.mktemp("vault") / "资料库") as made:
        return made.vault


@pytest.fixture
def desk(tmp_path: Path, closed_desk: Unlocked) -> Iterator[Desk]:
    """An open desk of one village, on a copy of the vault made once."""
    folder = tmp_path / "资料库"
    shutil.copytree(closed_desk.folder, folder)
    clock = FixedClock(NOW)
    vault = replace(closed_desk, folder=folder, lock=locked(folder))
    with Desk(vault, clock, TimeOrderedIds(clock)) as opened:
        yield opened


@dataclass(frozen=True)
class Family:
    """The record ids of one invented household: its head, a spouse, a child under 14, one year's income."""

    household: str
    head: str
    spouse: str
    child: str
    income: str


def add_family(writer: Writer, actor: str, number: str = f"{VILLAGE}000001") -> Family:
    """Write one invented household through a writer; nobody has signed anything yet."""
    new = writer.transaction.new_id
    family = Family(new(), new(), new(), new(), new())
    writer.create(
        "R05",
        {
            "household_id": number,
            "head_person_id": family.head,
            "region_code": VILLAGE,
            "group_no": "1",
            "address": "塘洲村1组8号",
            "household_type": "1",
            "population": 3,
            "labor_count": 2,
            "resident_status": "1",
            "main_industry": "0111",
            "industry_since": 2015,
            "phone": "19900001234",
            "collect_date": "2026-10-01",
            "collector_id": actor,
            "verify_level": "2",
            "archive_status": "30",
        },
        rid=family.household,
    )
    people = (
        (family.head, "曾建明", "02", {"id_type": "111", "id_no": "440785199001010011", "sex": "1"}),
        (family.spouse, "区小燕", "10", {"birth_date": "1992-05-06", "sex": "2"}),
        (family.child, "曾晓", "20", {"is_under14": True}),
    )
    for rid, name, relation, more in people:
        writer.create(
            "R06",
            {
                "person_id": rid,
                "household_id": family.household,
                "person_name": name,
                "relation": relation,
                "is_labor": relation != "20",
                **more,
            },
            rid=rid,
        )
    writer.create(
        "R07",
        {
            "household_id": family.household,
            "year": 2025,
            "income_crop": "12000.50",
            "income_labor": "30000.00",
            "cost_production": "1000.00",
            "evidence_level": "2",
        },
        rid=family.income,
    )
    return family


@pytest.fixture
def family(desk: Desk) -> Family:
    """One household in the desk."""
    with desk.records.writing("import") as writer:
        return add_family(writer, desk.actor)
