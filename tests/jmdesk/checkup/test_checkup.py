"""The doctor: what it finds in plain words, what it mends, what it leaves alone."""

from __future__ import annotations

import shutil
from typing import cast

import pytest
from sqlalchemy import text

from jmdesk.checkup.service import examine, mend
from jmdesk.core.clock import FixedClock
from jmdesk.desk import Desk
from jmdesk.rights.query_log import note_query
from jmdesk.store import search
from tests.desks import Family


def run(desk: Desk, statement: str) -> None:
    with desk.store.beside() as connection:
        connection.execute(text(statement))


def test_a_healthy_desk_has_nothing_to_say(desk: Desk, family: Family) -> None:
    found = examine(desk)
    assert found.ok, found
    assert found.counts["R06"] == 3
    assert family.head


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM search_entries", "DELETE FROM search_terms", "UPDATE search_entries SET rid = rid || 'x'"],
)
def test_a_damaged_search_index_is_made_anew(desk: Desk, family: Family, damage: str) -> None:
    run(desk, damage)
    found = examine(desk)
    assert not found.problems
    assert "查找索引" in found.mendable[0]
    assert mend(desk) == 5, "the user, the household and three people"
    assert examine(desk).ok
    with desk.store.reading() as connection:
        assert search.subjects(connection, "zjm", types=("R06",), limit=5) == [family.household]


def test_a_broken_chain_is_told_and_never_mended(desk: Desk, family: Family) -> None:
    run(desk, "UPDATE change_log SET at = '2020-01-01T00:00:00Z' WHERE seq = 4")
    assert "变更日志在第 4 条断开" in "".join(examine(desk).problems)
    mend(desk)
    assert "变更日志在第 4 条断开" in "".join(examine(desk).problems)
    assert family.head


def test_a_query_that_was_changed_or_taken_out_is_told(desk: Desk, family: Family) -> None:
    for number in range(1, 4):
        with desk.records.writing("query") as writer:
            note_query(writer, desk, f"R05:{family.household}", "10", [f"R16.{number}"])
    assert examine(desk).ok
    run(desk, "UPDATE query_log SET purpose = '7' WHERE log_seq = 2")
    assert "查询日志在第 2 条断开" in "".join(examine(desk).problems)


def test_lost_device_keys_are_told(desk: Desk) -> None:
    desk.vault.device_file.unlink()
    assert any("登记" in problem for problem in examine(desk).problems)


def test_a_clock_that_was_set_back_is_told(desk: Desk, family: Family) -> None:
    cast("FixedClock", desk.clock).advance(days=-2)
    assert any("电脑时钟" in problem for problem in examine(desk).problems)
    assert family.head


def test_a_full_disk_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(desk.vault.folder)._replace(free=10 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: usage)
    assert any("磁盘只剩 10 MB" in problem for problem in examine(desk).problems)


@pytest.mark.parametrize("name", ["desk.db", "backup.json"])
def test_a_backup_that_rotted_is_told(desk: Desk, name: str) -> None:
    kept = desk.backups.make().kept
    assert examine(desk).ok
    file = kept.folder / name
    file.write_bytes(file.read_bytes()[:-20])
    assert any("1 份备份已损坏" in problem for problem in examine(desk).problems)


def test_a_week_without_a_backup_is_told(desk: Desk) -> None:
    cast("FixedClock", desk.clock).advance(days=8)
    assert any("没有备份" in problem for problem in examine(desk).problems)
    desk.backups.make()
    assert examine(desk).ok
