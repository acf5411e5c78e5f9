"""Credit villages (W3) and towns (W4) across desks: who applies, who reviews and who names sit at different ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Refused
from jmdesk.villages.service import View
from sync.client.engine import synchronise
from sync.client.patience import Patience
from tests.sync.client.conftest import Platform, Workshop
from tests.sync.client.reviewing import Ahead, Office, office, ratings_of, scored

VILLAGE, OTHER_VILLAGE, TOWN = "54440785MF1000090Y", "54440785MF10000824", "11440785MF1000015K"
COUNTY, CITY = "11440785MF1000197P", "11440700MF10002777"
PLACE, OTHER_PLACE = "440785103207", "440785103206"
SECOND_TOWN, TOWN_PLACE = "11440785MF10001032", "440785104000"
"""A town without the villages above: what its desks count is nobody else's."""
BANK = "91440785MF1000226T"
_NAMED = {"doc_no": "恩信办〔2026〕3号", "org": "恩平市信用办"}
_BANKS = ("hh_loan", "hh_no_arrears", "loan_balance", "npl_balance", "npl_prev", "hh_line")


@dataclass
class Offices:
    """Desks of one town and of those above it, and the clock on all their walls."""

    clock: Ahead
    made: dict[str, Office]
    year: int

    def __getitem__(self, unit: str) -> Office:
        return self.made[unit]

    def exchange(self, *units: str) -> None:
        """What the first of them did arrives at the others."""
        for unit in units:
            self.made[unit].sync()

    def view(self, unit: str, place: str = PLACE) -> View:
        return self.made[unit].desk.villages.view(place, self.year)

    def take(self, unit: str, workflow: str, rid: str, step: str, **details: object) -> str:
        """A step at one desk; what it leads to."""
        type_id = "R17" if workflow == "W3" else "R18"
        return self.made[unit].desk.workflows.take(workflow, type_id, rid, step, details=details).state


def offices(
    folder: Path, clock: Ahead, platform: Platform, patience: Patience, stack: ExitStack, **regions: str
) -> Offices:
    """A desk for each unit with the region that it is enrolled for."""
    made: dict[str, Office] = {}
    for unit, region in regions.items():
        desk = stack.enter_context(Workshop(folder / unit / "model", unit).desk(folder / unit / "desk", clock))
        made[unit] = office(desk, platform, patience, unit, region)
    return Offices(clock, made, clock.now().year)


def count_residents(office: Office, place: str, count: int) -> None:
    """What the town counted at the end of last year."""
    year = office.desk.clock.now().year
    values: Record = {
        "region_code": place,
        "region_name": "样例村",
        "region_level": "4",
        "households_resident": count,
        "count_source": "镇政府年报",
        "counted_on": f"{year - 1}-12-31",
        "count_basis": "2",
        "valid_from": "2020-01-01",
    }
    office.desk.records.create("R03", values)


def report_loans(office: Office, place: str, period: str, loans: int, balance: str, bad: str) -> None:
    """What a bank reported to the town for a month: nobody is in arrears."""
    values: Record = {
        "bank_uscc": BANK,
        "region_code": place,
        "period": period,
        "loan_hh": loans,
        "arrears_hh": 0,
        "loan_balance": balance,
        "npl_balance": bad,
        "line_hh": loans,
    }
    office.desk.records.create("R19", values)


def counted(office: Office, place: str, year: int) -> None:
    """What the town and its bank counted for a year: four resident households, three of them with a loan."""
    count_residents(office, place, 4)
    report_loans(office, place, f"{year - 1}12", 3, "60000.00", "300.00")
    report_loans(office, place, f"{year}01", 3, "80000.00", "400.00")


def figures(view: View) -> dict[str, object]:
    """What every figure of a view says of itself, but for whose it is."""
    return {f.name: (f.value, f.basis, f.source, f.as_of, f.note) for f in view.standing.figures}


@pytest.fixture
def three(tmp_path: Path, platform: Platform, patience: Patience) -> Iterator[Offices]:
    """A village of five resident households: four on record, three of them credit households; its town; its county."""
    with ExitStack() as stack:
        clock = Ahead()
        regions = {VILLAGE: PLACE, TOWN: PLACE, COUNTY: PLACE}
        made = offices(tmp_path, clock, platform, patience, stack, **regions)
        village, town = made[VILLAGE], made[TOWN]
        scored(village, PLACE, (1, 2, 3, 4))
        made.exchange(VILLAGE, TOWN)
        ratings = ratings_of(town)
        reviews = town.desk.reviews
        assert reviews.advance("review", ratings).refused == ()
        assert reviews.advance("post", ratings[:3], details={"place": "村委会公告栏"}).refused == ()
        clock.days = 20
        decided = {"doc_no": "恩信〔2026〕1号", "org": "恩平市人民政府"}
        assert reviews.advance("decide", ratings[:3], details=decided).refused == ()
        counted(town, PLACE, made.year)
        made.exchange(TOWN, VILLAGE)
        yield made


