"""The rail at the left: the pages of the window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QFrame, QScrollArea, QSizePolicy, QToolButton, QWidget

from ui.core.actions import shortcut_text
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.theme import look
from ui.widgets.styling import column, label, picture, row

WORDS_WIDTH, FRAME_WIDTH = 110, 62


@dataclass(frozen=True, slots=True)
class RailEntry:
    """One entry: the page's id, its name, its icon; entries ``below`` stand at the foot."""

    id: str
    title: str
    icon: str
    below: bool = False


class Rail(QFrame):
    """Emits ``chosen`` with a page's id; the window decides and calls ``show_page``."""

    chosen = Signal(str)

    def __init__(self, product: str, entries: Sequence[RailEntry]) -> None:
        super().__init__()
        self.setObjectName("rail")
        self._entries = {entry.id: entry for entry in entries}
        self.buttons: dict[str, QToolButton] = {}
        self._group = QButtonGroup(self)
        down = column(self, margin=10, gap=4)
        brand = row(gap=8)
        brand.setContentsMargins(4, 6, 0, 10)
        brand.addWidget(picture("app", "rail_text", 22))
        brand.addWidget(label(product, "product"), 1)
        down.addLayout(brand)
        down.addWidget(self._scrolled([self._button(entry) for entry in entries if not entry.below]), 1)
        for entry in entries:
            if entry.below:
                down.addWidget(self._button(entry))
        self._dress()
        look().changed.connect(self._dress)

    def show_page(self, page: str) -> None:
        """Mark the page that is shown; one without a place on the rail marks none."""
        self._group.setExclusive(False)  # in an exclusive group one is always marked
        for name, made in self.buttons.items():
            made.setChecked(name == page)
        self._group.setExclusive(True)
        if page in self.buttons:
            self._scroll.ensureWidgetVisible(self.buttons[page])

    def _scrolled(self, buttons: Sequence[QToolButton]) -> QScrollArea:
        """The entries, which scroll where the window is too low for them."""
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = column(inside, gap=4)
        for made in buttons:
            down.addWidget(made)
        down.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(inside)
        return self._scroll

    def _button(self, entry: RailEntry) -> QToolButton:
        made = self.buttons[entry.id] = QToolButton()
        made.setText(f"  {entry.title}")
        made.setAccessibleName(entry.title)
        made.setCheckable(True)
        made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        made.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        made.setToolTip(f"{entry.title}  {shortcut_text(f'go.{entry.id}')}")
        made.setAccessibleDescription(tr("页面"))
        made.clicked.connect(lambda _checked=False, page=entry.id: self.chosen.emit(page))
        self._group.addButton(made)
        return made

    def _dress(self) -> None:
        px = look().theme.px
        self.setFixedWidth(px(WORDS_WIDTH) + FRAME_WIDTH)
        for page, made in self.buttons.items():
            made.setIcon(icon(self._entries[page].icon, "rail_text", "rail_selected_text"))
            made.setIconSize(QSize(px(18), px(18)))
