"""A town that keeps a village without a computer: whose name is on paper, who may review, what is printed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import docx
import pytest

from jmdesk.caretaking.service import APPLICATIONS, COLLECTION, CONSENTS
from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store import change_log
from tests.desks import VILLAGE, new_desk
from tests.jmdesk.reviews.conftest import add_household

TOWN = "440785109000"
TOWN_UNIT = "11440785MF1000015K"
OFFICE = "塘洲村民委员会（由某镇人民政府代管）"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Desk]:
    """A town's desk with two households of a village."""
    with new_desk(tmp_path / "镇", unit=TOWN_UNIT, regions=(TOWN,)) as desk:
        desk.store.put_setting("unit.name", "某镇人民政府")
        with desk.records.writing("import") as writer:
            households = [add_household(desk, writer, n) for n in (1, 2)]
        for household in households:
            desk.consents.sign(household, Signature("2026-10-01T02:00:00Z"))
        yield desk


def words(document: bytes) -> str:
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in found.paragraphs] + cells)


def become(desk: Desk, actor: str) -> None:
    """Somebody else sits down at the desk."""
    desk.vault = replace(desk.vault, user=actor)
    desk.workflows._actor = actor
    desk.records._actor = actor


def scored(desk: Desk) -> list[str]:
    """The village's part of the review, done by the town's recorder."""
    reviews = desk.reviews
    batch = reviews.panel.open_batch(VILLAGE)
    households = reviews.candidates(batch)
    assert reviews.apply(batch, households).refused == ()
    ratings = [case.line.rating for case in reviews.cases(batch)]
    for n in range(6):
        seat = reviews.panel.seat(batch, f"司徒样{n}", address=f"外村{n}号")
        reviews.panel.attend(batch, seat.no, present=True)
    assert reviews.advance("screen", ratings, details={"checked": "名单"}).refused == ()
    for household in households:
        reviews.panel.tally(batch, household, [(20, 4)] * 6)
    assert reviews.advance("assess", ratings).refused == ()
    assert reviews.advance("score", ratings).refused == ()
    return ratings


def test_a_town_keeps_a_village_within_its_regions_and_it_stands_in_the_log(town: Desk) -> None:
    with pytest.raises(Refused, match="not_a_village"):
        town.caretaking.keep(TOWN)
    with pytest.raises(Refused, match="not_a_village"):
        town.caretaking.keep("440785103200")
    town.caretaking.keep(VILLAGE)
    [kept] = town.caretaking.villages()
    assert (kept.code, kept.office, kept.households, kept.at_work) == (VILLAGE, OFFICE, 2, False)
    town.caretaking.work_on(VILLAGE)
    assert town.village_at_work == VILLAGE
    with town.store.reading() as connection:
        told = [change.reason for change in change_log.history(connection, town.actor)]
    assert told[-1] == "开始代管塘洲村民委员会的档案"
    town.caretaking.give_back(VILLAGE)
    assert (town.kept_villages, town.village_at_work) == ((), "")
    with pytest.raises(Refused, match="not_kept"):
        town.caretaking.work_on(VILLAGE)


def test_a_village_that_reports_by_itself_is_not_kept(town: Desk) -> None:
    values = town.records.find("R05", limit=1)[0].values | {"household_id": f"{VILLAGE}010009"}
    with town.store.transaction("platform", "pull", source="platform") as transaction:
        transaction.adopt(
            *("R05", town.ids.new(), values),
            region=VILLAGE, versions={}, version=3, epoch="e", source="54440785MF10000231", found=None,
        )  # fmt: skip
    with pytest.raises(Refused, match="has_a_desk"):
        town.caretaking.keep(VILLAGE)


def test_the_papers_of_a_kept_village_carry_its_name_and_who_keeps_it(town: Desk) -> None:
    before = town.reviews.filing.application(scored(town)[0])
    assert OFFICE not in words(before.document)
    town.caretaking.keep(VILLAGE)
    rating = town.records.find("R16", limit=1)[0].rid
    assert OFFICE in words(town.reviews.filing.application(rating).document)
    batch = town.reviews.panel.batches()[0].number
    assert OFFICE in words(town.reviews.filing.issue(batch, "review-minutes").document)


def test_who_recorded_for_the_village_does_not_review_and_a_colleague_or_a_leaders_paper_does(town: Desk) -> None:
    town.caretaking.keep(VILLAGE)
    recorder = town.actor
    first, second = scored(town)
    become(town, town.ids.new())
    assert town.reviews.take(first, "review").state == "reviewed"
    # The reviewer of one household typed the other one: that one is for somebody else.
    household = town.reviews.case(second).line.household
    with town.records.writing("edit") as writer:
        writer.change("R05", household, {"collector_id": town.actor})
    with pytest.raises(Refused, match=r"reviews\.recorder"):
        town.reviews.take(second, "review")
    paper = {"signer": "镇长林国栋", "date": "2026-11-22"}
    assert town.reviews.take(second, "review", details={"paper": paper}).taken[-1].signer == "镇长林国栋"
    assert recorder != town.actor


def test_the_forms_of_a_whole_village_are_printed_in_one_go(town: Desk) -> None:
    with pytest.raises(Refused, match="not_kept"):
        list(town.caretaking.forms(VILLAGE, COLLECTION))
    town.caretaking.keep(VILLAGE)
    with town.records.writing("import") as writer:
        new = add_household(town, writer, 3)
    [sheet] = town.caretaking.forms(VILLAGE, CONSENTS)
    assert OFFICE in words(sheet)
    forms = [words(form) for form in town.caretaking.forms(VILLAGE, COLLECTION)]
    numbers = sorted(str(one.values["household_id"]) for one in town.records.find("R05"))
    assert len(forms) == len(numbers)
    assert all(number in form for number, form in zip(numbers, forms, strict=True))
    with pytest.raises(Refused, match="nothing_to_print"):
        list(town.caretaking.forms(VILLAGE, APPLICATIONS))
    town.consents.sign(new, Signature("2026-10-01T02:00:00Z"))
    batch = town.reviews.panel.open_batch(VILLAGE)
    town.reviews.apply(batch, [new])
    [first] = town.caretaking.forms(VILLAGE, APPLICATIONS)
    assert list(town.caretaking.forms(VILLAGE, APPLICATIONS)) == [first]
    assert len(town.papers.register("review-application")) == 1
