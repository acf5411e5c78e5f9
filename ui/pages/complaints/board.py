"""The complaints that are due, or all of them, and the way to a new one."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from jmdesk.complaints.queries import SEARCH_LIMIT, ComplaintFilter
from jmdesk.core.errors import Refused
from ui.core.actions import tip
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.runner import Outcome
from ui.pages.complaints.model import (
    ALL,
    OPEN,
    OVERDUE,
    TODAY,
    WAITERS,
    Board,
    ComplaintReader,
    ComplaintSource,
    columns,
)
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable

PAUSE = 100
"""Milliseconds without a key before a search starts."""


class ComplaintBoard(QWidget):
    """Emits ``opened`` with a record id, and the wishes for a new complaint, the report, the interests."""

    opened = Signal(str)
    new_wished = Signal()
    report_wished = Signal()
    interests_wished = Signal()

    def __init__(self, context: Context, reader: ComplaintReader) -> None:
        super().__init__()
        self._context, self._reader = context, reader
        self._asked = ""
        down = column(self, gap=10)
        down.addLayout(self._head())
        down.addLayout(self._filters())
        self.table = WindowedTable(columns(), tr("投诉"))
        self.empty = EmptyState(tr("没有在办的投诉"), tr("接到投诉按 Ctrl+N 登记。"), tr("登记投诉"), icon_name="ok")
        self.empty.acted.connect(self.new_wished)
        self.table.opened.connect(self.opened)
        down.addWidget(TableOrEmpty(self.table, self.empty), 1)
        hints = (("↑ ↓", tr("选投诉")), ("Enter", tr("打开")), ("Ctrl+N", tr("登记投诉")), ("Ctrl+F", tr("查找")))
        down.addWidget(KeyHint(hints))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.refresh)

    def refresh(self) -> None:
        """Read what is shown: the board off the GUI thread, the whole list page by page."""
        self._timer.stop()
        chosen, text = str(self.scope.currentData()), self.search.text().strip()
        if chosen == ALL or text:
            self._asked = ""
            self._show_all(text)
            return
        self._asked = chosen
        self._context.runner.read(lambda: self._reader.board(chosen), self._arrived)

    def _show_all(self, text: str) -> None:
        try:
            self.table.show_source(ComplaintSource(self._reader, ComplaintFilter(search=text)))
        except Refused as error:
            self._shut(error)
            return
        shown = self.table.rows.rowCount()
        over = bool(text) and shown >= SEARCH_LIMIT
        words = tr("前 {n} 件，请再多输几个字", n=shown) if over else tr("共 {n} 件", n=f"{shown:,}")
        self.sentence.setText(words)
        self.empty.say(tr("没有找到投诉"), tr("换个编号、姓名、电话后四位、企业或产品试试。"))

    def _arrived(self, outcome: Outcome) -> None:
        if not self._asked:  # a search began meanwhile
            return
        if isinstance(outcome.error, Refused):
            self._shut(outcome.error)
            return
        if not isinstance(outcome.value, Board):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        board = outcome.value
        self.table.show_source(FixedRows(board.rows))
        words = tr("在办 {n} 件", n=f"{board.open:,}")
        if board.overdue or board.today:
            words += tr("，超期 {over} 件，今天到期 {today} 件", over=board.overdue, today=board.today)
        self.sentence.setText(words)
        self.empty.say(tr("没有这样的在办投诉"), tr("接到投诉按 Ctrl+N 登记。"))

    def _shut(self, error: Refused) -> None:
        """Say why this user sees nothing."""
        self.table.show_source(FixedRows(()))
        told = error.message_for_user()
        self.empty.say(told.text, told.action)
        self.sentence.setText("")

    def _head(self) -> QHBoxLayout:
        head = row(gap=10)
        head.addWidget(label(tr("投诉"), "title"))
        self.sentence = label("", "muted")
        head.addWidget(self.sentence, 1)
        interests = button(tr("利害关系"), "link")
        interests.clicked.connect(self.interests_wished)
        report = button(tr("统计报告"), "", "rating")
        report.clicked.connect(self.report_wished)
        new = button(tr("登记投诉"), "primary", "add")
        new.setToolTip(tip("app.new"))
        new.clicked.connect(self.new_wished)
        for one in (interests, report, new):
            head.addWidget(one)
        return head

    def _filters(self) -> QHBoxLayout:
        across = row(gap=10)
        self.scope = QComboBox()
        self.scope.setAccessibleName(tr("显示哪些投诉"))
        entries = [(tr("在办，按期限"), OPEN), (tr("今天到期"), TODAY), (tr("已超期"), OVERDUE)]
        entries += [(tr("等待：{who}", who=who), who) for who in WAITERS]
        for text, value in (*entries, (tr("全部投诉"), ALL)):
            self.scope.addItem(text, value)
        self.scope.currentIndexChanged.connect(self.refresh)
        self.search = TextField(max_length=60)
        self.search.setPlaceholderText(tr("查找：编号、姓名、电话后四位、企业、产品，汉字或拼音首字母"))
        self.search.setAccessibleName(tr("查找投诉"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(lambda _text: self._timer.start())
        self.search.returnPressed.connect(self.table_focus)
        across.addWidget(self.scope)
        across.addWidget(self.search, 1)
        return across

    def table_focus(self) -> None:
        """Go to the list."""
        self.refresh()
        self.table.setFocus()
