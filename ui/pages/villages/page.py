"""Credit villages and towns: the scoreboard, and one village or town. Alt+Left leads up and back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Environment
from jmdesk.papers.service import Issued
from jmdesk.villages.papers import export, issue, issue_register
from jmdesk.villages.service import WORKFLOWS
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.runner import Outcome
from ui.pages.villages import model
from ui.pages.villages.board import Scoreboard
from ui.pages.villages.model import Opened, VillageReader
from ui.pages.villages.printing import Picture, write_board
from ui.pages.villages.village import VillageSide
from ui.widgets.paper_file import PaperFile
from ui.widgets.sides import Sides
from ui.widgets.styling import column

BOARD, VILLAGE = range(2)
_TYPES = ("R03", "R05", "R16", "R17", "R18", "R19", "assessment", "workflow_event")


class VillagesPage(Page):
    """The board, or one village or town."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reader = VillageReader(context.services)
        self.region = ""
        self.paper_file = PaperFile(self, context)
        self.stack = Sides()
        column(self, margin=20).addWidget(self.stack)
        self.board, self.village = Scoreboard(context), VillageSide()
        self.stack.addWidget(self.board)
        self.stack.addWidget(self.village)
        self._connect()
        self._freshness = Freshness(self, context.runner, self.refresh, _TYPES)
        self.board.refresh()

    def _connect(self) -> None:
        board, village = self.board, self.village
        board.opened.connect(self.open)
        board.printing.connect(self.print_board)
        board.exporting.connect(self.export)
        board.registering.connect(self.make_register)
        board.projecting.connect(self._read)
        village.back.connect(self.go_back)
        village.listing_wished.connect(self.list_households)
        village.household_opened.connect(
            lambda rid: self.context.go(Target("households", "R05", rid, came_from=self._here()))
        )
        village.households_wished.connect(lambda code: self.context.go(Target("households", "R03", code)))
        village.applied.connect(self.apply)
        village.refreshed.connect(self.count_anew)
        village.given.connect(self.give)
        village.paper_wished.connect(self.make_paper)
        village.look_wished.connect(self.open_paper)
        village.step_taken.connect(self.take)
        village.back_wished.connect(self.step_back)

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if target.type == "R03" and target.rid:
            self.open(target.rid)

    @override
    def take_focus(self) -> None:
        (self.board.tiles if self.stack.currentIndex() == BOARD else self.village.figures).setFocus()

    @override
    def unsaved(self) -> bool:
        form = self.village.form
        return self.village.panel.form is not None or (form is not None and form.touched)

    @override
    def discard(self) -> None:
        self.village.panel.close_form()
        if self.village.form is not None:
            self.village.ask_given()

    @override
    def go_back(self) -> None:
        if self.stack.currentIndex() == BOARD:
            self.board.ascend()
        elif self.village.panel.form is not None or self.village.form is not None:
            self.discard()
        elif not self.village.close_listing():
            self.region = ""
            self.stack.setCurrentIndex(BOARD)
            self.board.refresh()
            self.board.tiles.setFocus()

    # -- reading ---------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Read what is shown, off the GUI thread; a form being filled in is left alone."""
        if self.stack.currentIndex() == BOARD:
            self.board.refresh()
        else:
            self._read()

    def open(self, region: str) -> None:
        """Show one village or town."""
        self.region = region
        self._read()

    def _read(self) -> None:
        region, year = self.region, self.context.services.villages.this_year
        if not region:
            return
        projected, anyway = self.board.projected.isChecked(), self.board.all_the_same.isChecked()
        self.context.runner.read(
            lambda: self._reader.open(region, year, projected=projected, all_the_same=anyway), self._arrived
        )

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        if not isinstance(outcome.value, Opened) or outcome.value.region != self.region:
            return
        self.village.show_opened(outcome.value)
        if self.stack.currentIndex() != VILLAGE:
            self.stack.setCurrentIndex(VILLAGE)
            self.village.figures.setFocus()

    def list_households(self, listing: str) -> None:
        """Show the households behind a figure; a figure without households has none."""
        opened = self.village.shown
        if opened is None or listing in ("", "R19"):
            if listing == "R19":
                self.context.go(Target("records", "R19"))
            return
        words = dict(opened.causes).get(listing, "").partition(" ")[0] or model.listing_words(listing)

        def arrived(outcome: Outcome) -> None:
            if isinstance(outcome.value, tuple):
                self.village.show_listing(words, outcome.value)
            elif outcome.error is not None:
                self.context.notices.error(outcome.error)

        self.context.runner.read(lambda: self._reader.listed(opened.region, opened.year, listing), arrived)

    # -- doing -----------------------------------------------------------------------------------------------------

    def apply(self, applied_by: str) -> None:
        """Record an application."""
        region, villages = self.region, self.context.services.villages
        year = villages.this_year
        self.context.runner.submit(
            lambda _progress, _cancelled: villages.apply(region, year, applied_by), self._done(tr("已登记申报。"))
        )

    def count_anew(self) -> None:
        """Count the figures of the application anew."""
        opened, villages = self.village.shown, self.context.services.villages
        if opened is not None and opened.rid:
            self.context.runner.submit(
                lambda _progress, _cancelled: villages.refresh(opened.type, opened.rid), self._done(tr("已重新计算。"))
            )

    def give(self, name: str, value: str, basis: str) -> None:
        """Put in what only an office can say."""
        opened, villages = self.village.shown, self.context.services.villages
        if opened is not None and opened.rid:
            self.context.runner.submit(
                lambda _progress, _cancelled: villages.give(opened.type, opened.rid, name, value, basis),
                self._done(tr("已记下，得分已重新计算。")),
            )

    def take(self, step: str, details: Record, reason: str) -> None:
        """Take a step of the case."""
        opened, workflows = self.village.shown, self.context.services.workflows
        if opened is not None:
            self.context.runner.submit(
                lambda _progress, _cancelled: workflows.take(
                    WORKFLOWS[opened.type], opened.type, opened.rid, step, details=details, reason=reason
                ),
                self._done(tr("已办理。"), self.village.panel.close_form),
            )

    def step_back(self, reason: str) -> None:
        """Take back the latest step."""
        opened, workflows = self.village.shown, self.context.services.workflows
        if opened is not None:
            self.context.runner.submit(
                lambda _progress, _cancelled: workflows.step_back(
                    WORKFLOWS[opened.type], opened.type, opened.rid, reason
                ),
                self._done(tr("已退回上一步。"), self.village.panel.close_form),
            )

    def _done(self, words: str, first: Callable[[], None] | None = None) -> Callable[[Outcome], None]:
        def arrived(outcome: Outcome) -> None:
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
                return
            if first is not None:
                first()
            self.context.notices.say(words)
            self._read()

        return arrived

    # -- paper and files -------------------------------------------------------------------------------------------

    def make_paper(self, name: str) -> None:
        """Give out a paper of the case, to be looked at, printed and saved as Word or PDF."""
        opened, desk = self.village.shown, self.context.services
        if opened is not None:
            type_id, rid = opened.type, opened.rid
            self.context.runner.submit(lambda _progress, _cancelled: issue(desk, type_id, rid, name), self._issued)

    def make_register(self) -> None:
        """Give out the register of the year."""
        desk = self.context.services
        year = desk.villages.this_year
        self.context.runner.submit(lambda _progress, _cancelled: issue_register(desk, year), self._issued)

    def open_paper(self, number: str) -> None:
        """Look at a paper that was given out before."""
        papers = self.village.shown.papers if self.village.shown is not None else ()
        for paper in papers:
            if paper.number == number:
                self.paper_file.open(paper)

    def _issued(self, outcome: Outcome) -> None:
        if isinstance(outcome.value, Issued):
            self.paper_file.tell(tr("已出具"), outcome.value.paper)
            self._read()
        elif outcome.error is not None:
            self.context.notices.error(outcome.error)

    def print_board(self) -> None:
        """Keep the board as a PDF."""
        found, _ = QFileDialog.getSaveFileName(self, tr("存图为 PDF"), f"{tr('信用村镇')}.pdf", "PDF (*.pdf)")
        if found:
            self.write_board(Path(found))

    def write_board(self, path: Path) -> None:
        """Write the board as it is shown."""
        picture = self.picture()
        try:
            write_board(picture, path)
        except Environment as error:
            self.context.notices.error(error)
            return
        self.context.notices.say(tr("已存为 PDF。"))

    def picture(self) -> Picture:
        """The board as it is shown, for paper."""
        board = self.board
        charts = [
            (tr("本轮进度"), board.progress.marks, False),
            (tr("等级分布"), board.grades.marks, False),
            (tr("历年信用户(户)"), board.years.marks, True),
        ]
        return Picture(board.title.text(), board.sentence.text(), board.tiles.tiles, charts)

    def export(self) -> None:
        """Write the year's indicators as Excel."""
        desk = self.context.services
        name = tr("{year} 年度指标", year=desk.villages.this_year)
        found, _ = QFileDialog.getSaveFileName(self, tr("导出指标"), f"{name}.xlsx", "Excel (*.xlsx)")
        if found:
            self.context.runner.submit(
                lambda _progress, _cancelled: export(desk, Path(found)), self._done(tr("已导出指标。"))
            )

    def _here(self) -> Target:
        return Target("villages", "R03", self.region)
