"""The members of the panel: who they are, who came."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QWidget

from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.ports import Chip, Row
from ui.pages.reviews.model import Opened
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import at_left, button, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable


class SeatTable(WindowedTable):
    """The members: Space ticks the attendance, Delete takes a seat away."""

    ticked = Signal(str)
    dropped = Signal(str)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = self.current_key()
        if event.key() == Qt.Key.Key_Space and key:
            self.ticked.emit(key)
        elif event.key() == Qt.Key.Key_Delete and key:
            self.dropped.emit(key)
        else:
            super().keyPressEvent(event)


class PanelPane(QWidget):
    """``seat_wished`` carries name, duty, address and household number; ``attended`` seat and presence."""

    seat_wished = Signal(str, str, str, str)
    attended = Signal(str, bool)
    dismissed = Signal(str)

    def __init__(self, least: int) -> None:
        super().__init__()
        self._opened: Opened | None = None
        down = column(self, margin=8, gap=8)
        words = tr("每户至少 {n} 张有效票；到会的才能投票，同户和亲属对该户回避。", n=least)
        down.addWidget(label(words, "muted", wrap=True))
        across = row(gap=8)
        lines = QFormLayout()
        self.name, self.duty = TextField(max_length=50), TextField(max_length=30)
        self.address, self.household = TextField(max_length=100), TextField(max_length=18)
        for text, field in (
            (tr("姓名 *"), self.name),
            (tr("身份"), self.duty),
            (tr("住址"), self.address),
            (tr("本人户编号"), self.household),
        ):
            field.setAccessibleName(text)
            lines.addRow(text, field)
        self.household.setPlaceholderText(tr("本村农户填写，核对回避"))
        self.add = button(tr("增加评议员"), "primary")
        self.add.clicked.connect(self._add)
        self.household.returnPressed.connect(self._add)
        lines.addRow(at_left(self.add))
        side = QWidget()
        side.setLayout(lines)
        columns = (
            Column(tr("编号"), 56),
            Column(tr("姓名"), 150),
            Column(tr("身份"), 104),
            Column(tr("住址"), 150),
            Column(tr("到会"), 92),
        )
        self.table = SeatTable(columns, tr("评议小组"), fitted=True)
        self.table.ticked.connect(self._tick)
        self.table.opened.connect(self._tick)
        self.table.dropped.connect(self.dismissed)
        empty = EmptyState(tr("还没有评议员"), tr("在右边填写姓名增加。"), icon_name="household")
        across.addWidget(TableOrEmpty(self.table, empty), 3)
        across.addWidget(side, 2, Qt.AlignmentFlag.AlignTop)
        down.addLayout(across, 1)
        down.addWidget(KeyHint(((tr("空格"), tr("到会、未到会")), ("Delete", tr("移除评议员")))))

    def show_batch(self, opened: Opened) -> None:
        """Show the panel of a batch."""
        self._opened = opened
        chosen = self.table.current_key()
        rows = [
            Row(s.no, (s.no, s.name, s.duty, s.address, Chip(tr("到会"), "ok") if s.attended else Chip(tr("未到"))))
            for s in opened.sheet.seats
        ]
        self.table.show_source(FixedRows(rows))
        line = self.table.rows.number_of(chosen)
        if line > 0:
            self.table.selectRow(line)

    def added(self) -> None:
        """Make room for the next name."""
        for field in (self.name, self.duty, self.address, self.household):
            field.set_value("")
        self.name.setFocus()

    def _add(self) -> None:
        name = str(self.name.value() or "").strip()
        if not name:
            self.name.show_problem(tr("请填写姓名。"))
            self.name.setFocus()
            return
        rest = (str(field.value() or "").strip() for field in (self.duty, self.address, self.household))
        self.seat_wished.emit(name, *rest)

    def _tick(self, no: str) -> None:
        seats = self._opened.sheet.seats if self._opened else ()
        seat = next((seat for seat in seats if seat.no == no), None)
        if seat is not None:
            self.attended.emit(no, not seat.attended)
