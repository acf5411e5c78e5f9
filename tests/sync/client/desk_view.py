"""What tests look at on a desk."""

from __future__ import annotations

from collections import Counter

from jmdesk.desk import Desk
from jmdesk.store import outbox, reading
from jmdesk.store.stored import Stored
from sync.client.http import HttpTransport
from sync.client.sealing import PART_RECORDS
from tests.sync.client.conftest import Pair

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


def one_large_part(desk: Desk) -> None:
    desk.store.put_setting(PART_RECORDS, "1000")
