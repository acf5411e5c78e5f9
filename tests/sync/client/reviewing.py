"""Offices that review what others keep: desks of villages, towns and reviewers, each with its line to the platform."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import Signature
from jmdesk.desk import Desk
from sync.client.engine import synchronise
from sync.client.enrolment import enrol
from sync.client.http import HttpTransport
from sync.client.patience import Patience
from tests.sync.client.conftest import Platform
from tests.sync.client.office import household_record, person_record


class Ahead:
    """The computer's clock, some days ahead."""

    def __init__(self) -> None:
        self.days = 0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.days)


@dataclass
class Office:
    """A desk with its line to the platform."""

    desk: Desk
    line: HttpTransport
    patience: Patience

    def sync(self, held: int = 0) -> None:
        """Exchange everything; nothing is refused or set aside, and this much waits for a consent."""
        report = synchronise(self.desk, self.line, patience=self.patience)
        assert (report.complete, report.set_aside, sum(report.held.values())) == (True, 0, held)

    def state(self, rating: str) -> str:
        """Where a case stands, as this desk sees it."""
        return self.desk.reviews.case(rating).standing.state

    def value(self, rating: str, name: str) -> object:
        return self.desk.records.get("R16", rating).record.values.get(name)

    def take(self, rating: str, step: str, reason: str = "", grade: str = "", **details: object) -> None:
        self.desk.reviews.take(rating, step, details=details, reason=reason, grade=grade)


def add_household(desk: Desk, number: int, village: str) -> str:
    """A household that signed everything, well off enough for a good grade."""
    with desk.records.writing("create") as writer:
        rid, head = writer.transaction.new_id(), writer.transaction.new_id()
        more: Record = {"industry_since": 2010, "verify_level": "3", "archive_status": "30", "group_no": "1"}
        writer.create("R05", household_record(desk, number, head, village) | more, rid=rid)
        writer.create("R06", person_record(head, rid, number), rid=head)
        income: Record = {"income_crop": "90000.00", "income_labor": "60000.00", "cost_production": "10000.00"}
        writer.create("R07", {"household_id": rid, "year": 2025, "evidence_level": "3", **income})
    desk.consents.sign(rid, Signature(signed_at="2026-01-05T01:00:00Z"))
    return rid


def office(desk: Desk, platform: Platform, patience: Patience, unit: str, region: str) -> Office:
    line = platform.transport()
    enrol(desk, line, platform.code(unit, region), gateway=platform.url, ca=platform.ca, patience=patience)
    return Office(desk, line, patience)


def scored(village: Office, region: str, numbers: Sequence[int]) -> str:
    """A batch of so many new households that the village's panel has judged and the program scored."""
    reviews = village.desk.reviews
    households = [add_household(village.desk, number, region) for number in numbers]
    batch = reviews.panel.open_batch(region)
    assert reviews.apply(batch, households).refused == ()
    ratings = [case.line.rating for case in reviews.cases(batch)]
    assert reviews.advance("screen", ratings, details={"checked": "名单"}).refused == ()
    marks = dict.fromkeys(reviews.panel.rules.items, 5)
    for number in range(6):
        seat = reviews.panel.seat(batch, f"司徒样{number}", "村民代表", address=f"外村{number}号")
        reviews.panel.attend(batch, seat.no, present=True)
        for household in households:
            reviews.panel.vote(batch, seat.no, household, marks)
    assert reviews.advance("assess", ratings).refused == ()
    assert reviews.advance("score", ratings).refused == ()
    return batch


def ratings_of(office: Office) -> list[str]:
    """The ratings of the one batch that a desk has."""
    [batch] = office.desk.reviews.panel.batches()
    return [case.line.rating for case in office.desk.reviews.cases(batch.number)]
