"""Filing a scanned stack: choose the PDF, look at what was recognised, give the rest to households by hand, file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QVBoxLayout

from jmdesk.consents.filing import (
    FILED,
    NO_CODE,
    OLD_NOTICE,
    OTHER_OFFICE,
    UNKNOWN,
    UNSIGNED,
    Filed,
    Filing,
    Stack,
    StackPage,
    read_stack,
)
from jmdesk.consents.service import Signature
from jmdesk.core.errors import Refused
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Chip, Row
from ui.core.runner import Cancelled, Outcome, Report
from ui.core.theme import look
from ui.widgets.code_picker import CodePicker
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import WindowedTable
from ui.widgets.time_field import TimeField

_CANCELLED = "consents.stack_cancelled"
_TABLE_HEIGHT = 200


def state_of(page: StackPage, *, assigned: bool, signing: bool) -> Chip:
    """What will become of a page, in words."""
    if assigned:
        return Chip(tr("归到选定的户"), "ok")
    if page.problem == UNSIGNED and signing:
        return Chip(tr("登记签名并归档"), "ok")
    return {
        "": Chip(tr("自动归档"), "ok"),
        NO_CODE: Chip(tr("没有认出识别码"), "warn"),
        OTHER_OFFICE: Chip(tr("别的单位的授权书"), "bad"),
        UNKNOWN: Chip(tr("本机没有这户"), "bad"),
        OLD_NOTICE: Chip(tr("旧版告知书，请核对"), "warn"),
        UNSIGNED: Chip(tr("还没有登记签名"), "warn"),
        FILED: Chip(tr("以前归档过"), "info"),
    }[page.problem]


class StackPanel(QFrame):
    """One stack at a time. Nothing is written before the last button, and then all of it or nothing."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._context = context
        self._filing = Filing(context.services)
        self.labels = Labels(context.services)
        self.stack: Stack | None = None
        self.assigned: dict[int, str] = {}
        down = column(self, margin=16, gap=10)
        head = row(gap=10)
        head.addWidget(label(tr("归档一叠扫描件"), "heading"), 1)
        self.choose = button(tr("选择扫描的 PDF"), "", "folder")
        head.addWidget(self.choose)
        down.addLayout(head)
        advice = tr("把签好的授权书连续扫描成一份 PDF，页序不限；系统按页上的识别码归到各户。")
        self.sentence = label(advice, "muted", wrap=True)
        down.addWidget(self.sentence)
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        self.table = WindowedTable(
            (Column(tr("页"), 60, number=True), Column(tr("农户"), 260, stretch=True), Column(tr("处理"), 190)),
            tr("扫描的页"),
            fitted=True,
        )
        self.table.setFixedHeight(look().theme.px(_TABLE_HEIGHT))
        down.addWidget(self.table)
        self._build_choices(down)
        self.choose.clicked.connect(self._ask)
        self._show()

    def _build_choices(self, down: QVBoxLayout) -> None:
        self.picker = CodePicker(self.labels.search("R05"), self._name, coded=False)
        self.picker.setPlaceholderText(tr("选中一页，再按姓名或户编号找农户"))
        self.picker.setAccessibleName(tr("这一页归到哪户"))
        self.assign_button = button(tr("归到这户"))
        self.verified = QCheckBox(tr("未登记签名的户，我已核对各成年人的签名，按此时间登记为已签："))
        self.signed_at = TimeField()
        self.signed_at.setAccessibleName(tr("签署时间"))
        self.file_button = button(tr("归档"), "primary", "ok")
        across, below = row(gap=8), row(gap=8)
        across.addWidget(self.picker, 1)
        across.addWidget(self.assign_button)
        below.addWidget(self.verified)
        below.addWidget(self.signed_at)
        below.addStretch(1)
        below.addWidget(self.file_button)
        down.addLayout(across)
        down.addLayout(below)
        self.assign_button.clicked.connect(self.assign)
        self.verified.toggled.connect(lambda _on: self._show())
        self.file_button.clicked.connect(self.file)

    def _name(self, rid: str) -> str | None:
        return self.labels.of("R05", rid) or None

    # -- reading ---------------------------------------------------------------------------------------------------

    def _ask(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("选择扫描的 PDF"), "", "PDF (*.pdf)")
        if name:
            self.read(Path(name))

    def read(self, path: Path) -> None:
        """Recognise the pages of a scanned file, off the GUI thread."""

        def work(progress: Report, cancelled: Callable[[], bool]) -> object:
            return _stoppable(lambda: self._filing.recognise(read_stack(path), progress=progress, cancelled=cancelled))

        self.choose.setEnabled(False)
        task = self._context.runner.beside(work, self._recognised)
        self.progress.follow(task, tr("正在辨认各页"))

    def _recognised(self, outcome: Outcome) -> None:
        self.choose.setEnabled(True)
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        if isinstance(outcome.value, Stack):
            self.stack, self.assigned = outcome.value, {}
            self.labels.forget()
            self._show()
            self.table.setFocus()

    # -- assigning and filing --------------------------------------------------------------------------------------

    def assign(self) -> None:
        """Give the selected page to the household that was picked."""
        key, household = self.table.current_key(), self.picker.value()
        if not key or not isinstance(household, str) or not household:
            self._context.notices.say(tr("先在表里选中一页，再选农户。"))
            return
        self.assigned[int(key)] = household
        self.picker.set_value(None)
        self._show()

    def file(self) -> None:
        """File everything that has a place."""
        stack = self.stack
        if stack is None:
            return
        at = self.signed_at.value()
        if self.verified.isChecked() and not at:
            self._context.notices.say(tr("请填写签署时间。"))
            self.signed_at.setFocus()
            return
        signature = Signature(str(at)) if self.verified.isChecked() else None
        assigned = dict(self.assigned)

        def work(progress: Report, cancelled: Callable[[], bool]) -> object:
            return _stoppable(
                lambda: self._filing.file(
                    stack, assigned=assigned, signature=signature, progress=progress, cancelled=cancelled
                )
            )

        self.file_button.setEnabled(False)
        task = self._context.runner.submit(work, self._filed)
        self.progress.follow(task, tr("正在归档"))

    def _filed(self, outcome: Outcome) -> None:
        self.file_button.setEnabled(True)
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        if isinstance(outcome.value, Filed) and self.stack is not None:
            done, total = outcome.value, len(self.stack.pages)
            left = total - done.pages
            words = tr("已归档 {pages} 页、{n} 户", pages=done.pages, n=done.households)
            self._context.notices.say(words + (tr("；还有 {n} 页没有归档。", n=left) if left else tr("。")))
            self.stack, self.assigned = None, {}
            self._show()
            self.choose.setFocus()

    # -- showing ---------------------------------------------------------------------------------------------------

    def _show(self) -> None:
        stack = self.stack
        shown = (self.table, self.picker, self.assign_button, self.verified, self.signed_at, self.file_button)
        for part in shown:
            part.setVisible(stack is not None)
        if stack is None:
            return
        signing = self.verified.isChecked()
        self.signed_at.setEnabled(signing)
        rows, going = [], 0
        for page in stack.pages:
            household = self.assigned.get(page.number, page.household)
            given = page.number in self.assigned
            going += given or not page.problem or (signing and page.problem == UNSIGNED)
            name = self.labels.of("R05", household) if household else self._stranger(page)
            rows.append(
                Row(str(page.number), (str(page.number), name, state_of(page, assigned=given, signing=signing)))
            )
        self.table.show_source(FixedRows(rows))
        self.sentence.setText(
            tr("共 {total} 页，{going} 页可以归档；其余的请逐页选定农户。", total=len(rows), going=going)
            if going < len(rows)
            else tr("共 {total} 页，都可以归档。", total=len(rows))
        )

    @staticmethod
    def _stranger(page: StackPage) -> str:
        if page.problem == OTHER_OFFICE and page.code is not None:
            return tr("单位 {unit}", unit=page.code.unit)
        return tr("(未认出)")


def _stoppable(work: Callable[[], object]) -> object:
    try:
        return work()
    except Refused as error:
        if error.code == _CANCELLED:
            raise Cancelled from error
        raise
