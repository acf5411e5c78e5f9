"""Small charts that are painted by hand: bars of counts and a line over years, on screen and on paper alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.core.overriding import override
from ui.core.theme import Theme, look


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar or point: what it is called, its number, and the text that says it; None where nothing is known."""

    label: str
    value: float | None
    text: str


Paint = Callable[[QPainter, QRectF, Sequence[Mark], Theme, float], None]
_LEFT, _RIGHT = int(Qt.AlignmentFlag.AlignLeft), int(Qt.AlignmentFlag.AlignRight)
_MIDDLE = int(Qt.AlignmentFlag.AlignVCenter)


def paint_bars(painter: QPainter, room: QRectF, marks: Sequence[Mark], theme: Theme, unit: float) -> None:
    """Lying bars, one a line: label, bar, number."""
    most = max((mark.value or 0 for mark in marks), default=0) or 1
    metrics = painter.fontMetrics()
    label = max((metrics.horizontalAdvance(mark.label) for mark in marks), default=0) + 10 * unit
    number = max((metrics.horizontalAdvance(mark.text) for mark in marks), default=0) + 10 * unit
    height = room.height() / max(len(marks), 1)
    for line, mark in enumerate(marks):
        top = room.top() + line * height
        painter.setPen(QColor(theme.colour("text")))
        painter.drawText(QRectF(room.left(), top, label, height), _LEFT | _MIDDLE, mark.label)
        track = QRectF(room.left() + label, top + height * 0.22, room.width() - label - number, height * 0.56)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.colour("neutral_soft")))
        painter.drawRect(track)
        if mark.value:
            painter.setBrush(QColor(theme.colour("accent")))
            painter.drawRect(QRectF(track.left(), track.top(), track.width() * mark.value / most, track.height()))
        painter.setPen(QColor(theme.colour("text")))
        painter.drawText(QRectF(room.right() - number, top, number, height), _RIGHT | _MIDDLE, mark.text)


def paint_line(painter: QPainter, room: QRectF, marks: Sequence[Mark], theme: Theme, unit: float) -> None:
    """Points over years joined by a line, each with its number; a year without one leaves a gap."""
    known = [mark.value for mark in marks if mark.value is not None]
    text, most = painter.fontMetrics().height() + 4 * unit, max(known, default=0) or 1
    plot = room.adjusted(24 * unit, text, -24 * unit, -text)
    painter.setPen(QPen(QColor(theme.colour("edge")), unit))
    painter.drawLine(plot.bottomLeft(), plot.bottomRight())
    step = plot.width() / max(len(marks) - 1, 1)
    before: QPointF | None = None
    for number, mark in enumerate(marks):
        across = plot.left() + number * step
        painter.setPen(QColor(theme.colour("muted")))
        room_below = QRectF(across - step / 2, plot.bottom() + 2 * unit, step, text)
        painter.drawText(room_below, int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop), mark.label)
        if mark.value is None:
            before = None
            continue
        point = QPointF(across, plot.bottom() - plot.height() * mark.value / most * 0.9)
        painter.setPen(QPen(QColor(theme.colour("accent")), 2 * unit))
        if before is not None:
            painter.drawLine(before, point)
        before = point
        painter.setBrush(QColor(theme.colour("accent")))
        painter.drawEllipse(point, 3 * unit, 3 * unit)
        painter.setPen(QColor(theme.colour("text")))
        above = QRectF(across - step / 2, point.y() - text - 2 * unit, step, text)
        painter.drawText(above, int(Qt.AlignmentFlag.AlignCenter), mark.text)


class Chart(QWidget):
    """A chart on screen. What it shows is also its accessible description."""

    def __init__(self, name: str, paint: Paint, height: int) -> None:
        super().__init__()
        self._paint, self._height = paint, height
        self.marks: tuple[Mark, ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_marks(self, marks: Sequence[Mark]) -> None:
        """Show these."""
        self.marks = tuple(marks)
        self.setAccessibleDescription("，".join(f"{mark.label} {mark.text}" for mark in marks))
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(look().theme.px(220), look().theme.px(self._height))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme = look().theme
        painter.setFont(theme.font())
        self._paint(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1), self.marks, theme, theme.scale / 100)
