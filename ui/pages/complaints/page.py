"""The complaint desk: Ctrl+N takes one down, Enter opens one, Alt+Left leads back."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QApplication, QWidget

from jmdesk.catalogue.types import Record
from jmdesk.complaints.papers import issue
from jmdesk.complaints.rules import TYPE
from jmdesk.complaints.service import Case
from jmdesk.papers.queries import Paper
from jmdesk.papers.service import Issued
from ui.core.actions import bind, tip
from ui.core.context import Context, Page, Target
from ui.core.drafting import Drafting
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.messages import OK, Notice
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.pages.complaints.board import ComplaintBoard
from ui.pages.complaints.case import ComplaintCase
from ui.pages.complaints.intake import IntakeForm
from ui.pages.complaints.interests import InterestsView
from ui.pages.complaints.model import ComplaintReader, Opened
from ui.pages.complaints.report import ReportView
from ui.pages.complaints.step_fields import StepFields
from ui.widgets.key_hint import KeyHint
from ui.widgets.paper_file import PaperFile
from ui.widgets.sides import Sides
from ui.widgets.styling import button, column, label, row

BOARD, INTAKE, CASE, REPORT, INTERESTS = range(5)
NEW = f"{TYPE}:new:"


class ComplaintsPage(Page):
    """Board, intake and case, one at a time."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        services = context.services
        self._reader = ComplaintReader(services)
        self.rid = ""
        self._dirty = False
        self._came_from: Target | None = None
        self.paper_file = PaperFile(self, context)
        self._drafting = Drafting(self, context, "complaints", self._draft)
        self.stack = Sides()
        column(self, margin=20).addWidget(self.stack)
        self.board = ComplaintBoard(context, self._reader)
        self.case = ComplaintCase(context, StepFields(services, self._reader.labels))
        self.stack.addWidget(self.board)
        self.stack.addWidget(self._intake_side())
        self.stack.addWidget(self.case)
        self.report = ReportView(context)
        self.interests = InterestsView(context, self._reader.labels)
        self.stack.addWidget(self.report)
        self.stack.addWidget(self.interests)
        self._connect()
        bind(self, "complaints.register", self.save)
        bind(self, "complaints.paper", self.case.offer_paper)
        bind(self, "complaints.wall", self.report.show_wall)
        self._freshness = Freshness(self, context.runner, self.refresh, (TYPE, "workflow_event", "R02"))
        self.board.refresh()

    def _connect(self) -> None:
        board, case = self.board, self.case
        board.opened.connect(self.open)
        board.new_wished.connect(self.start_new)
        board.report_wished.connect(self.show_report)
        board.interests_wished.connect(self.show_interests)
        self.report.back_wished.connect(self.go_back)
        self.interests.back_wished.connect(self.go_back)
        case.back_wished.connect(self.go_back)
        case.other_wished.connect(self.open)
        case.phone_wished.connect(self._show_phone)
        case.paper_wished.connect(self._issue)
        case.again_wished.connect(self._fetch_again)
        case.void_wished.connect(self._void_paper)
        case.panel.step_taken.connect(self._take)
        case.panel.back_wished.connect(self._step_back)

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if target.new is not None:
            self.start_new()
        elif target.rid:
            self._came_from = target.came_from
            self.open(target.rid)

    @override
    def take_focus(self) -> None:
        if self.stack.currentIndex() == INTAKE:
            self.form.focus_first()
        elif self.stack.currentIndex() == BOARD:
            self.board.table.setFocus()

    @override
    def start_search(self) -> None:
        if not self.unsaved():
            self._show_board()
            self.board.search.setFocus()

    @override
    def start_new(self) -> None:
        if self.stack.currentIndex() == INTAKE or self.case.panel.form is not None:
            return
        self.form.begin()
        self._dirty = False
        self._drafting.about(NEW)
        kept = self._drafting.kept()
        if kept is not None:
            self.form.resume(kept)
            self._dirty = True
            self.context.notices.say(tr("已恢复上次没有登记的投诉。"))
        self.stack.setCurrentIndex(INTAKE)
        self.form.focus_first()

    @override
    def save(self) -> None:
        if self.stack.currentIndex() != INTAKE:
            return
        wrong = self.form.unreadable()
        if wrong is not None:
            wrong.field.setFocus()
            return
        intake = self.form.intake()
        complaints = self.context.services.complaints
        self.register_button.setEnabled(False)
        self.context.runner.submit(lambda _progress, _cancelled: complaints.register(intake), self._registered)

    @override
    def go_back(self) -> None:
        if self.stack.currentIndex() == CASE and self.case.panel.form is not None:
            self.case.panel.close_form()
        elif self._came_from is not None and self.stack.currentIndex() == CASE:
            target, self._came_from = self._came_from, None
            self._show_board()
            self.context.go(target)
        elif self.stack.currentIndex() != BOARD:
            if self._dirty:
                self._drafting.keep_now()
                self.context.notices.say(tr("没有登记的投诉已留作草稿，按 Ctrl+N 继续。"))
            self._dirty = False
            self._show_board()

    @override
    def unsaved(self) -> bool:
        return self._dirty or self.case.panel.form is not None

    @override
    def discard(self) -> None:
        self.case.panel.close_form()
        if self._dirty:
            self._dirty = False
            self._drafting.forget()
            self._show_board()

    @override
    def keep_draft(self) -> None:
        if self._dirty:
            self._drafting.keep_now()

    # -- board and intake ------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what is shown; a form being filled in is left alone."""
        self._reader.labels.forget()
        if self.stack.currentIndex() == BOARD:
            self.board.refresh()
        elif self.stack.currentIndex() == CASE and self.case.panel.form is None:
            self.open(self.rid)

    def show_report(self) -> None:
        """Show the yearly report."""
        self.stack.setCurrentIndex(REPORT)
        self.report.refresh()
        self.report.year.setFocus()

    def show_interests(self) -> None:
        """Show the firms that people declared."""
        self.stack.setCurrentIndex(INTERESTS)
        self.interests.begin()

    def _show_board(self) -> None:
        self.rid = ""
        self.stack.setCurrentIndex(BOARD)
        self.board.refresh()
        self.board.table.setFocus()

    def _draft(self) -> dict[str, object] | None:
        return self.form.draft() if self._dirty else None

    def _edited(self) -> None:
        self._dirty = True
        self._drafting.touch()

    def _firm_named(self) -> None:
        """Say what is known of the firm and of other complaints about it."""
        values = self.form.values()

        def read() -> str:
            firm = values.get("uscc")
            lines = [self._reader.firm(firm)] if isinstance(firm, str) else []
            return "\n".join(line for line in (*lines, self._reader.related_line(values)) if line)

        if "respondent_name" in values:
            self.context.runner.read(read, self._firm_known)

    def _firm_known(self, outcome: Outcome) -> None:
        self.form.show_firm(str(outcome.value) if outcome.ok else "")

    def _registered(self, outcome: Outcome) -> None:
        self.register_button.setEnabled(True)
        if not isinstance(outcome.value, Case):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        self._dirty = False
        self._drafting.forget()
        record = outcome.value.record
        number = str(record.values["complaint_no"])
        self.open(record.rid)
        text = tr("已登记，编号 {number}。", number=number)
        give = partial(self._issue, "complaint-receipt")
        self.context.notices.post(Notice(text, OK, tr("请把编号告诉投诉人。"), tr("出具回执"), give))

    # -- one case --------------------------------------------------------------------------------------------------

    def open(self, rid: str) -> None:
        """Show one case."""
        self.rid = rid
        self.context.runner.read(lambda: self._reader.open(rid), self._opened)

    def _opened(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if not isinstance(outcome.value, Opened) or outcome.value.rid != self.rid or self.case.panel.form is not None:
            return
        focus = QApplication.focusWidget()
        inside = focus in (None, self.case) or self.case.panel.isAncestorOf(
            focus
        )  # what had the focus is about to be made anew
        fresh = self.stack.currentIndex() != CASE
        self.case.show_case(outcome.value)
        self.stack.setCurrentIndex(CASE)
        if fresh or inside:
            first = next((one for one in self.case.panel.buttons.values() if one.isEnabled()), None)
            (first or self.case).setFocus()

    def _take(self, step: str, details: Record, reason: str) -> None:
        rid, complaints = self.rid, self.context.services.complaints
        self.context.runner.submit(
            lambda _progress, _cancelled: complaints.take(rid, step, details, reason=reason), self._taken
        )

    def _step_back(self, reason: str) -> None:
        rid, workflows = self.rid, self.context.services.workflows
        self.context.runner.submit(
            lambda _progress, _cancelled: workflows.step_back("W7", TYPE, rid, reason), self._taken
        )

    def _taken(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.case.setFocus()  # not to the rail when the form goes
        self.case.panel.close_form()
        self.context.notices.say(tr("已办理。"))
        self.open(self.rid)

    def _show_phone(self, reason: str) -> None:
        rid = self.rid
        self.context.runner.submit(lambda _progress, _cancelled: self._reader.phone(rid, reason), self._phone_read)

    def _phone_read(self, outcome: Outcome) -> None:
        if isinstance(outcome.value, str):
            self.case.show_phone(outcome.value)
        elif outcome.error is not None:
            self.context.notices.error(outcome.error)

    # -- papers ----------------------------------------------------------------------------------------------------

    def _issue(self, name: str) -> None:
        services, rid = self.context.services, self.rid
        self.context.runner.submit(
            lambda _progress, _cancelled: issue(services, services.complaints.case(rid), name), self._deliver
        )

    def _fetch_again(self, number: str) -> None:
        papers, rid = self.context.services.papers, self.rid
        self.context.runner.read(
            lambda: next(one for one in papers.of(TYPE, rid) if one.number == number), self._deliver
        )

    def _void_paper(self, number: str, reason: str) -> None:
        papers = self.context.services.papers
        self.context.runner.submit(lambda _progress, _cancelled: papers.void(number, reason), self._taken)

    def _deliver(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        paper = outcome.value.paper if isinstance(outcome.value, Issued) else outcome.value
        if isinstance(paper, Paper):
            self.open(self.rid)
            self.paper_file.open(paper)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _intake_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=8)
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.go_back)
        self.register_button = button(tr("登记"), "primary", "ok")
        self.register_button.setToolTip(tip("complaints.register"))
        self.register_button.clicked.connect(self.save)
        head.addWidget(back)
        head.addWidget(label(tr("登记投诉"), "title"), 1)
        head.addWidget(self.register_button)
        down.addLayout(head)
        self.form = IntakeForm(self.context.services, self._reader.labels)
        self.form.edited.connect(self._edited)
        self.form.firm_named.connect(self._firm_named)
        down.addWidget(self.form, 1)
        hints = (("Enter", tr("下一项")), ("Ctrl+Enter", tr("登记")), ("Alt+←", tr("返回，留作草稿")))
        down.addWidget(KeyHint(hints))
        return made
