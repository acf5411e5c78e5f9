"""A full disk and a failing one, for real: SQLite's own limit of pages, and the system's limit of a file's size."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from jmdesk.core.errors import Environment
from jmdesk.desk import Desk
from tests.desks import PASSPHRASE, VILLAGE, Family, add_family


@contextmanager
def no_more_pages(desk: Desk) -> Iterator[None]:
    """The store's file may not grow: SQLite says that database or disk is full."""
    with desk.store._engines.write.connect() as connection:
        driver: Any = connection.connection.driver_connection
        before = driver.execute("PRAGMA max_page_count").fetchone()[0]
        driver.execute("PRAGMA max_page_count = 1")
    try:
        yield
    finally:
        driver.execute(f"PRAGMA max_page_count = {before}")


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The system refuses to write beyond so many bytes of any file, as a quota or a failing medium does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def bring_in(desk: Desk, households: int) -> None:
    with desk.records.writing("import") as writer:
        for number in range(10, 10 + households):
            add_family(writer, desk.actor, f"{VILLAGE}{number:06}")


def check_whole(desk: Desk) -> None:
    assert desk.records.count("R05") == 1
    assert desk.audit.soundness().at == 0
    desk.records.change("R05", desk.records.find("R05")[0].rid, {"group_no": "7"})
    folder, clock = desk.vault.folder, desk.clock
    desk.close()
    with Desk.open(folder, PASSPHRASE, clock=clock) as again:
        assert again.records.find("R05")[0].values["group_no"] == "7"


def test_an_import_that_does_not_fit_leaves_everything_as_it_was(desk: Desk, family: Family) -> None:
    with no_more_pages(desk), pytest.raises(Environment) as error:
        bring_in(desk, 200)
    assert error.value.code == "store.disk_full"
    assert family.household
    check_whole(desk)


def test_a_disk_that_fails_in_an_import_leaves_everything_as_it_was(desk: Desk, family: Family) -> None:
    desk.store.fold_log()
    with files_no_larger_than(200_000), pytest.raises(Environment) as error:
        bring_in(desk, 200)
    assert error.value.code in ("store.disk_error", "store.disk_full")
    assert family.household
    check_whole(desk)


def test_a_disk_that_fails_in_a_backup_leaves_no_half_of_one(desk: Desk, family: Family) -> None:
    with files_no_larger_than(100_000), pytest.raises(Environment) as error:
        desk.backups.make()
    assert error.value.code in ("store.disk_error", "store.disk_full", "vault.disk_full")
    assert list(desk.backups.place.iterdir()) == []
    assert family.household
    check_whole(desk)
