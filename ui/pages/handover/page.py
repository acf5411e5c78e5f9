"""Handover when staff change: what changes hands, the list on paper, three signatures, the account closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QFormLayout, QTabWidget, QWidget

from jmdesk.accounts.account import TYPE, Account
from jmdesk.core.errors import Environment
from jmdesk.desk import Desk
from jmdesk.handover.service import Inventory, Standing
from jmdesk.papers.service import Issued
from ui.core.context import Context, Page
from ui.core.drawing import drawn
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.ports import Row
from ui.core.printing import write_paper
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.widgets.date_field import DateField
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.styling import button, card, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows of one leaver."""

    leaver: str
    inventory: Inventory
    standing: Standing


def read(desk: Desk, leaver: str) -> Shown:
    """What a user leaves behind and how far the handover is. Call on the runner."""
    return Shown(leaver, desk.handovers.inventory(leaver), desk.handovers.standing(leaver))


def save_list(desk: Desk, number: str, target: Path) -> str:
    """Write the list as Word or PDF by the file's suffix; gives the file's name. Call on the runner."""
    document = desk.papers.document(number)
    try:
        if target.suffix == ".pdf":
            drawn(lambda: write_paper(document, target))
        else:
            target.write_bytes(document)
    except OSError as error:
        raise Environment("printing.cannot_write", reason=str(error.errno)) from error
    return target.name


