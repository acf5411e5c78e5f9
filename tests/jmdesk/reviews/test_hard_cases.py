"""What an office meets and nobody plans for: a wrong clock, a household without a head, very long and rare names."""

from __future__ import annotations

import io
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import pytest
from pypdf import PdfReader

from jmdesk.core.errors import Refused
from jmdesk.households.completeness import SEND
from jmdesk.households.rounds.paper import walk
from jmdesk.rights.consent_pages import ConsentPages
from tests.desks import NOW
from ui.core.docx_document import laid_out
from ui.core.printing import ensure_application, write_paper

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


def call_head(village: Village, household: str, name: str) -> None:
    """Give a household's head another name."""
    with village.desk.records.writing("edit") as writer:
        head = str(village.desk.records.get("R05", household).record.values["head_person_id"])
        writer.change("R06", head, {"person_name": name})


def words(document: bytes) -> str:
    """Every word of a Word document."""
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in found.paragraphs] + cells)


def blanks(document: bytes) -> list[str]:
    """The paragraphs of a paper in which a character has no glyph in any font: a box would be printed for it."""
    laid = laid_out(document).document
    assert laid.pageCount(), "asking lays it out"
    found, block = [], laid.begin()
    while block.isValid():
        lines = [block.layout().lineAt(number) for number in range(block.layout().lineCount())]
        if any(0 in run.glyphIndexes() for line in lines for run in line.glyphRuns()):
            found.append(block.text())
        block = block.next()
    return found


def test_a_character_that_no_font_has_is_noticed_by_the_test_of_names() -> None:
    paper, out = docx.Document(), io.BytesIO()
    paper.add_paragraph("陈\U00031350")
    paper.save(out)
    ensure_application()
    assert blanks(out.getvalue()) == ["陈\U00031350"]


def test_long_and_rare_names_stand_whole_on_certificates_as_word_and_pdf(village: Village, tmp_path: Path) -> None:
    names = ("阿依古丽·买买提·吐尔逊江·阿卜杜热合曼·艾尔肯", "𠮷滘蓢湴", "区")
    for household, name in zip(village.households, names, strict=True):
        call_head(village, household, name)
    village.to_certified()
    for case, name in zip(village.clerk.cases(village.batch), names, strict=True):
        document = village.desk.papers.document(case.line.cert_no)
        assert name in words(document)
        assert write_paper(document, tmp_path / "证.pdf") == 1, "one page, whatever the name"
        assert blanks(document) == []
        shown = PdfReader(tmp_path / "证.pdf").pages[0].extract_text()
        text = unicodedata.normalize("NFKC", "".join(shown.split()))
        # Fonts give no way back to characters of the second plane; that they are drawn is what ``blanks`` says.
        assert unicodedata.normalize("NFKC", name.removeprefix("𠮷")) in text


def test_the_papers_of_a_household_of_sixty_name_everybody_once(village: Village) -> None:
    household, desk = village.households[0], village.desk
    with desk.records.writing("import") as writer:
        for n in range(59):
            writer.create("R06", {
                "person_id": writer.transaction.new_id(), "household_id": household, "person_name": f"李家{n:02d}",
                "relation": "20", "is_labor": True, "birth_date": "1990-01-01", "is_under14": False,
            })  # fmt: skip
    sheets = ConsentPages(desk).of(household)
    assert [sheet.sheet for sheet in sheets] == list(range(1, len(sheets) + 1))
    together = [words(sheet.document) for sheet in sheets]
    form = walk(desk.households, desk.catalogue, [household], 2026)
    paper = words(desk.papers.draft("collection-form", {**form, "office": "塘洲村", "date": "2026年11月22日"}))
    for n in range(59):
        assert sum(f"李家{n:02d}" in text for text in together) == 1
        assert paper.count(f"李家{n:02d}") == 1
    assert all("塘洲" in text for text in together), "each sheet stands for itself"


def test_a_household_without_a_head_is_visited_signed_and_rated_and_only_not_posted(village: Village) -> None:
    household, desk = village.households[0], village.desk
    with desk.records.writing("edit") as writer:
        writer.change("R05", household, {}, ["head_person_id"])
    [sheet] = ConsentPages(desk).of(household)
    assert str(desk.households.dossier(household).members[0].values["person_name"]) in words(sheet.document)
    form = walk(desk.households, desk.catalogue, [household], 2026)
    assert desk.papers.draft("collection-form", {**form, "office": "塘洲村", "date": "2026年11月22日"})
    assert desk.ratings.rate(household).card.rated
    gaps = desk.households.completeness(desk.households.dossier(household)).gaps
    assert ("R05", "head_person_id", SEND) in {(gap.type, gap.field, gap.why) for gap in gaps}
    village.to_scored()
    village.as_reviewer()
    assert village.clerk.advance("review", village.ratings).refused == ()
    posted = village.clerk.advance("post", village.ratings, details=POSTED)
    assert [error.message_for_user().action != "" for _, error in posted.refused] == [True]


def test_every_step_before_the_notice_is_taken_back_and_the_rating_shows_what_it_showed(village: Village) -> None:
    rating_of = village.desk.records
    village.clerk.apply(village.batch, village.households)
    rating = village.ratings[0]
    village.clerk.panel.tally(village.batch, village.households[0], [(20, 4)] * 6)
    taken = []
    for step, details in (("screen", {"checked": "名单"}), ("assess", {}), ("score", {}), ("review", {})):
        if step == "review":
            village.as_reviewer()
        before = rating_of.get("R16", rating).record.values
        state = village.clerk.case(rating).standing.state
        village.clerk.take(rating, step, details=details)
        back = village.clerk.step_back(rating, f"{step} 选错了户")
        after = rating_of.get("R16", rating).record.values
        assert back.state == state
        assert after["rating_status"] == before["rating_status"]
        assert after.get("second_rater") == before.get("second_rater")
        village.clerk.take(rating, step, details=details)
        taken.append(step)
    kept = [str(event.values.get("reason", "")) for event in village.desk.records.find("workflow_event")]
    assert all(f"{step} 选错了户" in kept for step in taken), "a step back is a recorded step"


def test_a_yearly_review_that_raises_keeps_the_certificate_until_the_new_years_result(village: Village) -> None:
    village.to_certified()
    village.clock.advance(days=340)
    rating = village.ratings[0]
    before = village.clerk.case(rating).line
    village.clerk.take(rating, "annual")
    village.as_reviewer()
    assert village.clerk.take(rating, "raise", details={"ground": "新增市级表彰"}).state == "certified"
    after = village.clerk.case(rating).line
    assert (after.cert_no, after.grade, after.valid_to) == (before.cert_no, before.grade, before.valid_to)
    slip = village.desk.papers.of("R16", rating)[-1]
    assert "提级，新年度结果另行公示" in words(village.desk.papers.document(slip.number))
