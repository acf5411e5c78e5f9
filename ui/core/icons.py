"""Our own line icons: 24 × 24 SVG files drawn in ``currentColor``, coloured by token."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from jmdesk.core.resources import resource
from ui.core.theme import look

_SIZES = (16, 20)


@cache
def _drawing(name: str) -> str:
    return resource(f"icons/{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, colour: str, size: int, ratio: float = 1.0) -> QPixmap:
    """One icon as ``size`` logical pixels in ``#RRGGBB``. ``FileNotFoundError`` for an unknown name."""
    renderer = QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode()))
    image = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


@cache
def _icon(name: str, colour: str, disabled: str, checked: str, sizes: tuple[int, ...], ratio: float) -> QIcon:
    icon = QIcon()
    for size in sizes:
        icon.addPixmap(pixmap(name, colour, size, ratio))
        icon.addPixmap(pixmap(name, disabled, size, ratio), QIcon.Mode.Disabled)
        if checked != colour:
            icon.addPixmap(pixmap(name, checked, size, ratio), QIcon.Mode.Normal, QIcon.State.On)
    return icon


def icon(name: str, colour: str = "text", checked: str | None = None) -> QIcon:
    """An icon in a colour token of the theme in use (``checked``: the token when its button is down).

    Drawn in the two sizes that the design uses, at this text size and this screen's pixel ratio.
    """
    theme = look().theme
    ratio = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    colours = (theme.colour(colour), theme.colour("disabled"), theme.colour(checked or colour))
    return _icon(name, *colours, tuple(theme.px(size) for size in _SIZES), ratio)
