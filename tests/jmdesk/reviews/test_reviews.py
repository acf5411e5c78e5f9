"""The household review from the application to the yearly review, and what refuses on the way."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import pytest

from jmdesk.catalogue.calendar import WorkCalendar, work_calendar
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.reviews.tallying import TallyLine
from tests.documents import pdf

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village


def words(document: bytes) -> str:
    """Every word of a Word document."""
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in found.paragraphs] + cells)


def codes(refused: tuple[tuple[str, Refused], ...]) -> set[str]:
    return {error.code for _, error in refused}


def test_a_village_goes_from_application_to_certificate(village: Village) -> None:
    village.to_certified()
    for case in village.clerk.cases(village.batch):
        assert case.standing.state == "certified"
        assert case.line.cert_no.startswith("XY")
        assert case.line.valid_to == "2028-11-30"
        assert case.line.status == "50"


def test_the_one_who_scored_does_not_review(village: Village) -> None:
    village.to_scored()
    done = village.clerk.advance("review", village.ratings)
    assert done.done == ()
    assert codes(done.refused) == {"workflows.same_person"}
    rating = village.desk.records.get("R16", village.ratings[0]).record.values
    assert rating["rating_status"] == "20"
    assert "second_rater" not in rating


def test_a_signed_paper_of_the_leader_counts_for_the_review_and_is_shown(village: Village) -> None:
    village.to_scored()
    paper = {"signer": "镇长林国栋", "date": "2026-11-22"}
    reached = village.clerk.take(village.ratings[0], "review", details={"paper": paper})
    assert (reached.state, reached.taken[-1].signer) == ("reviewed", "镇长林国栋")


def test_the_scan_of_a_signed_paper_is_filed_with_the_rating_and_named_in_the_step(
    village: Village, tmp_path: Path
) -> None:
    village.to_scored()
    scan = tmp_path / "签批件.pdf"
    scan.write_bytes(pdf())
    rating, desk = village.ratings[0], village.desk
    paper = {"signer": "镇长林国栋", "date": "2026-11-22", "scan": scan}
    reached = village.clerk.take(rating, "review", details={"paper": paper})
    [filed] = desk.attachments.of("workflow_event", reached.taken[-1].rid)
    assert reached.taken[-1].details["paper"] == {"signer": "镇长林国栋", "date": "2026-11-22", "scan": filed.sha256}
    assert reached.taken[-1].actor == desk.actor  # the recorder stands beside the signer


def test_the_town_moves_a_grade_by_one_step_with_a_reason_and_no_further(village: Village) -> None:
    village.to_scored()
    village.as_reviewer()
    rating = village.ratings[0]
    own = village.clerk.case(rating).line.grade
    order = ["AAA", "AA", "A", "B", "C"]
    lower = order[order.index(own) + 1]
    with pytest.raises(Refused, match="adjust_reason"):
        village.clerk.take(rating, "review", grade=lower)
    with pytest.raises(Refused, match="adjust_step"):
        village.clerk.take(rating, "review", grade=order[order.index(own) + 2], reason="太高")
    village.clerk.take(rating, "review", grade=lower, reason="两户联保，从严")
    values = village.desk.records.get("R16", rating).record.values
    assert values["grade"] == lower
    assert values["second_rater"] != values["first_rater"]
    village.clerk.step_back(rating, "选错了户")
    values = village.desk.records.get("R16", rating).record.values
    assert values["grade"] == own
    assert "second_rater" not in values


def test_the_platform_takes_an_adjusted_grade_and_not_one_without_a_reviewer(village: Village) -> None:
    from jmdesk.ratings.admission import rating_fault

    village.to_scored()
    village.as_reviewer()
    rating = village.ratings[0]
    order = ["AAA", "AA", "A", "B", "C"]
    lower = order[order.index(village.clerk.case(rating).line.grade) + 1]
    village.clerk.take(rating, "review", grade=lower, reason="从严")
    values = village.desk.records.get("R16", rating).record.values
    assert rating_fault(values) == ""
    assert rating_fault({n: v for n, v in values.items() if n != "second_rater"}) == "verdict.rating_differs"


# -- the panel ---------------------------------------------------------------------------------------------------------


def marks(village: Village, mark: int = 4) -> dict[str, int]:
    return dict.fromkeys(village.clerk.panel.rules.items, mark)


def test_a_member_does_not_vote_on_the_own_household_nor_when_declared_kin(village: Village) -> None:
    village.clerk.apply(village.batch, village.households)
    panel, household = village.clerk.panel, village.households[0]
    own = panel.seat(village.batch, "李秀英", household=household)
    panel.attend(village.batch, own.no, present=True)
    with pytest.raises(Refused, match="kin_vote"):
        panel.vote(village.batch, own.no, household, marks(village))
    with pytest.raises(Refused, match="same_household"):
        panel.declare(village.batch, own.no, household, related=False)
    seat = village.seats[0]
    panel.vote(village.batch, seat, household, marks(village))
    panel.declare(village.batch, seat, household, related=True, ground="堂兄")
    assert panel.sheet(village.batch, [household]).votes(household) == 0
    with pytest.raises(Refused, match="kin_vote"):
        panel.vote(village.batch, seat, household, marks(village))


def test_a_namesake_next_door_is_asked_about_before_the_vote_counts(village: Village) -> None:
    village.clerk.apply(village.batch, village.households)
    panel, household = village.clerk.panel, village.households[0]
    near = panel.seat(village.batch, "李大文", address="塘洲村2组88号")
    panel.attend(village.batch, near.no, present=True)
    with pytest.raises(Refused, match="hint_open"):
        panel.vote(village.batch, near.no, household, marks(village))
    panel.declare(village.batch, near.no, household, related=False, ground="同姓不同宗")
    panel.vote(village.batch, near.no, household, marks(village))
    assert panel.sheet(village.batch, [household]).votes(household) == 1


def test_who_was_not_there_does_not_vote_and_who_voted_was_there(village: Village) -> None:
    village.clerk.apply(village.batch, village.households)
    panel = village.clerk.panel
    absent = panel.seat(village.batch, "司徒远")
    with pytest.raises(Refused, match="absent"):
        panel.vote(village.batch, absent.no, village.households[0], marks(village))
    panel.vote(village.batch, village.seats[0], village.households[0], marks(village))
    with pytest.raises(Refused, match="has_voted"):
        panel.attend(village.batch, village.seats[0], present=False)


def test_fewer_than_five_valid_votes_end_no_review_without_a_reason(village: Village) -> None:
    village.clerk.apply(village.batch, village.households)
    village.clerk.advance("screen", village.ratings, details={"checked": "名单"})
    panel, household, rating = village.clerk.panel, village.households[0], village.ratings[0]
    for seat in village.seats[:4]:
        panel.vote(village.batch, seat, household, marks(village))
    panel.vote(village.batch, village.seats[4], household, {}, knows=False)
    with pytest.raises(Refused, match="too_few_votes") as refused:
        village.clerk.take(rating, "assess")
    assert refused.value.params["votes"] == 4
    village.clerk.take(rating, "assess", reason="全村只到会四人")
    village.clerk.take(rating, "score")
    line = village.clerk.case(rating).line
    card = village.desk.ratings.latest(line.household, year=line.year).card
    assert not card.item("D1").applicable


def test_highest_and_lowest_are_dropped_and_a_tally_sheet_counts_as_ballots_do(village: Village) -> None:
    village.clerk.apply(village.batch, village.households)
    village.clerk.advance("screen", village.ratings, details={"checked": "名单"})
    panel, (first, second, _) = village.clerk.panel, village.households
    for seat, mark in zip(village.seats, (1, 5, 4, 4, 4, 4), strict=True):
        panel.vote(village.batch, seat, first, marks(village, mark))
    panel.tally(village.batch, second, [(4, 4), (20, 4), (16, 4), (16, 4), (16, 4), (16, 4)])
    with pytest.raises(Refused, match="too_many_votes"):
        panel.tally(village.batch, second, [(16, 4)] * 7)
    for rating in village.ratings[:2]:
        village.clerk.take(rating, "assess")
        village.clerk.take(rating, "score")
    points = {
        str(village.desk.ratings.latest(household, year=2026).card.item("D1").points) for household in (first, second)
    }
    assert points == {"15/2"}  # the mean of what is left is 4: (4 - 1) / 4 x 10


# -- the notice --------------------------------------------------------------------------------------------------------


def test_the_notice_names_masked_credit_households_and_nothing_else(village: Village) -> None:
    village.to_noticed()
    number = village.clerk.panel.batch(village.batch).notice
    text = words(village.desk.papers.document(number))
    for case in village.clerk.cases(village.batch):
        assert case.line.head not in text
        assert case.line.head[0] + "*" in text
        assert case.line.number in text
        assert case.line.score not in text
        assert case.line.grade not in text.replace("AA", "").split()


def test_a_household_below_credit_is_closed_without_a_notice(village: Village) -> None:
    with village.desk.records.writing("edit") as writer:
        for found in village.desk.records.find("R07"):
            if found.values["household_id"] == village.households[0]:
                writer.change("R07", found.rid, {"income_crop": "100.00", "income_labor": "0.00"})
    village.clerk.apply(village.batch, village.households)
    village.clerk.advance("screen", village.ratings, details={"checked": "名单"})
    village.vote_all(1)
    village.clerk.advance("assess", village.ratings)
    village.clerk.advance("score", village.ratings)
    village.as_reviewer()
    village.clerk.advance("review", village.ratings)
    low = village.ratings[0]
    assert village.clerk.case(low).line.grade in ("B", "C")
    posted = village.clerk.advance("post", village.ratings, details={"place": "公告栏"})
    assert low not in posted.done
    assert codes(posted.refused) == {"reviews.not_credit"}
    assert village.clerk.take(low, "close").state == "closed"


def test_nobody_is_decided_before_the_notice_is_over(village: Village) -> None:
    village.to_noticed()
    village.as_reviewer()
    decided = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
    village.clock.advance(days=7)  # 29 November is a Sunday: the notice ends on Monday
    refused = village.clerk.advance("decide", village.ratings, details=decided).refused
    assert codes(refused) == {"reviews.notice_running"}
    assert refused[0][1].params["day"] == "2026-11-30"
    village.clock.advance(days=2)
    assert village.clerk.advance("decide", village.ratings, details=decided).refused == ()


def test_a_notice_into_an_unpublished_year_says_that_its_end_is_provisional(village: Village) -> None:
    known = work_calendar()
    if known.is_published(
        known_end := beijing_date(village.clock.now()).replace(year=known.years[-1], month=12, day=28)
    ):
        village.clock.advance(days=(known_end - beijing_date(village.clock.now())).days)
    village.to_noticed()
    text = words(village.desk.papers.document(village.clerk.panel.batch(village.batch).notice))
    assert "尚未公布" in text
    assert {trouble.code for trouble in village.clerk.cases(village.batch)[0].troubles} == {"provisional"}


def test_a_calendar_published_meanwhile_that_ends_later_holds_the_decision_back(village: Village) -> None:
    village.to_noticed()
    late = beijing_date(village.clock.now()).replace(month=12, day=1)
    later = WorkCalendar("later", range(2004, 2027), [late.replace(month=11, day=30), late], [])
    village.desk.catalogue = replace(village.desk.catalogue, read_calendar=lambda: later)
    village.as_reviewer()
    village.clock.advance(days=9)
    decided = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
    with pytest.raises(Refused, match="notice_running") as refused:
        village.clerk.take(village.ratings[0], "decide", details=decided)
    assert refused.value.params["day"] == "2026-12-02"


def test_a_consent_withdrawn_during_the_notice_takes_the_name_off_at_once(village: Village) -> None:
    village.to_noticed()
    before = village.clerk.panel.batch(village.batch).notice
    gone, rating = village.households[0], village.ratings[0]
    with pytest.raises(Refused, match="still_agreed"):
        village.clerk.take(rating, "stop")
    village.desk.consents.withdraw(gone, ["C4"], reason="不愿公示")
    assert village.clerk.stop_withdrawn() == [rating]
    assert village.clerk.stop_withdrawn() == []
    assert village.clerk.case(rating).standing.state == "stopped"
    after = village.clerk.panel.batch(village.batch).notice
    old = next(paper for paper in village.desk.papers.register("review-notice") if paper.number == before)
    assert after != before
    assert old.void_reason
    text = words(village.desk.papers.document(after))
    assert village.clerk.case(rating).line.number not in text
    assert village.clerk.case(village.ratings[1]).line.number in text
    assert village.clerk.case(village.ratings[1]).line.publicity == ("2026-11-22", "2026-11-30")


def test_facts_that_change_the_grade_during_the_notice_are_corrected_and_posted_anew(village: Village) -> None:
    village.to_noticed()
    rating, household = village.ratings[0], village.households[0]
    before = village.clerk.case(rating).line.grade
    with village.desk.records.writing("edit") as writer:
        found = next(r for r in village.desk.records.find("R07") if r.values["household_id"] == household)
        writer.change("R07", found.rid, {"income_crop": "40000.00", "income_labor": "0.00"})
    assert "changed" in {trouble.code for trouble in village.clerk.case(rating).troubles}
    village.clock.advance(days=9)
    village.as_reviewer()
    decided = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
    done = village.clerk.advance("decide", village.ratings, details=decided)
    assert rating not in done.done
    assert codes(done.refused) == {"reviews.input_changed"}
    village.as_clerk()
    village.clerk.take(rating, "correct", details={"ground": "收入更正"})
    line = village.clerk.case(rating).line
    assert line.status == "35"
    assert line.grade != before
    assert line.publicity == ()
    with pytest.raises(Refused, match="same_person"):
        village.clerk.take(rating, "repost", details={"place": "公告栏"})
    village.as_reviewer()
    village.clerk.take(rating, "repost", details={"place": "公告栏"})
    assert village.clerk.case(rating).line.publicity[0] == "2026-12-01"
    grades = [change.after["grade"] for change in village.desk.records.history(rating) if "grade" in change.after]
    assert before in grades
    assert line.grade in grades


def test_an_open_objection_stops_the_decision_until_it_is_answered(village: Village) -> None:
    village.to_noticed()
    rating = village.ratings[0]
    case = village.clerk.object_to(rating, f"R05:{village.households[1]}", "收入不实")
    assert village.clerk.case(rating).standing.state == "objected"
    assert village.desk.records.get("R16", rating).record.values["rating_status"] == "40"
    village.as_reviewer()
    with pytest.raises(Refused, match="objection_open"):
        village.clerk.take(rating, "settle", details={"finding": "属实"})
    village.desk.workflows.take("W11", "R25", case, "accept")
    village.desk.workflows.take("W11", "R25", case, "decide", details={"finding": "查无此事"})
    village.as_clerk()
    village.desk.workflows.take("W11", "R25", case, "answer")
    village.as_reviewer()
    assert village.clerk.take(rating, "settle", details={"finding": "不成立"}).state == "noticed"


# -- after the fact ----------------------------------------------------------------------------------------------------


def test_a_submission_is_withdrawn_and_sent_again_with_a_slip(village: Village) -> None:
    village.to_scored()
    rating = village.ratings[0]
    village.clerk.take(rating, "recall", details={"ground": "漏了一张票"})
    assert village.desk.records.get("R16", rating).record.values["rating_status"] == "85"
    assert [paper.template for paper in village.desk.papers.of("R16", rating)] == ["review-recall"]
    village.clerk.take(rating, "score")
    assert village.clerk.case(rating).standing.state == "scored"


def test_a_return_carries_a_remark_for_each_item_onto_its_slip(village: Village) -> None:
    village.to_scored()
    rating = village.ratings[0]
    village.as_reviewer()
    village.clerk.take(rating, "return", details={"remarks": {"收入": "缺凭证", "土地": "面积与承包证不符"}})
    assert village.desk.records.get("R16", rating).record.values["rating_status"] == "15"
    paper = village.desk.papers.of("R16", rating)[-1]
    text = words(village.desk.papers.document(paper.number))
    assert "缺凭证" in text
    assert "面积与承包证不符" in text


def test_what_was_published_is_not_stepped_back(village: Village) -> None:
    village.to_noticed()
    with pytest.raises(Refused, match="no_way_back"):
        village.clerk.step_back(village.ratings[0], "贴错了")


def test_a_certificate_is_voided_and_given_out_anew_with_another_number(village: Village) -> None:
    village.to_certified()
    rating = village.ratings[0]
    before = village.clerk.case(rating).line.cert_no
    village.clerk.take(rating, "reissue", details={"ground": "户主姓名印错"})
    after = village.clerk.case(rating).line.cert_no
    assert after != before
    register = {paper.number: paper.void_reason for paper in village.desk.papers.register("review-certificate")}
    assert register[before] == "户主姓名印错"
    assert register[after] == ""


@pytest.mark.parametrize(
    ("step", "state", "status"),
    [("keep", "certified", "50"), ("lower", "replaced", "70"), ("withdraw", "withdrawn", "80")],
)
def test_the_yearly_review_keeps_lowers_or_withdraws(village: Village, step: str, state: str, status: str) -> None:
    village.to_certified()
    village.clock.advance(days=340)
    assert village.clerk.watch.waiting()["annual"] == 3
    rating = village.ratings[0]
    village.clerk.take(rating, "annual")
    with pytest.raises(Refused, match="same_person"):
        village.clerk.take(rating, step, details={"ground": "依据"})
    village.as_reviewer()
    assert village.clerk.take(rating, step, details={"ground": "依据"}).state == state
    slips = [paper.template for paper in village.desk.papers.of("R16", rating)]
    assert ("review-withdrawal" if step == "withdraw" else "review-annual") in slips
    assert village.desk.records.get("R16", rating).record.values["rating_status"] == status


def test_steps_around_this_service_are_refused(village: Village) -> None:
    village.clerk.apply(village.batch, village.households)
    with pytest.raises(Refused, match="own_page"):
        village.desk.workflows.take("W2", "R16", village.ratings[0], "screen", details={"checked": "名单"})


def test_a_rating_whose_consent_is_pending_stays_a_draft(village: Village) -> None:
    from tests.jmdesk.reviews.conftest import add_household

    with village.desk.records.writing("import") as writer:
        unsigned = add_household(village.desk, writer, 9)
    village.households.append(unsigned)
    village.clerk.apply(village.batch, [unsigned])
    rating = village.ratings[0]
    village.clerk.take(rating, "screen", details={"checked": "名单"})
    village.clerk.take(rating, "assess", reason="试评")
    with pytest.raises(Refused, match="awaiting_consent"):
        village.clerk.take(rating, "score")


# -- tally sheets ------------------------------------------------------------------------------------------------------


def test_a_tally_sheet_that_does_not_agree_with_itself_is_not_taken_and_leaves_nothing(village: Village) -> None:
    village.clerk.apply(village.batch, village.households)
    first, second, _ = village.households
    right = TallyLine(first, 5, (20, 18, 16, 14, 12), 80)
    for wrong, code in (
        (TallyLine(second, 5, (20, 18, 16, 14)), "votes_differ"),
        (TallyLine(second, 5, (20, 18, 16, 14, 12), 81), "total_differs"),
        (TallyLine(second, 7, (20,) * 7, 140), "too_many_votes"),
        (TallyLine(second, 5, (20, 18, 16, 14, 3), 71), "marks"),
    ):
        with pytest.raises(Refused, match=code):
            village.clerk.panel.tally_sheet(village.batch, [right, wrong])
    assert village.desk.records.count("assessment") == 0
    village.clerk.panel.tally_sheet(village.batch, [right], basis="第 3 张")
    [case, *_] = village.clerk.cases(village.batch)
    assert case.votes == 5
    assert village.clerk.panel.tallied_lines(village.batch)[first].sums == (12, 14, 16, 18, 20)
