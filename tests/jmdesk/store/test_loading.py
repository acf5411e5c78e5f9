"""Filling a store that holds nothing: one transaction, indexes last."""

from __future__ import annotations

import pytest

from jmdesk.catalogue.types import Record
from jmdesk.desk import Desk
from jmdesk.inbox import Applied, Arrival
from jmdesk.store.change_log import verify
from jmdesk.store.search import subjects
from jmdesk.store.store import Connection
from tests.desks import VILLAGE

AT = "2026-11-22T00:00:00Z"


class _Pulled(Exception):
    """The stick was pulled out."""


def arrivals(desk: Desk, count: int) -> list[Arrival]:
    found = []
    for number in range(count):
        values: Record = {"region_code": VILLAGE, "address": f"沙湖镇上凯岗村{number + 1}号", "household_type": "1"}
        unit = "11440785MF10009999"
        found.append(Arrival("R05", desk.store.ids.new(), 1, VILLAGE, unit, values, {}, at=AT, origin="d.1.1.0"))
    return found


def shape(connection: Connection) -> set[tuple[str, str]]:
    """Every index and trigger, as it was made."""
    made = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type IN ('index', 'trigger')")
    return {(name, " ".join(str(sql).split())) for name, sql in made}


def test_a_new_desk_takes_a_town_in_one_transaction_and_finds_it(desk: Desk) -> None:
    with desk.store.reading() as connection:
        before = shape(connection)
    pages = arrivals(desk, 30)
    told: list[int] = []
    applied = desk.inbox.load([pages[:20], pages[20:]], cursor="30", epoch="e", watch=told.append)
    assert applied == Applied(adopted=30)
    assert told == [20, 30]
    assert desk.store.setting("sync.cursor") == "30"
    with desk.store.reading() as connection:
        assert shape(connection) == before
        assert subjects(connection, "上凯岗村17号", types=("R05",), limit=5) == [pages[16].rid]
        assert {row[0] for row in connection.exec_driver_sql("SELECT rid FROM household_standings")} == {
            one.rid for one in pages
        }
        assert list(verify(connection)) == []


def test_a_load_that_is_broken_off_leaves_nothing_behind(desk: Desk) -> None:
    with desk.store.reading() as connection:
        before = shape(connection)
    pages = arrivals(desk, 6)

    def broken(done: int) -> None:
        if done > 3:
            raise _Pulled

    with pytest.raises(_Pulled):
        desk.inbox.load([pages[:3], pages[3:]], cursor="6", epoch="e", watch=broken)
    assert desk.store.setting("sync.cursor") is None
    with desk.store.reading() as connection:
        assert shape(connection) == before
        assert subjects(connection, "上凯岗", types=("R05",), limit=5) == []
    assert desk.inbox.load([pages], cursor="6", epoch="e", watch=lambda _done: None).adopted == 6
