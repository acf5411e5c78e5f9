"""A stick there and back: batches out, replies in, the same bytes, every wrong file named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Refused
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from sync.client.batch_file import carry
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.sealing import seal
from sync.client.steering import Steering
from sync.client.stick import take_replies
from sync.gateway.stick import Handled, StickDesk
from tests.sync.client.conftest import Pair, Platform
from tests.sync.client.office import add_household
from tests.sync.client.test_anchor import cut, rewrite


def export(desk: Desk, stick: Path) -> Path:
    """Seal what waits and copy it, as the sync page does."""
    sealed = seal(desk, load_membership(desk.store), Steering())
    assert sealed.batch is not None
    target = stick / sealed.batch.file
    carry(desk, sealed.batch, target)
    return target


def at_the_platform(platform: Platform, stick: Path) -> list[Handled]:
    gateway = platform.running.gateway
    gateway.notify()
    found = StickDesk(platform.storage.database, gateway.keys, SystemClock(), TimeOrderedIds(SystemClock()))
    return list(found.handle(stick))


def test_batches_go_out_and_receipts_come_back_on_the_same_stick(
    platform: Platform, enrolled: tuple[Desk, HttpTransport], tmp_path: Path
) -> None:
    desk, _ = enrolled
    stick = tmp_path / "U盘"
    stick.mkdir()
    household = add_household(desk, 61)
    export(desk, stick)
    desk.records.change("R05", household, {"address": "样例路改址"})
    export(desk, stick)
    handled = [one for one in at_the_platform(platform, stick) if one.file]
    assert [bool(one.reply) and not one.problem for one in handled] == [True, True]

    brought = take_replies(desk, stick)
    assert brought.refused == {}
    assert (brought.report.unsettled, brought.report.set_aside) == (0, 0)
    assert desk.records.get("R05", household).record.sync == "confirmed"
    assert take_replies(desk, stick).report.settled == 0


def test_what_others_changed_comes_by_stick_too(
    platform: Platform, pair: Pair, patience: Patience, tmp_path: Path
) -> None:
    synchronise(pair.second, pair.to_second, patience=patience)
    household = add_household(pair.first, 62)
    synchronise(pair.first, pair.to_first, patience=patience)
    add_household(pair.second, 63)
    export(pair.second, tmp_path)
    at_the_platform(platform, tmp_path)
    assert take_replies(pair.second, tmp_path).report.adopted > 0
    assert pair.second.records.get("R05", household).record.sync == "confirmed"


def test_a_stick_of_another_desk_changes_nothing_and_is_named(
    platform: Platform, pair: Pair, enrolled: tuple[Desk, HttpTransport], tmp_path: Path
) -> None:
    desk, _ = enrolled
    add_household(desk, 64)
    export(desk, tmp_path)
    at_the_platform(platform, tmp_path)
    before = pair.first.store.setting("sync.cursor")
    brought = take_replies(pair.first, tmp_path)
    assert brought.refused
    assert all(error.code.startswith("protocol.") for error in brought.refused.values())
    assert all(error.message_for_user().action for error in brought.refused.values())
    assert pair.first.store.setting("sync.cursor") == before


def test_a_truncated_and_a_foreign_file_are_named_and_the_others_go_on(
    platform: Platform, enrolled: tuple[Desk, HttpTransport], tmp_path: Path
) -> None:
    desk, _ = enrolled
    add_household(desk, 65)
    batch = export(desk, tmp_path)
    whole = batch.read_bytes()
    (tmp_path / "0-truncated.jmb").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "1-holiday.jmb").write_bytes(b"not a batch at all")
    handled = {one.file: one for one in at_the_platform(platform, tmp_path) if one.file}
    assert handled["0-truncated.jmb"].problem
    assert handled["1-holiday.jmb"].problem
    assert handled[batch.name].reply
    reply = tmp_path / handled[batch.name].reply
    (tmp_path / "0-half.jmr").write_bytes(reply.read_bytes()[:-200])
    brought = take_replies(desk, tmp_path)
    assert set(brought.refused) == {"0-half.jmr"}
    assert brought.report.unsettled == 0


def test_an_empty_stick_says_so(enrolled: tuple[Desk, HttpTransport], tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"sync\.no_replies"):
        take_replies(enrolled[0], tmp_path)


def test_no_file_on_the_stick_names_a_person_or_holds_one_in_plain(
    platform: Platform, enrolled: tuple[Desk, HttpTransport], tmp_path: Path
) -> None:
    desk, _ = enrolled
    stick = tmp_path / "stick"
    stick.mkdir()
    add_household(desk, 66)
    export(desk, stick)
    at_the_platform(platform, stick)
    for file in stick.iterdir():
        assert file.name.isascii()
        held = file.read_bytes()
        assert "样例路66号".encode() not in held
        assert "黄样三".encode() not in held


@pytest.mark.parametrize("tamper", [cut, rewrite])
def test_a_log_that_was_cut_or_rewritten_is_told_by_stick_too(
    platform: Platform, enrolled: tuple[Desk, HttpTransport], tmp_path: Path, tamper: Callable[[Desk], None]
) -> None:
    desk, _ = enrolled
    add_household(desk, 67)
    export(desk, tmp_path)
    at_the_platform(platform, tmp_path)
    assert take_replies(desk, tmp_path).report.log_cut == 0
    tamper(desk)
    report = take_replies(desk, tmp_path).report
    assert report.log_cut > 0
