"""What a list shows when it has nothing to show."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from ui.widgets.styling import button, column, label, picture


class EmptyState(QWidget):
    """What a list shows when it has nothing to show: why, and what to do next."""

    acted = Signal()

    def __init__(self, text: str, hint: str = "", action: str = "", icon_name: str = "empty") -> None:
        super().__init__()
        down = column(self, margin=24, gap=8)
        down.addStretch(1)
        down.addWidget(picture(icon_name, "muted", 40), 0, Qt.AlignmentFlag.AlignHCenter)
        self.heading = label(text, "heading")
        self.hint = label(hint, "muted", wrap=True)
        for words in (self.heading, self.hint):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            down.addWidget(words)
        # A widget without a parent may be hidden but never shown: it would be a window of its own for a moment.
        if not hint:
            self.hint.hide()
        self.action = button(action, "primary")
        if not action:
            self.action.hide()
        self.action.clicked.connect(self.acted)
        down.addWidget(self.action, 0, Qt.AlignmentFlag.AlignHCenter)
        down.addStretch(2)

    def say(self, text: str, hint: str = "") -> None:
        """Show other words."""
        self.heading.setText(text)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
