"""What several steps show: why something cannot go on, and figures."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QWidget

from jmdesk.core.errors import KnownError
from ui.core.i18n import language
from ui.core.theme import look
from ui.widgets.styling import button, card, clear, column, label, mark, picture, row


class Trouble(QFrame):
    """What stands in the way, where it stands, with its next step. Hidden while there is nothing."""

    acted = Signal()

    def __init__(self, action: str = "") -> None:
        super().__init__()
        self._picture = QLabel()
        self.text = label("", wrap=True)
        self.hint = label("", "muted", wrap=True)
        self.action = button(action, "link")
        across = row(self, margin=10, gap=10)
        across.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        words = column(gap=2)
        words.addWidget(self.text)
        words.addWidget(self.hint)
        across.addLayout(words, 1)
        across.addWidget(self.action, 0, Qt.AlignmentFlag.AlignVCenter)
        self.action.clicked.connect(self.acted)
        self.action.setVisible(bool(action))
        self.hide()

    def show_error(self, error: KnownError | None) -> None:
        """Show an error with what to do about it; ``None`` takes it away."""
        if error is None:
            self.hide()
            return
        said = error.message_for_user(language())
        self.say(said.text, said.action, "info" if error.code == "registers.cancelled" else "bad")

    def say(self, text: str, hint: str = "", kind: str = "warn") -> None:
        """Show words; ``kind`` as of a notice."""
        mark(self, "notice", kind)
        shown = picture(kind, kind, 18)
        self._picture.setPixmap(shown.pixmap())
        self._picture.setFixedSize(shown.size())
        news = self.isHidden() or text != self.text.text()
        self.text.setText(text)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        self.setAccessibleName(f"{text}{hint}")
        self.show()
        if news:
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))


class Figures(QWidget):
    """Numbers side by side, each with its name and a remark."""

    def __init__(self) -> None:
        super().__init__()
        self._across: QHBoxLayout = row(self, gap=10)
        self.shown: dict[str, int] = {}

    def show_figures(self, figures: Sequence[tuple[str, int, str]]) -> None:
        """Show other numbers: name, number, remark."""
        clear(self._across)
        self.shown = {name: number for name, number, _ in figures}
        for name, number, remark in figures:
            made = card()
            down = column(made, margin=10, gap=0)
            down.addWidget(label(name, "muted"))
            down.addWidget(label(f"{number:,}", "figure"))
            words = label(remark, "hint", wrap=True)
            words.setMinimumHeight(look().theme.px(18))
            down.addWidget(words)
            made.setAccessibleName(f"{name} {number:,} {remark}")
            self._across.addWidget(made, 1)
