"""How long work tells how far it is, and is told to stop."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[int, int], None]
"""Told (done, of) while long work goes on; ``of`` is 0 while the end is not known."""

Cancelled = Callable[[], bool]
"""Asked between steps of long work; true means stop and leave nothing half-done."""


def silent(_done: int, _of: int) -> None:
    """Progress for nobody."""


def never() -> bool:
    """Nobody cancels."""
    return False
