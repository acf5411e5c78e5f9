"""Handing a list out in full: asked for with a reason, approved by a second person, under a password, logged."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QWidget

from jmdesk.catalogue.types import RecordType
from jmdesk.core.clock import beijing_text, from_utc_text, utc_text
from jmdesk.core.errors import Refused
from jmdesk.exports.approval import VALID, Request
from jmdesk.exports.service import SHORTEST_PASSWORD, Exported, Order
from jmdesk.store.reading import Filter
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.messages import INFO, OK, WARN, Notice
from ui.core.ports import Chip
from ui.core.runner import Outcome
from ui.widgets.chip import ChipLabel
from ui.widgets.field import TextField
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, clear, column, label, row

LONGEST = 60


class UnmaskedExport(QFrame):
    """The requests about one type of record, a line each, and the two steps that follow. Hidden until ``toggle``."""

    def __init__(
        self, context: Context, record_type: RecordType, wanted: Callable[[], Filter], progress: ProgressPanel
    ) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._context, self._type, self._wanted, self._progress = context, record_type, wanted, progress
        self._request: Request | None = None
        self.approvals: dict[str, QWidget] = {}
        down = column(self, margin=12, gap=8)
        down.addWidget(label(tr("导出完整信息(不遮蔽)"), "heading"))
        rule = tr("只用于向上级报送：申请须经另一人批准，批准后 7 天内只能用一次，文件加密，全程留痕。")
        down.addWidget(label(rule, "hint", wrap=True))
        self._lines = column(gap=6)
        down.addLayout(self._lines)
        down.addWidget(self._asking())
        down.addWidget(self._writing())
        self.hide()

    def _asking(self) -> QWidget:
        made = self._ask = QWidget()
        across = row(made, gap=8)
        self.reason = TextField(max_length=LONGEST)
        self.reason.setAccessibleName(tr("申请理由"))
        self.reason.setPlaceholderText(tr("申请理由，例如：报送县级复核"))
        self.reason.returnPressed.connect(self.ask)
        self.ask_button = button(tr("提出申请"), "primary")
        self.ask_button.clicked.connect(self.ask)
        across.addWidget(self.reason, 1)
        across.addWidget(self.ask_button)
        return made

    def _writing(self) -> QWidget:
        made = self._write = QWidget()
        across = row(made, gap=8)
        self.password = PassphraseField(tr("文件密码"))
        self.again = PassphraseField(tr("再输一次"))
        self.password.setPlaceholderText(tr("文件密码，至少 {n} 个字符", n=SHORTEST_PASSWORD))
        self.again.setPlaceholderText(tr("再输一次"))
        self.write_button = button(tr("选择文件并导出"), "primary", "export")
        self.write_button.clicked.connect(self.choose)
        for widget in (self.password, self.again, self.write_button):
            across.addWidget(widget, int(widget is not self.write_button))
        made.hide()
        return made

    def toggle(self) -> None:
        """Show what was asked for, or hide it."""
        self.setVisible(not self.isVisible())
        if self.isVisible():
            self.reason.setFocus()
            self.refresh()

    def refresh(self) -> None:
        """Read the requests anew."""
        desk = self._context.services

        def read() -> tuple[list[Request], dict[str, str]]:
            return desk.exports.requests(), {one.user: one.name for one in desk.accounts.all()}

        self._context.runner.read(read, self._show)

    def _show(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, tuple):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        requests, names = outcome.value
        own = [one for one in requests if one.type == self._type.id]
        clear(self._lines)
        self.approvals = {}
        for one in own:
            self._lines.addLayout(self._line(one, names))
        actor = self._context.services.actor
        self._request = next((one for one in own if one.approved and one.asker == actor), None)
        self._write.setVisible(self._request is not None)
        self._ask.setVisible(not any(one.asker == actor for one in own))

    def _line(self, request: Request, names: dict[str, str]) -> QHBoxLayout:
        across = row(gap=8)
        who = names.get(request.asker, request.asker[:8])
        said = tr("{who} {at} 申请：{reason}", who=who, at=beijing_text(request.at), reason=request.reason)
        across.addWidget(label(said, wrap=True), 1)
        if request.approved:
            last = beijing_text(utc_text(from_utc_text(request.approved) + VALID))[:10]
            by = names.get(request.approver, request.approver[:8])
            across.addWidget(ChipLabel(Chip(tr("{who} 已批准，{day} 前有效", who=by, day=last), "ok")))
            return across
        across.addWidget(ChipLabel(Chip(tr("待另一人批准"), "warn")))
        if request.asker != self._context.services.actor:
            made = self.approvals[request.id] = button(tr("批准"))
            made.clicked.connect(partial(self.approve, request.id))
            across.addWidget(made)
        return across

    # -- the three steps -------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask for leave."""
        reason, exports, type_id = str(self.reason.value() or "").strip(), self._context.services.exports, self._type.id
        if not reason:
            self.reason.show_problem(tr("请写明申请理由。"))
            return
        self._context.runner.submit(lambda _progress, _cancelled: exports.ask(type_id, reason), self._asked)

    def _asked(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self.reason.set_value(None)
        self._context.notices.say(tr("已申请。请另一位同事开库后，在同一处批准。"), INFO)
        self.refresh()

    def approve(self, request: str) -> None:
        """Give leave, as the second person."""
        exports = self._context.services.exports
        self._context.runner.submit(lambda _progress, _cancelled: exports.approve(request), self._approved)

    def _approved(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self._context.notices.say(tr("已批准，已留痕。由申请人本人导出。"))
        self.refresh()

    def choose(self) -> None:
        """Ask for the file, once both passwords agree."""
        if self.password.text() != self.again.text():
            self._context.notices.post(Notice(tr("两次输入的文件密码不一样。"), WARN))
            return
        if len(self.password.text()) < SHORTEST_PASSWORD:
            self._context.notices.error(Refused("exports.password_short", least=SHORTEST_PASSWORD))
            return
        name = f"{self._type.label}.xlsx"
        found, _ = QFileDialog.getSaveFileName(self, tr("导出完整信息(不遮蔽)"), name, "Excel (*.xlsx)")
        if found:
            self.write(Path(found).with_suffix(".xlsx"))

    def write(self, file: Path) -> None:
        """Write the list under the password; the request is used up by it."""
        request, exports = self._request, self._context.services.exports
        if request is None:
            return
        self.again.take()
        order = Order(self._type.id, request.reason, self._wanted(), request.id, self.password.take())
        task = self._context.runner.beside(
            lambda progress, cancelled: exports.records(order, file, progress, cancelled), self._written
        )
        self._progress.follow(task, tr("正在导出…"))

    def _written(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        if isinstance(outcome.value, Exported):
            n, digest = f"{outcome.value.rows:,}", outcome.value.sha256[:16]
            text = tr("已导出 {n} 条(加密)，摘要 {digest}，已留痕。", n=n, digest=digest)
            self._context.notices.post(Notice(text, OK, tr("密码请用电话等另外的途径告知收件人。")))
        self.refresh()
