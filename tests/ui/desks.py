"""Real vaults with invented people, made cheaply enough for a test each."""

from __future__ import annotations

from pathlib import Path

from jmdesk.catalogue.types import Record
from jmdesk.records.writer import Writer
from jmdesk.vault.kdf import FLOOR
from ui.core.ports import NewVault
from ui.core.vaults import OpenDesk, VaultsOnDisk

PASSPHRASE = "稻田灯塔铜锣七"
UNIT = "54440783MB2C00001Q"
VILLAGE = "440783110220"
FAMILY = "陈李张黄何梁冯邓吴林"
GIVEN = ("建明", "秀英", "志强", "桂芳", "伟文", "丽华", "国栋", "小燕")


def new_vault(folder: Path) -> NewVault:
    """What a clerk would type to make a vault."""
    return NewVault(folder, PASSPHRASE, UNIT, "百合镇上洞村村民委员会", VILLAGE, "林小燕")


def make_desk(folder: Path, households: int = 0) -> OpenDesk:
    """A fresh vault with so many households of two people each."""
    desk = VaultsOnDisk(FLOOR).create(new_vault(folder))
    fill(desk, households)
    return desk


def fill(desk: OpenDesk, households: int, start: int = 0) -> list[str]:
    """Add households; gives their record ids."""
    services = desk.services
    with services.records.writing("import") as writer:
        return [_household(writer, n, services.actor) for n in range(start, start + households)]


def _household(writer: Writer, n: int, collector: str) -> str:
    head, rid = writer.transaction.new_id(), writer.transaction.new_id()
    name = FAMILY[n % 10] + GIVEN[n % 8]
    household: Record = {
        "household_id": f"{VILLAGE}00{n % 10_000:04d}",
        "head_person_id": head,
        "region_code": VILLAGE,
        "group_no": f"第{n % 6 + 1}组",
        "address": f"第{n % 6 + 1}村民小组{n + 1}号",
        "household_type": "1",
        "population": 2,
        "labor_count": n % 3,
        "resident_status": "1",
        "main_industry": "0111",
        "phone": f"139{n:08d}",
        "collect_date": "2026-03-01",
        "collector_id": collector,
        "verify_level": "2",
        "archive_status": "20",
    }
    writer.create("R05", household, rid=rid, checked=True)
    for place, (person, relation) in enumerate(((head, "02"), (writer.transaction.new_id(), "10"))):
        member: Record = {
            "person_id": person,
            "household_id": rid,
            "person_name": name if place == 0 else FAMILY[n % 10] + GIVEN[(n + 3) % 8],
            "sex": "1" if place == 0 else "2",
            "birth_date": f"{1960 + n % 30}-05-12",
            "relation": relation,
            "is_labor": True,
            "is_under14": False,
        }
        writer.create("R06", member, rid=person, checked=True)
    return rid
