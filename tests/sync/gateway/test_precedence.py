"""Who goes first at the gateway: requests that hand a batch over before processing, and only who waits is woken."""

from __future__ import annotations

import asyncio
import threading

from sync.gateway.bell import Bell, heard
from sync.gateway.precedence import Precedence

ONE, OTHER = ("440785", "a" * 32, 1, 1), ("440785", "b" * 32, 1, 1)


def test_processing_waits_until_what_is_handed_over_has_arrived() -> None:
    precedence, gone_on = Precedence(), threading.Event()

    def process() -> None:
        precedence.give_way(60)
        gone_on.set()

    worker = threading.Thread(target=process, daemon=True)
    with precedence.handing_over():
        with precedence.handing_over():
            worker.start()
        assert not gone_on.is_set()
    assert gone_on.wait(30)
    worker.join()


def test_processing_gives_way_no_longer_than_it_may() -> None:
    precedence = Precedence()
    with precedence.handing_over():
        precedence.give_way(0.01)  # comes back, though the request is still under way


def test_the_bell_of_one_batch_wakes_nobody_who_waits_for_another() -> None:
    async def listen() -> tuple[bool, bool]:
        bell = Bell()
        with bell.listening(ONE) as mine, bell.listening(OTHER) as theirs:
            bell.ring(ONE)
            await asyncio.wait_for(mine.wait(), 30)
            return mine.is_set(), theirs.is_set()

    assert asyncio.run(listen()) == (True, False)


def test_the_end_wakes_everybody() -> None:
    async def listen() -> bool:
        bell = Bell()
        with bell.listening(ONE) as mine, bell.listening(OTHER) as theirs:
            bell.end()
            await heard(mine, 30)
            await heard(theirs, 30)
        return bell.silent

    assert asyncio.run(listen())
