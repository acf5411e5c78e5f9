"""Lines that break, answers that lie, users who stop, platforms that change: nothing is lost, nothing is done twice."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from io import BytesIO
from random import Random

import msgspec
import pytest

from jmdesk.core.errors import Refused, Unreachable
from jmdesk.core.messages import table
from jmdesk.inbox import CURSOR
from sync.client.engine import synchronise
from sync.client.membership import load_membership, save_membership
from sync.client.patience import Patience
from sync.client.receiving import Receiver
from sync.client.starting_over import review_due
from sync.client.steering import Steering
from sync.protocol.suites import KeyRole
from sync.protocol.trust import sign_trust
from tests.sync.client.conftest import Pair, Platform
from tests.sync.client.desk_view import RECORDS, Enrolled, Outbox, ends, household_of, many_small_parts, one_large_part
from tests.sync.client.lines import AnswersLost, CutAt, Forged, Line
from tests.sync.client.office import add_household


def stopping_at(step: int) -> Callable[[], bool]:
    asked = itertools.count(1)
    return lambda: next(asked) >= step


def test_a_platform_that_needs_longer_is_asked_again_next_time(pair: Pair, patience: Patience) -> None:
    class Slow(Line):
        def receipt(self, batch_id: str, wait: int = 0) -> bytes | None:  # noqa: ARG002
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


def test_a_batch_that_arrived_whole_though_nobody_heard_of_it_is_not_sent_again(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    synchronise(desk, transport, patience=patience)
    one_large_part(desk)
    add_household(desk, 21)
    unheard = AnswersLost(transport)
    unheard.token = transport.token
    with pytest.raises(Unreachable):
        synchronise(desk, unheard, patience=Patience(patience.steering, attempts=1))
    assert unheard.calls == ["deliver"]
    line = Line(transport)
    line.token = transport.token
    assert synchronise(desk, line, patience=patience).verdicts == {"accepted": RECORDS}
    assert line.calls[:2] == ["announce", "commit"]
    assert not {"deliver", "put_part 0"} & {*line.calls}


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


@pytest.mark.parametrize("verb", ["deliver", "commit", "receipt", "changes"])
def test_an_answer_that_was_tampered_with_changes_nothing(verb: str, pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    desk_outbox = Outbox(desk)
    (many_small_parts if verb == "commit" else one_large_part)(desk)
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


def test_no_mutation_of_a_reply_is_taken_for_something_else(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    synchronise(second, to_second, patience=patience)
    rid = add_household(first, 20)
    synchronise(first, to_first, patience=patience)
    reply = to_second.changes(int(second.store.setting(CURSOR) or 0), 100)
    random = Random(20)  # noqa: S311 -- the same mutations each time
    receiver = Receiver(second, load_membership(second.store), Steering())
    for _ in range(300):
        place = random.randrange(len(reply))
        kind = random.choice(("flip", "cut", "grow"))
        mutated = reply[:place] if kind == "cut" else reply[:place] + random.randbytes(3) + reply[place + 1 :]
        if kind == "flip":
            mutated = reply[:place] + bytes([reply[place] ^ (1 << random.randrange(8))]) + reply[place + 1 :]
        with pytest.raises(Refused) as refused:
            receiver.take(BytesIO(mutated))
        assert refused.value.code in table()
    synchronise(second, to_second, patience=patience)
    assert household_of(second, rid).values == household_of(first, rid).values


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


def test_a_token_that_is_another_desks_is_given_up(pair: Pair, patience: Patience) -> None:
    first, to_first, second, to_second = ends(pair)
    synchronise(second, to_second, patience=patience)
    to_first.token = to_second.token  # an answer that was meant for somebody else
    report = synchronise(first, to_first, patience=patience)
    assert report.problem is not None
    assert report.problem.code == "protocol.receipt_other_device"
    assert synchronise(first, to_first, patience=patience).complete


def test_a_cursor_ahead_of_a_restored_platform_starts_over(pair: Pair, patience: Patience) -> None:
    desk, transport = pair.first, pair.to_first
    rid = add_household(desk, 16)
    synchronise(desk, transport, patience=patience)
    desk.records.change("R05", rid, {"address": "还没报送的路1号"})
    desk.store.put_setting(CURSOR, str(2**40))
    save_membership(desk.store, msgspec.structs.replace(load_membership(desk.store), server_epoch="before"))
    report = synchronise(desk, transport, patience=patience)
    assert report.complete
    assert int(desk.store.setting(CURSOR) or 0) < 2**40
    assert household_of(desk, rid).values["address"] == "还没报送的路1号"


def test_a_platform_that_has_not_changed_its_history_is_not_started_over_for_an_unknown_cursor(
    pair: Pair, patience: Patience
) -> None:
    desk, transport = pair.first, pair.to_first
    add_household(desk, 17)
    synchronise(desk, transport, patience=patience)
    known = desk.store.setting(CURSOR)
    desk.store.put_setting(CURSOR, str(2**40))
    try:
        report = synchronise(desk, transport, patience=patience)
        assert isinstance(report.problem, Refused)
        assert report.problem.code == "sync.cursor_unknown"
        assert desk.store.setting(CURSOR) == str(2**40)
        assert not review_due(desk)
    finally:
        desk.store.put_setting(CURSOR, known or "0")


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
