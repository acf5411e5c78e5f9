"""Who hands a batch over goes first: a desk waits for custody, the receipt has time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Precedence:
    """The requests of one process that bring batches in, seen by the worker that would process in the same process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way = 0

    @contextmanager
    def handing_over(self) -> Iterator[None]:
        """A request that brings something in is under way."""
        with self._changed:
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def give_way(self, seconds: float) -> None:
        """Wait until no such request is under way, or for some seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0, seconds)
