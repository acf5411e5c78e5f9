"""Signed, declined, withdrawn, expired: each is an answer of its own, and is seen wherever it matters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from jmdesk.consents.notice import notice_in_force, notices
from jmdesk.consents.service import KINDS_OF_NOTICE, NOTICE_VERSION, Signature
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store import reading
from tests.desks import Family

SIGNED = Signature("2026-10-01T02:00:00Z", doc_digest="ab" * 32)


def lacking(desk: Desk, family: Family, lock: str) -> set[tuple[str, str, str]]:
    """What a lock still asks for, by who: (who, kind, state)."""
    [found] = [one for one in desk.consents.locks(family.household) if one.lock.name == lock]
    who = {"": "户", family.head: "户主", family.spouse: "配偶"}
    return {(who[one.person], one.kind, one.state) for one in found.lacking}


def waiting(desk: Desk) -> set[str]:
    with desk.store.reading() as connection:
        return {entry.field for entry in reading.sealed(connection)}


def advance(desk: Desk, days: int) -> None:
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(days=days)


def test_what_is_locked_says_which_consent_opens_it_and_whose_signatures_are_missing(
    desk: Desk, family: Family
) -> None:
    assert lacking(desk, family, "basic") == {("户", "C1", "")}
    desk.consents.sign(family.household, SIGNED, kinds=("C1", "C4"))
    desk.consents.sign(family.household, SIGNED, kinds=("C3",), persons=(family.head,))
    assert lacking(desk, family, "written") == {("配偶", "C3", "")}
    assert lacking(desk, family, "sensitive") == {("户", "C2", "")}
    assert lacking(desk, family, "rating") == set()
    desk.consents.sign(family.household, SIGNED, kinds=("C3",), persons=(family.spouse,))
    assert "income_crop" not in waiting(desk)


def test_declining_is_an_answer_that_nobody_asks_for_again(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED, kinds=("C1", "C2", "C4"))
    assert desk.consents.decline(family.household, ("C3",), on="2026-10-02T02:00:00Z", persons=(family.spouse,)) == 1
    assert lacking(desk, family, "written") == {("户主", "C3", ""), ("配偶", "C3", "3")}
    [lock] = [one for one in desk.consents.locks(family.household) if one.lock.name == "written"]
    assert lock.refused
    rules = {item.id: item.rule for item in desk.ratings.rate(family.household).card.items}
    assert rules["C1"] == "declined"
    with pytest.raises(Refused, match="withdraw_first"):
        desk.consents.decline(family.household, ("C2",), on="2026-10-02T02:00:00Z")
    desk.consents.sign(family.household, SIGNED, kinds=("C3",))
    assert lacking(desk, family, "written") == set()


def test_a_term_that_ends_closes_what_it_had_opened_and_a_new_signature_opens_it(desk: Desk, family: Family) -> None:
    short = Signature("2026-10-01T02:00:00Z", valid_to="2026-12-01", doc_digest="ab" * 32)
    desk.consents.sign(family.household, short)
    advance(desk, 9)
    assert desk.consents.lapse() == 0
    advance(desk, 1)
    assert lacking(desk, family, "sensitive") == {("户", "C1", "5"), ("户", "C2", "5")}
    assert desk.consents.lapse() == 5
    assert desk.consents.lapse() == 0
    assert {"id_no", "income_crop"} <= waiting(desk)
    assert "id_no" not in desk.records.get("R06", family.head).record.values
    desk.consents.sign(family.household, SIGNED)
    assert desk.records.get("R06", family.head).record.values["id_no"] == "440785199001010011"


def test_the_day_of_a_paper_is_the_day_in_beijing(desk: Desk, family: Family) -> None:
    short = Signature("2026-10-01T02:00:00Z", valid_to="2026-11-22", doc_digest="ab" * 32)
    desk.consents.sign(family.household, short)
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(hours=13, minutes=59)
    assert desk.consents.of(family.household).signed == {"C1", "C2", "C4"}
    desk.clock.advance(minutes=1)
    assert desk.consents.of(family.household).signed == set()


def test_a_guardians_consent_names_the_child(desk: Desk, family: Family) -> None:
    with pytest.raises(Refused, match="child_needed"):
        desk.consents.sign(family.household, SIGNED, kinds=("C6",))
    desk.consents.sign(family.household, SIGNED, kinds=("C6",), persons=(family.child,))
    assert desk.consents.of(family.household).standing[family.child, "C6"] == "2"


def test_the_notice_in_force_is_named_and_says_truthfully_what_declining_may_cost() -> None:
    from datetime import date

    notice = notice_in_force(date(2026, 11, 22))
    assert notice.version == NOTICE_VERSION
    assert notice_in_force(date(2020, 1, 1)) in notices().values()
    assert len(notice.digest) == 64
    assert set(notice.declining) == set(KINDS_OF_NOTICE)
    assert "可能因信息不足暂不评定" in notice.declining["C3"]
    assert "不参加信用户评定" in notice.declining["C4"]


def test_a_clock_of_2099_ends_no_consent_and_erases_nothing_and_is_told(desk: Desk, family: Family) -> None:
    desk.consents.sign(family.household, SIGNED, kinds=("C1",))
    before = waiting(desk)
    assert before
    assert isinstance(desk.clock, FixedClock)
    right, desk.clock.at = desk.clock.at, datetime(2099, 1, 1, tzinfo=UTC)
    desk.begin_day()
    assert waiting(desk) == before
    told = desk.notice()
    assert told is not None
    assert "2099-01-01" in str(told)
    desk.clock.at = right
    states = {str(one.values["consent_state"]) for one in desk.records.find("R04")}
    assert states == {"2"}
    assert desk.notice() is None
