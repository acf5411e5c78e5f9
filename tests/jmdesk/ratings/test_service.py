"""Rating real records in a real encrypted store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import regions
from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.catalogue.validation import validation
from jmdesk.consents.service import Consents, Signature, write_consents
from jmdesk.core.clock import FixedClock, beijing_date
from jmdesk.core.errors import Refused
from jmdesk.core.ids import CountedIds
from jmdesk.ratings import model
from jmdesk.ratings.service import Outcome, Ratings
from jmdesk.ratings.verification import differences, verify
from jmdesk.records.service import Records
from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.store import Store
from jmdesk.store.stored import Stored

VILLAGE, OTHER = "440703101201", "440703102201"
ACTOR = "01900000-0000-7000-8000-0000000f0001"
PAPER = Signature("2026-03-01T01:00:00Z")


@dataclass(frozen=True)
class Office:
    """A desk without its vault: the parts that rating uses."""

    store: Store
    catalogue: Catalogue
    records: Records
    clock: FixedClock

    @property
    def ratings(self) -> Ratings:
        return Ratings(self)

    def household(
        self, serial: int = 1, *, village: str = VILLAGE, consents: bool = True, income: str = "120000.00"
    ) -> str:
        with self.records.writing("import") as writer:
            rid, head = writer.transaction.new_id(), writer.transaction.new_id()
            if consents:
                write_consents(writer, rid, [head], PAPER)
            writer.create("R05", _form(serial, village, head), rid=rid)
            member: Record = {"person_id": head, "household_id": rid, "person_name": "陈测明", "relation": "02"}
            member |= {"is_labor": True, "birth_date": "1980-01-01", "is_under14": False}
            writer.create("R06", member, rid=head)
            paid: Record = {"household_id": rid, "year": 2025, "cost_production": "10000.00", "evidence_level": "3"}
            writer.create("R07", paid | {"income_crop": income})
            writer.create("R08", {"household_id": rid, "land_kind": "1", "area_mu": "4.00", "right_type": "1"})
            loan: Record = {"household_id": rid, "creditor_type": "1", "amount": "50000.00", "balance": "20000.00"}
            writer.create("R10", loan | {"due_date": "2027-01-01", "five_class": "1", "debt_source": "1"})
        return rid


def _form(serial: int, village: str, head: str) -> Record:
    return {
        "household_id": f"{village}00{serial:04d}",
        "head_person_id": head,
        "region_code": village,
        "group_no": "1组",
        "address": "测试村1号",
        "household_type": "1",
        "population": 3,
        "labor_count": 2,
        "resident_status": "1",
        "main_industry": "0111",
        "industry_since": 2015,
        "collect_date": "2026-03-01",
        "collector_id": ACTOR,
        "verify_level": "3",
        "archive_status": "30",
    }


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = FixedClock(datetime(2026, 11, 22, 2, 0, tzinfo=UTC))
    store = Store(tmp_path / "store.db", bytes(range(32)), catalogue(), clock, CountedIds())
    try:
        yield Office(store, catalogue(), Records(store, catalogue(), actor=ACTOR, home_region=VILLAGE), clock)
    finally:
        store.close()


def stored(office: Office, household: str) -> list[Stored]:
    with office.store.reading() as connection:
        return reading.find(connection, "R16", Filter(where={"household_id": household}))


def test_a_rating_is_a_complete_record_that_its_own_facts_earn(office: Office) -> None:
    household = office.household()
    rating = office.ratings.rate(household)
    (record,) = stored(office, household)
    assert record.rid == rating.rid
    assert record.region == VILLAGE
    assert (record.values["rating_status"], record.values["first_rater"]) == ("10", ACTOR)
    assert differences(record.values, model.shipped()) == ()
    on = beijing_date(office.clock.now())
    assert validation(wire=True).validate("R16", record.values, complete=True, on=on) == []
    assert not rating.awaiting


def test_a_rating_reaches_the_outbox_and_the_log(office: Office) -> None:
    rating = office.ratings.rate(office.household())
    (change,) = office.records.history(rating.rid)
    assert (change.verb, change.actor) == ("rate", ACTOR)


def test_everybody_of_a_region_is_rated_in_one_go(office: Office) -> None:
    here = [office.household(n) for n in range(1, 4)]
    there = office.household(9, village=OTHER)
    heard: list[tuple[int, int]] = []
    tally = office.ratings.rate_all("440703101", progress=lambda done, of: heard.append((done, of)))
    assert (tally.of, tally.done, tally.outcomes[Outcome.NEW], tally.grades.total()) == (3, 3, 3, 3)
    assert (heard[0], heard[-1]) == ((0, 3), (3, 3))
    assert all(len(stored(office, household)) == 1 for household in here)
    assert stored(office, there) == []


def test_rating_in_bulk_gives_what_rating_one_by_one_gives(office: Office) -> None:
    one, other = office.household(1), office.household(2)
    office.ratings.rate_all()
    bulk = office.ratings.latest(one)
    with office.records.writing("void") as writer:
        writer.void("R16", bulk.rid, "重评")
    assert office.ratings.rate(one).card == bulk.card == office.ratings.latest(other).card


def test_rating_again_without_news_writes_nothing(office: Office) -> None:
    household = office.household()
    first = office.ratings.rate(household)
    tally = office.ratings.rate_all()
    assert tally.outcomes == {Outcome.UNCHANGED: 1}
    assert len(office.records.history(first.rid)) == 1


def test_news_replace_the_first_rating_of_the_year_and_history_keeps_both(office: Office) -> None:
    household = office.household()
    first = office.ratings.rate(household)
    office.records.create("R14", {
        "subject_id": f"R05:{household}", "neg_type": "N2", "doc_no": "(2026)粤0799执1号", "neg_org": "测试区人民法院",
        "found_date": "2026-05-01", "severity": "3", "neg_status": "1",
    })  # fmt: skip
    tally = office.ratings.rate_all()
    second = office.ratings.latest(household)
    assert tally.outcomes == {Outcome.REPLACED: 1}
    assert (second.rid, second.card.grade) == (first.rid, "NR")
    assert stored(office, household)[0].values["veto_codes"] == ["V1"]
    assert [change.after["grade"] for change in office.records.history(first.rid)] == [first.card.grade, "NR"]


def test_a_veto_that_has_gone_leaves_no_trace_in_the_new_rating(office: Office) -> None:
    household = office.household()
    negative = office.records.create("R14", {
        "subject_id": f"R05:{household}", "neg_type": "N7", "doc_no": "核查1号", "neg_org": "测试镇",
        "found_date": "2026-05-01", "severity": "2", "neg_status": "1",
    })  # fmt: skip
    assert office.ratings.rate(household).card.grade == "NR"
    office.records.change("R14", negative, {"neg_status": "5"})
    assert office.ratings.rate(household).card.vetoes == ()
    assert "veto_codes" not in stored(office, household)[0].values


def test_a_rating_under_review_is_left_alone(office: Office) -> None:
    household = office.household()
    rating = office.ratings.rate(household)
    with office.records.writing("review") as writer:
        writer.change("R16", rating.rid, {"rating_status": "20"})
    assert office.ratings.rate_all().outcomes == {Outcome.UNDER_REVIEW: 1}
    with pytest.raises(Refused, match=r"ratings\.under_review"):
        office.ratings.rate(household)


def test_a_new_year_has_a_rating_of_its_own(office: Office) -> None:
    household = office.household()
    office.ratings.rate(household)
    office.clock.advance(days=60)
    office.ratings.rate(household)
    assert [record.values["rating_year"] for record in stored(office, household)] == [2026, 2027]
    assert office.ratings.latest(household).year == 2027
    assert office.ratings.latest(household, year=2026).year == 2026


def test_values_that_await_consent_serve_a_draft_whose_items_stay_sealed(office: Office) -> None:
    household = office.household(consents=False)
    draft = office.ratings.rate(household)
    assert draft.awaiting
    assert "试评草稿" in office.ratings.explanation(household).as_text()
    assert draft.card.item("B2").applicable
    (record,) = stored(office, household)
    assert "item_scores" not in record.values
    Consents(office.store, office.catalogue, office.records, office.clock).sign(household, PAPER)
    (record,) = stored(office, household)
    assert verify(record.values["item_scores"], model.shipped()) == draft.card
    assert not office.ratings.latest(household).awaiting
    assert "草稿" not in office.ratings.explanation(household).as_text()


def declined(household: str, kind: str) -> Record:
    return {"subject_type": "1", "subject_id": f"R05:{household}", "consent_kind": kind, "consent_state": "3"}


def test_what_was_declined_is_not_used_even_for_a_draft(office: Office) -> None:
    household = office.household(consents=False)
    with office.records.writing("consent") as writer:
        write_consents(writer, household, [], PAPER, kinds=["C1", "C2", "C4"])
        writer.create("R04", declined(household, "C3"))
    card = office.ratings.rate(household).card
    assert [card.item(name).rule for name in ("B2", "B4", "C1")] == ["declined"] * 3


def test_whoever_declined_to_be_rated_is_not(office: Office) -> None:
    household = office.household(consents=False)
    with office.records.writing("consent") as writer:
        writer.create("R04", declined(household, "C4"))
    assert office.ratings.rate_all().outcomes == {Outcome.DECLINED: 1}
    with pytest.raises(Refused, match=r"ratings\.declined"):
        office.ratings.rate(household)
    assert stored(office, household) == []


def test_a_withdrawn_consent_closes_what_it_opened(office: Office) -> None:
    household = office.household()
    assert office.ratings.rate(household).card.item("B2").applicable
    consents = Consents(office.store, office.catalogue, office.records, office.clock)
    consents.withdraw(household, ["C3"], reason="本人撤回")
    assert office.ratings.rate(household).card.item("B2").rule == "declined"
    consents.sign(household, PAPER, kinds=["C3"])
    assert office.ratings.rate(household).card.item("B2").applicable
    consents.withdraw(household, ["C4"], reason="本人撤回")
    with pytest.raises(Refused, match=r"ratings\.declined"):
        office.ratings.rate(household)


def test_a_file_no_longer_in_use_is_not_rated(office: Office) -> None:
    household = office.household()
    office.records.change("R05", household, {"archive_status": "60"})
    assert office.ratings.rate_all().of == 0


def test_a_household_whose_facts_are_wrong_is_reported_and_stops_nobody(office: Office) -> None:
    wrong, right = office.household(1), office.household(2)
    office.records.create("assessment", {
        "subject_id": f"R05:{wrong}", "rating_year": 2026, "item": "A2", "facts": {"performance": "perhaps"},
        "assessed_on": "2026-10-01", "assessor_id": ACTOR,
    })  # fmt: skip
    tally = office.ratings.rate_all()
    ((household, error),) = tally.failures
    assert (household, error.params) == (wrong, {"path": "A2.performance", "reason": "not_a_code"})
    assert tally.outcomes == {Outcome.FAILED: 1, Outcome.NEW: 1}
    assert office.ratings.latest(right).card.rated
    with pytest.raises(Refused, match=r"ratings\.bad_facts"):
        office.ratings.rate(wrong)


def test_a_cancelled_run_keeps_whole_transactions_only(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jmdesk.ratings.service._PER_TRANSACTION", 2)
    households = [office.household(n) for n in range(1, 6)]
    answers = iter([False, True])
    tally = office.ratings.rate_all(cancelled=lambda: next(answers))
    assert (tally.cancelled, tally.done, tally.of) == (True, 2, 5)
    assert [len(stored(office, household)) for household in households] == [1, 1, 0, 0, 0]
    assert office.ratings.rate_all().outcomes == {Outcome.UNCHANGED: 2, Outcome.NEW: 3}


def test_the_explanation_names_the_household_and_says_the_result(office: Office) -> None:
    household = office.household()
    rating = office.ratings.rate(household)
    text = office.ratings.explanation(office.ratings.find(f"{VILLAGE}000001")).as_text()
    heading = f"户编号：{VILLAGE}000001　户主：陈测明　所在地：{regions().label(VILLAGE)}　评定年度：2026年"
    assert heading in text.splitlines()
    assert f"{rating.card.grade}级" in text


def test_ratings_are_listed_and_counted_by_village(office: Office) -> None:
    office.household(1)
    office.household(2, village=OTHER)
    office.ratings.rate_all()
    rows = office.ratings.page(2026)
    assert [(row.number, row.head_name, row.status) for row in rows] == [
        (f"{VILLAGE}000001", "陈测明", "10"),
        (f"{OTHER}000002", "陈测明", "10"),
    ]
    assert {village: sum(grades.values()) for village, grades in office.ratings.grades_by_village(2026).items()} == {
        VILLAGE: 1,
        OTHER: 1,
    }
    assert office.ratings.page(2026, grade="C") == []


def test_who_is_not_there_or_not_rated_is_refused(office: Office) -> None:
    household = office.household()
    nobody = "01900000-0000-7000-8000-00000000dead"
    with pytest.raises(Refused, match=r"households\.none_found"):
        office.ratings.rate(nobody)
    with pytest.raises(Refused, match=r"ratings\.none"):
        office.ratings.latest(household)
    with pytest.raises(Refused, match=r"households\.none_found"):
        office.ratings.find("440703101201009999")


def test_a_model_that_only_checks_the_engine_rates_nobody(office: Office) -> None:
    with pytest.raises(Refused, match=r"ratings\.not_activatable"):
        Ratings(office, package=model.shipped("XG-2016"))
