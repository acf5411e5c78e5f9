"""A vault put back from a backup or copied: sending stops, a new epoch is asked for, and nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jmdesk.conflicts.case import Kind
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import Refused, Unreachable
from jmdesk.desk import Desk
from jmdesk.households.numbers import Numbering
from jmdesk.records.serials import Serials
from jmdesk.store import outbox
from jmdesk.vault.device import new_device_keys
from sync.client.asking import ask_reopen, ask_rotation, load_asked, load_halt
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.sealing import seal
from sync.client.steering import Steering
from tests.sync.client.conftest import Platform
from tests.sync.client.desk_view import RECORDS, Enrolled, household_of
from tests.sync.client.lines import CutAt
from tests.sync.client.office import VILLAGE, add_household
from tests.sync.client.restoring import copied


class Restored:
    def __init__(self, desk: Desk, transport: HttpTransport, known: str, lost: str) -> None:
        self.desk, self.transport = desk, transport
        self.known, self.lost = known, lost

    def counts(self) -> dict[str, int]:
        with self.desk.store.reading() as connection:
            return outbox.counts(connection)


@pytest.fixture
def restored(enrolled: Enrolled, platform: Platform, patience: Patience, tmp_path: Path) -> Iterator[Restored]:
    """A desk put back to the state before its last exchange, in which it had sent one household."""
    desk, transport = enrolled
    first = add_household(desk, 1)
    synchronise(desk, transport, patience=patience)
    old = copied(desk, tmp_path / "backup")
    lost = add_household(desk, 2)
    desk.records.change("R05", first, {"address": "备份之后改的路1号"})
    synchronise(desk, transport, patience=patience)
    desk.close()
    with old:
        yield Restored(old, platform.transport(), first, lost)


def test_a_restored_desk_stops_sending_and_says_why_and_what_to_do(restored: Restored, patience: Patience) -> None:
    desk = restored.desk
    add_household(desk, 3)
    report = synchronise(desk, restored.transport, patience=patience)
    assert report.problem is not None
    assert report.problem.code == "sync.seq_reuse"
    assert "重新接续报送" in report.problem.message_for_user().action
    halted = load_halt(desk.store)
    assert halted is not None
    add_household(desk, 4)
    again = synchronise(desk, restored.transport, patience=patience)
    assert again.problem is not None
    assert (again.problem.code, again.batches, again.handed_over) == ("sync.reopen_needed", 0, 0)
    with pytest.raises(Refused, match=r"sync\.reopen_needed"):
        seal(desk, load_membership(desk.store), Steering())


def test_changes_come_in_while_the_approval_is_awaited(restored: Restored, patience: Patience) -> None:
    desk = restored.desk
    add_household(desk, 3)
    synchronise(desk, restored.transport, patience=patience)
    ask_reopen(desk)
    report = synchronise(desk, restored.transport, patience=patience)
    assert (report.waiting, report.complete, report.problem) == ("reopen", False, None)
    assert household_of(desk, restored.known).values["address"] == "备份之后改的路1号"
    assert household_of(desk, restored.lost).base_version == 1


def test_after_the_approval_everything_goes_out_once(
    restored: Restored, platform: Platform, patience: Patience
) -> None:
    desk = restored.desk
    mine = add_household(desk, 3)
    synchronise(desk, restored.transport, patience=patience)
    waiting = add_household(desk, 4)
    ask_reopen(desk)
    synchronise(desk, restored.transport, patience=patience)
    platform.approve("reopen")
    report = synchronise(desk, restored.transport, patience=patience)
    assert report.complete
    assert report.verdicts == {"accepted": 2 * RECORDS}
    assert load_membership(desk.store).epoch == 2
    assert (load_asked(desk.store), load_halt(desk.store)) == (None, None)
    assert household_of(desk, mine).base_version == household_of(desk, waiting).base_version == 1
    assert household_of(desk, restored.lost).values["address"] == "样例路2号"
    with desk.store.reading() as connection:
        states = [(batch.epoch, batch.seq, batch.state) for batch in outbox.batch_list(connection)]
    assert states == [(1, 1, "done"), (1, 2, "released"), (2, 1, "done")]
    assert synchronise(desk, restored.transport, patience=patience).verdicts == {}


def test_edits_are_compared_with_what_the_platform_has_by_then(
    restored: Restored, platform: Platform, patience: Patience
) -> None:
    desk = restored.desk
    desk.records.change("R05", restored.known, {"address": "恢复之后改的路9号", "main_industry": "0313"})
    synchronise(desk, restored.transport, patience=patience)
    ask_reopen(desk)
    synchronise(desk, restored.transport, patience=patience)
    platform.approve("reopen")
    report = synchronise(desk, restored.transport, patience=patience)
    assert report.verdicts.get("accepted", 0) == 0
    case = desk.conflicts.case("R05", restored.known)
    assert case.kind is Kind.EDITED
    [address] = [field for field in case.fields if field.name == "address"]
    assert (address.mine, address.theirs, address.base) == ("恢复之后改的路9号", "备份之后改的路1号", "样例路1号")


def test_an_edit_that_says_what_the_platform_says_is_settled_by_it(
    restored: Restored, platform: Platform, patience: Patience
) -> None:
    desk = restored.desk
    desk.records.change("R05", restored.known, {"address": "备份之后改的路1号"})
    synchronise(desk, restored.transport, patience=patience)
    ask_reopen(desk)
    synchronise(desk, restored.transport, patience=patience)
    platform.approve("reopen")
    report = synchronise(desk, restored.transport, patience=patience)
    assert (report.complete, report.joined, report.sealed) == (True, 1, 0)
    assert set(restored.counts()) <= {"done", "superseded"}
    assert household_of(desk, restored.known).values["address"] == "备份之后改的路1号"


def test_a_refused_reopening_can_be_asked_anew(restored: Restored, platform: Platform, patience: Patience) -> None:
    desk = restored.desk
    add_household(desk, 3)
    synchronise(desk, restored.transport, patience=patience)
    ask_reopen(desk)
    synchronise(desk, restored.transport, patience=patience)
    platform.settle_request("reopen", "rejected")
    report = synchronise(desk, restored.transport, patience=patience)
    assert report.problem is not None
    assert report.problem.code == "sync.not_approved"
    assert load_asked(desk.store) is None
    desk.clock = FixedClock(datetime.now(UTC) + timedelta(seconds=2))  # a request of the same second is the same one
    ask_reopen(desk)
    assert synchronise(desk, restored.transport, patience=patience).waiting == "reopen"


def test_a_line_cut_at_any_call_of_the_reopening_loses_nothing(
    restored: Restored, platform: Platform, patience: Patience
) -> None:
    desk = restored.desk
    mine = add_household(desk, 3)
    synchronise(desk, restored.transport, patience=patience)
    ask_reopen(desk)
    synchronise(desk, restored.transport, patience=patience)
    platform.approve("reopen")
    report = None
    for at in range(1, 40):
        line = CutAt(restored.transport, at)
        line.token = restored.transport.token
        try:
            report = synchronise(desk, line, patience=Patience(patience.steering, attempts=1))
        except Unreachable:
            continue
        break
    assert report is not None
    assert report.complete
    assert household_of(desk, mine).base_version == 1
    assert load_membership(desk.store).epoch == 2
    assert set(restored.counts()) <= {"done", "superseded"}


def test_a_rotation_that_waits_for_the_broken_chain_gives_way_to_the_reopening(
    restored: Restored, platform: Platform, patience: Patience
) -> None:
    desk = restored.desk
    lost = add_household(desk, 3)
    synchronise(desk, restored.transport, patience=patience)
    ask_rotation(desk, new_device_keys())
    assert synchronise(desk, restored.transport, patience=patience).rotated is False
    ask_reopen(desk)
    synchronise(desk, restored.transport, patience=patience)
    platform.approve("reopen")
    synchronise(desk, restored.transport, patience=patience)
    assert load_halt(desk.store) is None
    assert desk.records.get("R05", lost).record.sync == "confirmed"


def test_nothing_is_reopened_without_need(enrolled: Enrolled) -> None:
    desk, _ = enrolled
    with pytest.raises(Refused, match=r"sync\.no_reopen_needed"):
        ask_reopen(desk)


def test_a_restored_desk_gives_no_number_a_second_time(
    restored: Restored, platform: Platform, patience: Patience
) -> None:
    """Its counters are as old as the backup: under the same block, numbers given since would come a second time."""
    desk = restored.desk
    before = desk.number_block
    add_household(desk, 3)
    synchronise(desk, restored.transport, patience=patience)
    ask_reopen(desk)
    synchronise(desk, restored.transport, patience=patience)
    platform.approve("reopen")
    assert synchronise(desk, restored.transport, patience=patience).complete
    assert desk.number_block != before
    with desk.records.writing("create") as writer:
        connection, year = writer.transaction.connection, writer.on.year
        given = Numbering(connection, desk.number_block).next(VILLAGE)
        paper = Serials(connection, desk.number_block).next("TS", VILLAGE, year)
    assert (given[12:14], paper[8:10]) == (desk.number_block, desk.number_block)
    assert not synchronise(desk, restored.transport, patience=patience).rotated
