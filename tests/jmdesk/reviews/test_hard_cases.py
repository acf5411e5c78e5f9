"""What an office meets and nobody plans for: a wrong clock, a household without a head, very long and rare names."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import docx
import pytest

from jmdesk.core.errors import Refused
from tests.desks import NOW

if TYPE_CHECKING:
    from tests.jmdesk.reviews.conftest import Village

DECIDED = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
POSTED = {"place": "村委会公告栏"}


def test_a_notice_posted_under_a_clock_far_ahead_is_corrected_and_runs_anew_once_the_clock_is_right(
    village: Village,
) -> None:
    village.to_scored()
    village.as_reviewer()
    assert village.clerk.advance("review", village.ratings).refused == ()
    village.as_clerk()
    village.clock.advance(days=200)
    rating = village.ratings[0]
    village.clerk.take(rating, "post", details=POSTED)
    village.clock.at = NOW
    village.as_reviewer()
    with pytest.raises(Refused, match="notice_running"):
        village.clerk.take(rating, "decide", details=DECIDED)
    village.as_clerk()
    corrected = village.clerk.take(rating, "correct", details={"ground": "电脑时间不对，公示日期错误"})
    assert (corrected.state, corrected.disputed) == ("corrected", ())
    assert corrected.taken[-1].details["written_at"] == "2026-11-22T02:00:00Z"
    village.as_reviewer()
    village.clerk.take(rating, "repost", details=POSTED)
    assert village.clerk.case(rating).line.publicity[0] == "2026-11-22"
    village.clock.advance(days=9)
    assert village.clerk.take(rating, "decide", details=DECIDED).state == "decided"


def test_under_a_clock_of_2099_nothing_is_posted(village: Village) -> None:
    village.to_scored()
    village.as_reviewer()
    assert village.clerk.advance("review", village.ratings).refused == ()
    village.clock.at = datetime(2099, 3, 1, 2, 0, 0, tzinfo=UTC)
    refused = village.clerk.advance("post", village.ratings, details=POSTED).refused
    assert {error.code for _, error in refused} == {"reviews.consent_missing"}
    village.clock.at = NOW
    assert village.clerk.advance("post", village.ratings, details=POSTED).refused == ()


def test_a_household_without_a_head_is_not_posted_until_it_has_one(village: Village) -> None:
    village.to_scored()
    village.as_reviewer()
    assert village.clerk.advance("review", village.ratings).refused == ()
    household, rating = village.households[0], village.ratings[0]
    head = village.desk.records.get("R05", household).record.values["head_person_id"]
    with village.desk.records.writing("edit") as writer:
        writer.change("R05", household, {}, ["head_person_id"])
    posted = village.clerk.advance("post", village.ratings, details=POSTED)
    assert [(rid, error.code) for rid, error in posted.refused] == [(rating, "reviews.no_head")]
    assert len(posted.done) == 2
    with village.desk.records.writing("edit") as writer:
        writer.change("R05", household, {"head_person_id": head})
    assert village.clerk.take(rating, "post", details=POSTED).state == "noticed"


def test_long_and_rare_names_are_masked_on_the_notice_and_never_stand_there_in_full(village: Village) -> None:
    names = ("阿依古丽·买买提·吐尔逊江·阿卜杜热合曼·艾尔肯", "𠮷滘蓢湴", "区")
    with village.desk.records.writing("edit") as writer:
        for household, name in zip(village.households, names, strict=True):
            head = str(village.desk.records.get("R05", household).record.values["head_person_id"])
            writer.change("R06", head, {"person_name": name})
    village.to_noticed()
    document = docx.Document(io.BytesIO(village.desk.papers.document(village.clerk.panel.batch(village.batch).notice)))
    rows = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    for case, name in zip(village.clerk.cases(village.batch), names, strict=True):
        [line] = [row for row in rows if case.line.number in row]
        assert name not in line
        assert any("*" in cell and (len(name) == 1 or cell.endswith(name[-1])) for cell in line)
