"""The look: colour tokens, text scale and fonts, poured into the one stylesheet."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

from jmdesk.core.resources import resource

LARGE = 125
"""Per cent of text size up to which the pages fit on 1,366 pixels as they are."""

BASE_PIXELS = 14
"""Body text at 100 %: what Windows and UOS use on a 96 dpi screen for Chinese."""

FAMILIES = (
    "Microsoft YaHei UI",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "sans-serif",
)

_PLACEHOLDER = re.compile(r"@(?:(\d+)px|image\((\w+)\)|([a-z_]+))")


@cache
def _tokens() -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = json.loads(resource("styles/tokens.json").read_text(encoding="utf-8"))
    return table


@cache
def _template() -> str:
    return resource("styles/app.qss").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by token name and the text scale in per cent."""

    name: str = "light"
    scale: int = 100
    colours: Mapping[str, str] = field(default_factory=lambda: _tokens()["light"], compare=False)

    def colour(self, token: str) -> str:
        """``#RRGGBB`` of a token. ``KeyError`` for an unknown one."""
        return self.colours[token]

    @property
    def large(self) -> bool:
        """Whether the text is so large that what stands abreast on 1,366 pixels needs lines or turns of its own."""
        return self.scale > LARGE

    def px(self, pixels: int) -> int:
        """A length of the 100 % design at this text scale, at least one pixel."""
        return max(1, round(pixels * self.scale / 100))

    def stylesheet(self) -> str:
        """``app.qss`` with ``@token`` as a colour, ``@12px`` as a scaled length, ``@image(name)`` as a file."""

        def fill(match: re.Match[str]) -> str:
            pixels, image, token = match.groups()
            if pixels:
                return f"{self.px(int(pixels))}px"
            if image:
                return f'url("{resource(f"icons/{image}_{self.name}.svg")}")'.replace("\\", "/")
            return self.colour(token)

        return _PLACEHOLDER.sub(fill, _template())

    def font(self) -> QFont:
        """Body text: the platform's Chinese sans serif, digits of one width so that columns line up."""
        font = QFont()
        font.setFamilies(list(FAMILIES))
        font.setPixelSize(self.px(BASE_PIXELS))
        font.setFeature(QFont.Tag("tnum"), 1)
        return font

    def palette(self) -> QPalette:
        """The same colours for what is painted without the stylesheet."""
        palette = QPalette()
        roles = QPalette.ColorRole
        for role, token in {
            roles.Window: "window",
            roles.Base: "surface",
            roles.AlternateBase: "zebra",
            roles.Button: "raised",
            roles.ToolTipBase: "surface",
            roles.Text: "text",
            roles.WindowText: "text",
            roles.ButtonText: "text",
            roles.ToolTipText: "text",
            roles.PlaceholderText: "muted",
            roles.Highlight: "accent_soft",
            roles.HighlightedText: "text",
            roles.Accent: "accent",
            roles.Link: "accent_text",
        }.items():
            palette.setColor(role, QColor(self.colour(token)))
        for role in (roles.Text, roles.WindowText, roles.ButtonText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(self.colour("disabled")))
        return palette


def theme(name: str = "light", scale: int = 100) -> Theme:
    """The theme of a name (``light``, ``dark``) at a text scale in per cent (100–200)."""
    return Theme(name, min(200, max(100, scale)), _tokens()[name])


class Look(QObject):
    """The theme in use; widgets that paint themselves read ``look().theme`` and repaint on ``changed``."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.theme = theme()

    def apply(self, chosen: Theme) -> None:
        """Dress the whole application."""
        app = QApplication.instance()
        assert isinstance(app, QApplication), "no application yet"  # noqa: S101 -- a bug of ours, not of the data
        self.theme = chosen
        app.setStyle("Fusion")
        app.setFont(chosen.font())
        app.setPalette(chosen.palette())
        app.setStyleSheet(chosen.stylesheet())
        self.changed.emit(chosen)


@cache
def look() -> Look:
    """The application's one look."""
    return Look()


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two ``#RRGGBB`` colours, 1–21 (WCAG 2.1, relative luminance)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
