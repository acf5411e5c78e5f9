"""What a run over many households did, in sentences, and who could not be rated."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QToolButton

from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.ports import Row
from ui.core.theme import look
from ui.pages.ratings.model import failure_columns
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.styling import clear, column, label, row
from ui.widgets.table_view import ROW_HEIGHT, WindowedTable

MOST_LINES = 4
"""More households than these scroll within the card."""


class RunOutcome(QFrame):
    """Stays until it is closed; ``household_wished`` carries the household to open."""

    household_wished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        down = column(self, margin=12, gap=6)
        across = row(gap=8)
        across.addWidget(label(tr("本次评定"), "heading"))
        across.addStretch(1)
        self.close_button = QToolButton()
        self.close_button.setIcon(icon("close", "muted"))
        self.close_button.setToolTip(tr("收起"))
        self.close_button.setAccessibleName(tr("收起"))
        self.close_button.clicked.connect(self.hide)
        across.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        down.addLayout(across)
        self._lines = column(gap=2)
        down.addLayout(self._lines)
        self.failures = WindowedTable(failure_columns(), tr("没有评成的农户"), fitted=True)
        self.failures.opened.connect(self.household_wished)
        down.addWidget(self.failures)
        self.hide()

    def tell(self, lines: Sequence[str], failures: Sequence[Row]) -> None:
        """Show what a run did."""
        clear(self._lines)
        for text in lines:
            self._lines.addWidget(label(text, wrap=True))
        px = look().theme.px
        self.failures.show_source(FixedRows(failures))
        self.failures.setFixedHeight(px(ROW_HEIGHT) * (min(len(failures), MOST_LINES) + 1) + px(6))
        self.failures.setVisible(bool(failures))
        self.setAccessibleName("".join(lines))
        self.show()

    def words(self) -> list[str]:
        """The sentences shown."""
        found = []
        for place in range(self._lines.count()):
            widget = self._lines.itemAt(place).widget()
            if widget is not None:
                found.append(widget.property("text"))
        return [str(text) for text in found]
