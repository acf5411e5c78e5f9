"""Small ways of dressing a widget from the stylesheet."""

from __future__ import annotations

from typing import TypeVar, cast

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QTableWidget, QVBoxLayout, QWidget
from shiboken6 import isValid

from ui.core.icons import icon, pixmap
from ui.core.theme import look

_MOST = 200
"""How much more room the widget of ``at_left`` takes than what is left beside it."""
QWIDGETSIZE_MAX = (1 << 24) - 1
"""The width of what is not limited, as Qt has it."""

L = TypeVar("L", QVBoxLayout, QHBoxLayout)


def mark(widget: QWidget, name: str, value: object) -> None:
    """Set a property the stylesheet looks at, and have the widget dressed anew."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)


def label(text: str, role: str = "", *, wrap: bool = False) -> QLabel:
    """A text in one of the stylesheet's roles; never interpreted as markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    return made


def button(text: str, role: str = "", icon_name: str = "") -> QPushButton:
    """A push button; ``role`` is ``primary``, ``danger``, ``link`` or empty."""
    made = QPushButton(text)
    made.setAutoDefault(True)
    if icon_name:
        made.setProperty("picture", icon_name)
        side = look().theme.px(16)
        made.setIconSize(QSize(side, side))
    dress(made, role)
    return made


def dress(made: QPushButton, role: str) -> None:
    """Give a button another role, with its icon in the colour of it."""
    mark(made, "role", role)
    name = made.property("picture")
    if name:
        colour = {"primary": "on_accent", "danger": "bad", "link": "accent_text"}.get(role, "text")
        made.setIcon(icon(str(name), colour))


def stand_back(around: QWidget, form: QWidget) -> list[QPushButton]:
    """Let the primary buttons around a form look plain while it is open, so that its own stands out; gives them."""
    found = cast("list[QPushButton]", around.findChildren(QPushButton))
    others = [made for made in found if made.property("role") == "primary" and not form.isAncestorOf(made)]
    for made in others:
        dress(made, "")
    return others


def come_forward(buttons: list[QPushButton]) -> None:
    """The form is closed: let them stand out again, where they are still there."""
    for made in buttons:
        if isValid(made):
            dress(made, "primary")


def at_left(widget: QWidget) -> QHBoxLayout:
    """A line in which a widget is no wider than it likes, or than it may be where that is limited.

    A card with wrapped words gets the height that it needs at its own width, not at that of the line.
    """
    made = row(gap=0)
    made.addWidget(widget, _MOST if widget.maximumWidth() < QWIDGETSIZE_MAX else 0)
    made.addStretch(1)
    return made


def picture(name: str, colour: str, size: int) -> QLabel:
    """An icon as a label, at the text scale."""
    made = QLabel()
    theme = look().theme
    pixels = theme.px(size)
    made.setPixmap(pixmap(name, theme.colour(colour), pixels, made.devicePixelRatioF()))
    made.setFixedSize(pixels, pixels)
    return made


def card() -> QFrame:
    """A surface that holds things belonging together."""
    made = QFrame()
    made.setProperty("role", "card")
    return made


def column(parent: QWidget | None = None, margin: int = 0, gap: int = 8) -> QVBoxLayout:
    """A vertical layout, measured at the text scale."""
    made = QVBoxLayout()
    return _measured(made, parent, margin, gap)


def row(parent: QWidget | None = None, margin: int = 0, gap: int = 8) -> QHBoxLayout:
    """A horizontal layout, measured at the text scale."""
    made = QHBoxLayout()
    return _measured(made, parent, margin, gap)


def _measured(made: L, parent: QWidget | None, margin: int, gap: int) -> L:
    px = look().theme.px
    if parent is not None:
        parent.setLayout(made)
    space = px(margin) if margin else 0
    made.setContentsMargins(space, space, space, space)
    made.setSpacing(px(gap))
    return made


def words_at_left(grid: QTableWidget, columns: int) -> None:
    """Let the headings of the first columns stand over their words, at the left; numbers stay in the middle."""
    for place in range(columns):
        heading = grid.horizontalHeaderItem(place)
        if heading is not None:
            heading.setTextAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


def clear(layout: QLayout) -> None:
    """Take everything out of a layout and let it go."""
    while layout.count():
        item = layout.takeAt(0)
        inner: QLayout | None = item.layout()
        widget: QWidget | None = item.widget()
        if inner is not None:
            clear(inner)
        elif widget is not None:
            widget.hide()
            widget.deleteLater()
