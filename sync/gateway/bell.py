"""Wakes the requests that wait for a batch's receipt, from the worker's thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """Rung by the worker after each batch; heard by every request that listens at that moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self.silent = False
        """Whether there will be no more: nobody should wait on."""

    def ring(self) -> None:
        """Wake everyone who listens. From any thread."""
        with self._lock:
            for loop, event in self._listeners:
                if not loop.is_closed():
                    loop.call_soon_threadsafe(event.set)

    def end(self) -> None:
        """Wake everyone for the last time: the gateway stops."""
        self.silent = True
        self.ring()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """Listen from before one looks whether there is anything to wait for, so that no ring is missed."""
        entry = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._listeners.add(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._listeners.discard(entry)


async def heard(event: asyncio.Event, seconds: float) -> None:
    """Return when the bell rings, or after some seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
    event.clear()
