"""The list on screen: fixed row height, everything by keyboard, cells painted from prepared rows."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from ui.core.overriding import override
from ui.core.ports import Chip, RowSource
from ui.core.theme import Theme, look
from ui.widgets.empty_state import EmptyState
from ui.widgets.table_model import Column, Index, WindowedModel

ROW_HEIGHT = 34


class RowPainter(QStyledItemDelegate):
    """Paints a cell straight from the prepared row: one call a cell instead of Qt's ten."""

    def __init__(self, model: WindowedModel) -> None:
        super().__init__()
        self._model = model
        self._dress(look().theme)
        look().changed.connect(self._dress)

    def _dress(self, theme: Theme) -> None:
        self._theme = theme
        self._colours = {name: QColor(value) for name, value in theme.colours.items()}
        self._gap = theme.px(10)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row = self._model.row_at(index.row())
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state: QStyle.StateFlag = option.state  # type: ignore[attr-defined]
        colours = self._colours
        selected = bool(state & QStyle.StateFlag.State_Selected)
        ground = "accent_soft" if selected else "zebra" if index.row() % 2 else "surface"
        painter.fillRect(rect, colours[ground])
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), 1), colours["line"])
        if selected and index.column() == 0:
            painter.fillRect(QRect(rect.left(), rect.top(), self._theme.px(3), rect.height()), colours["accent"])
        if row is None:
            return
        cell = row.cells[index.column()]
        inner = rect.adjusted(self._gap, 0, -self._gap, 0)
        if isinstance(cell, Chip):
            self._paint_chip(painter, inner, cell)
            return
        painter.setPen(QPen(colours["muted" if row.faded else "text"]))
        side = Qt.AlignmentFlag.AlignRight if self._model.columns[index.column()].number else Qt.AlignmentFlag.AlignLeft
        text = painter.fontMetrics().elidedText(cell, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, int(side | Qt.AlignmentFlag.AlignVCenter), text)

    def _paint_chip(self, painter: QPainter, room: QRect, chip: Chip) -> None:
        if not chip.text:
            return
        metrics = painter.fontMetrics()
        pad = self._theme.px(8)
        width = min(metrics.horizontalAdvance(chip.text) + 2 * pad, room.width())
        height = min(metrics.height() + self._theme.px(2), room.height())
        box = QRect(room.left(), room.top() + (room.height() - height) // 2, width, height)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colours[f"{chip.kind}_soft"])
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(self._colours["text" if chip.kind == "neutral" else chip.kind])
        text = metrics.elidedText(chip.text, Qt.TextElideMode.ElideRight, width - pad)
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), text)
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
        self._painter = RowPainter(self.rows)
        self.setItemDelegate(self._painter)
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
        look().changed.connect(self._measure)

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

    def _choose(self) -> None:
        had_focus = self.table.hasFocus()
        self._stack.setCurrentWidget(self.table if self.table.rows.rowCount() else self.empty)
        if had_focus and not self.table.isVisible():
            self.empty.setFocus()