@pytest.fixture(scope="session")
def two(tmp_path_factory: pytest.TempPathFactory, platform: Platform, patience: Patience) -> Iterator[Offices]:
    """A village without archives and its town; a year of its own for each test."""
    with ExitStack() as stack:
        regions = {OTHER_VILLAGE: OTHER_PLACE, TOWN: OTHER_PLACE}
        made = offices(tmp_path_factory.mktemp("two"), Ahead(), platform, patience, stack, **regions)
        for year in (made.year - 1, made.year):
            counted(made[TOWN], OTHER_PLACE, year)
        made.exchange(TOWN, OTHER_VILLAGE)
        yield made


def test_a_village_applies_on_its_own_desk_and_sees_every_step_of_town_and_county(three: Offices) -> None:
    village, town = three[VILLAGE].desk, three[TOWN].desk
    rid = village.villages.apply(PLACE, three.year, "村民代表会议决议")
    assert village.records.find("R19") == []
    assert three.view(VILLAGE).standing.figure("hh_loan").value is None
    three.exchange(VILLAGE, TOWN)
    arrived = three.view(TOWN)
    assert arrived.record is not None
    assert (arrived.record.rid, arrived.changed[0]) == (rid, "贷款户")
    assert figures(arrived) == figures(three.view(VILLAGE))
    with pytest.raises(Refused, match="unknown"):
        three.take(TOWN, "W3", rid, "review", opinion="同意")
    town.villages.refresh("R17", rid)
    town.villages.give("R17", rid, "organisation", "9", "镇评分表")
    town.villages.give("R17", rid, "cadres_clean", "yes", "“信用中国”查询")
    assert three.take(TOWN, "W3", rid, "review", opinion="同意") == "reviewed"
    three.exchange(TOWN, VILLAGE)
    assert three.take(VILLAGE, "W3", rid, "post", place="村务公开栏") == "noticed"
    three.exchange(VILLAGE, COUNTY)
    three.clock.days = 40
    assert three.take(COUNTY, "W3", rid, "decide", **_NAMED) == "decided"
    assert three.take(COUNTY, "W3", rid, "plaque", plaque_date="2026-12-20") == "awarded"
    three.exchange(COUNTY, TOWN)
    assert three.take(TOWN, "W3", rid, "annual") == "reviewing"
    three.exchange(TOWN, COUNTY)
    assert three.take(COUNTY, "W3", rid, "keep", finding="各项条件仍达到") == "awarded"
    three.exchange(COUNTY, VILLAGE, TOWN)

    case = village.workflows.standing("W3", "R17", rid)
    assert [(event.step, event.org) for event in case.taken] == [
        ("apply", VILLAGE), ("review", TOWN), ("post", VILLAGE), ("decide", COUNTY), ("plaque", COUNTY),
        ("annual", TOWN), ("keep", COUNTY),
    ]  # fmt: skip
    assert case.taken[-1].details["finding"] == "各项条件仍达到"
    seen = three.view(VILLAGE)
    assert seen.record is not None
    assert (seen.record.values["award_doc_no"], seen.record.values["plaque_date"]) == (_NAMED["doc_no"], "2026-12-20")
    assert figures(seen) == figures(three.view(TOWN)) == figures(three.view(COUNTY))
    assert seen.assessment == three.view(COUNTY).assessment
    assert seen.standing.figure("hh_loan").value == 3
    lists = [made.desk.villages.listed(PLACE, three.year, "credit") for made in three.made.values()]
    assert [len(found) for found in lists] == [3, 3, 3]
    assert lists[0] == lists[1] == lists[2]


