"""What a clerk does: invented households with their members and signed consents."""

from __future__ import annotations

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import Signature
from jmdesk.desk import Desk

UNIT = "54440785MF10000231"
VILLAGE = "440785103200"
TOWN = "11440785MF1000015K"

_NAMES = ("陈样一", "李样二", "黄样三", "梁样四", "吴样五")


def add_household(desk: Desk, number: int, *, consent: bool = True, village: str = VILLAGE) -> str:
    """A household with one adult; without consent it waits unsent."""
    with desk.records.writing("create") as writer:
        household, head = writer.transaction.new_id(), writer.transaction.new_id()
        writer.create("R05", household_record(desk, number, head, village), rid=household)
        writer.create("R06", person_record(head, household, number), rid=head)
    if consent:
        desk.consents.sign(household, Signature(signed_at="2026-01-05T01:00:00Z"))
    return household


def household_record(desk: Desk, number: int, head: str, village: str) -> Record:
    return {
        "household_id": f"{village}{desk.number_block}{number:04d}",
        "head_person_id": head,
        "region_code": village,
        "address": f"样例路{number}号",
        "household_type": "1",
        "population": 1,
        "labor_count": 1,
        "resident_status": "1",
        "main_industry": "0141",
        "collect_date": "2026-01-05",
        "collector_id": desk.actor,
        "verify_level": "1",
        "archive_status": "10",
    }


def person_record(person: str, household: str, number: int) -> Record:
    return {
        "person_id": person,
        "household_id": household,
        "person_name": _NAMES[number % len(_NAMES)],
        "relation": "02",
        "is_labor": True,
        "birth_date": "1970-03-01",
        "is_under14": False,
    }
