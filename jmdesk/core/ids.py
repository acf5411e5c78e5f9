"""Identifiers: UUIDv7 (RFC 9562), time-ordered so that indexes grow at their end."""

from __future__ import annotations

import os
import threading
from typing import Protocol

from jmdesk.core.clock import Clock


class Ids(Protocol):
    """Anything that makes new identifiers."""

    def new(self) -> str:
        """A fresh UUID in its 36-character form."""
        ...


class TimeOrderedIds:
    """UUIDv7 whose 42 low counter bits grow within a millisecond, so that one process never goes backwards."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._last = 0

    def new(self) -> str:
        milliseconds = int(self._clock.now().timestamp() * 1000)
        chance = int.from_bytes(os.urandom(9), "big")
        with self._lock:
            # 48 bits of time, then 74 bits: a 42-bit random start that counts upwards, and 32 random bits.
            candidate = (milliseconds << 42) | (chance >> 32 << 1)
            self._last = candidate if candidate > self._last else self._last + 1
            ordered = self._last
        head, counter = ordered >> 42, ordered & ((1 << 42) - 1)
        rand_a, rand_b = counter >> 30, ((counter & ((1 << 30) - 1)) << 32) | (chance & 0xFFFFFFFF)
        value = (head << 80) | (0x7 << 76) | (rand_a << 64) | (0b10 << 62) | rand_b
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class CountedIds:
    """UUIDv7-shaped identifiers that count from one, for tests and golden files."""

    def __init__(self, start: int = 1) -> None:
        self._next = start

    def new(self) -> str:
        number, self._next = self._next, self._next + 1
        return f"01900000-0000-7000-8000-{number:012x}"