def test_figures_that_the_town_put_in_stay_when_the_village_corrects_its_application(two: Offices) -> None:
    village, town = two[OTHER_VILLAGE].desk, two[TOWN].desk

    def view() -> View:
        return two.view(OTHER_VILLAGE, OTHER_PLACE)

    rid = village.villages.apply(OTHER_PLACE, two.year, "决议")
    two.exchange(OTHER_VILLAGE, TOWN)
    town.villages.refresh("R17", rid)
    town.villages.give("R17", rid, "organisation", "9", "镇评分表")
    two.take(TOWN, "W3", rid, "return", remarks={"决议": "缺签名页"})
    two.exchange(TOWN, OTHER_VILLAGE)
    told = figures(view())
    village.villages.refresh("R17", rid)
    assert {name: figures(view())[name] for name in _BANKS} == {name: told[name] for name in _BANKS}
    assert (view().standing.figure("hh_loan").value, view().standing.figure("hh_loan").by) == (3, TOWN)
    assert two.take(OTHER_VILLAGE, "W3", rid, "apply", applied_by="补签后的决议") == "applied"
    two.exchange(OTHER_VILLAGE, TOWN)
    assert town.workflows.standing("W3", "R17", rid).taken[-1].details["applied_by"] == "补签后的决议"
    assert town.villages.recomputed("R17", rid).ratios["npl"].shown == "0.50%"


def test_a_village_never_names_itself(two: Offices) -> None:
    village, town = two[OTHER_VILLAGE], two[TOWN]
    rid = village.desk.villages.apply(OTHER_PLACE, two.year - 1, "决议")
    village.sync()
    with village.desk.records.writing("edit") as writer:
        writer.change("R17", rid, {"award_doc_no": "自封〔2026〕1号"})
    report = synchronise(village.desk, village.line, patience=village.patience)
    assert report.set_aside == 1
    town.sync()
    assert "award_doc_no" not in town.desk.records.get("R17", rid).record.values


def test_a_town_applies_and_the_county_and_the_city_name_it(
    tmp_path: Path, platform: Platform, patience: Patience
) -> None:
    with ExitStack() as stack:
        regions = {SECOND_TOWN: "440785104", COUNTY: "440785104", CITY: "440785104"}
        made = offices(tmp_path, Ahead(), platform, patience, stack, **regions)
        town, county = made[SECOND_TOWN].desk, made[COUNTY].desk
        villages = [r.code for r in town.catalogue.regions.children(TOWN_PLACE) if r.kind == "village"]
        for place in villages:
            count_residents(made[SECOND_TOWN], place, 0)
            for period in (f"{made.year - 1}12", f"{made.year}01"):
                report_loans(made[SECOND_TOWN], place, period, 0, "0.00", "0.00")
        nobody = dict.fromkeys(("hh_base", "hh_filed", "hh_credit", "hh_loan", "hh_no_arrears"), 0)
        money = {"loan_balance": "0.00", "npl_balance": "0.00", "score": "95.0", "village_grade": "1"}
        plaque = {"award_org": "恩平市信用办", "award_doc_no": "恩信办〔2026〕1号", "plaque_date": "2026-01-20"}
        with county.records.writing("create") as writer:
            for place in villages[2:]:
                known: Record = {"region_code": place, "rating_year": made.year, **nobody, **money, **plaque}
                writer.create("R17", known)
        made.exchange(COUNTY, SECOND_TOWN)
        rid = town.villages.apply(TOWN_PLACE, made.year, "镇政府请示")
        made.exchange(SECOND_TOWN, COUNTY)
        assert figures(made.view(COUNTY, TOWN_PLACE)) == figures(made.view(SECOND_TOWN, TOWN_PLACE))
        county.villages.give("R18", rid, "organisation", "9", "县评分表")
        assert made.take(COUNTY, "W4", rid, "review", opinion="同意") == "reviewed"
        made.exchange(COUNTY, SECOND_TOWN)
        assert made.take(SECOND_TOWN, "W4", rid, "post", place="镇政府公开栏") == "noticed"
        made.exchange(SECOND_TOWN, CITY)
        made.clock.days = 20
        assert made.take(CITY, "W4", rid, "decide", doc_no="江信办〔2026〕9号", org="江门市信用办") == "decided"
        assert made.take(CITY, "W4", rid, "plaque", plaque_date="2026-12-20") == "awarded"
        made.exchange(CITY, SECOND_TOWN, COUNTY)
        case = town.workflows.standing("W4", "R18", rid)
        assert [event.step for event in case.taken] == ["apply", "review", "post", "decide", "plaque"]
        assert town.records.get("R18", rid).record.values["award_doc_no"] == "江信办〔2026〕9号"
        assert made.view(SECOND_TOWN, TOWN_PLACE).assessment == made.view(CITY, TOWN_PLACE).assessment
