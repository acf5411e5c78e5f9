"""Entry of a tally sheet: one form for the whole paper, by keyboard alone, checked and counted while it is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QPalette
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from jmdesk.core.numbers import round_half_up
from jmdesk.reviews.rules import PanelRules
from jmdesk.reviews.tallying import Counted, TallyLine, begun, counted
from ui.core import wording
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.pages.reviews.model import Opened
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.key_hint import KeyHint
from ui.widgets.scan_field import ScanField
from ui.widgets.styling import button, column, label, row, words_at_left
from ui.widgets.table_view import ROW_HEIGHT

VALID = 2
"""The column of the number of valid votes; those of the votes follow."""
_DIGITS = 3


class TallyGrid(QTableWidget):
    """Digits go into the cell, Enter to the next one: valid votes, the sum of each vote, total, next household."""

    changed = Signal(int)

    def __init__(self) -> None:
        super().__init__(0, 0)
        self.votes = 0
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(look().theme.px(ROW_HEIGHT))
        self.setAccessibleName(tr("计票表"))

    @property
    def total(self) -> int:
        """The column of the total on the paper."""
        return VALID + 1 + self.votes

    def set_votes(self, votes: int) -> None:
        """Make room for so many votes."""
        self.votes = votes
        names = [tr("票{n}", n=n) for n in range(1, votes + 1)]
        self.setColumnCount(self.total + 4)
        self.setHorizontalHeaderLabels(
            [tr("户主"), tr("户编号"), tr("有效票"), *names, tr("总分"), tr("去掉最高、最低"), tr("平均"), tr("核对")]
        )
        words_at_left(self, VALID)
        for place in range(self.total + 1, self.total + 4):  # the line above the sheet says the same
            self.setColumnHidden(place, look().theme.large)
        head = self.horizontalHeader()
        head.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        for place in range(VALID, self.total + 1):
            head.setSectionResizeMode(place, QHeaderView.ResizeMode.Fixed)
            self.setColumnWidth(place, look().theme.px(70 if place in (VALID, self.total) else 44))
        head.setSectionResizeMode(self.total + 3, QHeaderView.ResizeMode.Stretch)

    def text(self, line: int, place: int) -> str:
        """What a cell says."""
        item = self.item(line, place)
        return item.text() if item is not None else ""

    def number(self, line: int, place: int) -> int | None:
        """The number in a cell, None for an empty one."""
        text = self.text(line, place)
        return int(text) if text.isdigit() else None

    def put(self, line: int, place: int, text: str) -> QTableWidgetItem:
        """Write into a cell."""
        item = self.item(line, place)
        if item is None:
            item = QTableWidgetItem()
            if place >= VALID:
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            self.setItem(line, place, item)
        item.setText(text)
        return item

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        line, place, text = self.currentRow(), self.currentColumn(), event.text()
        plain = not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if plain and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and line >= 0:
            self._next(line, place)
        elif plain and text.isascii() and text.isdigit() and line >= 0 and VALID <= place <= self.total:
            self.put(line, place, (self.text(line, place) + text)[-_DIGITS:].lstrip("0"))
            self.changed.emit(line)
        elif event.key() in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) and VALID <= place <= self.total:
            whole = event.key() == Qt.Key.Key_Delete
            self.put(line, place, "" if whole else self.text(line, place)[:-1])
            self.changed.emit(line)
        else:
            super().keyPressEvent(event)

    def _next(self, line: int, place: int) -> None:
        """The next cell to fill; behind the last valid vote comes the total, behind the total the next household."""
        if place < VALID:
            place = VALID
        elif place >= self.total:
            line, place = min(line + 1, self.rowCount() - 1), VALID
        else:
            done = place - VALID >= min(self.number(line, VALID) or 0, self.votes)
            place = self.total if done else place + 1
        self.setCurrentCell(line, place)


class TallyPane(QWidget):
    """``entered`` carries the lines, the scan's path (or None), and what the sheet is called."""

    entered = Signal(object, object, str)

    def __init__(self, rules: PanelRules) -> None:
        super().__init__()
        self._rules = rules
        self._households: tuple[str, ...] = ()
        self._able: dict[str, int] = {}
        self._batch = ""
        self.dirty = False
        down = column(self, margin=8, gap=8)
        items = len(rules.items)
        low, high, least = rules.lowest * items, rules.highest * items, rules.least_votes
        limits = {"low": low, "high": high, "least": least}
        words = tr("照纸质计票表逐户录入有效票张数、每张票的合计分({low}–{high} 分)和总分。", **limits)
        words += tr("满 {least} 张有效票的，去掉一个最高分和一个最低分。", **limits)
        if not look().theme.large:
            down.addWidget(label(words, "muted", wrap=True))
        self.verdict = label("", wrap=True)
        down.addWidget(self.verdict)
        self.grid = TallyGrid()
        self.grid.setToolTip(words)
        self.grid.currentCellChanged.connect(lambda *_: self._tell())
        self.grid.changed.connect(self._edited)
        down.addWidget(self.grid, 1)
        self.empty = EmptyState(
            tr("没有待计票的户"), tr("先在“农户”里登记申请；已初评的户不能再改票。"), icon_name="rating"
        )
        down.addWidget(self.empty, 1)
        self.foot = QWidget()
        lines = column(self.foot, gap=8)
        self.basis, self.scan = TextField(max_length=60), ScanField()
        self.basis.setAccessibleName(tr("计票表编号"))
        sheet = row(gap=10)
        for text, field in ((tr("计票表编号"), self.basis), (tr("扫描件"), self.scan)):
            sheet.addWidget(label(text))
            sheet.addWidget(field, 1)
        lines.addLayout(sheet)
        across = row(gap=10)
        self.save_it = button(tr("保存计票表"), "primary")
        self.save_it.clicked.connect(self.save)
        self.sentence = label("", "muted", wrap=True)
        across.addWidget(self.save_it)
        across.addWidget(self.sentence, 1)
        lines.addLayout(across)
        down.addWidget(self.foot)
        keys = (
            (tr("数字"), tr("录入")),
            ("Enter", tr("下一格")),
            ("Delete", tr("清空一格")),
            ("Ctrl+S", tr("保存计票表")),
        )
        down.addWidget(KeyHint(keys))

    def show_batch(self, opened: Opened) -> None:
        """Show the households that can still be counted; what is being typed stays."""
        if self.dirty and opened.batch.number == self._batch:
            return
        self._batch, self.dirty = opened.batch.number, False
        cases = [
            case for case in opened.cases if case.standing.state in ("applied", "screened", "returned", "recalled")
        ]
        self._households = tuple(case.line.household for case in cases)
        self._able = {rid: opened.able.get(rid, 0) for rid in self._households}
        most = max([self._rules.least_votes, *self._able.values()])
        self.grid.clear()
        self.grid.setRowCount(len(cases))
        self.grid.set_votes(most)
        for line, case in enumerate(cases):
            self.grid.put(line, 0, case.line.head)
            self.grid.put(line, 1, wording.household_number(case.line.number, short=True))
            known = opened.tallied.get(case.line.household)
            for place in range(VALID, self.grid.total + 1):
                self.grid.put(line, place, "")
            if known is not None:
                self.grid.put(line, VALID, str(known.valid))
                for n, total in enumerate(known.sums[:most]):
                    self.grid.put(line, VALID + 1 + n, str(total))
                self.grid.put(line, self.grid.total, str(known.total))
            self._check(line)
        for widget in (self.grid, self.foot):
            widget.setVisible(bool(cases))
        self.empty.setVisible(not cases)
        if cases:
            self.grid.setCurrentCell(0, VALID)
        self._count()

    def line(self, number: int) -> TallyLine:
        """A line as it is typed."""
        places = range(VALID + 1, self.grid.total)
        sums = tuple(n for place in places if (n := self.grid.number(number, place)) is not None)
        valid = self.grid.number(number, VALID) or 0
        return TallyLine(self._households[number], valid, sums, self.grid.number(number, self.grid.total))

    def save(self) -> None:
        """Hand the sheet over, unless a line does not agree: then go there."""
        lines = [self.line(number) for number in range(len(self._households))]
        for number, one in enumerate(lines):
            if one in begun([one]) and self._counted(one).fault:
                self.grid.setCurrentCell(number, VALID)
                self.grid.setFocus()
                return
        if begun(lines):
            self.entered.emit(begun(lines), self.scan.value(), str(self.basis.value() or ""))

    def done(self) -> None:
        """The sheet is in: the next one begins empty."""
        self.dirty = False
        self.basis.set_value("")
        self.scan.set_value(None)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _counted(self, line: TallyLine) -> Counted:
        return counted(line, self._rules, self._able.get(line.household, 0))

    def _edited(self, number: int) -> None:
        self.dirty = True
        self._check(number)
        self._tell()
        self._count()

    def _check(self, number: int) -> None:
        """Count one line and say what it comes to; the two votes that do not count are struck out."""
        one = self.line(number)
        found, grid = self._counted(one), self.grid
        votes = [place for place in range(VALID + 1, grid.total) if grid.text(number, place)]
        dropped = {votes[at] for at in (found.highest, found.lowest) if 0 <= at < len(votes)}
        faint = look().theme.palette().brush(QPalette.ColorRole.PlaceholderText)
        for place in range(VALID + 1, grid.total):
            item = grid.item(number, place)
            if item is not None:
                font = item.font()
                font.setStrikeOut(place in dropped)
                item.setFont(font)
                item.setForeground(faint if place in dropped else QBrush())
        high, low = (str(one.sums[at]) if at >= 0 else "" for at in (found.highest, found.lowest))
        grid.put(number, grid.total + 1, tr("{high} 和 {low}", high=high, low=low) if high else "")
        grid.put(number, grid.total + 2, "" if found.mean is None else str(round_half_up(found.mean, 2)))
        said = grid.put(number, grid.total + 3, self._said(one, found))
        wrong = bool(begun([one]) and found.fault)
        said.setForeground(QBrush(QColor(look().theme.colour("bad"))) if wrong else QBrush())

    def _said(self, one: TallyLine, found: Counted) -> str:
        if not begun([one]):
            return ""
        able, items = self._able.get(one.household, 0), len(self._rules.items)
        low, high = self._rules.lowest * items, self._rules.highest * items
        words = {
            "marks": tr("每张票 {low}–{high} 分", low=low, high=high),
            "number": tr("有效票 {valid} 张，已录 {n} 张", valid=one.valid, n=len(one.sums)),
            "total": tr("各票合计 {sum} 分，与总分不符", sum=found.sum),
            "too_many": tr("能投票的只有 {n} 人", n=able),
        }
        if found.fault:
            return words[found.fault]
        return tr("相符") if found.mean is not None else tr("相符；票数不足 {n} 张", n=self._rules.least_votes)

    def _tell(self) -> None:
        """Say above the sheet what the line under the cursor comes to: at large text its end is out of sight."""
        number, grid = self.grid.currentRow(), self.grid
        head, dropped, mean, said = (grid.text(number, place) for place in (0, *range(grid.total + 1, grid.total + 4)))
        words = [said] if said else []
        if dropped:
            words.append(tr("去掉 {dropped} 分，平均 {mean} 分", dropped=dropped, mean=mean))
        self.verdict.setText(f"{head}：{'；'.join(words)}" if words else head)

    def _count(self) -> None:
        lines = begun([self.line(number) for number in range(len(self._households))])
        wrong = sum(bool(self._counted(one).fault) for one in lines)
        self.sentence.setText(
            tr("已录 {done} 户，共 {n} 户；{wrong} 户核对不符", done=len(lines), n=len(self._households), wrong=wrong)
            if wrong
            else tr("已录 {done} 户，共 {n} 户", done=len(lines), n=len(self._households))
        )
        self.save_it.setEnabled(bool(lines) and not wrong)
