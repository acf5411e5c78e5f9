"""Keys and what they do, for the foot of a page."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.core.overriding import override
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
        self._line = lines
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    @override
    def sizeHint(self) -> QSize:
        """One line: that it takes more where it is narrow is told by its height for that width alone."""
        return QSize(super().sizeHint().width(), self._line.minimumSize().height())
