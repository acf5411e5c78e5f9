"""Trying again: full jitter, so that two hundred desks that lost one platform do not come back in step."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from jmdesk.core.errors import Unreachable
from sync.client.steering import Steering

T = TypeVar("T")

PASSING: Final = frozenset(
    {"sync.no_connection", "sync.timeout", "sync.too_many", "sync.unavailable", "sync.internal", "sync.cut_short"}
)
"""Codes that another attempt may cure."""

_SYSTEM_RANDOM: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Patience:
    """How often to try, and how long to wait between: uniformly up to ``base * 2**n`` seconds, at most ``most``.

    A platform that names a time (Retry-After) is waited for that long and a little more; one that names more than
    ``longest`` seconds is told to the user instead. ``uniform(low, high)`` gives the jitter.
    """

    steering: Steering = field(default_factory=Steering)
    attempts: int = 4
    base: float = 0.5
    most: float = 20.0
    longest: float = 60.0
    uniform: Callable[[float, float], float] = _SYSTEM_RANDOM.uniform

    def run(self, call: Callable[[], T]) -> T:
        """The call's answer, after up to ``attempts`` tries. Raises the last error, or ``Stopped``."""
        attempt = 0
        while True:
            self.steering.check()
            try:
                return call()
            except Unreachable as error:
                attempt += 1
                delay = self._delay(error, attempt)
                if attempt >= self.attempts or error.code not in PASSING or delay is None:
                    raise
            self.steering.pause(delay)

    def _delay(self, error: Unreachable, attempt: int) -> float | None:
        jitter = self.uniform(0.0, min(self.most, self.base * 2**attempt))
        asked = error.params.get("retry_after", 0)
        if not isinstance(asked, int) or asked > self.longest:
            return None
        return asked + jitter
