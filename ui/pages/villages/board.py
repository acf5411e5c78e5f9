"""The scoreboard: tiles from county to village, and beside them grades, years and the progress of the round."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QScrollArea, QVBoxLayout, QWidget

from jmdesk.villages.board import YEARS, Board, Place
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.runner import Outcome
from ui.pages.villages import model
from ui.widgets.charts import Chart, paint_bars, paint_line
from ui.widgets.elided import Elided
from ui.widgets.empty_state import EmptyState
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import button, card, column, label, row
from ui.widgets.tile_map import TileMap


class Scoreboard(QWidget):
    """``opened`` carries the region of a village or town to open; ``projecting`` whether the switches changed."""

    opened = Signal(str)
    printing = Signal()
    exporting = Signal()
    registering = Signal()
    projecting = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.board: Board | None = None
        self.code = ""
        down = column(self, gap=10)
        down.addLayout(self._head())
        across = row(gap=14)
        down.addLayout(across, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        left = column(inside, gap=8)
        self.tiles = TileMap(tr("信用户占比图"))
        self.tiles.opened.connect(self.descend)
        self.empty = EmptyState(
            tr("还没有可以计分的村"), tr("建档并评级后，各村的信用户占比列在这里。"), icon_name="region"
        )
        left.addWidget(self.tiles)
        left.addWidget(self.empty)
        left.addStretch(1)
        scroll.setWidget(inside)
        across.addWidget(scroll, 5)
        across.addWidget(self._charts(), 3)
        keys = (("← ↑ → ↓", tr("选区域")), ("Enter", tr("进入下一级")), ("Alt+←", tr("返回上一级")))
        down.addWidget(KeyHint(keys))

    @property
    def place(self) -> Place | None:
        """The region whose parts are shown as tiles."""
        return self.board.places.get(self.code) if self.board else None

    def refresh(self) -> None:
        """Read the board anew, off the GUI thread: this year at once, the years before behind it."""
        villages = self.context.services.villages
        self.context.runner.read(villages.board, self._arrived)
        self.context.runner.read(lambda: villages.board(years=YEARS), self._arrived)

    def descend(self, code: str) -> None:
        """Go into a region; a village is opened."""
        board = self.board
        if board is None:
            return
        if board.below(code):
            self.code = code
            self._show()
        else:
            self.opened.emit(code)

    def ascend(self) -> bool:
        """Go up one level; False at the top."""
        board = self.board
        above = next((a for a, below in board.children.items() if self.code in below), "") if board else ""
        if board is None or len(board.below(above)) == 0 or self.code == self._top(board):
            return False
        self.code = above
        self._show()
        return True

    def _arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, Board):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        self.board = outcome.value
        if self.code not in self.board.places:
            self.code = self._top(self.board)
        self._show()

    @staticmethod
    def _top(board: Board) -> str:
        """The highest region that is more than one region below: an office of one town begins with its villages."""
        code = "440000000000"
        while len(board.below(code)) == 1 and board.below(board.below(code)[0].code):
            code = board.below(code)[0].code
        return code

    def _show(self) -> None:
        board, place = self.board, self.place
        self.empty.setVisible(place is None)
        self.tiles.setVisible(place is not None)
        self.open_town.setVisible(place is not None and place.level == "town")
        if board is None or place is None:
            self.title.setText(tr("信用村镇"))
            self.sentence.setText("")
            return
        shown = model.showing(
            self.context.services,
            self.code,
            projected=self.projected.isChecked(),
            all_the_same=self.all_the_same.isChecked(),
        )
        self.tiles.show_tiles(model.tiles(board, self.code, shown))
        self.title.setText(tr("信用村镇：{name}", name=place.name))
        words = tr("{year} 年度信用户占比 {share}", year=board.year, share=model.percent(place.share))
        base = tr("口径：已认定信用户/年末常住农户；来源：本机记录；截至 {day}", day=board.cutoff)
        self.sentence.setText(f"{words}。{base}")
        self.years.show_marks(model.year_marks(place))
        self.grades.show_marks(model.grade_marks(place))
        self.progress.show_marks(model.progress_marks(place))

    def _switched(self) -> None:
        self.all_the_same.setEnabled(self.projected.isChecked())
        self._show()
        self.projecting.emit()

    def _head(self) -> QVBoxLayout:
        down, first, second = column(gap=4), row(gap=8), row(gap=12)
        self.title, self.sentence = Elided("title"), label("", "muted", wrap=True)
        first.addWidget(self.title, 1)
        self.open_town = button(tr("本镇评定"), "", "region")
        self.open_town.clicked.connect(lambda: self.opened.emit(self.code))
        paper, export = button(tr("存图"), "", "print"), button(tr("导出指标"), "", "export")
        register = button(tr("登记簿"), "", "records")
        register.clicked.connect(self.registering)
        paper.setToolTip(tr("存图为 PDF"))
        register.setToolTip(tr("命名登记簿"))
        paper.clicked.connect(self.printing)
        export.clicked.connect(self.exporting)
        for made in (self.open_town, register, paper, export):
            first.addWidget(made)
        second.addWidget(self.sentence, 1)
        self.projected, self.all_the_same = QCheckBox(tr("投影模式")), QCheckBox(tr("仍显示银行数据和排名"))
        self.projected.setToolTip(tr("给大家看屏幕时打开：银行数据和村的排名不显示"))
        self.all_the_same.setEnabled(False)
        for switch in (self.projected, self.all_the_same):
            switch.toggled.connect(self._switched)
            second.addWidget(switch)
        down.addLayout(first)
        down.addLayout(second)
        return down

    def _charts(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        self.progress = Chart(tr("本轮进度"), paint_bars, 84)
        self.grades = Chart(tr("等级分布"), paint_bars, 150)
        self.years = Chart(tr("历年信用户(户)"), paint_line, 130)
        for heading, chart in (
            (tr("本轮进度"), self.progress),
            (tr("等级分布"), self.grades),
            (tr("历年信用户(户)"), self.years),
        ):
            holder = card()
            inner = column(holder, margin=12, gap=6)
            inner.addWidget(label(heading, "heading"))
            inner.addWidget(chart)
            down.addWidget(holder)
        down.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        made.setProperty("role", "scrolled")
        scroll.setWidget(made)
        return scroll
