"""A crash leaves the end of the store in its write-ahead log; what damage takes of it is told at the next opening.

``make test`` damages the log some twenty times, ``pytest -m long tests/jmdesk/store/test_tidemark.py`` 2,000 times.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jmdesk.audit.queries import Wanted
from jmdesk.checkup.service import examine
from jmdesk.core.clock import Clock, FixedClock
from jmdesk.core.errors import KnownError
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.instance import locked
from tests.desks import Family
from tests.jmdesk.vault.test_damage import damaged, everything

SHORT, LONG = 20, 2000
SEED = 20261123
FRAME = 24 + 4096
"""Bytes of a frame in SQLite's write-ahead log: its header and a page."""
MARK = 108
"""Bytes of a mark."""


def put_down(desk: Desk, folder: Path) -> Unlocked:
    """A vault as it lies on the disk once the program that has it open was killed."""
    shutil.copytree(desk.vault.folder, folder)
    return replace(desk.vault, folder=folder, lock=locked(folder))


def opened(vault: Unlocked, clock: Clock) -> Desk:
    """The desk as the store is found, before the opening is noted."""
    try:
        return Desk(vault, clock, TimeOrderedIds(clock))
    except BaseException:
        vault.close()
        raise


def log_of(vault: Unlocked) -> Path:
    return vault.database.with_name(f"{vault.database.name}-wal")


def mark_of(vault: Unlocked) -> Path:
    return vault.database.with_suffix(".mark")


@pytest.fixture
def crashed(desk: Desk, family: Family, tmp_path: Path) -> tuple[Unlocked, Clock, str]:
    """A vault after a crash, with what it holds: the last saves lie in the unfolded log alone."""
    desk.store.fold_log()
    for number in range(4):
        desk.records.change("R05", family.household, {"address": f"塘洲村{number}号"})
    desk.drafts.save("records", "R05:new", {"address": "还没有保存"})
    vault = put_down(desk, tmp_path / "crashed")
    assert log_of(vault).stat().st_size > 5 * FRAME
    return vault, desk.clock, everything(desk)


def test_after_a_crash_everything_is_there_and_nothing_is_told(crashed: tuple[Unlocked, Clock, str]) -> None:
    vault, clock, held = crashed
    with opened(vault, clock) as desk:
        assert everything(desk) == held
        assert desk.store.loss() is None
        assert desk.notice() is None


def flip_in_last_frame(log: bytearray) -> None:
    frames = (len(log) - 32) // FRAME
    log[32 + FRAME * (frames - 1) + 1000] ^= 4


def flip_in_first_frame(log: bytearray) -> None:
    log[32 + 1000] ^= 4


def flip_in_header(log: bytearray) -> None:
    log[17] ^= 4


def cut_last_frame(log: bytearray) -> None:
    del log[-FRAME:]


def cut_everything(log: bytearray) -> None:
    log.clear()


@pytest.mark.parametrize(
    "damage", [flip_in_last_frame, flip_in_first_frame, flip_in_header, cut_last_frame, cut_everything]
)
def test_a_lost_end_is_told_wherever_it_begins(
    crashed: tuple[Unlocked, Clock, str], damage: Callable[[bytearray], None]
) -> None:
    vault, clock, held = crashed
    log = bytearray(log_of(vault).read_bytes())
    damage(log)
    log_of(vault).write_bytes(log)

    with Desk.enter(vault, clock=clock) as desk:
        assert everything(desk) != held
        notice = desk.notice()
        assert notice is not None
        assert "可能不全" in notice.text
        assert any("读不出来" in problem for problem in examine(desk).problems)
        (noted,) = desk.audit.page(desk.guard, Wanted(verbs=("loss",)))
        assert "number" in noted.told


def test_a_loss_is_noted_once_and_told_for_a_week(crashed: tuple[Unlocked, Clock, str]) -> None:
    vault, clock, _ = crashed
    assert isinstance(clock, FixedClock)
    log_of(vault).unlink()
    Desk.enter(vault, clock=clock).close()

    again = replace(vault, lock=locked(vault.folder))
    with Desk.enter(again, clock=clock) as desk:
        assert desk.notice() is not None
        assert desk.audit.count(desk.guard, Wanted(verbs=("loss",))) == 1
        clock.advance(days=8)
        assert "可能不全" not in str(desk.notice())


