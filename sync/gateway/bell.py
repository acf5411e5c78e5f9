"""Wakes the requests that wait for a batch's receipt, from the worker's thread."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

from sync.gateway.ledger import BatchKey

_Listener = tuple[asyncio.AbstractEventLoop, asyncio.Event]


class Bell:
    """Rung by the worker after each batch; heard by the requests that wait for that one at that moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: defaultdict[BatchKey, set[_Listener]] = defaultdict(set)
        self.silent = False
        """Whether there will be no more: nobody should wait on."""

    def ring(self, batch: BatchKey) -> None:
        """Wake who waits for a batch. From any thread."""
        with self._lock:
            _wake(self._listeners.get(batch, set()))

    def end(self) -> None:
        """Wake everyone for the last time: the gateway stops."""
        self.silent = True
        with self._lock:
            for listeners in self._listeners.values():
                _wake(listeners)

    @contextmanager
    def listening(self, batch: BatchKey) -> Iterator[asyncio.Event]:
        """Listen from before one looks whether there is anything to wait for, so that no ring is missed."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._listeners[batch].add(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._listeners[batch].discard(entry)
                if not self._listeners[batch]:
                    del self._listeners[batch]


def _wake(listeners: set[_Listener]) -> None:
    for loop, event in listeners:
        if not loop.is_closed():
            loop.call_soon_threadsafe(event.set)


async def heard(event: asyncio.Event, seconds: float) -> None:
    """Return when the bell rings, or after some seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
