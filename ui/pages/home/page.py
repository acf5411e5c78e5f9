"""Home: what waits to be done, the archive in figures, and the platform."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLayout, QScrollArea, QWidget

from ui.core.context import Context, Page, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.ports import Chip, Overview, Waiting
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.pages.home.parts import FirstSteps, VillageTable
from ui.widgets.chip import ChipLabel
from ui.widgets.styling import button, card, clear, column, label, picture, row
from ui.widgets.sync_chip import sync_chip


class HomePage(Page):
    """Steps, figures, waiting work and villages, which read themselves anew after every change."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._overview = Overview()
        outer = column(self)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = column(inside, margin=20, gap=12)
        scroll.setWidget(inside)
        outer.addWidget(scroll)
        down.addWidget(label(tr("首页"), "title"))
        self.steps, self.villages = FirstSteps(), VillageTable()
        self.steps.wished.connect(lambda page: context.go(Target(page)))
        self.villages.wished.connect(lambda code: context.go(Target("households", "R03", code)))
        down.addWidget(self.steps)
        self._figures = row(gap=12)
        down.addLayout(self._figures)
        lower = row(gap=12)
        self._waiting = column(gap=4)
        self._sync = column(gap=6)
        lower.addWidget(self._card(tr("待办"), self._waiting), 3)
        lower.addWidget(self._card(tr("报送"), self._sync), 2)
        down.addLayout(lower)
        down.addWidget(self.villages)
        down.addStretch(1)
        self._freshness = Freshness(self, context.runner, self.refresh)
        self.refresh()

    @property
    def overview(self) -> Overview:
        """What is shown."""
        return self._overview

    def refresh(self) -> None:
        """Read the figures, off the GUI thread."""
        desk = self.context.desk
        if desk is not None:
            self.context.runner.read(desk.overview, self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if isinstance(outcome.value, Overview):
            self._overview = outcome.value
            self.steps.show_steps(self._overview.steps)
            self.villages.show_villages(self._overview.villages)
            self._show_figures()
            self._show_waiting()
            self._show_sync()
        elif outcome.error is not None:
            self.context.notices.error(outcome.error)

    @staticmethod
    def _card(title: str, inner: QLayout) -> QFrame:
        made = card()
        down = column(made, margin=16, gap=10)
        down.addWidget(label(title, "heading"))
        down.addLayout(inner)
        down.addStretch(1)
        return made

    def _show_figures(self) -> None:
        clear(self._figures)
        for name, number, remark in self._overview.figures:
            made = card()
            down = column(made, margin=14, gap=2)
            down.addWidget(label(name, "muted"))
            down.addWidget(label(f"{number:,}", "figure"))
            down.addWidget(label(remark, "hint", wrap=True))
            self._figures.addWidget(made, 1)

    def _show_waiting(self) -> None:
        clear(self._waiting)
        work = [item for item in self._overview.waiting if item.count]
        if not work:
            line = row(gap=8)
            line.addWidget(picture("ok", "ok", 20))
            line.addWidget(label(tr("没有待办事项。"), "muted"), 1)
            self._waiting.addLayout(line)
        for item in work:
            self._waiting.addLayout(self._waiting_line(item))

    def _waiting_line(self, item: Waiting) -> QHBoxLayout:
        line = row(gap=10)
        number = ChipLabel(Chip(f"{item.count:,}", item.kind))
        number.setMinimumWidth(look().theme.px(44))
        number.setAlignment(Qt.AlignmentFlag.AlignCenter)
        line.addWidget(number)
        go = button(item.text, "link")
        go.clicked.connect(lambda _checked=False, page=item.page: self.context.go(Target(page)))
        line.addWidget(go)
        line.addStretch(1)
        return line

    def _show_sync(self) -> None:
        clear(self._sync)
        state = self._overview.sync
        grid = QGridLayout()
        grid.setHorizontalSpacing(look().theme.px(16))
        grid.setVerticalSpacing(look().theme.px(4))
        for line, (name, value) in enumerate(
            (
                (tr("待报送"), f"{state.unsent:,}"),
                (tr("已交平台，等待回执"), f"{state.in_custody:,}"),
                (tr("退回补正"), f"{state.refused:,}"),
                (tr("两处修改不一致"), f"{state.conflicts:,}"),
                (tr("最近一次报送"), state.last_sync or tr("还没有")),
            )
        ):
            grid.addWidget(label(name, "muted"), line, 0)
            grid.addWidget(label(value), line, 1, Qt.AlignmentFlag.AlignRight)
        self._sync.addLayout(grid)
        across = row(gap=8)
        across.addWidget(ChipLabel(sync_chip(state)))
        across.addStretch(1)
        go = button(tr("转到报送"), "link", "sync")
        go.clicked.connect(lambda: self.context.go(Target("sync")))
        across.addWidget(go)
        self._sync.addLayout(across)

    @override
    def start_search(self) -> None:
        self.context.go(Target("households"))
