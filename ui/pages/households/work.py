"""What is done with a work list: kept under a name, handed out as a file, rated; with progress, and to be stopped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFrame

from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled
from jmdesk.exports.service import Exported
from jmdesk.households.export import sheet_of
from jmdesk.households.queries import HouseholdFilter
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.runner import Outcome, Report
from ui.widgets.field import TextField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, column, row

SUFFIXES = "Excel (*.xlsx);;CSV (*.csv)"


@dataclass(frozen=True, slots=True)
class Rated:
    """How many of the households chosen were rated, and how many could not be."""

    rated: int
    refused: int


class WorkBar(QFrame):
    """Asks what a list is for before it is handed out, and what it is to be called before it is kept."""

    named = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._wanted = HouseholdFilter()
        self.setProperty("role", "card")
        down = column(self, margin=10, gap=8)
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        self.text = TextField(max_length=100)
        self.line = FormRow(RowText(tr("用途(写进文件抬头和审计记录)"), required=True), self.text)
        self.name = TextField(max_length=40)
        self.name_line = FormRow(RowText(tr("名单名称"), required=True), self.name)
        down.addWidget(self.line)
        down.addWidget(self.name_line)
        across = row(gap=8)
        self.go_button, self.close_button = button(tr("选择保存位置…"), "primary"), button(tr("取消"))
        self.keep_button = button(tr("保存名单"), "primary")
        for widget in (self.go_button, self.keep_button, self.close_button):
            across.addWidget(widget)
        across.addStretch(1)
        down.addLayout(across)
        self.go_button.clicked.connect(self._choose_file)
        self.text.returnPressed.connect(self._choose_file)
        self.keep_button.clicked.connect(self._keep)
        self.name.returnPressed.connect(self._keep)
        self.close_button.clicked.connect(self.hide)
        self.hide()

    def ask_purpose(self, wanted: HouseholdFilter) -> None:
        """Ask what the list is for."""
        self._wanted = wanted
        self._show(purpose=True, name=False)
        self.text.setFocus()

    def ask_name(self) -> None:
        """Ask what the list is to be called."""
        self._show(purpose=False, name=True)
        self.name.setFocus()

    def export(self, file: Path) -> None:
        """Write the list, masked and marked."""
        services, wanted, purpose = self._context.services, self._wanted, str(self.text.value() or "")

        def work(progress: Report, cancelled: Cancelled) -> Exported:
            sheet = sheet_of(
                services.households, services.catalogue, services.guard, wanted, progress=progress, cancelled=cancelled
            )
            return services.exports.write(sheet, file, purpose, "R05")

        self._show(purpose=False, name=False)
        self.progress.follow(self._context.runner.beside(work, self._exported), tr("正在导出名单…"))

    def rate(self, rids: tuple[str, ...]) -> None:
        """Rate the households chosen, one after another."""
        ratings = self._context.services.ratings

        def work(progress: Report, cancelled: Cancelled) -> Rated:
            refused = done = 0
            for rid in rids:
                if cancelled():
                    break
                try:
                    ratings.rate(rid)
                except Refused:
                    refused += 1
                done += 1
                progress(done, len(rids))
            return Rated(done - refused, refused)

        self._show(purpose=False, name=False)
        self.progress.follow(self._context.runner.beside(work, self._rated), tr("正在评定所选农户…"))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _show(self, *, purpose: bool, name: bool) -> None:
        for widget in (self.line, self.go_button):
            widget.setVisible(purpose)
        for widget in (self.name_line, self.keep_button):
            widget.setVisible(name)
        self.close_button.setVisible(purpose or name)
        self.show()

    def _choose_file(self) -> None:
        if not self.text.value():
            self.line.show_problem(tr("请写明用途。"))
            return
        self.line.show_problem("")
        name, _ = QFileDialog.getSaveFileName(self, tr("导出名单"), tr("农户名单.xlsx"), SUFFIXES)
        if name:
            self.export(Path(name))

    def _keep(self) -> None:
        name = str(self.name.value() or "")
        if not name:
            self.name_line.show_problem(tr("请填写名单名称。"))
            return
        self.name_line.show_problem("")
        self.name.set_value(None)
        self.hide()
        self.named.emit(name)

    def _exported(self, outcome: Outcome) -> None:
        self.hide()
        if outcome.error is not None:
            if getattr(outcome.error, "code", "") != "store.cancelled":
                self._context.notices.error(outcome.error)
        elif isinstance(outcome.value, Exported):
            self.text.set_value(None)
            self._context.notices.say(tr("已导出 {n} 户；电话和住址已遮蔽，导出已记入审计。", n=outcome.value.rows))

    def _rated(self, outcome: Outcome) -> None:
        self.hide()
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        elif isinstance(outcome.value, Rated):
            told = outcome.value
            text = tr("已评定 {n} 户。", n=told.rated)
            more = tr("{n} 户不能评定(本人不同意，或已进入评议)。", n=told.refused)
            self._context.notices.say(f"{text}{more}" if told.refused else text)
