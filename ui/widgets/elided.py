"""A line of text that gives way: what does not fit ends in an ellipsis and is in the tooltip."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui.core.overriding import override


class Elided(QLabel):
    """A label in one of the stylesheet's roles that never makes its page wider."""

    def __init__(self, role: str = "", keep: int = 2) -> None:
        """``keep``: so many characters are never given up, as long as there are."""
        super().__init__()
        self._least = "字" * keep + "…"
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    @override
    def minimumSizeHint(self) -> QSize:
        across = self.fontMetrics().horizontalAdvance
        return QSize(min(across(self._least), across(self.text()) + 1), super().minimumSizeHint().height())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        fits = self.fontMetrics().horizontalAdvance(self.text()) <= self.contentsRect().width()
        wanted = "" if fits else self.text()
        if wanted != self.toolTip():
            self.setToolTip(wanted)
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.contentsRect(), int(self.alignment()), shown)
