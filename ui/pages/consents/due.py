"""What has to be erased: withdrawals with their countdowns, and records whose term is over."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from jmdesk.desk import Desk
from jmdesk.rights.erasure import Erased
from jmdesk.rights.retention import OutOfTerm, Retention
from jmdesk.rights.service import Countdown
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Chip, Row
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.core.wording import countdown_chip
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.styling import button, clear, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable

_HEIGHT = 180


@dataclass(frozen=True, slots=True)
class Due:
    """Everything that is due: a line for each erasure, and what is out of term by type."""

    rows: tuple[Row, ...]
    terms: tuple[OutOfTerm, ...]


def read_due(desk: Desk, labels: Labels) -> Due:
    """What is due at this desk. Reads; call on the runner."""
    labels.forget()
    kinds = desk.catalogue.code_lists["CL-CONSENT"]
    found = desk.rights.countdowns()
    labels.prepare("R05", [one.household for one in found])
    rows = [_row(one, labels, "、".join(f"{kind} {kinds.label(kind)}" for kind in one.kinds)) for one in found]
    return Due(tuple(rows), Retention(desk).due())


def _row(one: Countdown, labels: Labels, kinds: str) -> Row:
    states = {"stopped": tr("待提请删除"), "proposed": tr("待另一人复核")}
    state = Chip(states.get(one.state, tr("办理中")), "warn" if one.state == "proposed" else "info")
    name = labels.of("R05", one.household)
    return Row(one.case, (name, kinds, countdown_chip(one.days_left, one.day.isoformat()), state))


class DuePanel(QFrame):
    """``case_wished`` carries the record id of a case. Purging asks once, for it cannot be undone."""

    case_wished = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._context = context
        self._labels = Labels(context.services)
        self._asked = ""
        down = column(self, margin=16, gap=10)
        down.addWidget(label(tr("撤回授权后待删除"), "heading"))
        advice = tr("撤回授权后立即停止使用，30 天内由一人提请、另一人复核删除。按 Enter 打开办理。")
        down.addWidget(label(advice, "muted", wrap=True))
        self.table = WindowedTable(
            (
                Column(tr("农户"), 200, stretch=True),
                Column(tr("撤回的授权"), 170),
                Column(tr("删除期限"), 210),
                Column(tr("状态"), 130),
            ),
            tr("撤回授权后待删除"),
            fitted=True,
        )
        self.table.opened.connect(self.case_wished)
        self.table.setMinimumHeight(look().theme.px(_HEIGHT))
        empty = EmptyState(tr("没有待删除的档案"), tr("有人撤回授权后，删除期限列在这里。"), icon_name="ok")
        down.addWidget(TableOrEmpty(self.table, empty))
        down.addWidget(label(tr("保存期满"), "heading"))
        self._terms = column(gap=6)
        down.addLayout(self._terms)

    def refresh(self) -> None:
        """Read what is due, off the GUI thread."""
        desk, labels = self._context.services, self._labels
        self._context.runner.read(lambda: read_due(desk, labels), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        if not isinstance(outcome.value, Due):
            return
        self.table.show_source(FixedRows(outcome.value.rows))
        clear(self._terms)
        types = self._context.services.catalogue.types
        for term in outcome.value.terms:
            self._terms.addLayout(self._line(term, types[term.type].label))
        if not outcome.value.terms:
            words = tr("没有保存期满的记录；不良信息和查询记录满五年后列在这里。")
            self._terms.addWidget(label(words, "muted", wrap=True))

    def _line(self, term: OutOfTerm, name: str) -> QHBoxLayout:
        across = row(gap=10)
        words = tr("{name}：保存期满五年 {n} 条，应当删除。", name=name, n=len(term.rids))
        across.addWidget(label(words), 1)
        sure = self._asked == term.type
        purge = button(tr("再按一次，永久删除") if sure else tr("永久删除"), "danger")
        purge.setAccessibleName(tr("删除保存期满的{name}", name=name))
        purge.clicked.connect(lambda: self.purge(term.type))
        across.addWidget(purge)
        return across

    def purge(self, type_id: str) -> None:
        """The first press asks, the second erases."""
        if self._asked != type_id:
            self._asked = type_id
            self.refresh()
            return
        self._asked = ""
        desk = self._context.services
        self._context.runner.submit(lambda _progress, _cancelled: Retention(desk).purge(type_id), self._purged)

    def _purged(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        elif isinstance(outcome.value, Erased):
            self._context.notices.say(tr("已删除 {n} 条保存期满的记录。", n=outcome.value.records))
        self.refresh()
