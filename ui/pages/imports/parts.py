"""What several steps show: why something cannot go on, and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from jmdesk.core.errors import KnownError
from ui.core.i18n import language
from ui.core.theme import look
from ui.widgets.styling import button, card, clear, column, label, mark, picture, row

_NO_FAULT = ("registers.cancelled", "store.cancelled", "registers.password_needed")
_SIX_IN_A_LINE = 150
"""The largest text, in per cent, at which six figures stand side by side."""


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
        self.say(said.text, said.action, "info" if error.code in _NO_FAULT else "bad")

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


def scrolled(parent: QWidget, gap: int = 10) -> tuple[QScrollArea, QVBoxLayout]:
    """A page that scrolls when large text or a small screen leaves too little room; and where its parts go."""
    scroll = QScrollArea()
    scroll.setWidgetResizable(True)
    scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    inside = QWidget()
    inside.setProperty("role", "scrolled")
    down = column(inside, gap=gap)
    scroll.setWidget(inside)
    column(parent).addWidget(scroll)
    return scroll, down


def give_way(widget: QWidget, least: int) -> None:
    """Let a list be as low as ``least`` (at 100 % text) before its page scrolls, whatever it would like to be."""
    widget.setMinimumHeight(look().theme.px(least))
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its words."""

    name: str
    number: int
    unit: str
    meaning: str


class Figures(QWidget):
    """Numbers side by side, each with its name, its unit, and in a tooltip what it means."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(look().theme.px(10))
        self.shown: dict[str, int] = {}

    def show_figures(self, figures: Sequence[Figure]) -> None:
        """Show other numbers."""
        clear(self._grid)
        in_a_line = 6 if look().theme.scale <= _SIX_IN_A_LINE else 3
        self.shown = {figure.name: figure.number for figure in figures}
        for place, figure in enumerate(figures):
            made = card()
            down = column(made, margin=8, gap=0)
            down.addWidget(label(figure.name, "muted"))
            line = row(gap=6)
            line.addWidget(label(f"{figure.number:,}", "figure"))
            line.addWidget(label(figure.unit, "hint"), 1, Qt.AlignmentFlag.AlignBottom)
            down.addLayout(line)
            made.setToolTip(figure.meaning)
            made.setAccessibleName(f"{figure.name} {figure.number:,} {figure.unit} {figure.meaning}")
            self._grid.addWidget(made, *divmod(place, in_a_line))
