"""Sync: how this desk stands with the platform, what waits, what came of it, and what needs a person."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QScrollArea, QSizePolicy, QWidget
from shiboken6 import isValid

from jmdesk.core.changes import Changes
from jmdesk.core.errors import KnownError
from jmdesk.place import Grant
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.messages import OK, WARN, Notice, present
from ui.core.overriding import override
from ui.core.ports import Chip
from ui.core.printing import write_pdf
from ui.core.runner import Outcome, Report, Task
from ui.pages.sync.device import DeviceCard
from ui.pages.sync.enrolment import EnrolmentForm
from ui.pages.sync.exchange import (
    Application,
    Exported,
    FromStick,
    enrol_here,
    exchange,
    export_batches,
    outcome_chip,
    take_replies_here,
    words_of,
)
from ui.pages.sync.history import MOST_PRINTED, Diary
from ui.pages.sync.model import (
    MOST_SHOWN,
    Readable,
    Shown,
    SyncReader,
    aside_columns,
    batch_columns,
    held_columns,
    split_key,
)
from ui.pages.sync.packages import package_columns
from ui.pages.sync.parts import Listed, Standing, Told, Waiting
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import at_left, button, column, label, row


class SyncPage(Page):
    """Reads itself anew after every change; nothing here waits for the network on the GUI thread."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reader = SyncReader(context.services)
        self._newer = threading.Event()
        self._running: Task | None = None
        self._rehearsed = ""
        self.shown: Shown | None = None
        self.form = EnrolmentForm()
        self.standing, self.waiting, self.told = Standing(), Waiting(), Told()
        self.aside = Listed(tr("退回补正和两处修改不一致"), aside_columns(), detail=(1, 2))
        self.refusing = Listed(tr("报送预演：平台会退回的记录"), held_columns(), detail=(1, 2))
        self.held = Listed(tr("暂不能报送的记录"), held_columns(), detail=(1, 2))
        self.batches = Listed(tr("报送包"), batch_columns())
        self.diary = Diary(context.services)
        self.packages = Listed(tr("发布包"), package_columns(), detail=(4,))
        self.progress = ProgressPanel()
        self.device = DeviceCard(context, self.synchronise)
        self._lay_out()
        self.form.wanted.connect(self.enrol)
        self.sync_button.clicked.connect(self.synchronise)
        self.export_button.clicked.connect(self._ask_folder)
        self.take_button.clicked.connect(self._ask_replies)
        self.aside.opened.connect(self._decide)
        self.held.opened.connect(self._open)
        self.refusing.opened.connect(self._open)
        self.rehearse_button.clicked.connect(self._ask_rehearsal)
        self.diary.printing.connect(self.print_diary)
        Freshness(self, context.runner, self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        outer = column(self)
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = column(inside, margin=20, gap=12)
        scroll.setWidget(inside)
        outer.addWidget(scroll)
        down.addLayout(self._head())
        down.addWidget(self.progress)
        down.addLayout(at_left(self.form))
        across = row(gap=12)
        across.addWidget(self.standing, 1)
        across.addWidget(self.waiting, 1)
        down.addLayout(across)
        lists = (self.aside, self.refusing, self.held, self.batches, self.diary, self.packages)
        for part in (self.device, self.told, *lists):
            down.addWidget(part)
        down.addStretch(1)
        self.form.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.form.hide()
        self.standing.hide()

    def _head(self) -> QHBoxLayout:
        across = row(gap=8)
        across.addWidget(label(tr("报送"), "title"))
        across.addStretch(1)
        self.rehearse_button = button(tr("打印预演"), "", "print")
        self.rehearse_button.setToolTip(tr("报送以前先看：会交出什么，什么会被退回，怎么补正"))
        self.rehearse_button.setEnabled(False)
        across.addWidget(self.rehearse_button)
        self.export_button = button(tr("导出报送包"), "", "export")
        self.export_button.setToolTip(tr("没有网络时，把加密签名的报送包写到优盘，送到平台"))
        self.sync_button = button(tr("报送"), "primary", "sync")
        self.sync_button.setToolTip(tr("交出待报送的修改，取回平台回执和别处的修改"))
        across.addWidget(self.export_button)
        self.take_button = button(tr("读入优盘回执"), "", "import")
        self.take_button.setToolTip(tr("读入优盘带回的平台回执和别处的修改"))
        across.addWidget(self.take_button)
        across.addWidget(self.sync_button)
        return across

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if self.form.isVisible():
            self.form.address.setFocus()
        else:
            self.sync_button.setFocus()

    # -- reading ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read the state of the exchange, and then try every waiting change on the rules of sending."""
        self._newer.set()
        newer = self._newer = threading.Event()
        self.device.refresh()
        self.context.runner.read(self._reader.read, lambda outcome: self._arrived(outcome, newer))

    def _arrived(self, outcome: Outcome, newer: threading.Event) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if newer.is_set() or not isinstance(outcome.value, Shown):
            return
        self.shown = shown = outcome.value
        member = shown.membership
        admit = member is None or shown.stranded
        first = self.form.isHidden() and admit
        if member is not None and shown.stranded:
            self.form.enrol_again(member.gateway)
        self.form.setVisible(admit)
        self.standing.setVisible(member is not None)
        if member is not None and self.context.desk is not None:
            self.standing.show_membership(self.context.desk.unit_name, member, shown.last_sync)
        self.waiting.show_counts(shown)
        number = len(shown.set_aside)
        self.aside.show_rows(shown.set_aside, tr("{n} 条，按 Enter 处理", n=number))
        self.batches.show_rows(shown.batches, tr("{n} 个，新的在前", n=len(shown.batches)))
        self._enable()
        if first and self.isVisible():
            self.form.address.setFocus()
        if shown.total:
            self.context.runner.read(lambda: self._reader.readable(newer.is_set), self._tried)
        else:
            self.held.show_rows((), "")
            self.refusing.show_rows((), "")
            self._rehearsed = ""
            self.rehearse_button.setEnabled(False)
        self.diary.refresh()
        number = len(shown.packages)
        self.packages.show_rows(shown.packages, tr("{n} 个", n=number))

    def _tried(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if isinstance(outcome.value, Readable):
            found = outcome.value
            self.waiting.show_readable(found)
            self.refusing.show_rows(found.refused_rows, tr("{n} 条，按 Enter 打开", n=f"{found.refused:,}"))
            self._rehearsed = found.paper
            self.rehearse_button.setEnabled(True)
            text = tr("{n} 条，按 Enter 打开", n=f"{found.held:,}")
            if found.held > MOST_SHOWN:
                text = tr("{n} 条，列出前 {most} 条，按 Enter 打开", n=f"{found.held:,}", most=MOST_SHOWN)
            self.held.show_rows(found.rows, text)

    # -- on paper --------------------------------------------------------------------------------------------------

    def _ask_rehearsal(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("存为 PDF"), f"{tr('报送预演')}.pdf", "PDF (*.pdf)")
        if name:
            self.print_rehearsal(Path(name if name.lower().endswith(".pdf") else f"{name}.pdf"))

    def print_rehearsal(self, path: Path) -> None:
        """Write the rehearsal that is shown as a PDF."""
        self._print(self._rehearsed, path)

    def print_diary(self, path: Path) -> None:
        """Write the entries that the filter lets through as a PDF."""
        from sync.client.diary import paper

        entries = self.diary.rows().entries(0, MOST_PRINTED)
        self._print(paper(entries, unit=self.context.services.unit_name), path)

    def _print(self, html: str, path: Path) -> None:
        try:
            write_pdf(html, path)
        except KnownError as error:
            self.context.notices.error(error)
        else:
            self.context.notices.say(tr("已存为“{name}”。", name=path.name))

    def _decide(self, key: str) -> None:
        type_id, rid = split_key(key)
        self.context.go(Target("conflicts", type_id, rid, came_from=Target("sync")))

    def _open(self, key: str) -> None:
        type_id, rid = split_key(key)
        self.context.go(Target("records", type_id, rid, came_from=Target("sync")))

    # -- enrolment -------------------------------------------------------------------------------------------------

    def enrol(self, wanted: Application) -> None:
        """Admit this computer to the platform."""
        desk = self.context.services
        self.form.wait(waiting=True)
        self.context.runner.submit(lambda _progress, _cancelled: enrol_here(desk, wanted), self._enrolled)

    def _enrolled(self, outcome: Outcome) -> None:
        if isValid(self):
            self.form.wait(waiting=False)
            if isinstance(outcome.error, KnownError):
                self.form.show_error(outcome.error)
                return
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Grant):
            self.context.notices.say(tr("已登记到市平台，可以报送了。"))
            self._tell_everyone()

    # -- exchange --------------------------------------------------------------------------------------------------

    def synchronise(self) -> None:
        """Exchange with the platform."""
        if self._running is not None:
            return
        desk = self.context.services

        def work(progress: Report, cancelled: Callable[[], bool]) -> object:
            report = exchange(desk, progress, cancelled)
            return outcome_chip(report), words_of(report)

        self._follow(self.context.runner.beside(work, self._synchronised), tr("正在连接平台"))

    def _synchronised(self, outcome: Outcome) -> None:
        here = isValid(self)  # at another text size the page is built anew meanwhile
        if here:
            self._ended()
        if isinstance(outcome.error, KnownError):
            self._failed(outcome.error, here=here)
        elif outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, tuple):
            chip, lines = outcome.value
            if here:
                self.told.tell(chip, lines)
            else:
                self.context.notices.say(lines[0])
            self._tell_everyone()

    def _failed(self, error: KnownError, *, here: bool) -> None:
        notice = present(error)
        if here:
            self.told.tell(Chip(tr("没有完成"), notice.kind), [notice.text, notice.hint])
            notice = replace(notice, action_text=tr("再试一次"), action=self.synchronise)
            self.refresh()
        self.context.notices.post(notice)

    def _enable(self) -> None:
        ready = self.shown is not None and self.shown.membership is not None and self._running is None
        self.sync_button.setEnabled(ready)
        self.export_button.setEnabled(ready)
        self.take_button.setEnabled(ready)

    def _follow(self, task: Task, text: str) -> None:
        """Show work under way; the cursor waits on the button that stops it."""
        self._running = task
        self.progress.follow(task, text)
        self.progress.stop.setFocus()
        self._scroll.verticalScrollBar().setValue(0)
        self._enable()

    def _ended(self) -> None:
        """Show that no work is under way; the cursor goes back unless the user has taken it elsewhere."""
        stop = self.progress.stop
        waited = stop.hasFocus() or not stop.isEnabled()
        self._running = None
        self._enable()
        if waited:
            self.sync_button.setFocus()

    def _tell_everyone(self) -> None:
        """Have every view read anew: the time of an exchange and a grant are no records, so no store tells of them."""
        self.context.runner.changed.emit(Changes())

    # -- on a stick ------------------------------------------------------------------------------------------------

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("选择优盘上的文件夹"))
        if folder:
            self.export(Path(folder))

    def export(self, folder: Path) -> None:
        """Write every batch that the platform does not hold into a folder."""
        if self._running is not None:
            return
        desk = self.context.services
        task = self.context.runner.beside(
            lambda progress, cancelled: export_batches(desk, folder, progress, cancelled), self._exported
        )
        self._follow(task, tr("正在封装报送包"))

    def _ask_replies(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("选择优盘上平台写回的文件夹"))
        if folder:
            self.take(Path(folder))

    def take(self, folder: Path) -> None:
        """Take over the receipts and changes that a stick brings back."""
        if self._running is not None:
            return
        desk = self.context.services
        task = self.context.runner.beside(
            lambda progress, cancelled: take_replies_here(desk, folder, progress, cancelled), self._taken
        )
        self._follow(task, tr("正在读入优盘回执"))

    def _taken(self, outcome: Outcome) -> None:
        if isValid(self):
            self._ended()
            self.refresh()
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, FromStick):
            brought = outcome.value
            self.context.notices.post(Notice(brought.text, OK if brought.good else WARN, brought.hint))
            self._tell_everyone()

    def _exported(self, outcome: Outcome) -> None:
        if isValid(self):
            self._ended()
            self.refresh()
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Exported):
            self._say_exported(outcome.value)

    def _say_exported(self, done: Exported) -> None:
        if not done.files:
            self.context.notices.say(tr("没有可以导出的内容。"), "info")
            return
        names = "、".join(path.name for path in done.files)
        text = tr("已写好 {n} 个报送包，共 {records} 条记录。", n=len(done.files), records=f"{done.records:,}")
        hint = tr("{names}。内容已加密并签名；送到平台后，下次联网报送时取回回执。", names=names)
        self.context.notices.post(Notice(text, OK, hint))
