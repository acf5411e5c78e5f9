"""Keys and what they do, for the foot of a page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.core.theme import look
from ui.widgets.styling import label, row


class KeyHint(QWidget):
    """Keys and what they do, for the foot of a page."""

    def __init__(self, hints: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        across = row(self, gap=6)
        for keys, meaning in hints:
            across.addWidget(label(keys, "key"))
            across.addWidget(label(meaning, "hint"))
            across.addSpacing(look().theme.px(8))
        across.addStretch(1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
