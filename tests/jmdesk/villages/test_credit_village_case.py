"""The case of a credit village (W3) and of a town (W4): maker and checker, notice, gates, plaque, years, removal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.workflows.service import Workflows
from tests.desks import VILLAGE
from tests.villages import YEAR, count_residents, report_loans, worked_example

TOWN = f"{VILLAGE[:9]}000"


def somebody_else(desk: Desk) -> Workflows:
    """The same cases, worked on by a colleague."""
    bars = {"W3": desk.villages.bar_village, "W4": desk.villages.bar_town}
    return Workflows(desk, actor=desk.ids.new(), unit=desk.unit, roles=lambda: None, bars=bars)


def applied(desk: Desk, *, organisation: str = "8") -> str:
    """The worked example, applied for and with what the town puts in."""
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "村民代表会议决议")
    desk.villages.give("R17", rid, "organisation", organisation, "镇评分表")
    desk.villages.give("R17", rid, "cadres_clean", "yes", "查询")
    return rid


def later(desk: Desk, days: int) -> None:
    """Let days go by."""
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(days=days)


def take(workflows: Workflows, rid: str, step: str, details: Mapping[str, object]) -> str:
    return workflows.take("W3", "R17", rid, step, details=details).state


def test_a_village_goes_from_application_to_plaque_and_through_its_year(desk: Desk) -> None:
    rid, other, third = applied(desk), somebody_else(desk), somebody_else(desk)
    assert take(other, rid, "review", {"opinion": "同意"}) == "reviewed"
    assert take(other, rid, "post", {"place": "村务公开栏"}) == "noticed"
    later(desk, 9)
    assert take(third, rid, "decide", {"doc_no": "开信办〔2026〕3号", "org": "开平市信用办"}) == "decided"
    assert take(third, rid, "plaque", {"plaque_date": "2026-12-20"}) == "awarded"
    kept = desk.records.get("R17", rid).record.values
    assert (kept["award_doc_no"], kept["plaque_date"]) == ("开信办〔2026〕3号", "2026-12-20")
    assert take(other, rid, "annual", {}) == "reviewing"
    assert take(third, rid, "remove", {"ground": "不良率超过 5%"}) == "removed"
    assert "plaque_date" not in desk.records.get("R17", rid).record.values


def test_who_applied_does_not_review(desk: Desk) -> None:
    rid = applied(desk)
    with pytest.raises(Refused) as caught:
        take(desk.workflows, rid, "review", {"opinion": "同意"})
    assert caught.value.code == "workflows.same_person"


def test_a_review_waits_for_what_is_not_known(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    with pytest.raises(Refused) as caught:
        take(somebody_else(desk), rid, "review", {"opinion": "同意"})
    assert caught.value.code == "villages.unknown"
    assert "村集体组织" in str(caught.value.params["missing"])


def test_nothing_is_decided_before_the_notice_is_over(desk: Desk) -> None:
    rid, other = applied(desk), somebody_else(desk)
    take(other, rid, "review", {"opinion": "同意"})
    take(other, rid, "post", {"place": "公开栏"})
    later(desk, 8)  # the seventh day is a Sunday: the notice runs until Monday
    with pytest.raises(Refused) as caught:
        take(somebody_else(desk), rid, "decide", {"doc_no": "1", "org": "市"})
    assert caught.value.code == "villages.notice"


def test_a_village_below_a_gate_is_not_named(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    desk.villages.give("R17", rid, "organisation", "8", "表")
    desk.villages.give("R17", rid, "cadres_clean", "no", "查询到法律文书")
    other = somebody_else(desk)
    take(other, rid, "review", {"opinion": "如实上报"})
    take(other, rid, "post", {"place": "公开栏"})
    later(desk, 9)
    with pytest.raises(Refused) as caught:
        take(somebody_else(desk), rid, "decide", {"doc_no": "1", "org": "市"})
    assert (caught.value.code, caught.value.params["missed"]) == (
        "villages.gates",
        "申报村干部无法律文书认定的需关注事项",
    )


def test_figures_stand_still_after_the_review(desk: Desk) -> None:
    rid = applied(desk)
    take(somebody_else(desk), rid, "review", {"opinion": "同意"})
    count_residents(desk, 900, day="2026-06-30")
    found = desk.villages.view(VILLAGE, YEAR)
    assert found.frozen
    assert str(found.assessment.score) == "82.0"
    with pytest.raises(Refused) as caught:
        desk.villages.refresh("R17", rid)
    assert caught.value.code == "villages.settled"


def test_the_year_is_to_be_decided_by_the_end_of_january(desk: Desk) -> None:
    rid = applied(desk)
    case = desk.workflows.standing("W3", "R17", rid)
    assert next(due.day for due in case.dues if due.clock.id == "year") == date(2027, 1, 31)


def test_january_still_assesses_the_year_before(desk: Desk) -> None:
    assert isinstance(desk.clock, FixedClock)
    desk.clock.at = datetime(2027, 1, 15, 2, 0, tzinfo=UTC)
    assert desk.villages.this_year == YEAR
    desk.clock.at = datetime(2027, 3, 1, 2, 0, tzinfo=UTC)
    assert desk.villages.this_year == YEAR + 1


def test_a_town_adds_up_its_villages_and_is_judged_by_february(desk: Desk) -> None:
    regions = desk.catalogue.regions
    villages = [r.code for r in regions.children(TOWN) if r.kind == "village"]
    for code in villages:
        count_residents(desk, 400 if code == VILLAGE else 0, village=code)
        if code != VILLAGE:
            report_loans(desk, "202512", 0, 0, "0.00", "0.00", village=code)
            report_loans(desk, "202610", 0, 0, "0.00", "0.00", lines=0, village=code)
    worked_example(desk)
    view = desk.villages.view(TOWN, YEAR)
    figures = {f.name: f.value for f in view.standing.figures}
    assert (figures["village_total"], figures["village_credit"]) == (len(villages), 0)
    assert (figures["hh_base"], figures["hh_credit"], figures["hh_loan"]) == (400, 300, 120)
    rid = desk.villages.apply(TOWN, YEAR, "镇政府申报")
    case = desk.workflows.standing("W4", "R18", rid)
    assert next(due.day for due in case.dues if due.clock.id == "year") == date(2027, 2, 28)


def test_a_town_whose_village_gave_nothing_is_unknown(desk: Desk) -> None:
    worked_example(desk)
    base = desk.villages.view(TOWN, YEAR).standing.figure("hh_base")
    assert base.value is None
    assert "个村没有数据" in base.note
