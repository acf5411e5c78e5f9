"""The whole way: two desks of one unit, a real platform between them."""

from __future__ import annotations

from jmdesk.consents.service import Signature
from jmdesk.inbox import CURSOR
from jmdesk.store import outbox, reading
from sync.client.engine import LAST_AT, synchronise
from sync.client.patience import Patience
from tests.sync.client.conftest import Pair
from tests.sync.client.desk_view import RECORDS, Enrolled, Outbox, ends, household_of, one_large_part
from tests.sync.client.lines import Line
from tests.sync.client.office import add_household


def test_what_one_desk_records_the_other_desk_of_the_unit_sees(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    second_outbox = Outbox(second)
    first_outbox = Outbox(first)
    rid = add_household(first, 1)
    report = synchronise(first, to_first, patience=patience)
    assert report.complete
    assert (report.batches, report.sealed, report.handed_over) == (1, RECORDS, RECORDS)
    assert report.verdicts == {"accepted": RECORDS}
    assert first_outbox.moved == {"done": RECORDS}
    assert not list(first.vault.outgoing.iterdir())
    assert household_of(first, rid).sync == "confirmed"
    assert first.store.setting(LAST_AT) is not None
    assert synchronise(second, to_second, patience=patience).adopted >= RECORDS
    assert household_of(second, rid).values == household_of(first, rid).values
    assert second_outbox.moved == {}


def test_a_synchronisation_with_nothing_to_do_is_one_request(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    synchronise(desk, transport, patience=patience)
    line = Line(transport)
    line.token = transport.token
    report = synchronise(desk, line, patience=patience)
    assert line.calls == ["changes"]
    assert report.complete
    assert (report.batches, report.adopted, report.pages) == (0, 0, 1)


def test_a_batch_of_one_part_is_handed_over_in_one_request(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    synchronise(desk, transport, patience=patience)
    one_large_part(desk)
    add_household(desk, 6)
    line = Line(transport)
    line.token = transport.token
    report = synchronise(desk, line, patience=patience)
    assert (report.verdicts, report.complete) == ({"accepted": RECORDS}, True)
    assert [call for call in line.calls if call != "receipt"] == ["deliver", "changes"]


def test_a_household_without_consent_stays_here_until_it_is_signed(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    rid = add_household(desk, 2, consent=False)
    report = synchronise(desk, transport, patience=patience)
    assert (report.sealed, dict(report.held)) == (0, {"sending.awaiting_consent": 2})
    assert report.reasons["sending.awaiting_consent"] == ("基本信息采集(C1)",)
    assert desk_outbox.moved == {"draft": 2}
    desk.consents.sign(rid, Signature(signed_at="2026-02-01T01:00:00Z"))
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": RECORDS}


def test_a_void_of_what_the_platform_never_saw_is_not_sent(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    rid = add_household(desk, 3)
    desk.records.void("R05", rid, "登记错误")
    report = synchronise(desk, transport, patience=patience)
    assert report.complete
    assert report.settled == RECORDS - 1


def test_a_void_reaches_the_other_desk(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    rid = add_household(first, 4)
    synchronise(first, to_first, patience=patience)
    synchronise(second, to_second, patience=patience)
    first.records.void("R05", rid, "重复建档")
    assert synchronise(first, to_first, patience=patience).verdicts == {"accepted": 1}
    synchronise(second, to_second, patience=patience)
    assert household_of(second, rid).voided == "重复建档"


def test_two_edits_of_one_field_before_a_receipt_do_not_conflict(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    rid = add_household(desk, 5)
    synchronise(desk, transport, patience=patience)
    for number in (1, 2):
        desk.records.change("R05", rid, {"address": f"新样例路{number}号"})
        synchronise(desk, transport, patience=patience, wait_seconds=0 if number == 1 else 60)
    assert desk_outbox.moved == {"done": RECORDS + 2}
    assert household_of(desk, rid).values["address"] == "新样例路2号"


def test_edits_of_different_fields_merge_and_both_desks_end_equal(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    rid = add_household(first, 6)
    synchronise(first, to_first, patience=patience)
    synchronise(second, to_second, patience=patience)
    first.records.change("R05", rid, {"address": "东边新路1号"})
    second.records.change("R05", rid, {"main_industry": "0313"})
    assert synchronise(first, to_first, patience=patience).verdicts == {"accepted": 1}
    assert synchronise(second, to_second, patience=patience).verdicts == {"merged": 1}
    synchronise(first, to_first, patience=patience)
    for desk in (first, second):
        values = household_of(desk, rid).values
        assert (values["address"], values["main_industry"]) == ("东边新路1号", "0313")


def test_two_edits_of_one_field_are_a_conflict_in_which_both_survive(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    rid = add_household(first, 7)
    synchronise(first, to_first, patience=patience)
    synchronise(second, to_second, patience=patience)
    first.records.change("R05", rid, {"address": "甲路1号"})
    second.records.change("R05", rid, {"address": "乙路2号"})
    synchronise(first, to_first, patience=patience)
    report = synchronise(second, to_second, patience=patience)
    assert report.verdicts == {"conflict": 1}
    assert report.set_aside == 1
    assert household_of(second, rid).values["address"] == "乙路2号"
    with second.store.reading() as connection:
        theirs = reading.theirs(connection, rid)
        [aside] = [change for change in outbox.set_aside(connection) if change.rid == rid]
    assert theirs is not None
    assert "甲路1号" in str(theirs)
    assert (aside.verdict, aside.state) == ("conflict", "conflict")


def test_a_record_outside_the_granted_regions_is_forbidden_and_blocks_nothing(
    enrolled: Enrolled, patience: Patience
) -> None:
    desk, transport = enrolled
    desk_outbox = Outbox(desk)
    add_household(desk, 8)
    add_household(desk, 9, village="440785103201")
    report = synchronise(desk, transport, patience=patience)
    assert report.verdicts["accepted"] >= RECORDS
    assert report.verdicts["forbidden"] >= 1
    assert desk_outbox.moved["refused"] == report.set_aside


def test_a_page_can_be_taken_twice(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    add_household(first, 15)
    synchronise(first, to_first, patience=patience)
    assert synchronise(second, to_second, patience=patience).adopted >= RECORDS
    second.store.put_setting(CURSOR, "0")
    again = synchronise(second, to_second, patience=patience)
    assert again.adopted == 0
    assert again.known >= RECORDS
