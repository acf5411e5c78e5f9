"""What records are called: by people's words, in Beijing time, with the household they belong to."""

from __future__ import annotations

from jmdesk.consents.service import Signature
from ui.core import wording
from ui.core.labels import Labels
from ui.core.record_desk import RecordDesk
from ui.core.vaults import OpenDesk


def test_a_consent_is_named_by_its_household_and_beijing_time(desk: OpenDesk) -> None:
    services = desk.services
    household = services.records.find("R05", limit=1)[0]
    services.consents.sign(household.rid, Signature("2026-03-01T20:30:00Z"), kinds=("C1", "C3"))
    titles = {RecordDesk(services).load("R04", entry.rid).title for entry in services.records.find("R04")}
    assert titles == {
        "陈建明 户 基本信息采集 2026-03-02 04:30",
        "陈建明(陈建明 户) 收入存款保险不动产等书面同意 2026-03-02 04:30",
        "陈桂芳(陈建明 户) 收入存款保险不动产等书面同意 2026-03-02 04:30",
    }


def test_a_member_is_named_with_the_household_only_where_it_stands_alone(desk: OpenDesk) -> None:
    services = desk.services
    household = services.records.find("R05", limit=1)[0]
    spouse = next(
        m
        for m in services.records.find("R06")
        if (m.values["household_id"], m.values["relation"]) == (household.rid, "10")
    )
    labels = Labels(services)
    assert labels.heading("R06", spouse.values) == "陈桂芳(陈建明 户)"
    assert labels.of("R06", spouse.rid) == "陈桂芳"


def test_a_record_that_nothing_names_is_called_by_its_kind_and_never_by_an_id(desk: OpenDesk) -> None:
    services = desk.services
    household = services.records.find("R05", limit=1)[0]
    rid = services.records.create("R10", {"household_id": household.rid, "debt_source": "1"})
    assert RecordDesk(services).load("R10", rid).title == "陈建明 户 负债与担保"


def test_a_household_number_says_that_it_is_provisional_until_the_desk_has_its_block() -> None:
    assert wording.household_number("440783110220000007") == "临时编号 440783110220000007"
    assert wording.household_number("440783110220000007", short=True) == "临时编号 0007"
    assert wording.household_number("440783110220030007") == "440783110220030007"
    assert wording.household_number("") == ""


def test_a_rating_is_called_by_its_grade_and_not_by_a_range_of_scores(desk: OpenDesk) -> None:
    services = desk.services
    household = services.records.find("R05", limit=1)[0]
    rating = services.ratings.rate(household.rid)
    stored = next(r for r in services.records.find("R16") if r.values["household_id"] == household.rid)
    loaded = RecordDesk(services).load("R16", stored.rid)
    assert loaded.title == f"陈建明 户 {stored.values['rating_year']} {wording.grade(rating.card.grade).text}"
    told = [change.label for deed in RecordDesk(services).history(stored.rid) for change in deed.changes]
    assert "评级编号" not in told
    assert "输入快照摘要" not in told
    assert "等级" in told
