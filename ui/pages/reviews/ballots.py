"""The quick grid for ballots: one member's ballot at a time, a digit for each mark, the cursor moves on by itself."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from jmdesk.reviews.rules import KIN, PanelRules
from ui.core import wording
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.pages.reviews.model import Opened, relation_chip, seat_words
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import column, label, row, words_at_left
from ui.widgets.table_view import ROW_HEIGHT

_FIXED = 3
"""Columns before the marks: head, number, relation."""


class Grid(QTableWidget):
    """Digits mark, 0 stands aside, N says not related, X does not know the household."""

    marked = Signal(int, int, int)
    told = Signal(int, str)

    def __init__(self, rules: PanelRules) -> None:
        super().__init__(0, _FIXED + len(rules.items))
        self._rules = rules
        self.setHorizontalHeaderLabels([tr("户主"), tr("户编号"), tr("回避"), *rules.items.values()])
        words_at_left(self, _FIXED)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(look().theme.px(ROW_HEIGHT))
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
        self.setAccessibleName(tr("评议票"))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        line, text = self.currentRow(), event.text().lower()
        if line >= 0 and text.isdigit() and text != "0":
            mark = int(text)
            if self._rules.lowest <= mark <= self._rules.highest:
                self.marked.emit(line, max(self.currentColumn(), _FIXED), mark)
        elif line >= 0 and text in ("0", "n", "x"):
            self.told.emit(line, text)
        else:
            super().keyPressEvent(event)


class BallotsPane(QWidget):
    """``voted``: seat, household, marks (none where the member does not know it); ``declared``: whether related."""

    voted = Signal(str, str, object)
    declared = Signal(str, str, bool)

    def __init__(self, rules: PanelRules) -> None:
        super().__init__()
        self._rules = rules
        self._opened: Opened | None = None
        self._pending: dict[str, dict[str, int]] = {}
        down = column(self, margin=8, gap=8)
        head = row(gap=8)
        head.addWidget(label(tr("评议员")))
        self.seat = QComboBox()
        self.seat.setAccessibleName(tr("评议员"))
        self.seat.activated.connect(lambda _place: self._choose())
        head.addWidget(self.seat)
        self.sentence = label("", "muted")
        head.addWidget(self.sentence, 1)
        down.addLayout(head)
        self.grid = Grid(rules)
        self.grid.marked.connect(self._mark)
        self.grid.told.connect(self._tell)
        down.addWidget(self.grid, 1)
        digits = f"{rules.lowest}–{rules.highest}"
        keys = ((digits, tr("打分，自动到下一项")), ("0", tr("是亲属，回避")), ("N", tr("已核实，不是亲属")))
        down.addWidget(KeyHint((*keys, ("X", tr("不了解该户")))))

    def show_batch(self, opened: Opened) -> None:
        """Show the ballots of a batch; the member and the cursor stay."""
        self._opened = opened
        chosen = self.seat.currentData()
        self.seat.clear()
        for seat in opened.sheet.seats:
            self.seat.addItem(seat_words(seat) if seat.attended else tr("{seat}(未到)", seat=seat_words(seat)), seat.no)
        self.seat.setCurrentIndex(max(self.seat.findData(chosen), 0))
        self._fill()

    @property
    def no(self) -> str:
        """The member whose ballot is shown; empty without a panel."""
        return str(self.seat.currentData() or "")

    def _choose(self) -> None:
        self._pending.clear()
        self._fill()
        self.grid.setCurrentCell(0, _FIXED)
        self.grid.setFocus()

    def _fill(self) -> None:
        opened = self._opened
        if opened is None:
            return
        line, place = self.grid.currentRow(), self.grid.currentColumn()
        cases = opened.cases
        self.grid.setRowCount(len(cases))
        done = 0
        for number, case in enumerate(cases):
            household = case.line.household
            ballot = opened.sheet.ballots.get((self.no, household))
            kind = opened.sheet.relations.get((self.no, household), "")
            said = relation_chip(kind).text
            if ballot is not None and not ballot.knows:
                said = tr("不了解")
            done += ballot is not None or kind == KIN
            marks = {**(ballot.marks if ballot else {}), **self._pending.get(household, {})}
            self._put(number, 0, case.line.head)
            self._put(number, 1, wording.household_number(case.line.number, short=True))
            self._put(number, 2, said)
            for at, item in enumerate(self._rules.items):
                self._put(number, _FIXED + at, str(marks.get(item, "")))
        if line >= 0:
            self.grid.setCurrentCell(line, place)
        self.sentence.setText(
            tr("已录 {done} 户，共 {n} 户", done=done, n=len(cases)) if self.no else tr("先增加评议员")
        )

    def _put(self, line: int, place: int, text: str) -> None:
        item = self.grid.item(line, place)
        if item is None:
            item = QTableWidgetItem()
            self.grid.setItem(line, place, item)
        item.setText(text)
        if place >= _FIXED:
            item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)

    def _household(self, line: int) -> str:
        return self._opened.cases[line].line.household if self._opened else ""

    def _mark(self, line: int, place: int, mark: int) -> None:
        opened, household = self._opened, self._household(line)
        if opened is None or not self.no:
            return
        items = list(self._rules.items)
        ballot = opened.sheet.ballots.get((self.no, household))
        own = self._pending.setdefault(household, dict(ballot.marks) if ballot else {})
        own[items[place - _FIXED]] = mark
        self._put(line, place, str(mark))
        last = place == _FIXED + len(items) - 1
        self.grid.setCurrentCell(min(line + last, self.grid.rowCount() - 1), _FIXED if last else place + 1)
        if len(own) == len(items):
            self.voted.emit(self.no, household, self._pending.pop(household))

    def _tell(self, line: int, key: str) -> None:
        household = self._household(line)
        if not household or not self.no:
            return
        if key == "x":
            self.voted.emit(self.no, household, {})
        else:
            self.declared.emit(self.no, household, key == "0")
        self.grid.setCurrentCell(min(line + 1, self.grid.rowCount() - 1), _FIXED)