def test_a_mark_that_stayed_behind_the_store_harms_nothing(desk: Desk, family: Family, tmp_path: Path) -> None:
    """As a power cut leaves it: the store was flushed, the mark was not."""
    before = mark_of(desk.vault).read_bytes()
    desk.records.change("R05", family.household, {"address": "塘洲村9号"})
    held = everything(desk)
    vault = put_down(desk, tmp_path / "crashed")
    mark_of(vault).write_bytes(before)
    with opened(vault, desk.clock) as again:
        assert everything(again) == held
        assert again.store.loss() is None


@pytest.mark.parametrize("content", [b"", b"no mark", bytes(MARK), bytes(4096)])
def test_a_mark_that_cannot_be_read_keeps_nobody_out(crashed: tuple[Unlocked, Clock, str], content: bytes) -> None:
    vault, clock, held = crashed
    mark_of(vault).write_bytes(content)
    with opened(vault, clock) as desk:
        assert everything(desk) == held
        assert desk.store.loss() is None
        desk.store.put_setting("probe", "1")
    assert mark_of(vault).stat().st_size >= MARK


def test_a_store_file_put_back_from_an_older_copy_is_told(desk: Desk, family: Family, tmp_path: Path) -> None:
    desk.store.fold_log()
    older = shutil.copy(desk.vault.database, tmp_path / "older.db")
    desk.records.change("R05", family.household, {"address": "塘洲村9号"})
    vault = put_down(desk, tmp_path / "crashed")
    log_of(vault).unlink()
    shutil.copy(older, vault.database)
    with opened(vault, desk.clock) as again:
        loss = again.store.loss()
        assert loss is not None
        assert loss.entries == 1


def test_a_log_that_went_another_way_since_is_told(desk: Desk, family: Family, tmp_path: Path) -> None:
    """Somebody put an older file back and worked on: there are as many entries, and not the same ones."""
    desk.store.fold_log()
    vault = put_down(desk, tmp_path / "crashed")
    with opened(vault, desk.clock) as other:
        other.records.change("R05", family.household, {"address": "塘洲村8号"})
    desk.records.change("R05", family.household, {"address": "塘洲村9号"})
    again = replace(vault, lock=locked(vault.folder))
    shutil.copy(mark_of(desk.vault), mark_of(vault))
    with opened(again, desk.clock) as third:
        assert third.store.loss() is not None


def test_what_cannot_be_marked_is_saved_all_the_same(desk: Desk, family: Family, tmp_path: Path) -> None:
    vault = put_down(desk, tmp_path / "crashed")
    mark_of(vault).unlink(missing_ok=True)
    mark_of(vault).mkdir()
    with opened(vault, desk.clock) as again:
        again.records.change("R05", family.household, {"address": "塘洲村9号"})
        assert again.records.find("R05")[0].values["address"] == "塘洲村9号"


def test_the_mark_of_another_vault_says_nothing(crashed: tuple[Unlocked, Clock, str]) -> None:
    vault, clock, _ = crashed
    keys = replace(vault.keys, audit_mac=bytes(32))
    with opened(replace(vault, keys=keys), clock) as desk:
        desk.store.put_setting("probe", "1")
    log_of(vault).unlink(missing_ok=True)
    with opened(replace(vault, lock=locked(vault.folder)), clock) as desk:
        assert desk.store.loss() is None


def outcomes(crashed: tuple[Unlocked, Clock, str], rounds: int) -> Counter[str]:
    """Damage the log of a crashed vault again and again: each time everything is there, or it is told."""
    vault, clock, held = crashed
    vault.close()
    chance = random.Random(SEED)  # noqa: S311 -- the same damages each time
    told = Counter[str]()
    for number in range(rounds):
        folder = Path(shutil.copytree(vault.folder, vault.folder.with_name("hurt")))
        hurt = replace(vault, folder=folder, lock=locked(folder))
        what = damaged(log_of(hurt), chance)
        try:
            with opened(hurt, clock) as desk:
                lost, found = desk.store.loss(), everything(desk)
                said = "told" if lost is not None else "whole" if found == held else "silently shorter"
        except KnownError as error:
            said = error.code
        assert said != "silently shorter", f"round {number}: {what}"
        told[said] += 1
        shutil.rmtree(folder)
    return told


def test_damage_to_an_unfolded_log_is_told_or_harmless(crashed: tuple[Unlocked, Clock, str]) -> None:
    assert outcomes(crashed, SHORT)["told"]


@pytest.mark.long
def test_two_thousand_damages_to_an_unfolded_log_are_told_or_harmless(crashed: tuple[Unlocked, Clock, str]) -> None:
    assert outcomes(crashed, LONG)["told"]
