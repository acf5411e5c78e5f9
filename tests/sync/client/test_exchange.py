"""The whole way: two desks of one unit, a real platform between them."""

from __future__ import annotations

import base64
import itertools
from collections import Counter
from collections.abc import Callable

import msgspec
import pytest

from jmdesk.core.errors import Unreachable
from jmdesk.desk import Desk
from jmdesk.store import outbox, reading
from jmdesk.store.transaction import Stored
from sync.client.engine import LAST_AT, synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership, save_membership
from sync.client.patience import Patience
from sync.client.sealing import PART_RECORDS
from sync.client.steering import Steering
from sync.protocol.suites import KeyRole
from sync.protocol.trust import sign_trust
from tests.sync.client.conftest import Pair, Platform
from tests.sync.client.lines import AnswersLost, CutAt, Forged, Line
from tests.sync.client.office import add_household

Enrolled = tuple[Desk, HttpTransport]

RECORDS = 6
"""A household, its head, and four consents."""


def ends(pair: Pair) -> tuple[Desk, HttpTransport, Desk, HttpTransport]:
    return pair.first, pair.to_first, pair.second, pair.to_second


class Outbox:
    """What changed in a desk's outbox since this was made: how many changes more or fewer are in each state."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._before = self._now()

    def _now(self) -> Counter[str]:
        with self._desk.store.reading() as connection:
            return Counter(outbox.counts(connection))

    @property
    def moved(self) -> dict[str, int]:
        now = self._now()
        return {s: n for s in now.keys() | self._before.keys() if (n := now[s] - self._before[s])}


def household_of(desk: Desk, rid: str) -> Stored:
    with desk.store.reading() as connection:
        found = reading.get(connection, "R05", rid)
    assert found is not None
    return found


def many_small_parts(desk: Desk) -> None:
    desk.store.put_setting(PART_RECORDS, "2")


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


def test_a_household_without_consent_stays_here_until_it_is_signed(pair: Pair, patience: Patience) -> None:
    from jmdesk.consents.service import Signature

    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    rid = add_household(desk, 2, consent=False)
    report = synchronise(desk, transport, patience=patience)
    assert (report.sealed, dict(report.held)) == (0, {"sending.awaiting_consent": 2})
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
        [aside] = outbox.set_aside(connection)
    assert theirs is not None
    assert "甲路1号" in str(theirs)
    assert (aside.rid, aside.verdict, aside.state) == (rid, "conflict", "conflict")


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


def test_a_platform_that_needs_longer_is_asked_again_next_time(pair: Pair, patience: Patience) -> None:
    class Slow(Line):
        def receipt(self, batch_id: str) -> bytes | None:  # noqa: ARG002
            self.calls.append("receipt")
            return None

    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    add_household(desk, 10)
    report = synchronise(desk, Slow(transport), Steering(wait=lambda _: None), wait_seconds=5)
    assert (report.handed_over, report.settled, report.unsettled, report.complete) == (RECORDS, 0, 1, False)
    assert desk_outbox.moved == {"sealed": RECORDS}
    report = synchronise(desk, transport, patience=patience)
    assert (report.batches, report.verdicts) == (0, {"accepted": RECORDS})


def test_every_answer_lost_once_leaves_everything_recorded_once(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    many_small_parts(desk)
    add_household(desk, 11)
    transport.token = ""
    line = AnswersLost(transport)
    report = synchronise(desk, line, patience=patience)
    assert report.complete
    assert report.verdicts == {"accepted": RECORDS}
    assert [call for call in line.calls if call.startswith("put_part")].count("put_part 0") == 2


def test_a_line_cut_at_any_call_is_taken_up_where_it_broke(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    many_small_parts(desk)
    add_household(desk, 12)
    sent: list[str] = []
    sealed: set[bytes] = set()
    for at in range(1, 40):
        line = CutAt(transport, at % 6 + 3)
        line.token = transport.token
        try:
            report = synchronise(desk, line, patience=Patience(patience.steering, attempts=1))
        except Unreachable:
            sent += [call for call in line.calls[:-1] if call.startswith("put_part")]
            sealed |= {file.read_bytes() for file in desk.vault.outgoing.glob("*.jmb")}
            continue
        break
    assert report.complete
    assert desk_outbox.moved == {"done": RECORDS}
    assert len(sealed) <= 1, "a batch is built once"
    assert len(sent) == len(set(sent)), "what arrived is not sent again"


def stopping_at(step: int) -> Callable[[], bool]:
    asked = itertools.count(1)
    return lambda: next(asked) >= step


def test_work_stopped_at_any_moment_is_taken_up_again(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    many_small_parts(desk)
    add_household(desk, 13)
    stops, at = 0, 1
    while True:
        report = synchronise(desk, transport, Steering(cancelled=stopping_at(at), wait=lambda _: None))
        if not report.stopped:
            break
        assert not report.complete
        stops, at = stops + 1, at + 1
    assert stops > 5
    assert desk_outbox.moved == {"done": RECORDS}


@pytest.mark.parametrize("verb", ["commit", "receipt", "changes"])
def test_an_answer_that_was_tampered_with_changes_nothing(verb: str, pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    add_household(desk, 14)

    def flipped(answer: bytes) -> bytes:
        place = len(answer) // 3
        return answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1 :]

    line = Forged(transport, verb, flipped)
    line.token = transport.token
    report = synchronise(desk, line, patience=patience)
    assert report.problem is not None
    assert report.problem.code.startswith("protocol.")
    assert not report.complete
    if verb == "changes":
        assert report.adopted == 0
    else:
        assert desk_outbox.moved == {"sealed": RECORDS}
        assert report.settled == 0
    assert synchronise(desk, transport, patience=patience).complete
    assert desk_outbox.moved == {"done": RECORDS}


def test_a_reply_for_another_desk_is_refused(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    synchronise(second, to_second, patience=patience)
    line = Forged(to_first, "changes", lambda _: to_second.changes(0, 100))
    line.token = to_first.token
    report = synchronise(first, line, patience=patience)
    assert report.problem is not None
    assert report.problem.code == "protocol.receipt_other_device"


def test_a_session_that_ran_out_is_opened_anew(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    transport.token = "long-gone"
    line = Line(transport)
    line.token = transport.token
    assert synchronise(desk, line, patience=patience).complete
    assert line.calls[:3] == ["changes", "challenge", "open_session"]


def test_a_page_can_be_taken_twice(pair: Pair, patience: Patience) -> None:
    from jmdesk.inbox import CURSOR

    first, to_first, second, to_second = ends(pair)
    add_household(first, 15)
    synchronise(first, to_first, patience=patience)
    assert synchronise(second, to_second, patience=patience).adopted >= RECORDS
    second.store.put_setting(CURSOR, "0")
    again = synchronise(second, to_second, patience=patience)
    assert again.adopted == 0
    assert again.known >= RECORDS


def test_a_cursor_ahead_of_a_restored_platform_starts_over(pair: Pair, patience: Patience) -> None:
    from jmdesk.inbox import CURSOR

    desk, transport = pair.first, pair.to_first
    rid = add_household(desk, 16)
    synchronise(desk, transport, patience=patience)
    desk.records.change("R05", rid, {"address": "还没报送的路1号"})
    desk.store.put_setting(CURSOR, str(2**40))
    report = synchronise(desk, transport, patience=patience)
    assert report.complete
    assert int(desk.store.setting(CURSOR) or 0) < 2**40
    assert household_of(desk, rid).values["address"] == "还没报送的路1号"


def test_a_revoked_desk_hands_its_work_over_and_does_not_wait_for_it(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    add_household(desk, 19)
    platform.revoke(load_membership(desk.store).device)
    stages: list[str] = []
    steering = Steering(progress=lambda stage, _done, _of: stages.append(stage), wait=lambda _: None)
    report = synchronise(desk, transport, steering, patience=patience)
    assert (report.handed_over, report.settled, report.unsettled) == (RECORDS, 0, 1)
    assert report.problem is not None
    assert report.problem.code == "sync.device_revoked"
    assert "wait" not in stages


def test_a_platform_with_a_new_signing_key_is_believed_once_the_root_vouches_for_it(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    membership = load_membership(desk.store)
    known = membership.keyring.document
    before = sign_trust(
        platform.root,
        version=known.version,
        issued=known.issued,
        expires=known.expires,
        keys=tuple(key for key in known.keys if key.role is not KeyRole.PLATFORM),
    )
    save_membership(desk.store, msgspec.structs.replace(membership, trust=base64.b64encode(before).decode()))
    add_household(desk, 17)
    line = Line(transport)
    line.token = transport.token
    report = synchronise(desk, line, patience=patience)
    assert report.verdicts == {"accepted": RECORDS}
    assert line.calls.count("trust") == 1
    assert load_membership(desk.store).trust == membership.trust


def test_a_platform_whose_new_key_nobody_vouches_for_is_not_believed(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    membership = load_membership(desk.store)
    known = membership.keyring.document
    never = sign_trust(
        platform.root,
        version=known.version + 1,
        issued=known.issued,
        expires=known.expires,
        keys=tuple(key for key in known.keys if key.role is not KeyRole.PLATFORM),
    )
    save_membership(desk.store, msgspec.structs.replace(membership, trust=base64.b64encode(never).decode()))
    report = synchronise(desk, transport, patience=patience)
    assert report.problem is not None
    assert report.problem.code.startswith("protocol.trust_")
    assert load_membership(desk.store).keyring.document.version == known.version + 1


def test_a_platform_with_another_history_is_compared_from_the_start(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    rid = add_household(first, 18)
    synchronise(first, to_first, patience=patience)
    synchronise(second, to_second, patience=patience)
    second.records.change("R05", rid, {"address": "没报送的路2号"})
    membership = load_membership(second.store)
    with_other_history = msgspec.structs.replace(membership, server_epoch="before-the-restore")
    save_membership(second.store, with_other_history)
    report = synchronise(second, to_second, patience=patience)
    assert load_membership(second.store).server_epoch == membership.server_epoch
    assert report.pages >= 1
    assert household_of(second, rid).values["address"] == "没报送的路2号"
