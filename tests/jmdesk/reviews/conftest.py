"""A village under review: an office where more than one person works, a panel, households with their consents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from jmdesk.desk import Desk
from jmdesk.records.writer import Writer
from jmdesk.reviews.service import Reviews
from tests.desks import VILLAGE
from tests.ui.desks import FAMILY, GIVEN

SIGNED = Signature("2026-10-01T02:00:00Z")


def add_household(desk: Desk, writer: Writer, n: int, address: str = "") -> str:
    """One invented household, well off enough for a good grade."""
    rid, head = writer.transaction.new_id(), writer.transaction.new_id()
    writer.create(
        "R05",
        {
            "household_id": f"{VILLAGE}00{n:04d}",
            "head_person_id": head,
            "region_code": VILLAGE,
            "group_no": f"{n % 3 + 1}",
            "address": address or f"塘洲村{n % 3 + 1}组{n}号",
            "household_type": "1",
            "population": 2,
            "labor_count": 2,
            "resident_status": "1",
            "main_industry": "0111",
            "industry_since": 2010,
            "phone": f"1990000{n:04d}",
            "collect_date": "2026-10-01",
            "collector_id": desk.actor,
            "verify_level": "3",
            "archive_status": "30",
        },
        rid=rid,
    )
    writer.create(
        "R06",
        {
            "person_id": head,
            "household_id": rid,
            "person_name": FAMILY[n % 10] + GIVEN[n % 8],
            "relation": "02",
            "id_type": "111",
            "sex": "1",
            "birth_date": "1980-05-12",
            "is_labor": True,
            "is_under14": False,
        },
        rid=head,
    )
    income = {"income_crop": "90000.00", "income_labor": "60000.00", "cost_production": "10000.00"}
    writer.create("R07", {"household_id": rid, "year": 2025, "evidence_level": "3", **income})
    return rid


@dataclass
class Village:
    """A batch with its households and panel, and the two people who work on it."""

    desk: Desk
    batch: str
    households: list[str]
    seats: list[str]
    clerk: Reviews
    reviewer: Reviews
    clock: FixedClock
    as_reviewer: Callable[[], None]
    as_clerk: Callable[[], None]

    @property
    def ratings(self) -> list[str]:
        """The ratings of the batch in order of household numbers."""
        return [case.line.rating for case in self.clerk.cases(self.batch)]

    def vote_all(self, mark: int = 4) -> None:
        """Every member votes on every household."""
        for seat in self.seats:
            for household in self.households:
                self.clerk.panel.vote(self.batch, seat, household, dict.fromkeys(self.clerk.panel.rules.items, mark))

    def to_scored(self) -> None:
        """From the application to the score that waits for the town."""
        assert self.clerk.apply(self.batch, self.households).refused == ()
        assert self.clerk.advance("screen", self.ratings, details={"checked": "名单"}).refused == ()
        for household in self.households:
            self.clerk.panel.tally(self.batch, household, [(20, 4)] * 6)
        assert self.clerk.advance("assess", self.ratings).refused == ()
        assert self.clerk.advance("score", self.ratings).refused == ()

    def to_noticed(self) -> None:
        """As far as the notice on the wall."""
        self.to_scored()
        self.as_reviewer()
        assert self.clerk.advance("review", self.ratings).refused == ()
        self.as_clerk()
        assert self.clerk.advance("post", self.ratings, details={"place": "村委会公告栏"}).refused == ()

    def to_certified(self) -> None:
        """All the way."""
        self.to_noticed()
        self.clock.advance(days=9)
        self.as_reviewer()
        decided = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
        assert self.clerk.advance("decide", self.ratings, details=decided).refused == ()
        self.as_clerk()
        assert self.clerk.advance("certify", self.ratings).refused == ()


@pytest.fixture
def village(desk: Desk) -> Village:
    """Three households that signed everything, a panel of six strangers, nothing begun."""
    with desk.records.writing("import") as writer:
        households = [add_household(desk, writer, n) for n in range(1, 4)]
    for household in households:
        desk.consents.sign(household, SIGNED)
    reviews = desk.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    seats = []
    for n in range(6):
        seat = reviews.panel.seat(batch, f"司徒{GIVEN[n]}", "村民代表", address=f"外村{n}号")
        reviews.panel.attend(batch, seat.no, present=True)
        seats.append(seat.no)
    own, other = desk.actor, desk.ids.new()
    clock = desk.clock
    assert isinstance(clock, FixedClock)

    def become(actor: str) -> None:
        desk.vault = replace(desk.vault, user=actor)
        desk.workflows._actor = actor
        desk.records._actor = actor

    return Village(desk, batch, households, seats, reviews, reviews, clock, lambda: become(other), lambda: become(own))
