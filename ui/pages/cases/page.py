"""Cases: the list of what is under way by urgency, or one case with its steps and papers."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

from jmdesk.catalogue.types import Record
from ui.core.actions import shortcut_text
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.pages.cases.model import Board, CasePlace, CaseReader, Opened, columns, place_of
from ui.widgets.case_panel import CasePanel
from ui.widgets.elided import Elided
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.key_hint import KeyHint
from ui.widgets.paper_file import PaperFile
from ui.widgets.request_pane import RequestPane
from ui.widgets.sides import Sides
from ui.widgets.styling import button, clear, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable

ELSEWHERE = {"W2": "reviews", "W7": "complaints"}
"""Workflows with a page of their own."""


class CasesPage(Page):
    """Enter opens a case, Alt+Left leads back to the list or to the record that it came from."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reader = CaseReader(context.services)
        self.paper_file = PaperFile(self, context)
        self.place: CasePlace | None = None
        self._came_from: Target | None = None
        self.stack = Sides()
        self.request = RequestPane(context, came_from="cases")
        column(self, margin=20).addWidget(self.stack)
        self.stack.addWidget(self._list_side())
        self.stack.addWidget(self._case_side())
        self._freshness = Freshness(self, context.runner, self.refresh)
        self.refresh()

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if not target.rid:
            return
        made = self.context.services.workflows.workflow_of(target.type, target.rid)
        if made is not None:
            self._came_from = target.came_from
            self.open(CasePlace(made.id, target.type, target.rid))

    @override
    def take_focus(self) -> None:
        if self.stack.currentIndex() == 0:
            self.table.setFocus()

    @override
    def start_new(self) -> None:
        if not self.unsaved():
            self._show_list()
            self.request.begin()

    @override
    def unsaved(self) -> bool:
        return self.panel.form is not None

    @override
    def discard(self) -> None:
        self.panel.close_form()

    @override
    def go_back(self) -> None:
        if self.panel.form is not None:
            self.panel.close_form()
        elif self._came_from is not None:
            target, self._came_from = self._came_from, None
            self._show_list()
            self.context.go(target)
        else:
            self._show_list()

    # -- list ------------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what is shown, off the GUI thread; a form being filled in is left alone."""
        self.context.runner.read(self._reader.board, self._board_arrived)
        if self.place is not None and self.panel.form is None:
            self.open(self.place)

    def _board_arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, Board):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        board = outcome.value
        self.table.show_source(FixedRows(board.rows))
        words = tr("在办 {n} 件", n=f"{len(board.rows):,}")
        if board.overdue or board.today:
            words += tr("，超期 {over} 件，今天到期 {today} 件", over=board.overdue, today=board.today)
        self.sentence.setText(words if board.rows else "")

    def _show_list(self) -> None:
        self.place = None
        self.stack.setCurrentIndex(0)
        self.refresh()
        self.table.setFocus()

    # -- one case --------------------------------------------------------------------------------------------------

    def open(self, place: CasePlace) -> None:
        """Show one case; households' reviews and complaints have pages of their own."""
        if place.workflow in ELSEWHERE:
            self.context.go(Target(ELSEWHERE[place.workflow], place.type, place.rid, came_from=Target("cases")))
            return
        self.place = place
        self.context.runner.read(lambda: self._reader.open(place), self._case_arrived)

    def _case_arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if not isinstance(outcome.value, Opened) or outcome.value.place != self.place or self.panel.form is not None:
            return
        opened = outcome.value
        self.title.setText(opened.title)
        self.panel.show_case(opened.case)
        clear(self._papers)
        for paper in opened.papers:
            words = f"《{paper.label}》{paper.number}"
            line = row(gap=8)
            line.addWidget(label(f"{words} {tr('已作废')}" if paper.voided_at else words))
            look_at = button(tr("查看和打印"), "link", "print")
            look_at.clicked.connect(lambda _checked=False, chosen=paper: self.paper_file.open(chosen))
            line.addWidget(look_at)
            line.addStretch(1)
            self._papers.addLayout(line)
        self.stack.setCurrentIndex(1)

    def _take(self, step: str, details: Record, reason: str) -> None:
        place = self.place
        if place is None:
            return
        workflows = self.context.services.workflows
        self.context.runner.submit(
            lambda _progress, _cancelled: workflows.take(
                place.workflow, place.type, place.rid, step, details=details, reason=reason
            ),
            self._taken,
        )

    def _step_back(self, reason: str) -> None:
        place = self.place
        if place is None:
            return
        workflows = self.context.services.workflows
        self.context.runner.submit(
            lambda _progress, _cancelled: workflows.step_back(place.workflow, place.type, place.rid, reason),
            self._taken,
        )

    def _taken(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.panel.close_form()
        self.context.notices.say(tr("已办理。"))
        self.refresh()

    def _open_record(self) -> None:
        if self.place is not None:
            here = Target("cases", self.place.type, self.place.rid)
            self.context.go(Target("records", self.place.type, self.place.rid, came_from=here))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _list_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        head = row(gap=10)
        head.addWidget(label(tr("在办事项"), "title"))
        self.sentence = label("", "muted")
        head.addWidget(self.sentence, 1)
        about = f"{tr('查阅、更正、解释说明、异议或删除')}  {shortcut_text('app.new')}"
        self.request_button = self.request.opener(tr("登记个人信息请求"), about, self.start_new)
        head.addWidget(self.request_button)
        down.addLayout(head)
        down.addWidget(self.request)
        self.table = WindowedTable(columns(), tr("在办事项"), fitted=True)
        self.table.opened.connect(lambda key: self.open(place_of(key)))
        empty = EmptyState(
            tr("没有在办事项"), tr("投诉、异议、评审等事项登记后列在这里，期限近的排在前面。"), icon_name="ok"
        )
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        down.addWidget(KeyHint((("↑ ↓", tr("选事项")), ("Enter", tr("打开")), ("Alt+←", tr("返回")))))
        return made

    def _case_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.go_back)
        self.title = Elided("title")
        record = button(tr("打开记录"), "", "records")
        record.clicked.connect(self._open_record)
        head.addWidget(back)
        head.addWidget(self.title, 1)
        head.addWidget(record)
        down.addLayout(head)
        self._papers = column(gap=2)
        down.addLayout(self._papers)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.panel = CasePanel()
        self.panel.step_taken.connect(self._take)
        self.panel.back_wished.connect(self._step_back)
        scroll.setWidget(self.panel)
        down.addWidget(scroll, 1)
        return made
