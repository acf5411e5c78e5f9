"""Rows that are all at hand, for a windowed table."""

from __future__ import annotations

from collections.abc import Sequence

from ui.core.ports import Row


class FixedRows:
    """A short list that was read already."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int:
        """How many rows."""
        return len(self._rows)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A slice."""
        return self._rows[offset : offset + limit]
