"""How long work is watched and stopped, and how it waits."""

from __future__ import annotations

import time
from collections.abc import Callable

_SLICE = 0.1


class Stopped(Exception):
    """The user asked to stop: raised between steps, so that nothing is left half-done."""


class Steering:
    """Progress out, cancellation in.

    ``progress(stage, done, of)``: stages are ``seal``, ``send``, ``wait``, ``changes``; ``of`` is 0 when unknown.
    ``cancelled()`` is asked between steps. ``wait`` takes seconds and is replaced in tests.
    """

    def __init__(
        self,
        progress: Callable[[str, int, int], None] = lambda _stage, _done, _of: None,
        cancelled: Callable[[], bool] = lambda: False,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.tell = progress
        self.cancelled = cancelled
        self._wait = wait

    def check(self) -> None:
        """Raise ``Stopped`` when the user asked for it."""
        if self.cancelled():
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait, in slices short enough that a cancel is felt at once."""
        while seconds > 0:
            self.check()
            self._wait(min(seconds, _SLICE))
            seconds -= _SLICE
        self.check()
