"""What is found wrong in a register, and where: a stable code, a level, and the cell that the clerk sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from jmdesk.core.messages import Message, message

FindingLevel = Literal["error", "warn", "note"]


def column_letters(column: int) -> str:
    """The spreadsheet's name of a column counted from 0: 0 → ``A``, 26 → ``AA``."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class CellRef:
    """One cell of a source: file name ("" when there is only one file), sheet, row and column counted from 0."""

    file: str
    sheet: str
    row: int
    column: int

    def __str__(self) -> str:
        place = f"{self.sheet}!{column_letters(self.column)}{self.row + 1}"
        return f"{self.file} {place}" if self.file else place


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: ``error`` keeps the household out, ``warn`` asks for a look, ``note`` tells what was done.

    ``label`` is the Chinese name of what it is about ("" for the whole household). The parameters may hold what stood
    in the cell: findings are shown and written back to the office's own workbook, never logged.
    """

    code: str
    level: FindingLevel
    label: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    cell: CellRef | None = None

    def message(self, language: str = "zh") -> Message:
        """What is wrong and what to do about it."""
        return message(self.code, {"label": self.label, **self.params}, language)

    def __str__(self) -> str:
        return f"{self.cell}：{self.message().text}" if self.cell else self.message().text