class HandoverPage(Page):
    """Choose who leaves and who takes over; give out the list, have it signed, write the signatures down."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.shown: Shown | None = None
        self._people: tuple[Account, ...] = ()
        down = column(self, margin=20, gap=10)
        down.addLayout(self._head())
        self.tabs = QTabWidget()
        cases = (Column(tr("事项"), 140), Column(tr("编号、对象"), 240), Column(tr("进度"), 160))
        self.tasks = self._table((*cases, Column(tr("期限"), 200, stretch=True)), tr("在办事项"), tr("没有在办事项"))
        self.unsent = self._table(
            (Column(tr("内容"), 360), Column(tr("数量"), 120, stretch=True)),
            tr("未报送和在手材料"),
            tr("没有未报送的内容"),
        )
        self.files = self._table(
            (Column(tr("文书"), 240), Column(tr("编号"), 240), Column(tr("日期"), 120, stretch=True)),
            tr("文书和纸质档案"),
            tr("没有出具过文书"),
        )
        down.addWidget(self.tabs, 1)
        down.addWidget(self._signing())
        Freshness(self, context.runner, self.reread, ("R02", "R16", "workflow_event"))
        self.reread()

    # -- reading ---------------------------------------------------------------------------------------------------

    @override
    def take_focus(self) -> None:
        self.leaver.setFocus()

    def reread(self) -> None:
        """Read the people, then what the chosen one leaves behind."""
        self.context.runner.read(self.context.services.accounts.all, self._people_arrived)

    def _people_arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, list):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        desk = self.context.services
        self._people = tuple(outcome.value)
        admin = desk.guard.may("edit", TYPE)
        leavers = [one for one in self._people if one.active and (admin or one.user == desk.actor)]
        _fill(self.leaver, leavers, str(self.leaver.currentData() or desk.actor))
        self.refresh()

    def refresh(self) -> None:
        """Read what the chosen leaver leaves behind."""
        desk, leaver = self.context.services, str(self.leaver.currentData() or "")
        others = [one for one in self._people if one.active and one.user != leaver]
        _fill(self.successor, others, str(self.successor.currentData() or ""))
        if leaver:
            self.context.runner.read(lambda: read(desk, leaver), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        shown = outcome.value
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if not isinstance(shown, Shown) or shown.leaver != self.leaver.currentData():
            return
        self.shown = shown
        found, standing = shown.inventory, shown.standing
        lines: tuple[tuple[WindowedTable, list[tuple[str, ...]], str], ...] = (
            (self.tasks, [(t.workflow, t.name, t.state, t.due) for t in found.tasks], tr("在办事项")),
            (self.unsent, [*found.unsent, *found.kept], tr("未报送和在手材料")),
            (self.files, list(found.files), tr("文书和纸质档案")),
        )
        for place, (table, cells, title) in enumerate(lines):
            table.show_source(FixedRows([Row(str(n), line) for n, line in enumerate(cells)]))
            self.tabs.setTabText(place, tr("{title}({n})", title=title, n=len(cells)))
        self._show_standing(standing)

    def _show_standing(self, standing: Standing) -> None:
        if standing.is_signed:
            words = tr("清单 {paper}，{day} 由 {who} 签名。", paper=standing.paper, day=standing.signed_on,
                       who="、".join(standing.signers))  # fmt: skip
        elif standing.paper:
            words = tr("已出具清单 {paper}，等待三方签名。", paper=standing.paper)
        else:
            words = tr("还没有出具清单。接收人逐份清点后，三方在纸质清单上签名，再在这里登记。")
        self.state.setText(words)
        waiting = bool(standing.paper) and not standing.is_signed
        self.issue.setEnabled(not standing.is_signed and self.successor.count() > 0)
        self.save_it.setEnabled(bool(standing.paper))
        for widget in (self.giver, self.taker, self.witness, self.day, self.sign_it):
            widget.setEnabled(waiting)
        own = self.leaver.currentData() == self.context.services.actor
        self.close_it.setEnabled(standing.is_signed and not own and self.context.services.guard.may("void", TYPE))

    # -- doing -----------------------------------------------------------------------------------------------------

    def draw_up(self) -> None:
        """Give out the list."""
        desk, leaver, to = (
            self.context.services,
            str(self.leaver.currentData()),
            str(self.successor.currentData() or ""),
        )

        def done(issued: object) -> None:
            if isinstance(issued, Issued):
                self.context.notices.say(tr("已出具《{label}》{number}，一式三份。", label=issued.paper.label,
                                            number=issued.paper.number))  # fmt: skip

        self._do(lambda: desk.handovers.draw_up(leaver, to), done)

    def sign(self) -> None:
        """Write down the three signatures."""
        desk, leaver, day = self.context.services, str(self.leaver.currentData()), self.day.value()
        giver, taker, witness = (str(field.value() or "") for field in (self.giver, self.taker, self.witness))
        if not day:
            self.day.setFocus()
            return
        on = date.fromisoformat(str(day))
        said = tr("已登记三方签名。移交人的账号请由系统管理员停用。")
        self._do(
            lambda: desk.handovers.sign(leaver, giver, taker, witness, on), lambda _done: self.context.notices.say(said)
        )

    def close_account(self) -> None:
        """Shut the leaver's account."""
        desk, leaver = self.context.services, str(self.leaver.currentData())
        said = tr("已停用移交人的账号。")
        self._do(lambda: desk.handovers.close_account(leaver), lambda _done: self.context.notices.say(said))

    def _ask_where(self) -> None:
        number = self.shown.standing.paper if self.shown else ""
        name, chosen = QFileDialog.getSaveFileName(self, tr("保存文书"), f"{number}.docx", "Word (*.docx);;PDF (*.pdf)")
        if name:
            suffix = ".pdf" if "pdf" in chosen.lower() or name.lower().endswith(".pdf") else ".docx"
            target, desk = Path(name).with_suffix(suffix), self.context.services
            self._do(
                lambda: save_list(desk, number, target),
                lambda file: self.context.notices.say(tr("已保存 {name}。文件没有加密，用完请删除。", name=file)),
            )

    def _do(self, work: Callable[[], object], after: Callable[[object], None]) -> None:
        def done(outcome: Outcome) -> None:
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            else:
                after(outcome.value)
            self.reread()

        self.context.runner.submit(lambda _progress, _cancelled: work(), done)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _head(self) -> Flow:
        across = Flow()
        across.addWidget(label(tr("工作交接"), "title"))
        self.leaver, self.successor = QComboBox(), QComboBox()
        for box, text in ((self.leaver, tr("移交人")), (self.successor, tr("接收人"))):
            box.setAccessibleName(text)
            box.setMinimumContentsLength(6)
            box.activated.connect(self.refresh)
            across.addWidget(label(text))
            across.addWidget(box)
        self.issue = button(tr("出具交接清单"), "primary")
        self.issue.clicked.connect(self.draw_up)
        self.save_it = button(tr("存为 Word 或 PDF"))
        self.save_it.clicked.connect(self._ask_where)
        across.addWidget(self.issue)
        across.addWidget(self.save_it)
        return across

    def _table(self, columns: tuple[Column, ...], title: str, nothing: str) -> WindowedTable:
        table = WindowedTable(columns, title, fitted=True)
        self.tabs.addTab(TableOrEmpty(table, EmptyState(nothing, icon_name="ok")), title)
        return table

    def _signing(self) -> QWidget:
        box = card()
        down = column(box, margin=12, gap=8)
        down.addWidget(label(tr("三方签名"), "heading"))
        self.state = label("", "muted", wrap=True)
        down.addWidget(self.state)
        across = row(gap=12)
        self.giver, self.taker, self.witness = (TextField(max_length=30) for _ in range(3))
        self.day = DateField()
        for text, field in (
            (tr("移交人签名"), self.giver),
            (tr("接收人签名"), self.taker),
            (tr("监交人签名"), self.witness),
            (tr("签名日期"), self.day),
        ):
            field.setAccessibleName(text)
            lines = QFormLayout()
            lines.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
            lines.setVerticalSpacing(look().theme.px(4))
            lines.addRow(text, field)
            across.addLayout(lines, 1)
        down.addLayout(across)
        below = row(gap=8)
        self.sign_it = button(tr("登记三方签名"), "primary")
        self.sign_it.clicked.connect(self.sign)
        self.close_it = button(tr("停用移交人的账号"))
        self.close_it.clicked.connect(self.close_account)
        below.addWidget(self.sign_it)
        below.addWidget(self.close_it)
        below.addStretch(1)
        down.addLayout(below)
        return box


def _fill(box: QComboBox, people: list[Account], chosen: str) -> None:
    box.clear()
    for one in people:
        box.addItem(one.name or one.label, one.user)
    box.setCurrentIndex(max(box.findData(chosen), 0))
