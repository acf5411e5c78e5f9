"""Backups: when they were made, another one now, a second place, and the way back after a rehearsal."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout

from jmdesk.backups.card import Kept
from jmdesk.backups.opening import OpenBackup
from jmdesk.backups.rehearsal import Report
from jmdesk.backups.service import Made
from jmdesk.core.clock import beijing_text
from ui.core import wording
from ui.core.context import Context, Page
from ui.core.i18n import tr
from ui.core.messages import WARN, Notice
from ui.core.overriding import override
from ui.core.ports import Chip, Row
from ui.core.runner import Outcome
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, card, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable

_MEGABYTE = 1 << 20


class BackupsPage(Page):
    """The list above; below it the chosen backup with the way back: passphrase, rehearsal, report, restore."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._kept: dict[str, Kept] = {}
        self._chosen: Kept | None = None
        self._opened: OpenBackup | None = None
        down = column(self, margin=20, gap=10)
        down.addLayout(self._head())
        down.addLayout(self._second())
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        self.table = WindowedTable(
            (
                Column(tr("备份时间"), 160),
                Column(tr("种类"), 90),
                Column(tr("大小"), 80, number=True),
                Column(tr("变更条数"), 96, number=True),
                Column(tr("状况"), 100),
                Column(tr("文件夹"), 170, stretch=True),
            ),
            tr("备份"),
        )
        self.table.selected.connect(self.choose)
        empty = EmptyState(tr("还没有备份"), tr("每天第一次打开时自动备份；也可以现在就备份一次。"))
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        down.addWidget(self._way_back())
        self.reread()

    def _head(self) -> QHBoxLayout:
        across = row(gap=10)
        across.addWidget(label(tr("备份与恢复"), "title"))
        across.addWidget(label(tr("每天自动备份，换密钥、升级前也会备份；30 天前的自动清除。"), "muted", wrap=True), 1)
        self.now_button = button(tr("立即备份"), "primary", "vault")
        self.now_button.clicked.connect(self.make)
        across.addWidget(self.now_button)
        return across

    def _second(self) -> QHBoxLayout:
        across = row(gap=8)
        across.addWidget(label(tr("第二处"), "label"))
        self.second = label("", wrap=True)
        across.addWidget(self.second, 1)
        self.second_button = button(tr("选择文件夹"), "", "folder")
        self.second_button.clicked.connect(self.choose_second)
        self.none_button = button(tr("不再另存"), "link")
        self.none_button.clicked.connect(lambda: self._name_second(None))
        across.addWidget(self.second_button)
        across.addWidget(self.none_button)
        return across

    def _way_back(self) -> QFrame:
        made = self.back = card()
        down = column(made, margin=12, gap=6)
        self.heading = label("", "heading")
        down.addWidget(self.heading)
        across = row(gap=8)
        self.passphrase = PassphraseField(tr("备份时的开库口令"))
        self.passphrase.setPlaceholderText(tr("备份时的开库口令"))
        across.addWidget(self.passphrase, 1)
        self.rehearse_button = button(tr("演练恢复"))
        self.rehearse_button.setToolTip(tr("在旁边打开并核对这份备份，说明恢复会丢失什么；不改动任何内容"))
        self.rehearse_button.clicked.connect(self.rehearse)
        self.restore_button = button(tr("恢复到这份备份"), "danger")
        self.restore_button.clicked.connect(self.ask_restore)
        across.addWidget(self.rehearse_button)
        across.addWidget(self.restore_button)
        down.addLayout(across)
        self.report = label("", "muted", wrap=True)
        down.addWidget(self.report)
        made.hide()
        return made

    @override
    def take_focus(self) -> None:
        self.table.setFocus()

    # -- reading ---------------------------------------------------------------------------------------------------

    def reread(self) -> None:
        """Read what backups there are."""
        backups = self.context.services.backups
        self.context.runner.read(lambda: (backups.all(), backups.second), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        found, second = outcome.value
        self._kept = {str(kept.folder): kept for kept in found}
        self.table.show_source(FixedRows([_row(kept) for kept in found]))
        nowhere = tr("没有设置。电脑丢失或硬盘损坏时，本机的备份也会一起失去：请选优盘或另一块磁盘上的文件夹。")
        self.second.setText(str(second) if second is not None else nowhere)
        self.none_button.setVisible(second is not None)

    def choose(self, key: str) -> None:
        """Offer the way back to a backup."""
        self._chosen, self._opened = self._kept.get(key), None
        self.back.setVisible(self._chosen is not None)
        if self._chosen is not None:
            self.heading.setText(tr("{at} 的备份", at=beijing_text(self._chosen.card.created)))
        self.report.setText(tr("先演练：核对备份是否完好，并列出恢复会丢失的改动。"))
        self.restore_button.setEnabled(False)

    # -- making ----------------------------------------------------------------------------------------------------

    def make(self) -> None:
        """Make a backup now."""
        backups = self.context.services.backups
        self.now_button.setEnabled(False)
        task = self.context.runner.beside(
            lambda progress, cancelled: backups.make("manual", progress, cancelled), self._made
        )
        self.progress.follow(task, tr("正在备份并核对…"))

    def _made(self, outcome: Outcome) -> None:
        self.now_button.setEnabled(True)
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Made) and outcome.value.second_problem is not None:
            problem = outcome.value.second_problem.message_for_user()
            text = tr("已在本机备份；第二处没有备份成。")
            self.context.notices.post(Notice(text, WARN, f"{problem.text}{problem.action}"))
        elif outcome.ok:
            self.context.notices.say(tr("已备份并核对。"))
        self.reread()

    def choose_second(self) -> None:
        """Ask where each backup goes as well."""
        found = QFileDialog.getExistingDirectory(self, tr("选择文件夹"))
        if found:
            self._name_second(Path(found))

    def _name_second(self, place: Path | None) -> None:
        backups = self.context.services.backups
        self.context.runner.submit(lambda _progress, _cancelled: backups.name_second(place), self._named)

    def _named(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        self.reread()

    # -- going back ------------------------------------------------------------------------------------------------

    def rehearse(self) -> None:
        """Unpack the chosen backup beside the vault and say what going back would lose."""
        if self._chosen is None:
            return
        backups, folder, secret = self.context.services.backups, self._chosen.folder, self.passphrase.take()

        def work(_progress: object, cancelled: object) -> tuple[OpenBackup, Report]:
            assert callable(cancelled)  # noqa: S101 -- given by the runner
            opened = backups.open(folder, secret)
            return opened, backups.rehearse(opened, cancelled)

        self.rehearse_button.setEnabled(False)
        self.progress.follow(self.context.runner.beside(work, self._rehearsed), tr("正在演练恢复…"))

    def _rehearsed(self, outcome: Outcome) -> None:
        self.rehearse_button.setEnabled(True)
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, tuple):
            self._opened, told = outcome.value
            self.report.setText("\n".join(self._words(told)))
            self.restore_button.setEnabled(True)

    def _words(self, told: Report) -> list[str]:
        types = self.context.services.catalogue.types
        held = "、".join(f"{types[name].label} {number}" for name, number in list(told.records.items())[:6])
        lines = [tr("演练通过，备份完好：{held}。", held=held)]
        if not told.same_history:
            lines.append(tr("现有资料不是由这份备份延续而来，无法逐条说明恢复会丢失什么。"))
        elif told.lost:
            lost = "、".join(f"{wording.deed(o.verb)}{types[o.type].label} {o.number}" for o in told.lost[:6])
            lines.append(tr("恢复会丢失此后的 {n} 条改动：{lost}。", n=told.changes_lost, lost=lost))
        else:
            lines.append(tr("此后没有改动，恢复不会丢失内容。"))
        if told.users_lost:
            lines.append(tr("此后新增的用户将不能进入：{names}。", names="、".join(told.users_lost)))
        return lines

    def ask_restore(self) -> None:
        """Say what happens, and offer it."""
        text = tr("恢复前会先备份现状；恢复后资料库换用新密钥，随即锁定。")
        self.context.notices.post(Notice(text, WARN, "", tr("确定恢复"), self.restore))

    def restore(self) -> None:
        """Go back; the desk is closed then, so the window locks."""
        if self._opened is None:
            return
        backups, opened = self.context.services.backups, self._opened
        task = self.context.runner.submit(
            lambda progress, _cancelled: backups.restore(opened, progress), partial(self._restored)
        )
        self.progress.follow(task, tr("正在恢复…"))

    def _restored(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        else:
            self.context.locking.emit()


def _row(kept: Kept) -> Row:
    made = kept.card
    state = Chip(tr("日志有断开"), "warn") if made.broken_at else Chip(tr("已核对"), "ok")
    size = f"{max(1, made.size // _MEGABYTE):,} MB"
    kind = wording.backup_kind(made.kind)
    return Row(str(kept.folder), (beijing_text(made.created), kind, size, f"{made.entries:,}", state, kept.folder.name))
