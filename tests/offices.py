"""An association's desk with three people at it and two invented firms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import FixedClock
from jmdesk.desk import Desk
from jmdesk.workflows.service import Workflows

FIRM: Record = {
    "uscc": "914407857701234562",
    "ent_name": "恩平市云声音响制造有限公司",
    "ent_type": "91",
    "legal_rep": "陈建明",
    "region_code": "440785000000",
    "industry_code": "3934",
    "cluster": "C1",
    "member_no": "EP-012",
    "above_scale": True,
    "revenue_main": "100000.00",
    "revenue_year": 2025,
    "tax_grade": "A",
    "labor_grade": "A",
    "env_grade": "1",
    "pledge_date": "2026-01-05",
}
OTHER: Record = {**FIRM, "uscc": "91440785MA4UABCD5X", "ent_name": "恩平市远山电子有限公司", "member_no": "EP-013"}


@dataclass
class Office:
    """The desk, its clock, and steps taken by whoever is named: "clerk" or "head", two different people."""

    desk: Desk
    clock: FixedClock
    firm: str
    other: str

    def people(self, who: str) -> Workflows:
        """The cases with this person at the desk."""
        whole = self.desk.workflows
        if who == "clerk":
            return whole
        other = "01900000-0000-7000-8000-00000000000" + {"head": "1", "secretary": "2"}[who]
        bars = whole._bars
        effects = whole._effects
        return Workflows(self.desk, actor=other, unit=self.desk.unit, roles=lambda: None, bars=bars, effects=effects)

    def take(self, who: str, workflow: str, rid: str, step: str, **details: str) -> str:
        """Take a step; gives the state that the case is in afterwards."""
        type_id = {"W5": "R20", "W6": "R21", "W8": "R23", "W9": "R24"}[workflow]
        return self.people(who).take(workflow, type_id, rid, step, details=details).state

    def event(self, **values: object) -> str:
        """A credit event of the firm, written down and registered."""
        rid = self.desk.ids.new()
        whole: Record = {
            "event_id": rid,
            "uscc": self.firm,
            "polarity": "4",
            "event_cat": "24",
            "event_date": "2026-11-02",
            "basis_kind": "3",
            "content": "未按行业公约标注材质。",
            "publicity": "P",
            "repair_status": "0",
            **values,  # type: ignore[dict-item]
        }
        with self.desk.records.writing("create") as writer:
            writer.create("R21", whole, rid=rid)
        self.take("clerk", "W6", rid, "register")
        return rid

    def values(self, type_id: str, rid: str) -> Record:
        """What a record says now."""
        return self.desk.records.get(type_id, rid).record.values


@pytest.fixture
def office(desk: Desk) -> Office:
    """The desk with two member firms on record."""
    clock = desk.clock
    assert isinstance(clock, FixedClock)
    firm, other = desk.records.create("R20", FIRM), desk.records.create("R20", OTHER)
    return Office(desk, clock, firm, other)


Days = Callable[[int], None]


@pytest.fixture
def days(office: Office) -> Days:
    """Let so many days pass."""
    return lambda number: office.clock.advance(days=number)
