"""A list of any length, read page by page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt

from ui.core.overriding import override
from ui.core.ports import Chip, Row, RowSource

PAGE = 128
"""Rows read at once: three screens at 1366 × 768, so that a page step seldom waits for two reads."""

_KEPT = 24

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
    """Rows are prepared by the source; the model only keeps the pages around what is shown."""

    def __init__(self, columns: Sequence[Column]) -> None:
        super().__init__()
        self.columns = tuple(columns)
        self._source: RowSource = Nothing()
        self._count = 0
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()

    def show_source(self, source: RowSource) -> None:
        """Show another list (another search, another order), or the same one read anew."""
        self.beginResetModel()
        self._source = source
        self._pages.clear()
        self._count = source.count()
        self.endResetModel()

    def reread(self) -> None:
        """Read the list again after records changed."""
        self.show_source(self._source)

    def row_at(self, number: int) -> Row | None:
        """A prepared row; ``None`` past the end or when the list shrank meanwhile."""
        if not 0 <= number < self._count:
            return None
        page = number // PAGE
        rows = self._pages.get(page)
        if rows is None:
            rows = self._source.fetch(page * PAGE, PAGE)
            self._pages[page] = rows
            if len(self._pages) > _KEPT:
                self._pages.popitem(last=False)
        else:
            self._pages.move_to_end(page)
        inside = number - page * PAGE
        return rows[inside] if inside < len(rows) else None

    def number_of(self, key: str) -> int:
        """Where a row is among the pages in memory; -1 when it is in none."""
        for page, rows in self._pages.items():
            for inside, row in enumerate(rows):
                if row.key == key:
                    return page * PAGE + inside
        return -1

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
