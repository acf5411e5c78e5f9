"""Audit: everything that was done at this desk, by whom, when, about what; whether the log is whole."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QHBoxLayout

from jmdesk.audit.queries import Wanted
from jmdesk.audit.service import AUDIT, Soundness
from ui.core import wording
from ui.core.context import Context, Page
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.messages import WARN, Notice
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.pages.audit.model import Trail, columns
from ui.widgets.date_field import DateField
from ui.widgets.empty_state import EmptyState
from ui.widgets.export_bar import ExportBar, ExportWish
from ui.widgets.flow import Flow
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable


class AuditPage(Page):
    """The newest first, under filters of who, what, about what and when; export, and a check of the whole chain."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._names: dict[str, str] = {}
        down = column(self, margin=20, gap=10)
        self.bar = ExportBar(tr("审计记录"))
        self.bar.wished.connect(self._export)
        down.addLayout(self._head())
        down.addLayout(self._filters())
        down.addWidget(self.bar)
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        self.table = WindowedTable(columns(), tr("审计记录"))
        empty = EmptyState(tr("没有符合条件的记录"), tr("换个条件试试。"))
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        Freshness(self, context.runner, self.reread)
        self.reread()

    def _head(self) -> QHBoxLayout:
        across = row(gap=10)
        across.addWidget(label(tr("审计"), "title"))
        self.count = label("", "muted")
        across.addWidget(self.count, 1)
        self.check_button = button(tr("核对日志链"), "", "ok")
        self.check_button.clicked.connect(self.check)
        across.addWidget(self.check_button)
        self.export_button = self.bar.opener()
        self.export_button.setEnabled(self.context.services.guard.may("export", AUDIT))
        across.addWidget(self.export_button)
        return across

    def _filters(self) -> Flow:
        across = Flow()
        self.who, self.what, self.about = QComboBox(), QComboBox(), QComboBox()
        for box, name, first in (
            (self.who, tr("人员"), tr("全部人员")),
            (self.what, tr("做了什么"), tr("全部操作")),
            (self.about, tr("对象"), tr("全部对象")),
        ):
            box.setAccessibleName(name)
            box.addItem(first, "")
            box.activated.connect(self.refresh)
            across.addWidget(box)
        for record_type in self.context.services.catalogue.types.values():
            self.about.addItem(record_type.label, record_type.id)
        self.since, self.until = DateField(), DateField()
        for field, text in ((self.since, tr("起始日期")), (self.until, tr("截止日期"))):
            field.setAccessibleName(text)
            field.setPlaceholderText(text)
            field.setMaximumWidth(150)
            field.edited.connect(self.refresh)
            across.addWidget(field)
        return across

    @override
    def take_focus(self) -> None:
        self.table.setFocus()

    @override
    def start_search(self) -> None:
        self.who.setFocus()

    # -- reading ---------------------------------------------------------------------------------------------------

    def wanted(self) -> Wanted:
        """What the filters say; days are days in Jiangmen."""
        verb = str(self.what.currentData() or "")
        since, until = self.since.value(), self.until.value()
        return Wanted(
            actor=str(self.who.currentData() or ""),
            verbs=(verb,) if verb else (),
            type=str(self.about.currentData() or ""),
            since=_begin_of(str(since)) if since else "",
            until=_end_of(str(until)) if until else "",
        )

    def reread(self) -> None:
        """Read who and what occur, then the list."""
        services = self.context.services
        self.context.runner.read(lambda: (services.accounts.all(), services.audit.verbs()), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        accounts, verbs = outcome.value
        self._names = {one.user: one.name for one in accounts}
        _fill(self.who, self._names)
        _fill(self.what, {verb: wording.deed(verb) for verb in verbs})
        self.refresh()

    def refresh(self) -> None:
        """Show the list from its start."""
        self.table.show_source(Trail(self.context.services, self._names, self.wanted()))
        self.count.setText(tr("共 {n} 条", n=f"{self.table.rows.rowCount():,}"))

    # -- acting ----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Follow the whole chain, off the GUI thread."""
        audit = self.context.services.audit
        self.check_button.setEnabled(False)
        task = self.context.runner.beside(lambda _progress, _cancelled: audit.soundness(), self._checked)
        self.progress.follow(task, tr("正在核对日志链…"))

    def _checked(self, outcome: Outcome) -> None:
        self.check_button.setEnabled(True)
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Soundness):
            told = outcome.value
            if told.at:
                text = tr("日志在第 {n} 条断开：可能被改动。", n=told.at)
                self.context.notices.post(Notice(text, WARN, tr("请保留现状，报告审计员；不要删除任何文件。")))
            else:
                n, head = f"{told.entries:,}", told.head[:12]
                self.context.notices.say(tr("日志链完好，共 {n} 条，链头 {head}。", n=n, head=head))

    def _export(self, wish: ExportWish) -> None:
        services, trail = self.context.services, Trail(self.context.services, self._names, self.wanted())

        def work(_progress: object, _cancelled: object) -> object:
            services.guard.require("export", AUDIT)
            return services.exports.write(trail.sheet(), wish.file, wish.purpose, AUDIT)

        self.progress.follow(self.context.runner.beside(work, self._exported), tr("正在导出…"))

    def _exported(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif outcome.ok:
            self.context.notices.say(tr("已导出，已留痕。"))
            self.refresh()


def _begin_of(day: str) -> str:
    return _utc(day, "00:00:00")


def _end_of(day: str) -> str:
    return _utc(day, "23:59:59")


def _utc(day: str, time: str) -> str:
    from datetime import datetime

    from jmdesk.core.clock import BEIJING, utc_text

    return utc_text(datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=BEIJING))


def _fill(box: QComboBox, entries: dict[str, str]) -> None:
    """Put choices below the first one, keeping what was chosen."""
    chosen = box.currentData()
    while box.count() > 1:
        box.removeItem(1)
    for code, text in entries.items():
        box.addItem(text, code)
    box.setCurrentIndex(max(0, box.findData(chosen)))
