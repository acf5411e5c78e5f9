"""Keys and what they do, for the foot of a page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.widgets.flow import Flow
from ui.widgets.styling import label, row


class KeyHint(QWidget):
    """Keys and what they do, for the foot of a page; in several lines when the text is large."""

    def __init__(self, hints: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        lines = Flow(gap=14)
        self.setLayout(lines)
        for keys, meaning in hints:
            pair = QWidget()
            across = row(pair, gap=6)
            across.addWidget(label(keys, "key"))
            across.addWidget(label(meaning, "hint"))
            lines.addWidget(pair)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
