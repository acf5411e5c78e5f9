"""The list on screen: fixed row height, everything by keyboard, cells painted from prepared rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedLayout,
    QTableView,
    QWidget,
)

from ui.core.overriding import override
from ui.core.ports import Chip, Row, RowSource
from ui.core.theme import Theme, look
from ui.widgets.empty_state import EmptyState
from ui.widgets.table_model import Column, WindowedModel

ROW_HEIGHT = 34
_MOST_ELIDED = 20_000
_MIDDLE = int(Qt.AlignmentFlag.AlignCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, slots=True)
class Cell:
    """A column on screen: which one, where it begins, how wide it is, and the side on which its texts stand."""

    column: int
    left: int
    width: int
    side: int


class RowPainter:
    """Paints the rows of a table straight from what its model has prepared.

    Qt would ask a delegate for each cell, with a dozen calls around each: five times the work for the same picture.
    """

    def __init__(self) -> None:
        self.dress(look().theme)

    def dress(self, theme: Theme) -> None:
        """Take the colours and measures of a theme."""
        self._colours = {name: QColor(value) for name, value in theme.colours.items()}
        self._gap, self._pad, self._bar, self._more = theme.px(10), theme.px(8), theme.px(3), theme.px(2)
        self._elided: dict[tuple[str, int], str] = {}

    def paint_row(self, painter: QPainter, row: Row | None, line: QRect, cells: Sequence[Cell], ground: str) -> None:
        """One row in its place on screen; ``cells`` are its columns on screen, ``ground`` the colour behind them."""
        colours = self._colours
        painter.fillRect(line, colours[ground])
        painter.fillRect(line.left(), line.bottom(), line.width(), 1, colours["line"])
        if row is None:
            return
        top, height, gap = line.top(), line.height(), self._gap
        painter.setPen(colours["muted" if row.faded else "text"])
        for cell in cells:
            content, room = row.cells[cell.column], QRect(cell.left + gap, top, cell.width - 2 * gap, height)
            if isinstance(content, Chip):
                self._paint_chip(painter, room, content)
            elif content:
                painter.drawText(room, cell.side, self._fitted(painter.fontMetrics(), content, room.width()))

    def paint_bar(self, painter: QPainter, line: QRect) -> None:
        """The mark at the beginning of the selected row."""
        painter.fillRect(line.left(), line.top(), self._bar, line.height(), self._colours["accent"])

    def _fitted(self, metrics: QFontMetrics, text: str, width: int) -> str:
        """The text, or as much of it as fits: the same few are asked for again at every step through a list."""
        found = self._elided.get((text, width))
        if found is None:
            if len(self._elided) > _MOST_ELIDED:
                self._elided.clear()
            found = self._elided[text, width] = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
        return found

    def _paint_chip(self, painter: QPainter, room: QRect, chip: Chip) -> None:
        if not chip.text:
            return
        metrics = painter.fontMetrics()
        width = min(metrics.horizontalAdvance(chip.text) + 2 * self._pad, room.width())
        height = min(metrics.height() + self._more, room.height())
        box = QRect(room.left(), room.top() + (room.height() - height) // 2, width, height)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colours[f"{chip.kind}_soft"])
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(self._colours["text" if chip.kind == "neutral" else chip.kind])
        painter.drawText(box, _MIDDLE, self._fitted(metrics, chip.text, width - self._pad))
        painter.restore()


class WindowedTable(QTableView):
    """``opened`` carries the key of the row on which Enter or a double click fell; ``typed`` what was typed."""

    opened = Signal(str)
    typed = Signal(str)
    selected = Signal(str)

    def __init__(self, columns: Sequence[Column], name: str, *, fitted: bool = False) -> None:
        """``fitted``: the columns share the room there is, however little; for short tables inside a page."""
        super().__init__()
        self._fitted = fitted
        if fitted:
            self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.rows = WindowedModel(columns)
        self.setModel(self.rows)
        self._painter = RowPainter()
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerItem)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        vertical, across = self.verticalHeader(), self.horizontalHeader()
        vertical.hide()
        vertical.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        across.setHighlightSections(False)
        across.setSectionsMovable(False)
        across.setStretchLastSection(False)
        self.doubleClicked.connect(lambda index: self._open(index.row()))
        self.selectionModel().currentRowChanged.connect(lambda now, _before: self._tell(now.row()))
        self._measure(look().theme)
        look().changed.connect(self._dress)

    def show_source(self, source: RowSource) -> None:
        """Show a list from its start."""
        self.rows.show_source(source)
        self.scrollToTop()
        if self.rows.rowCount():
            self.selectRow(0)

    def reread(self) -> None:
        """Read the list again; the selected record stays selected where it still is, else the same line does."""
        key, line, top = self.current_key(), self.currentIndex().row(), self.rowAt(1)
        self.rows.reread()
        if not self.rows.rowCount():
            return
        if top > 0:
            self.scrollTo(self.rows.index(min(top, self.rows.rowCount() - 1), 0), self.ScrollHint.PositionAtTop)
        if line >= 0:
            self.rows.row_at(line)
            found = self.rows.number_of(key)
            self.selectRow(found if found >= 0 else min(line, self.rows.rowCount() - 1))

    def current_key(self) -> str:
        """The key of the selected row; empty for none."""
        row = self.rows.row_at(self.currentIndex().row())
        return row.key if row else ""

    def selected_keys(self, most: int) -> tuple[str, ...]:
        """The keys of the rows chosen, at most so many; in the order of the list."""
        found: list[str] = []
        selection = self.selectionModel().selection()
        for area in (selection.at(number) for number in range(selection.size())):
            for line in range(area.top(), min(area.bottom(), area.top() + most) + 1):
                row = self.rows.row_at(line)
                if row is not None and row.key not in found:
                    found.append(row.key)
        return tuple(found[:most])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        last = self.rows.rowCount() - 1
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_Home and last >= 0:
            self.selectRow(0)
        elif event.key() == Qt.Key.Key_End and last >= 0:
            self.selectRow(last)
        else:
            super().keyPressEvent(event)

    @override
    def keyboardSearch(self, search: str) -> None:
        if search.strip():
            self.typed.emit(search)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        area, last = event.rect(), self.rows.rowCount() - 1
        first, end = self.rowAt(area.top()), self.rowAt(area.bottom())
        if first < 0:
            return
        cells = [
            Cell(number, left, width, _RIGHT if column.number else _LEFT)
            for number, column in enumerate(self.rows.columns)
            if (left := self.columnViewportPosition(number)) <= area.right()
            and left + (width := self.columnWidth(number)) > area.left()
        ]
        chosen = self.selectionModel()
        across, height = self.horizontalHeader().length(), self.verticalHeader().defaultSectionSize()
        left, top = self.columnViewportPosition(0), self.rowViewportPosition(first)
        painter = QPainter(self.viewport())
        for number in range(first, (end if end >= 0 else last) + 1):
            line = QRect(left, top, across, height)
            selected = chosen.isRowSelected(number)
            ground = "accent_soft" if selected else "zebra" if number % 2 else "surface"
            self._painter.paint_row(painter, self.rows.row_at(number), line, cells, ground)
            if selected:
                self._painter.paint_bar(painter, line)
            top += height

    def _dress(self, theme: Theme) -> None:
        self._painter.dress(theme)
        self._measure(theme)

    def _open(self, line: int) -> None:
        row = self.rows.row_at(line)
        if row is not None:
            self.opened.emit(row.key)

    def _tell(self, line: int) -> None:
        row = self.rows.row_at(line)
        self.selected.emit(row.key if row else "")

    def _measure(self, theme: Theme) -> None:
        self.verticalHeader().setDefaultSectionSize(theme.px(ROW_HEIGHT))
        self.horizontalHeader().setMinimumSectionSize(theme.px(40))
        for number, column in enumerate(self.rows.columns):
            self.setColumnWidth(number, theme.px(column.width))
        self._share()

    def _share(self) -> None:
        """Give the room that is left to the columns that stretch."""
        theme = look().theme
        if self._fitted:
            whole, room = sum(column.width for column in self.rows.columns), self.viewport().width()
            for number, column in enumerate(self.rows.columns):
                self.setColumnWidth(number, max(theme.px(40), room * column.width // whole))
            return
        stretching = [n for n, column in enumerate(self.rows.columns) if column.stretch]
        if not stretching:
            return
        fixed = sum(self.columnWidth(n) for n in range(len(self.rows.columns)) if n not in stretching)
        spare = (self.viewport().width() - fixed) // len(stretching)
        for number in stretching:
            self.setColumnWidth(number, max(spare, theme.px(self.rows.columns[number].width)))


class TableOrEmpty(QWidget):
    """A table, or the words that say why there is nothing in it."""

    def __init__(self, table: WindowedTable, empty: EmptyState) -> None:
        super().__init__()
        self.table, self.empty = table, empty
        self._stack = QStackedLayout(self)
        self._stack.addWidget(table)
        self._stack.addWidget(empty)
        table.rows.modelReset.connect(self._choose)
        self._choose()

    @override
    def minimumSizeHint(self) -> QSize:
        """The room of the one that is shown: the words of an empty list are taller than a list need be."""
        return self._stack.currentWidget().minimumSizeHint()

    def _choose(self) -> None:
        had_focus = self.table.hasFocus()
        self._stack.setCurrentWidget(self.table if self.table.rows.rowCount() else self.empty)
        self.updateGeometry()
        if had_focus and not self.table.isVisible():
            self.empty.setFocus()
