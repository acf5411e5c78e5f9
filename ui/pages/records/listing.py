"""The list of one record type: search, filters, the rows."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from jmdesk.catalogue.types import RecordType
from jmdesk.exports.service import Exported, Order
from jmdesk.store.reading import Filter
from ui.core import wording
from ui.core.actions import tip
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.record_desk import RecordDesk
from ui.core.runner import Outcome
from ui.core.search_note import SearchNote
from ui.core.theme import look
from ui.pages.records.model import HITS, RecordFilter, RecordSource, columns, is_searchable
from ui.widgets.empty_state import EmptyState
from ui.widgets.export_bar import ExportBar, ExportWish
from ui.widgets.field import TextField
from ui.widgets.flow import Flow
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable
from ui.widgets.unmasked_export import UnmaskedExport

PAUSE = 120
"""Milliseconds without a key before a search starts."""


class RecordList(QWidget):
    """Emits ``opened`` with a record id and ``new_wished`` for a new record."""

    opened = Signal(str)
    new_wished = Signal()

    def __init__(self, record_type: RecordType, desk: RecordDesk, context: Context) -> None:
        super().__init__()
        self.type, self._desk, self._context = record_type, desk, context
        self._searches = SearchNote(desk.desk, context.runner)
        down = column(self, gap=10)
        self.bar = ExportBar(record_type.label)
        down.addLayout(self._head())
        down.addLayout(self._filters())
        down.addWidget(self.bar)
        self.bar.wished.connect(self._export)
        self.progress = ProgressPanel()
        self.in_full = UnmaskedExport(context, record_type, self.filter, self.progress)
        if desk.desk.guard.may("export", record_type.id):
            self.bar.offer_in_full()
            self.bar.in_full_wished.connect(self.in_full.toggle)
        down.addWidget(self.in_full)
        down.addWidget(self.progress)
        self.table = WindowedTable(columns(record_type, desk.labels.hidden(record_type.id)), record_type.label)
        empty = EmptyState("")
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        self._empty = empty
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.refresh)
        self.table.opened.connect(self.opened)
        self.table.typed.connect(self._type_into_search)
        self.refresh()

    def _export(self, wish: ExportWish) -> None:
        exports, order = self._context.services.exports, Order(self.type.id, wish.purpose, self.filter())
        task = self._context.runner.beside(
            lambda progress, cancelled: exports.records(order, wish.file, progress, cancelled), self._exported
        )
        self.progress.follow(task, tr("正在导出…"))

    def _exported(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        if isinstance(outcome.value, Exported):
            self._context.notices.say(tr("已导出 {n} 条，已留痕。", n=f"{outcome.value.rows:,}"))

    def wanted(self) -> RecordFilter:
        """What the filters say."""
        return RecordFilter(
            search=self.search.text(), sync=str(self.sync.currentData() or ""), voided=self.voided.isChecked()
        )

    def filter(self) -> Filter:
        """The filter as the store asks for it."""
        return RecordSource(self._desk.desk, self._desk.labels, self.type, self.wanted()).filter

    def refresh(self) -> None:
        """Read the list from its start."""
        self._timer.stop()
        wanted = self.wanted()
        self.table.show_source(RecordSource(self._desk.desk, self._desk.labels, self.type, wanted))
        self._searches.take(self.type.id, wanted.search)
        shown = self.table.rows.rowCount()
        over = bool(wanted.search) and shown >= HITS
        self._count.setText(tr("前 {n} 条，请再多输几个字", n=shown) if over else tr("共 {n} 条", n=f"{shown:,}"))
        if wanted != RecordFilter():
            self._empty.say(tr("没有符合条件的记录"), tr("换个条件试试。"))
        else:
            self._empty.say(tr("还没有“{name}”记录", name=self.type.label), self._first_hint())

    def _first_hint(self) -> str:
        """Where the first record of the type comes from; only households and their parts come from registers."""
        if self.type.bookkeeping:
            return tr("由系统自动记录。")
        if self.type.id == "R05" or self.type.household_field:
            return tr("按 Ctrl+N 新建，或从“导入”页导入登记表。")
        return tr("按 Ctrl+N 新建。")

    def reread(self) -> None:
        """Read the list again where it stands."""
        self.table.reread()
        self._count.setText(tr("共 {n} 条", n=f"{self.table.rows.rowCount():,}"))

    def _head(self) -> QHBoxLayout:
        across = row(gap=10)
        across.addWidget(label(self.type.label, "title"))
        self._count = label("", "muted")
        across.addWidget(self._count)
        across.addStretch(1)
        if self.type.bookkeeping:
            across.addWidget(label(tr("系统记录，只能查看"), "muted"))
        else:
            self.new = button(tr("新建"), "primary", "add")
            self.new.setToolTip(tip("app.new"))
            self.new.clicked.connect(self.new_wished)
            across.addWidget(self.new)
        self.export = self.bar.opener()
        self.export.setEnabled(self._desk.desk.guard.may("export", self.type.id))
        across.addWidget(self.export)
        return across

    def _filters(self) -> Flow:
        across = Flow()
        px = look().theme.px
        self.search = TextField(max_length=60)
        self.search.setPlaceholderText(tr("名称、拼音首字母或号码后几位"))
        self.search.setAccessibleName(tr("查找"))
        self.search.addAction(icon("search", "muted"), self.search.ActionPosition.LeadingPosition)
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(px(280))
        if not is_searchable(self.type):
            self.search.hide()
        self.search.textChanged.connect(lambda _text: self._timer.start())
        self.search.returnPressed.connect(self._to_table)
        self.sync = QComboBox()
        self.sync.setAccessibleName(tr("报送状态"))
        self.sync.addItem(tr("全部报送状态"), "")
        for state in wording.SYNC_STATES:
            self.sync.addItem(wording.sync_state(state).text, state)
        self.sync.activated.connect(self.refresh)
        self.voided = QCheckBox(tr("已作废"))
        self.voided.toggled.connect(self.refresh)
        for widget in (self.search, self.sync, self.voided):
            across.addWidget(widget)
        return across

    def _to_table(self) -> None:
        self.refresh()
        self.table.setFocus()

    def _type_into_search(self, text: str) -> None:
        if self.search.isVisible():
            self.search.setFocus()
            self.search.setText(text)
