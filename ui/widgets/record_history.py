"""What was done to one record, the latest first."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from ui.core.i18n import tr
from ui.core.record_desk import Deed
from ui.core.theme import look
from ui.widgets.empty_state import EmptyState
from ui.widgets.styling import card, clear, column, label, row


class HistoryView(QScrollArea):
    """A card for each change: when, who, why, and every value before and after."""

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        self._down = column(inside, gap=8)
        self.setWidget(inside)

    def show_deeds(self, deeds: Sequence[Deed]) -> None:
        """Show a history."""
        clear(self._down)
        for deed in deeds:
            self._down.addWidget(self._card(deed))
        if not deeds:
            self._down.addWidget(EmptyState(tr("还没有修改历史"), icon_name="history"))
        self._down.addStretch(1)
        self.verticalScrollBar().setValue(0)

    @staticmethod
    def _card(deed: Deed) -> QFrame:
        made = card()
        down = column(made, margin=12, gap=6)
        head = row(gap=10)
        head.addWidget(label(deed.verb, "heading"))
        head.addWidget(label(f"{deed.at}  {deed.who}", "muted"))
        head.addStretch(1)
        down.addLayout(head)
        if deed.reason:
            down.addWidget(label(tr("事由：{reason}", reason=deed.reason), wrap=True))
        grid = QGridLayout()
        px = look().theme.px
        grid.setHorizontalSpacing(px(14))
        grid.setVerticalSpacing(px(3))
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)
        for line, change in enumerate(deed.changes):
            grid.addWidget(label(change.label, "muted"), line, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(change.before or tr("(空)"), "muted", wrap=True), line, 1)
            grid.addWidget(label("→", "muted"), line, 2)
            grid.addWidget(label(change.after or tr("(空)"), wrap=True), line, 3)
        down.addLayout(grid)
        return made
