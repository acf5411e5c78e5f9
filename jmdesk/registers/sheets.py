"""A sheet of a register as read: rows from A1 on, with what the reader of values cannot see (merges, hidden rows)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from jmdesk.registers.findings import CellRef

Row = Sequence[object]
EMPTY: Row = ()


def says_something(row: Row) -> bool:
    """Whether any cell of the row is not empty; a zero says something."""
    return any(row) or any(cell != "" and cell is not None for cell in row)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: ``rows`` begin at row 1 of the spreadsheet and end with the last row that says something.

    ``merges`` are (first row, first column, last row, last column), counted from 0; None when the format does not tell
    (CSV). ``hidden_rows`` holds rows that a filter or a person hid; ``hidden`` the whole sheet.
    """

    name: str
    rows: list[Row]
    merges: tuple[tuple[int, int, int, int], ...] | None = None
    hidden_rows: frozenset[int] = frozenset()
    filtered: bool = False
    hidden: bool = False
    file: str = ""

    def cell(self, row: int, column: int) -> object:
        """What stands in a cell; "" beyond the end."""
        if row >= len(self.rows) or column >= len(self.rows[row]):
            return ""
        return self.rows[row][column]

    def ref(self, row: int, column: int) -> CellRef:
        """The address of a cell."""
        return CellRef(self.file, self.name, row, column)


@dataclass(frozen=True, slots=True)
class Book:
    """One file: its sheets in order. ``name`` is the file's name for messages, ``unsaved`` whether an office program
    has it open, so that its last changes may not be in the file yet, ``macros`` whether it carries some.
    """

    name: str
    sheets: tuple[Sheet, ...]
    unsaved: bool = False
    macros: bool = False
    notes: tuple[str, ...] = field(default=())


def trimmed(rows: Iterable[Row]) -> list[Row]:
    """Rows without the empty tail; empty rows in between share one object."""
    kept: list[Row] = []
    pending = 0
    for row in rows:
        if says_something(row):
            if pending:
                kept.extend([EMPTY] * pending)
                pending = 0
            kept.append(row)
        else:
            pending += 1
    return kept
