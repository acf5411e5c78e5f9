"""Ratings: the year's list on the left, one household's explanation on the right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QWidget
from shiboken6 import isValid

from jmdesk.core.errors import Environment
from jmdesk.ratings.service import Rating, Tally
from ui.core import wording
from ui.core.actions import tip
from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.messages import OK, Notice
from ui.core.overriding import override
from ui.core.paper_output import can_print
from ui.core.printing import write_pdf
from ui.core.runner import Outcome, Report, Task
from ui.core.theme import look
from ui.pages.ratings.explanation import ExplanationPane
from ui.pages.ratings.listing import RatingList
from ui.pages.ratings.model import Explained, Summary, failure_rows, read_explained, read_summary, told
from ui.pages.ratings.outcome import RunOutcome
from ui.pages.ratings.printing import ask_pdf, print_html
from ui.widgets.chip import ChipLabel
from ui.widgets.key_hint import KeyHint
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, clear, column, label, row
from ui.widgets.turns import Turns

PAUSE = 120
"""Milliseconds on one line before its explanation is read."""

LIST_WIDTH = 540
"""What the columns of the list take, so that none is cut."""


class RatingsPage(Page):
    """Choosing a line shows its explanation; Enter reads on in it, Alt+Left leads back to the list."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._year = context.services.ratings.this_year()
        self._household = ""
        self._reading = self._to_paper = False
        self._running: Task | None = None
        self._came_from: Target | None = None
        self.summary: Summary | None = None
        self.list = RatingList(context.services)
        self.pane = ExplanationPane()
        self.outcome = RunOutcome()
        self.progress = ProgressPanel()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._explain_chosen)
        self._lay_out()
        self._connect()
        Freshness(self, context.runner, self._changed, ("R04", "R05", "R06", "R16"))
        self._read_summary()
        self._pause.start()

    def _lay_out(self) -> None:
        down = column(self, margin=20, gap=8)
        down.addLayout(self._head())
        self._glance = QWidget()
        self._chips = row(self._glance, gap=6)
        down.addWidget(self._glance)
        down.addWidget(self.progress)
        down.addWidget(self.outcome)
        self._across = Turns(self.list, self.pane, (5, 6))
        if not self._across.in_turns:
            self.list.setMinimumWidth(look().theme.px(LIST_WIDTH))
        down.addWidget(self._across, 1)
        hints = ((tr("↑ ↓"), tr("选户")), ("Enter", tr("阅读说明书")), ("Alt+←", tr("回到列表")))
        down.addWidget(KeyHint(hints))
        self.pane.back_button.setVisible(self._across.in_turns)
        self._arrange()

    def _head(self) -> QHBoxLayout:
        across = row(gap=10)
        across.addWidget(label(tr("评级"), "title"))
        self.sentence = label("", "muted", wrap=True)
        across.addWidget(self.sentence, 1)
        self.reviews_button = button(tr("评议与认定"), "", "rating")
        self.reviews_button.setToolTip(tip("go.reviews"))
        across.addWidget(self.reviews_button)
        self.run_button = button(tr("评定全部农户"), "primary", "rating")
        across.addWidget(self.run_button)
        return across

    def _connect(self) -> None:
        self.run_button.clicked.connect(self.rate_all)
        self.reviews_button.clicked.connect(lambda: self.context.go(Target("reviews", came_from=Target("ratings"))))
        self.list.acted.connect(self._act_on_empty)
        self.list.chosen.connect(self._chosen)
        self.list.table.selected.connect(lambda _key: self._pause.start())
        self.list.table.opened.connect(self.read)
        self.outcome.household_wished.connect(lambda rid: self.context.go(Target("households", "R05", rid)))
        self.pane.back_wished.connect(self.go_back)
        self.pane.rate_wished.connect(self.rate_one)
        self.pane.pdf_wished.connect(self._ask_pdf)
        self.pane.print_wished.connect(self._print)
        self.pane.dossier_wished.connect(lambda: self.context.go(Target("households", "R05", self._household)))
        self.pane.print_button.setEnabled(can_print())

    def _arrange(self) -> None:
        """Side by side, or in turns when the text is large; the list alone while there is nothing to explain."""
        self._glance.setVisible(not (self._across.in_turns and self._reading))
        chosen = self._reading or bool(self._household or self.list.table.current_key())
        self._across.arrange(working=self._reading, chosen=chosen)

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if target.rid:
            self._came_from = target.came_from
            self.read(target.rid)
        else:
            self.list.enter()
            self._pause.start()

    @override
    def start_search(self) -> None:
        self.context.go(Target("households"))

    @override
    def go_back(self) -> None:
        back, self._came_from = self._came_from, None
        if back is not None:
            self.context.go(back)
            return
        self._reading = False
        self._arrange()
        self.list.enter()

    # -- one household ---------------------------------------------------------------------------------------------

    def read(self, household: str) -> None:
        """Show a household's explanation and go there."""
        self.list.select(household)
        self._pause.stop()
        self._reading = self._to_paper = True
        self.explain(household)

    def _explain_chosen(self) -> None:
        if self.context.desk is None or not self.isVisible():
            return
        key = self.list.table.current_key()
        if key and key != self._household:
            self.explain(key)

    def explain(self, household: str) -> None:
        """Show a household's explanation beside the list; nothing for none."""
        self._household = household
        self._arrange()
        if not household:
            self.pane.show_nothing()
            return
        desk = self.context.services
        self.context.runner.read(lambda: read_explained(desk, household), self._explained)

    def _explained(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Explained) and outcome.value.household == self._household:
            self.pane.show_explained(outcome.value)
            if self._to_paper:
                self.pane.read()
            self._to_paper = False

    def rate_one(self) -> None:
        """Rate the household shown anew."""
        desk, household = self.context.services, self._household
        self.pane.wait(waiting=True)
        self.context.runner.submit(lambda _progress, _cancelled: desk.ratings.rate(household), self._rated)

    def _rated(self, outcome: Outcome) -> None:
        if isValid(self):
            self.pane.wait(waiting=False)
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Rating):
            grade = wording.grade(outcome.value.card.grade).text
            self.context.notices.say(tr("已评定：{grade}。", grade=grade))

    # -- all households --------------------------------------------------------------------------------------------

    def rate_all(self) -> None:
        """Rate every household of the village chosen, or of the desk."""
        if self._running is not None:
            return
        desk, region = self.context.services, self.list.region

        def work(progress: Report, cancelled: Callable[[], bool]) -> object:
            tally = desk.ratings.rate_all(region, progress=progress, cancelled=cancelled)
            return tally, failure_rows(desk, tally.failures)

        self.outcome.hide()
        self.run_button.setEnabled(False)
        self.pane.wait(waiting=True)
        self._running = self.context.runner.beside(work, self._all_rated)
        self.progress.follow(self._running, tr("正在评定…"))

    def _all_rated(self, outcome: Outcome) -> None:
        if not isValid(self):  # the page was built anew meanwhile, at another text size
            return
        self._running = None
        self.run_button.setEnabled(True)
        self.pane.wait(waiting=False)
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, tuple):
            tally, failures = outcome.value
            assert isinstance(tally, Tally)  # noqa: S101 -- what ``work`` gives
            self.outcome.tell(told(tally), failures)
        else:
            self.outcome.tell([tr("已取消，没有改动。")], ())
        self._changed()

    def _act_on_empty(self) -> None:
        if self.summary is not None and self.summary.households:
            self.rate_all()
        else:
            self.context.go(Target("households"))

    # -- the year at a glance --------------------------------------------------------------------------------------

    def _chosen(self) -> None:
        self._read_summary()
        self.explain(self.list.table.current_key())

    def _read_summary(self) -> None:
        desk, year, region = self.context.services, self._year, self.list.region
        self.run_button.setText(tr("评定本村农户") if region else tr("评定全部农户"))
        self.context.runner.read(lambda: read_summary(desk, year, region), self._summarised)

    def _summarised(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, Summary):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        first, self.summary = self.summary is None, outcome.value
        self.list.offer_villages(self.summary.villages)
        self.sentence.setText(self.summary.sentence())
        self.run_button.setVisible(bool(self.summary.rated))
        clear(self._chips)
        for chip in self.summary.chips():
            self._chips.addWidget(ChipLabel(chip))
        self._chips.addStretch(1)
        self._arrange()
        if first and not self._reading:
            self.list.enter()

    def _changed(self) -> None:
        self.list.reread()
        self._read_summary()
        if self._household:
            self.explain(self._household)
        else:
            self._pause.start()

    # -- on paper --------------------------------------------------------------------------------------------------

    def _ask_pdf(self) -> None:
        path = ask_pdf(self)
        if path:
            self.save_pdf(Path(path))

    def save_pdf(self, path: Path) -> None:
        """Write the explanation shown to a file.

        Here and not on the runner: it takes some 50 ms, and Qt lays text out only on threads of its own.
        """
        shown = self.pane.shown
        if shown is None or not shown.html:
            return
        try:
            write_pdf(shown.html, path)
        except Environment as error:
            self.context.notices.error(error)
            return
        self.context.printed(tr("逐项得分说明书"), "R16")
        hint = tr("文件没有加密，含个人信息；交给本人后请删除。")
        self.context.notices.post(Notice(tr("说明书已存为 {name}。", name=path.name), OK, hint))

    def _print(self) -> None:
        shown = self.pane.shown
        if shown is not None and shown.html and print_html(shown.html, self):
            self.context.notices.say(tr("说明书已送打印机。"))
