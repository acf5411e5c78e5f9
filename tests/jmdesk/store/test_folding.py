"""The write-ahead log is folded beside the work, and wholly where somebody asks for it."""

from __future__ import annotations

from pathlib import Path

from jmdesk.desk import Desk
from jmdesk.store.folding import LONG_BYTES
from tests.desks import Family

PIECE = "x" * 500_000


def log_of(desk: Desk) -> Path:
    database = desk.vault.database
    return database.with_name(f"{database.name}-wal")


def test_a_log_that_has_grown_long_is_folded_beside_the_work_and_begins_anew(desk: Desk) -> None:
    written = 0
    for number in range(60):
        desk.store.put_setting(f"piece.{number}", PIECE)
        written += len(PIECE)
        desk.store._engines.folding.settle()
    assert written > 6 * LONG_BYTES
    assert log_of(desk).stat().st_size < 2 * LONG_BYTES
    assert desk.store.setting("piece.0") == PIECE


def test_nothing_stays_in_the_log_when_it_is_folded_while_it_is_being_folded(desk: Desk, family: Family) -> None:
    for number in range(12):
        desk.store.put_setting(f"piece.{number}", PIECE)
    desk.store.fold_log()
    assert log_of(desk).stat().st_size == 0
    assert desk.records.get("R05", family.household).record.voided is None


def test_a_short_log_is_left_alone(desk: Desk) -> None:
    desk.store.fold_log()
    desk.store.put_setting("piece", PIECE)
    desk.store.put_setting("another", "1")
    assert not desk.store._engines.folding.busy
    assert 0 < log_of(desk).stat().st_size < LONG_BYTES


def test_a_log_that_is_written_on_without_a_pause_is_folded_once_for_each_length(desk: Desk) -> None:
    folding = desk.store._engines.folding
    begun: list[int] = []
    folding._fold = lambda: begun.append(log_of(desk).stat().st_size)  # type: ignore[method-assign]  # never done in time
    for number in range(60):
        desk.store.put_setting(f"piece.{number}", PIECE)
        folding.settle()
    assert len(begun) == log_of(desk).stat().st_size // LONG_BYTES
