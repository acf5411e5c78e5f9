"""Small ways of dressing a widget from the stylesheet."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLayout, QPushButton, QVBoxLayout, QWidget

from ui.core.icons import icon, pixmap
from ui.core.theme import look

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
    if role:
        made.setProperty("role", role)
    if icon_name:
        colour = {"primary": "on_accent", "danger": "bad", "link": "accent_text"}.get(role, "text")
        made.setIcon(icon(icon_name, colour))
        side = look().theme.px(16)
        made.setIconSize(QSize(side, side))
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
