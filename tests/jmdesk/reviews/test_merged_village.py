"""A village is merged into its neighbour by a region package while work is under way there: the work goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.accounts.service import NewAccount
from jmdesk.caretaking.settings import AT_WORK, KEPT
from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from tests.desks import VILLAGE, new_desk
from tests.jmdesk.reviews.conftest import SIGNED, add_household
from tests.packages import issue, regions_files

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village

NEIGHBOUR = "440785109213"


def merge(desk: Desk) -> None:
    """The package of the day takes the village out and names its heir."""
    desk.packages.take(issue("regions", "JM-QH-2026", files=regions_files((VILLAGE, NEIGHBOUR))), b"envelope")
    assert desk.renew()


def test_a_review_that_was_begun_goes_on_to_the_certificate_in_the_merged_village(village: Village) -> None:
    village.to_noticed()
    desk = village.desk
    before = desk.papers.document(village.clerk.panel.batch(village.batch).notice)
    with desk.records.writing("import") as writer:
        late = add_household(desk, writer, 7)
    desk.consents.sign(late, SIGNED)
    merge(desk)
    batch = village.clerk.panel.batch(village.batch)
    assert (batch.number, batch.region) == (village.batch, NEIGHBOUR)
    assert desk.papers.document(batch.notice) == before, "what hangs on the wall stays as it is"
    assert village.clerk.candidates(village.batch) == [late]
    assert village.clerk.apply(village.batch, [late]).refused == ()
    village.clock.advance(days=9)
    village.as_reviewer()
    decided = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
    first = village.ratings[0]
    village.clerk.take(first, "decide", details=decided)
    village.as_clerk()
    village.clerk.take(first, "certify")
    line = village.clerk.case(first).line
    assert line.region == NEIGHBOUR
    assert line.number.startswith(VILLAGE), "a household's number is a label and never changes"


def test_lists_rounds_and_kept_villages_follow_a_merged_village(desk: Desk) -> None:
    with desk.records.writing("import") as writer:
        household = add_household(desk, writer, 1)
    desk.lists.save("本村未签", HouseholdFilter(region_prefix=VILLAGE, consent="none"))
    desk.rounds.start(VILLAGE, {"2": desk.actor})
    merge(desk)
    wanted = desk.lists.all()["本村未签"]
    assert [line.rid for line in desk.households.page(wanted, 0, 10)] == [household]
    assert desk.rounds.all().keys() == {NEIGHBOUR}
    assert desk.rounds.all()[NEIGHBOUR].collectors == {"2": desk.actor}
    desk.rounds.enter(household, {"income_crop": "15000.00"}, {})
    assert desk.village_at_work == NEIGHBOUR


def test_of_two_rounds_that_meet_the_earlier_one_goes_on_with_both_walks(desk: Desk) -> None:
    desk.rounds.start(VILLAGE, {"1": "甲"})
    desk.rounds.start(NEIGHBOUR, {"2": "乙"})
    merge(desk)
    (one,) = desk.rounds.all().values()
    assert (one.village, one.collectors) == (NEIGHBOUR, {"1": "甲", "2": "乙"})
    desk.rounds.end(NEIGHBOUR)
    assert desk.rounds.all() == {}


def test_a_colleague_limited_to_the_village_sees_its_households_after_the_merger(desk: Desk) -> None:
    with desk.records.writing("import") as writer:
        household = add_household(desk, writer, 1)
    added = desk.accounts.add(NewAccount("谭小敏", ("R1",), (VILLAGE,)), "四条小船过了石桥")
    desk.vault = replace(desk.vault, user=added.user)
    desk.records._actor = added.user
    desk.judge_anew()
    assert [line.rid for line in desk.households.page(HouseholdFilter(), 0, 10)] == [household]
    merge(desk)
    assert [line.rid for line in desk.households.page(HouseholdFilter(), 0, 10)] == [household]
    desk.records.change("R05", household, {"address": "新村1组9号"})
    desk.judge_anew()
    assert desk.guard.may("edit", "R05", NEIGHBOUR)
    assert not desk.guard.may("edit", "R05", "440785109201")


def test_a_village_kept_by_the_town_stays_kept_after_the_merger(tmp_path: Path) -> None:
    with new_desk(tmp_path / "vault") as town:
        town.store.put_setting(KEPT, json.dumps([VILLAGE]))
        town.store.put_setting(AT_WORK, VILLAGE)
        merge(town)
        assert (town.kept_villages, town.village_at_work) == ((NEIGHBOUR,), NEIGHBOUR)
        assert town.is_kept(NEIGHBOUR)
        assert "代管" in town.office_of(NEIGHBOUR)
