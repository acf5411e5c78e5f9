"""What is out of term is shown, erased by a recorded act, and gone from the file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.permissions.guard import Guard
from jmdesk.permissions.matrix import shipped
from jmdesk.rights.account import Accounting
from jmdesk.rights.query_log import verify_queries
from jmdesk.rights.retention import Retention
from jmdesk.store import change_log
from tests.desks import Family
from tests.store_pages import found_in_vault

DOCUMENT = "粤0785执CANARY号"


def negative(desk: Desk, family: Family, ended: str) -> str:
    return desk.records.create("R14", {
        "subject_id": f"R05:{family.household}", "neg_type": "N2", "doc_no": DOCUMENT, "neg_org": "恩平市人民法院",
        "found_date": "2019-01-01", "end_date": ended, "severity": "2", "neg_status": "1",
    })  # fmt: skip


def test_a_negative_is_due_five_years_after_it_ended_and_not_before(desk: Desk, family: Family) -> None:
    rid = negative(desk, family, "2021-11-22")
    assert Retention(desk).due() == ()
    with pytest.raises(Refused, match="nothing_due"):
        Retention(desk).purge("R14")
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(days=1)
    [due] = Retention(desk).due()
    assert (due.type, due.rids) == ("R14", (rid,))


def test_what_was_purged_is_nowhere_in_the_vault_and_the_log_says_who_did_it(desk: Desk, family: Family) -> None:
    rid = negative(desk, family, "2021-01-01")
    assert found_in_vault(desk, [DOCUMENT]) != {}
    assert Retention(desk).purge("R14").records == 1
    assert found_in_vault(desk, [DOCUMENT, "canary"]) == {}
    last = desk.records.history(rid)[-1]
    assert (last.verb, last.actor, last.reason) == ("erase", desk.actor, "不良信息保存期满五年，依法删除")
    with desk.store.reading() as connection:
        assert list(change_log.verify(connection)) == []
    assert Retention(desk).due() == ()


def test_under_a_clock_of_2099_nothing_is_out_of_term_and_nothing_is_purged(desk: Desk, family: Family) -> None:
    rid = negative(desk, family, "2026-01-01")
    assert isinstance(desk.clock, FixedClock)
    right, desk.clock.at = desk.clock.at, datetime(2099, 1, 1, tzinfo=UTC)
    assert Retention(desk).due() == ()
    with pytest.raises(Refused) as refused:
        Retention(desk).purge("R14")
    assert refused.value.code == "records.clock"
    assert "2099-01-01" in str(refused.value.message_for_user())
    desk.clock.at = right
    assert "doc_no" in desk.records.get("R14", rid).record.values


def test_queries_go_after_five_years_and_their_chain_goes_on(desk: Desk, family: Family) -> None:
    Accounting(desk).of(family.household, reason="本人申请")
    assert isinstance(desk.clock, FixedClock)
    desk.clock.advance(days=366 * 5)
    Accounting(desk).of(family.household, reason="本人再次申请")
    [due] = Retention(desk).due()
    assert due.type == "R26"
    assert len(due.rids) == 1
    Retention(desk).purge("R26")
    assert Retention(desk).due() == ()
    with desk.store.reading() as connection:
        assert list(verify_queries(connection)) == []
        assert list(change_log.verify(connection)) == []


def test_who_lacks_the_duty_purges_nothing(desk: Desk, family: Family) -> None:
    negative(desk, family, "2021-01-01")
    desk.records.guard = Guard(shipped(), frozenset({"R7"}))
    with pytest.raises(Refused, match="permissions"):
        Retention(desk).purge("R14")
    desk.records.guard = replace(desk.records.guard, matrix=None)
    assert len(Retention(desk).due()) == 1
