"""The household review: the list of batches, or one batch with its cases, panel, ballots, papers and a comparison."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from jmdesk.attachments.intake import read_document
from jmdesk.catalogue.types import Record
from jmdesk.papers.service import Issued
from jmdesk.ratings.simulation import Simulation
from jmdesk.reviews.rules import item_remarks
from jmdesk.reviews.service import Bulk
from jmdesk.reviews.tallying import TallyLine
from ui.core.cases import CaseView
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.pickers import regions_within
from ui.core.runner import Outcome
from ui.pages.reviews.ballots import BallotsPane
from ui.pages.reviews.cases import CasesPane
from ui.pages.reviews.comparing import ComparingPane
from ui.pages.reviews.model import Board, Opened, ReviewReader, batch_columns, compare, place, told
from ui.pages.reviews.panel import PanelPane
from ui.pages.reviews.papers import PapersPane
from ui.pages.reviews.tally import TallyPane
from ui.widgets.code_picker import CodePicker
from ui.widgets.elided import Elided
from ui.widgets.empty_state import EmptyState
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.key_hint import KeyHint
from ui.widgets.paper_file import PaperFile
from ui.widgets.sides import Sides, Tabs
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable


class ReviewsPage(Page):
    """Enter opens a batch, Alt+Left leads back; Ctrl+Tab goes through the parts of a batch."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        desk = context.services
        self._reader, self._reviews = ReviewReader(desk), desk.reviews
        self.number = ""
        self.opened: Opened | None = None
        self._came_from: Target | None = None
        self.paper_file = PaperFile(self, context)
        self.stack = Sides()
        column(self, margin=20).addWidget(self.stack)
        self.stack.addWidget(self._list_side())
        self.stack.addWidget(self._batch_side())
        self._connect()
        Freshness(
            self, context.runner, self.refresh, ("R04", "R05", "R06", "R07", "R15", "R16", "R25", "workflow_event")
        )
        context.runner.submit(lambda _progress, _cancelled: self._reviews.catch_up(), self._stopped)
        self.refresh()

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        self._came_from = target.came_from
        if target.type == "R16":
            self._open_case(target.rid)
        elif target.rid:
            self.open(target.rid)

    @override
    def take_focus(self) -> None:
        if self.stack.currentIndex() == 0:
            (self.table if self.table.rows.rowCount() else self.village).setFocus()
        else:
            self.cases.enter()

    @override
    def unsaved(self) -> bool:
        return self.cases.panel.form is not None or self.tally.dirty

    @override
    def discard(self) -> None:
        self.cases.panel.close_form()
        self.tally.done()

    @override
    def save(self) -> None:
        if self.number and self.tabs.currentWidget() is self.tally:
            self.tally.save()

    @override
    def start_new(self) -> None:
        self._show_list()
        self.village.setFocus()

    @override
    def go_back(self) -> None:
        if self.cases.panel.form is not None:
            self.cases.panel.close_form()
        elif self.number:
            if self.tabs.currentWidget() is not self.cases or not self.cases.leave_case():
                self._show_list()
        elif self._came_from is not None:
            target, self._came_from = self._came_from, None
            self.context.go(target)

    # -- reading ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what is shown, off the GUI thread."""
        if self.context.desk is None:
            return
        if self.number:
            number = self.number
            self.context.runner.read(lambda: self._reader.open(number), self._arrived)
        else:
            self.context.runner.read(self._reader.board, self._board_arrived)

    def open(self, number: str) -> None:
        """Show one batch."""
        self.number = number
        self.refresh()

    def _open_case(self, rating: str) -> None:
        """Show the batch of a rating, with the rating chosen."""

        def arrived(outcome: Outcome) -> None:
            if isinstance(outcome.value, str) and outcome.value:
                self.cases.wanted = rating
                self.open(outcome.value)
            elif outcome.error is not None:
                self.context.notices.error(outcome.error)

        self.context.runner.read(lambda: self._reviews.batch_of(rating), arrived)

    def _board_arrived(self, outcome: Outcome) -> None:
        if isinstance(outcome.value, Board):
            first = not self.table.rows.rowCount()
            self.table.show_source(FixedRows(outcome.value.rows))
            if first and outcome.value.rows and self.village.hasFocus():
                self.table.setFocus()
        elif outcome.error is not None:
            self.context.notices.error(outcome.error)

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        opened = outcome.value
        if not isinstance(opened, Opened) or opened.batch.number != self.number:
            return
        fresh, self.opened = self.stack.currentIndex() == 0, opened
        self.title.setText(opened.title)
        self.about.setText(opened.batch.number)
        for pane in (self.cases, self.panel, self.ballots, self.tally, self.papers, self.comparing):
            pane.show_batch(opened)
        for pane in (self.panel, self.ballots, self.tally):  # these stay with the village that met
            self.tabs.setTabVisible(self.tabs.indexOf(pane), not opened.batch.unit)
        self.stack.setCurrentIndex(1)
        if fresh:
            self.cases.enter()

    def _read_case(self, rating: str) -> None:
        def arrived(outcome: Outcome) -> None:
            if isinstance(outcome.value, CaseView):
                self.cases.show_case(rating, outcome.value)
            elif outcome.error is not None:
                self.context.notices.error(outcome.error)

        self.context.runner.read(lambda: self._reader.case(rating), arrived)

    def _show_list(self) -> None:
        self.number, self.opened = "", None
        self.stack.setCurrentIndex(0)
        self.refresh()
        self.table.setFocus()

    # -- doing -----------------------------------------------------------------------------------------------------

    def _do(self, work: Callable[[], object], after: Callable[[object], None] | None = None) -> None:
        """Work off the GUI thread; an error is told, else ``after`` sees what came of it and the page is read anew."""

        def done(outcome: Outcome) -> None:
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            elif after is not None:
                after(outcome.value)
            self.refresh()

        self.context.runner.submit(lambda _progress, _cancelled: work(), done)

    def _begin(self) -> None:
        region = str(self.village.value() or "")
        if region:
            self._do(lambda: self._reviews.panel.open_batch(region), lambda number: self.open(str(number)))
        else:
            self.village.setFocus()

    def _apply(self) -> None:
        number, reviews = self.number, self._reviews
        self._do(lambda: reviews.apply(number, reviews.candidates(number)), self._tell)

    def _step(self, step: str, ratings: list[str], details: Record, reason: str, grade: str) -> None:
        if step == "return":
            remarks: dict[str, object] = dict(item_remarks(str(details["remarks"])))
            details = {**details, "remarks": remarks}

        def work() -> object:
            if step == "object":
                household = self._reviews.case(ratings[0]).line.household
                return self._reviews.object_to(ratings[0], f"R05:{household}", str(details["ground"]))
            if len(ratings) == 1:
                return self._reviews.take(ratings[0], step, details=details, reason=reason, grade=grade)
            return self._reviews.advance(step, ratings, details=details, reason=reason)

        self._do(work, self._tell)

    def _tell(self, done: object) -> None:
        self.cases.panel.close_form()
        names = {c.line.rating: c.line.head for c in self.opened.cases} if self.opened else {}
        self.context.notices.say(told(done, names) if isinstance(done, Bulk) else tr("已办理。"))

    def _stopped(self, outcome: Outcome) -> None:
        if isinstance(outcome.value, list) and outcome.value:
            words = tr("{n} 户已撤回授权，评定和公示已停止，公示名单已重新出具。", n=len(outcome.value))
            self.context.notices.say(words)

    def _seat(self, name: str, duty: str, address: str, number: str) -> None:
        batch, desk = self.number, self.context.services

        def work() -> object:
            household = desk.households.find(number) if number else ""
            return self._reviews.panel.seat(batch, name, duty, household=household, address=address)

        self._do(work, lambda _seat: self.panel.added())

    def _tally(self, lines: list[TallyLine], scan: Path | None, basis: str) -> None:
        number, panel = self.number, self._reviews.panel

        def work() -> object:
            content = read_document(scan) if scan is not None else None
            return panel.tally_sheet(number, lines, scan=content, basis=basis)

        def done(count: object) -> None:
            self.tally.done()
            self.context.notices.say(tr("已保存计票表，共 {n} 户。", n=count))

        self._do(work, done)

    def _issued(self, issued: object) -> None:
        if isinstance(issued, Issued):
            self.paper_file.tell(tr("已出具"), issued.paper)

    def _prove(self, photo: Path, where: str, day: str) -> None:
        number, filing = self.number, self._reviews.filing
        self._do(
            lambda: filing.prove_posting(number, read_document(photo), where, date.fromisoformat(day)), self._issued
        )

    def _open_paper(self, number: str) -> None:
        papers = self.opened.papers if self.opened is not None else ()
        for paper in papers:
            if paper.number == number:
                self.paper_file.open(paper)

    def _ask_register(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("保存登记簿"), f"{tr('信用户证登记簿')}.xlsx", "Excel (*.xlsx)")
        if name:
            target = Path(name).with_suffix(".xlsx")
            said = tr("已保存 {name}。文件没有加密，用完请删除。", name=target.name)
            self._do(lambda: self._reviews.filing.write_register(target), lambda _n: self.context.notices.say(said))

    def _compare(self, name: str) -> None:
        opened, desk = self.opened, self.context.services
        if opened is None:
            return

        def done(outcome: Outcome) -> None:
            if isinstance(outcome.value, Simulation):
                self.comparing.show_simulation(outcome.value)
            elif outcome.error is not None:
                self.context.notices.error(outcome.error)

        region = opened.batch.region
        self.context.runner.beside(lambda progress, _cancelled: compare(desk, region, name, progress), done)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        panel, filing = self._reviews.panel, self._reviews.filing
        self.cases.case_wished.connect(self._read_case)
        self.cases.apply_wished.connect(self._apply)
        self.cases.step_wished.connect(self._step)
        self.cases.back_wished.connect(
            lambda rating, reason: self._do(lambda: self._reviews.step_back(rating, reason), self._tell)
        )
        here = Target("reviews")
        self.cases.dossier_wished.connect(lambda rid: self.context.go(Target("households", "R05", rid, came_from=here)))
        self.panel.seat_wished.connect(self._seat)
        self.panel.attended.connect(
            lambda no, present: self._do(lambda: panel.attend(self.number, no, present=present))
        )
        self.panel.dismissed.connect(lambda no: self._do(lambda: panel.dismiss(self.number, no)))
        self.ballots.voted.connect(
            lambda no, rid, marks: self._do(lambda: panel.vote(self.number, no, rid, marks, knows=bool(marks)))
        )
        self.ballots.declared.connect(
            lambda no, rid, related: self._do(lambda: panel.declare(self.number, no, rid, related=related))
        )
        self.tally.entered.connect(self._tally)
        self.papers.issue_wished.connect(lambda name: self._do(lambda: filing.issue(self.number, name), self._issued))
        self.papers.paper_wished.connect(self._open_paper)
        self.papers.register_wished.connect(self._ask_register)
        self.papers.proof_wished.connect(self._prove)
        self.comparing.wished.connect(self._compare)

    def _list_side(self) -> QWidget:
        made, desk = QWidget(), self.context.services
        down = column(made, gap=10)
        head = row(gap=10)
        head.addWidget(label(tr("评议与认定"), "title"))
        head.addStretch(1)
        self.village = CodePicker(regions_within(desk.regions, desk.catalogue.regions), place)
        self.village.setAccessibleName(tr("村居"))
        self.village.setPlaceholderText(tr("要评议的村居"))
        if desk.village_at_work:
            self.village.set_value(desk.village_at_work)
        begin = button(tr("新建评议批次"), "primary")
        begin.clicked.connect(self._begin)
        head.addWidget(self.village)
        head.addWidget(begin)
        down.addLayout(head)
        self.table = WindowedTable(batch_columns(), tr("评议批次"))
        self.table.opened.connect(self.open)
        words = tr("按村建批次：登记申请、资格筛查、评议、初评、镇复核、公示 7 日、认定、发证、年审。")
        down.addWidget(TableOrEmpty(self.table, EmptyState(tr("还没有评议批次"), words, icon_name="rating")), 1)
        down.addWidget(KeyHint((("Enter", tr("打开批次")), ("Ctrl+N", tr("新建评议批次")), ("Alt+←", tr("返回")))))
        return made

    def _batch_side(self) -> QWidget:
        made, desk = QWidget(), self.context.services
        down = column(made, gap=8)
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.go_back)
        self.title, self.about = Elided("title"), label("", "muted")
        head.addWidget(back)
        head.addWidget(self.title, 1)
        head.addWidget(self.about)
        down.addLayout(head)
        rules = self._reviews.panel.rules
        self.cases, self.panel = CasesPane(desk), PanelPane(rules.least_votes)
        self.tally = TallyPane(rules)
        self.ballots, self.papers = BallotsPane(rules), PapersPane(self._reviews.filing.kinds())
        self.comparing = ComparingPane(desk.ratings.package.label, self._reader.labels)
        self.tabs = Tabs()
        for pane, text in (
            (self.cases, tr("农户")),
            (self.panel, tr("评议小组")),
            (self.ballots, tr("评议票")),
            (self.tally, tr("计票表")),
            (self.papers, tr("文书")),
            (self.comparing, tr("规则比较")),
        ):
            self.tabs.addTab(pane, text)
        down.addWidget(self.tabs, 1)
        return made
