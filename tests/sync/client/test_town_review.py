"""What a village submits reaches the town by the ordinary sync: review, notice, objection, decision, outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jmdesk.core.errors import Refused
from sync.client.patience import Patience
from tests.sync.client.conftest import Platform, Workshop
from tests.sync.client.office import TOWN
from tests.sync.client.reviewing import Ahead, Office, office, ratings_of, scored

VILLAGES = {
    "54440785MF100004XK": "440785103202",
    "54440785MF1000058K": "440785103203",
    "54440785MF1000066E": "440785103204",
    "54440785MF10000749": "440785103205",
}
"""A village of its own for each test, by its unit."""
_DECIDED = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
_POSTED = {"place": "村委会公告栏"}
_ORDER = ["AAA", "AA", "A", "B", "C"]


@dataclass
class Both:
    """The village that keeps the files, the town that reviews them, and the clock on both walls."""

    village: Office
    town: Office
    clock: Ahead
    batch: str

    def exchange(self, first: Office, second: Office) -> None:
        """What one of them did arrives at the other."""
        first.sync()
        second.sync()

    def submitted(self) -> None:
        self.exchange(self.village, self.town)

    def answered(self) -> None:
        self.exchange(self.town, self.village)


@pytest.fixture(scope="session")
def villages() -> Iterator[tuple[str, str]]:
    """Villages that no test has used yet."""
    return iter(VILLAGES.items())


@pytest.fixture(scope="session")
def townhall(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """Makes desks of the town."""
    return Workshop(tmp_path_factory.mktemp("townhall") / "model", TOWN)


@pytest.fixture
def both(
    tmp_path: Path,
    townhall: Workshop,
    platform: Platform,
    patience: Patience,
    villages: Iterator[tuple[str, str]],
) -> Iterator[Both]:
    """Three households that the village has scored: by ballots, so that only the anonymous tally can travel."""
    clock = Ahead()
    unit, region = next(villages)
    village = office(
        Workshop(tmp_path / "model", unit).desk(tmp_path / "village", clock), platform, patience, unit, region
    )
    town = office(townhall.desk(tmp_path / "town", clock), platform, patience, TOWN, region)
    with village.desk, town.desk:
        batch = scored(village, region, (1, 2, 3))
        yield Both(village, town, clock, batch)


def leaves_the_villages_part_alone(town: Office, batch: str, rating: str) -> None:
    """Whatever needs the ballots or the whole file, or takes back what the village did, is refused at the town."""
    assert town.desk.reviews.candidates(batch) == []
    household = town.desk.reviews.case(rating).line.household
    for forbidden in (
        lambda: town.desk.reviews.apply(batch, [household]),
        lambda: town.desk.reviews.panel.tally(batch, household, [(20, 4)] * 6),
        lambda: town.take(rating, "recall", ground="误报"),
    ):
        with pytest.raises(Refused, match="owners_step"):
            forbidden()
    with pytest.raises(Refused, match="others_step"):
        town.desk.reviews.step_back(rating, "不同意")


@pytest.mark.slow
def test_what_the_village_submits_the_town_reviews_and_decides_and_the_village_sees_the_outcome(both: Both) -> None:
    village, town = both.village, both.town
    both.submitted()
    [batch] = town.desk.reviews.panel.batches()
    assert (batch.unit, batch.region, batch.year) == (
        both.village.desk.unit,
        VILLAGES[both.village.desk.unit],
        both.clock.now().year,
    )
    assert town.desk.reviews.watch.waiting()["review"] == 3
    assert {case.votes for case in town.desk.reviews.cases(batch.number)} == {6}
    first, second, third = ratings_of(town)
    leaves_the_villages_part_alone(town, batch.number, first)
    own = str(town.value(first, "grade"))
    lower = _ORDER[_ORDER.index(own) + 1]
    town.take(first, "review", grade=lower, reason="两户联保，从严")
    town.take(second, "review")
    town.take(third, "return", remarks={"收入": "缺凭证"})
    both.answered()
    assert [village.state(rating) for rating in (first, second, third)] == ["reviewed", "reviewed", "returned"]
    assert village.value(first, "grade") == lower
    told = village.desk.workflows.standing("W2", "R16", first).taken[-1].details
    assert told["ground"] == "两户联保，从严"
    assert village.desk.workflows.standing("W2", "R16", third).taken[-1].details["remarks"] == {"收入": "缺凭证"}
    assert village.desk.reviews.watch.waiting()["returned"] == 1

    village.take(third, "score")
    assert village.desk.reviews.advance("post", [first, second], details=_POSTED).refused == ()
    both.submitted()
    town.take(third, "review")
    assert town.desk.reviews.advance("post", [third], details=_POSTED).refused == ()
    with pytest.raises(Refused, match="notice_running"):
        town.take(first, "decide", **_DECIDED)
    both.clock.days = 20
    for rating in (first, second, third):
        town.take(rating, "decide", **_DECIDED)
    both.answered()
    assert {village.state(rating) for rating in (first, second, third)} == {"decided"}
    assert village.value(first, "award_doc_no") == _DECIDED["doc_no"]
    assert village.desk.reviews.advance("certify", [first, second, third]).refused == ()
    both.submitted()
    assert {town.state(rating) for rating in (first, second, third)} == {"certified"}
    assert town.value(first, "cert_no") == village.value(first, "cert_no")


def test_an_objection_in_the_village_stops_the_decision_in_the_town_until_it_is_settled(both: Both) -> None:
    village, town = both.village, both.town
    both.submitted()
    first, second, third = ratings_of(town)
    assert town.desk.reviews.advance("review", [first, second, third]).refused == ()
    both.answered()
    assert village.desk.reviews.advance("post", [first, second, third], details=_POSTED).refused == ()
    household = village.desk.reviews.case(second).line.household
    objection = village.desk.reviews.object_to(first, f"R05:{household}", "有一笔借款没有登记")
    both.clock.days = 20
    both.submitted()
    assert town.desk.reviews.watch.waiting()["trouble"] == 1
    assert town.desk.workflows.standing("W2", "R16", first).taken[-1].details["ground"] == "有一笔借款没有登记"
    for step, details in (("accept", {}), ("decide", {"finding": "已还清"})):
        town.desk.workflows.take("W11", "R25", objection, step, details=details)
    with pytest.raises(Refused, match="objection_open"):
        town.take(first, "settle", finding="已还清")
    both.answered()
    village.desk.workflows.take("W11", "R25", objection, "answer")
    both.submitted()
    town.take(first, "settle", finding="已还清")
    town.take(first, "decide", **_DECIDED)
    both.answered()
    assert village.state(first) == "decided"


def test_a_name_that_the_village_takes_off_leaves_the_notice_that_the_town_gave_out(both: Both) -> None:
    village, town = both.village, both.town
    both.submitted()
    first, second, third = ratings_of(town)
    assert town.desk.reviews.advance("review", [first, second, third]).refused == ()
    assert town.desk.reviews.advance("post", [first, second, third], details=_POSTED).refused == ()
    [before] = town.desk.reviews.panel.batches()
    both.answered()
    both.clock.days = 1
    village.desk.consents.withdraw(village.desk.reviews.case(first).line.household, ["C4"], reason="不愿公示")
    assert village.desk.reviews.catch_up() == [first]
    village.sync(held=1)
    town.sync()
    assert town.state(first) == "stopped"
    assert town.desk.reviews.catch_up() == []
    [after] = town.desk.reviews.panel.batches()
    assert after.notice != before.notice
    papers = {paper.number: paper for paper in town.desk.papers.register("review-notice")}
    assert papers[before.notice].void_reason
    assert not papers[after.notice].void_reason
    assert town.desk.reviews.catch_up() == []
