"""Work lists with names, what they hand out, and the yearly round."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path

import docx
import pytest
from python_calamine import CalamineWorkbook

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock, beijing_date
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.households.completeness import RATE, SEND
from jmdesk.households.export import sheet_of
from jmdesk.households.queries import HouseholdFilter
from jmdesk.households.rounds.paper import walk
from tests.desks import NOW, VILLAGE, Family, add_family


@pytest.fixture
def other(desk: Desk, family: Family) -> Family:
    """A second household of the same village."""
    with desk.records.writing("import") as writer:
        return add_family(writer, desk.actor, f"{VILLAGE}000002")


def found(desk: Desk, wanted: HouseholdFilter) -> list[str]:
    rids = [row.rid for row in desk.households.page(wanted, 0, 50)]
    assert len(rids) == desk.households.count(wanted)
    return rids


def test_lists_narrow_by_completeness_consent_and_review(desk: Desk, family: Family, other: Family) -> None:
    desk.records.change("R06", other.spouse, {}, ["relation"])
    assert found(desk, HouseholdFilter(incomplete=True)) == [other.household]
    assert found(desk, HouseholdFilter(consent="none")) == [family.household, other.household]
    desk.consents.sign(family.household, Signature("2026-10-02T02:00:00Z"))
    assert found(desk, HouseholdFilter(consent="none")) == [other.household]
    assert found(desk, HouseholdFilter(consent="pending")) == [family.household]
    assert found(desk, HouseholdFilter(consent="declined")) == []
    assert found(desk, HouseholdFilter(only=(other.household,))) == [other.household]
    desk.ratings.rate(family.household)
    assert found(desk, HouseholdFilter(due=desk.clock.now().date().isoformat())) == []
    assert found(desk, HouseholdFilter(due="2027-03-01")) == [family.household]


@pytest.mark.parametrize(
    ("name", "typed"),
    [("曾明", ("zengm", "cengm", "zm", "cm")), ("单雄", ("shanx", "danx")), ("区伟", ("ouw", "quw"))],
)
def test_surnames_of_two_readings_are_found_by_both(
    desk: Desk, family: Family, name: str, typed: tuple[str, ...]
) -> None:
    desk.records.change("R06", family.head, {"person_name": name})
    for text in typed:
        assert found(desk, HouseholdFilter(search=text)) == [family.household], text


@pytest.mark.parametrize("name", ["𠮷滘蓢湴", "阿依古丽·买买提", "单" * 25])
def test_rare_characters_dots_and_long_names_are_kept_and_found(desk: Desk, family: Family, name: str) -> None:
    desk.records.change("R06", family.head, {"person_name": name})
    assert desk.records.get("R06", family.head).record.values["person_name"] == name
    assert found(desk, HouseholdFilter(search=name[:2])) == [family.household]


def test_a_list_keeps_its_name_and_its_filter(desk: Desk) -> None:
    wanted = HouseholdFilter(group="1", incomplete=True, consent="none")
    desk.lists.save(" 还没签的 ", wanted)
    assert desk.lists.all() == {"还没签的": wanted}
    desk.lists.forget("还没签的")
    assert desk.lists.all() == {}
    with pytest.raises(Refused) as refused:
        desk.lists.save(" ", wanted)
    assert refused.value.code == "households.list_name"


def test_an_exported_list_cannot_act_and_adds_up(desk: Desk, family: Family, other: Family, tmp_path: Path) -> None:
    desk.records.change("R06", other.head, {"person_name": "=1+1"})
    told: list[tuple[int, int]] = []
    sheet = sheet_of(
        desk.households, desk.catalogue, desk.guard, HouseholdFilter(), progress=lambda a, b: told.append((a, b))
    )
    desk.exports.write(sheet, tmp_path / "名单.xlsx", "入户核对", "R05")
    lines = CalamineWorkbook.from_path(tmp_path / "名单.xlsx").get_sheet_by_index(0).to_python()
    rows = [line for line in lines if str(line[0]).startswith(VILLAGE)]
    assert [row[0] for row in rows] == [f"{VILLAGE}000001", f"{VILLAGE}000002"]
    assert rows[1][1] == "=1+1"
    assert sum(row[5] for row in rows) == 6  # type: ignore[misc]
    assert "199****1234" in rows[0]
    assert "19900001234" not in str(lines)
    assert told[-1] == (2, 2)
    with pytest.raises(Refused) as refused:
        sheet_of(desk.households, desk.catalogue, desk.guard, HouseholdFilter(), cancelled=lambda: True)
    assert refused.value.code == "store.cancelled"


def test_completeness_says_what_is_missing_and_why(desk: Desk, family: Family) -> None:
    dossier = desk.households.dossier(family.household)
    whole = desk.households.completeness(dossier)
    assert whole.percent == 100
    assert {(gap.type, gap.why) for gap in whole.gaps} == {("R08", RATE), ("R12", RATE)}
    desk.records.change("R05", family.household, {}, ["address"])
    gaps = desk.households.completeness(desk.households.dossier(family.household)).gaps
    assert ("R05", family.household, "address", SEND) in {(g.type, g.rid, g.field, g.why) for g in gaps}


def next_year(desk: Desk) -> date:
    """Let a year go by."""
    assert isinstance(desk.clock, FixedClock)
    desk.clock.at = NOW + timedelta(days=365)
    return beijing_date(desk.clock.now())


def test_a_round_counts_households_as_they_are_entered(desk: Desk, family: Family, other: Family) -> None:
    today = next_year(desk)
    begun = desk.rounds.start(VILLAGE, {"1": desk.actor})
    assert (begun.income_year, begun.collectors) == (today.year - 1, {"1": desk.actor})
    assert desk.rounds.open(VILLAGE) == [family.household, other.household]
    income = desk.rounds.enter(family.household, {"income_crop": "15000.00"}, {"address": "塘洲村1组88号"})
    household = desk.records.get("R05", family.household).record.values
    assert (household["collect_date"], household["address"]) == (today.isoformat(), "塘洲村1组88号")
    entry = desk.records.get("R07", income)
    assert {one.field: one.value for one in entry.awaiting}["income_crop"] == "15000.00"
    (stretch,) = desk.rounds.progress(VILLAGE)
    assert (stretch.group, stretch.total, stretch.done, stretch.begun) == ("1", 2, 1, 0)
    assert desk.rounds.open(VILLAGE) == [other.household]
    again = desk.rounds.enter(family.household, {"income_labor": "100.00"}, {})
    assert again == income
    with pytest.raises(Refused) as refused:
        desk.rounds.start(VILLAGE)
    assert refused.value.code == "households.round_runs"
    desk.rounds.end(VILLAGE)
    with pytest.raises(Refused) as refused:
        desk.rounds.progress(VILLAGE)
    assert refused.value.code == "households.no_round"


def test_last_year_is_a_suggestion_and_never_a_fact(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, Signature("2026-10-02T02:00:00Z"))
    next_year(desk)
    begun = desk.rounds.start(VILLAGE)
    told = desk.rounds.suggestion(family.household, begun.income_year)
    assert told == {"income_crop": "12000.50", "income_labor": "30000.00", "cost_production": "1000.00"}
    assert desk.records.count("R07") == 1
    assert desk.rounds.enter(family.household, {}, {}) == ""
    assert desk.records.count("R07") == 1


def test_what_waits_for_consent_is_not_suggested(desk: Desk, family: Family) -> None:
    next_year(desk)
    assert desk.rounds.suggestion(family.household, desk.rounds.start(VILLAGE).income_year) == {}


def test_the_paper_for_the_walk_is_filled_and_masked(desk: Desk, family: Family, other: Family) -> None:
    desk.consents.sign(family.household, Signature("2026-10-02T02:00:00Z"))
    values = walk(desk.households, desk.catalogue, [family.household, other.household], 2026)
    content = desk.papers.draft("collection-form", {**values, "office": "塘洲村", "date": "2026年11月22日"})
    document = docx.Document(io.BytesIO(content))
    text = "\n".join(p.text for p in document.paragraphs)
    cells = "\n".join(cell.text for table in document.tables for row in table.rows for cell in row.cells)
    assert text.count("农户信用信息年度采集表") == 2
    assert "户主：曾建明" in text
    assert "440785********0011" in cells
    assert "440785199001010011" not in cells + text
    assert "12,000.50元" in cells
    assert "199****1234" in cells
    assert "{{" not in text + cells
