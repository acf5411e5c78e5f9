"""A list of any length, read page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ui.core.overriding import override
from ui.core.ports import Chip, Row, RowSource

PAGE = 64
"""Rows read at once: three screens at 1366 × 768."""

_BEHIND = 24
"""So many of them lie behind the row that was asked for, seen in the direction in which the list is walked."""

_KEPT = 48 * PAGE

Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, its width at 100 % text, and whether it holds numbers or takes the spare room."""

    title: str
    width: int = 120
    number: bool = False
    stretch: bool = False


class Nothing:
    """A list with nothing in it."""

    def count(self) -> int:
        """Zero."""
        return 0

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:  # noqa: ARG002 -- the protocol's signature
        """Nothing."""
        return ()


class WindowedModel(QAbstractTableModel):
    """Rows are prepared by the source; the model only keeps those around what was shown."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self._source: RowSource = Nothing()
        self._count = 0
        self._rows: dict[int, Row | None] = {}
        self._asked = 0

    def show_source(self, source: RowSource) -> None:
        """Show another list (another search, another order), or the same one read anew."""
        self.beginResetModel()
        self._source = source
        self._rows.clear()
        self._count = source.count()
        self.endResetModel()

    def reread(self) -> None:
        """Read the list again after records changed."""
        self.show_source(self._source)

    def row_at(self, number: int) -> Row | None:
        """A prepared row; ``None`` past the end or when the list shrank meanwhile."""
        if number not in self._rows and 0 <= number < self._count:
            self._read_around(number)
        return self._rows.get(number)

    def _read_around(self, number: int) -> None:
        """Read a page that lies around a row: a screen that begins or ends there never needs a second one."""
        before = _BEHIND if number >= self._asked else PAGE - _BEHIND
        first = max(0, min(number - before, self._count - PAGE))
        self._asked = number
        if len(self._rows) > _KEPT:
            self._rows.clear()
        self._rows.update(dict.fromkeys(range(first, first + PAGE)))
        self._rows.update(enumerate(self._source.fetch(first, PAGE), first))

    def number_of(self, key: str) -> int:
        """Where a row is among those in memory; -1 when it is not there."""
        return next((number for number, row in self._rows.items() if row and row.key == key), -1)

    @override
    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._count

    @override
    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.columns)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return None
        row = self.row_at(index.row())
        if row is None:
            return None
        cell = row.cells[index.column()]
        text = cell.text if isinstance(cell, Chip) else cell
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{self.columns[index.column()].title} {text}"
        return text

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.columns[section].number else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None
