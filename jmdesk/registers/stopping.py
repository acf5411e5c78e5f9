"""How reading and importing a register stop halfway: with an error, so that nothing stays half-read or half-written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled

CANCELLED: Final = "registers.cancelled"

One = TypeVar("One")


def until(cancelled: Cancelled, steps: Iterable[One]) -> Iterator[One]:
    """The same steps, asked before each of them whether to stop. ``Refused`` "registers.cancelled"."""
    for step in steps:
        if cancelled():
            raise Refused(CANCELLED)
        yield step
