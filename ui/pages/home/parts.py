"""The parts of the home page that are more than a line: the first steps, and the villages."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from ui.core.i18n import tr
from ui.core.ports import Row, Step, Village
from ui.core.theme import look
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.styling import button, clear, column, label, picture, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import ROW_HEIGHT, WindowedTable

MOST_LINES = 7
"""More villages than these scroll within their table."""


class FirstSteps(QFrame):
    """From an empty vault to the first report. ``wished`` carries the page that does a step."""

    wished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        down = column(self, margin=16, gap=10)
        down.addWidget(label(tr("工作步骤"), "heading"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(look().theme.px(24))
        self._grid.setVerticalSpacing(look().theme.px(10))
        down.addLayout(self._grid)
        self.shown: tuple[Step, ...] = ()
        self.hide()

    def show_steps(self, steps: tuple[Step, ...]) -> None:
        """Show how far each step got; nothing at all once every step is done."""
        self.setVisible(any(not step.done for step in steps))
        if steps == self.shown:
            return
        self.shown = steps
        clear(self._grid)
        across = 2 if look().theme.large else len(steps)
        for place, step in enumerate(steps):
            self._grid.addLayout(self._step(place + 1, step), place // across, place % across)
        for place in range(across):
            self._grid.setColumnStretch(place, 1)

    def _step(self, number: int, step: Step) -> QVBoxLayout:
        made = column(gap=2)
        head = row(gap=6)
        head.addWidget(picture("ok" if step.done else "pending", "ok" if step.done else "muted", 18))
        go = button(f"{number} {step.text}", "link")
        state = tr("已完成") if step.done else tr("待完成")
        go.setAccessibleName(tr("{step}：{state}，{detail}", step=step.text, state=state, detail=step.detail))
        go.clicked.connect(lambda: self.wished.emit(step.page))
        head.addWidget(go)
        head.addStretch(1)
        made.addLayout(head)
        made.addWidget(label(step.detail, "hint", wrap=True))
        made.addStretch(1)
        return made


class VillageTable(QFrame):
    """Each village's households and ratings. ``wished`` carries the code of the village opened."""

    wished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        down = column(self, margin=16, gap=10)
        across = row(gap=10)
        across.addWidget(label(tr("村居一览"), "heading"))
        across.addWidget(label(tr("户数按本机建档计；按 Enter 查看该村农户"), "hint"))
        across.addStretch(1)
        down.addLayout(across)
        columns = (
            Column(tr("村居"), 240),
            Column(tr("建档(户)"), 110, number=True),
            Column(tr("本年度已评(户)"), 150, number=True),
            Column(tr("符合信用户条件(户)"), 170, number=True),
            Column(tr("暂未达到(户)"), 130, number=True),
            Column(tr("暂不评定(户)"), 130, number=True),
        )
        self.table = WindowedTable(columns, tr("村居一览"), fitted=True)
        self.table.opened.connect(self.wished)
        down.addWidget(self.table)
        self.hide()

    def show_villages(self, villages: Sequence[Village]) -> None:
        """Show the villages that have households; nothing at all without any."""
        self.setVisible(bool(villages))
        self.table.show_source(FixedRows([_line(village) for village in villages]))
        px = look().theme.px
        self.table.setFixedHeight(px(ROW_HEIGHT) * (min(len(villages), MOST_LINES) + 1) + px(8))


def _line(village: Village) -> Row:
    numbers = (village.households, village.rated, village.credit, village.below, village.unknown)
    return Row(village.code, (village.name, *(f"{number:,}" for number in numbers)))
