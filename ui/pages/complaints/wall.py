"""The chart wall of a meeting: the whole screen, large type, one chart at a time; the same sheets on paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPageLayout, QPageSize, QPainter, QPaintEvent, QPdfWriter
from PySide6.QtWidgets import QWidget

from jmdesk.complaints.wall import Panel, Tile, Wall
from jmdesk.core.errors import Environment
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.printing import ensure_application
from ui.core.theme import Theme, look, theme
from ui.widgets.charts import Mark, paint_bars

_LEFT, _CENTRE = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_TITLE, _LARGE, _BODY, _SMALL = 0.055, 0.085, 0.032, 0.022
"""Sizes of type as shares of a sheet's height: read from the last row of a meeting room."""

_LONGEST = 0.3
"""The share of the width that a name may take."""

NEXT = frozenset({Qt.Key.Key_Right, Qt.Key.Key_PageDown, Qt.Key.Key_Down, Qt.Key.Key_Space})
BACK = frozenset({Qt.Key.Key_Left, Qt.Key.Key_PageUp, Qt.Key.Key_Up, Qt.Key.Key_Backspace})


def sheets(wall: Wall) -> tuple[tuple[Tile, ...] | Panel, ...]:
    """What is shown one after another: the figures, then each chart."""
    return (wall.tiles, *wall.panels)


def paint_sheet(painter: QPainter, room: QRectF, wall: Wall, number: int, dress: Theme) -> None:
    """Paint one sheet of a wall into a rectangle."""
    sheet, high = sheets(wall)[number], room.height()
    margin = high * 0.05
    inside = room.adjusted(margin, margin, -margin, -margin)
    heading = tr("投诉办理情况") if isinstance(sheet, tuple) else tr("投诉件数：按{what}", what=sheet.heading)
    _write(painter, QRectF(inside.left(), inside.top(), inside.width(), high * 0.09), _LEFT,
           tr("{year} 年{heading}", year=wall.year, heading=heading), high * _TITLE, dress, "text")  # fmt: skip
    foot = QRectF(inside.left(), inside.bottom() - high * 0.04, inside.width(), high * 0.04)
    _write(painter, foot, _LEFT, wall.note, high * _SMALL, dress, "muted")
    page = f"{wall.unit}　{number + 1}/{len(sheets(wall))}"
    _write(painter, foot, _RIGHT, page, high * _SMALL, dress, "muted")
    body = inside.adjusted(0, high * 0.12, 0, -high * 0.07)
    if isinstance(sheet, tuple):
        _paint_tiles(painter, body, sheet, high, dress)
    else:
        _paint_panel(painter, body, sheet, high, dress)


def _paint_tiles(painter: QPainter, room: QRectF, tiles: Sequence[Tile], high: float, dress: Theme) -> None:
    across = 3 if len(tiles) <= 9 else 4
    rows = -(-len(tiles) // across)
    gap = high * 0.02
    wide, tall = (room.width() - gap * (across - 1)) / across, (room.height() - gap * (rows - 1)) / rows
    for place, tile in enumerate(tiles):
        left = room.left() + place % across * (wide + gap)
        box = QRectF(left, room.top() + place // across * (tall + gap), wide, tall)
        painter.fillRect(box, QColor(dress.colour("neutral_soft")))
        inner = box.adjusted(gap, gap / 2, -gap, -gap / 2)
        third = inner.height() / 4
        top = QRectF(inner.left(), inner.top(), inner.width(), third)
        _write(painter, top, _LEFT, tile.name, high * _BODY, dress, "text")
        middle = QRectF(inner.left(), top.bottom(), inner.width(), 2 * third)
        _write(painter, middle, _LEFT, tile.figure, min(high * _LARGE, 1.6 * third), dress, "accent")
        below = QRectF(inner.left(), middle.bottom(), inner.width(), third)
        _write(painter, below, _LEFT, tile.about, high * _SMALL, dress, "muted")


def _paint_panel(painter: QPainter, room: QRectF, panel: Panel, high: float, dress: Theme) -> None:
    size = min(high * _BODY, room.height() / max(len(panel.lines), 1) * 0.6)
    painter.setFont(_font(dress, size))
    metrics, longest = painter.fontMetrics(), int(room.width() * _LONGEST)
    marks = [
        Mark(metrics.elidedText(name, Qt.TextElideMode.ElideRight, longest), float(count), tr("{n} 件", n=f"{count:,}"))
        for name, count in panel.lines
    ]
    line = min(room.height() / max(len(marks), 1), high * 0.09)
    paint_bars(painter, QRectF(room.left(), room.top(), room.width(), line * len(marks)), marks, dress, size / 12)


def _write(
    painter: QPainter, room: QRectF, where: Qt.AlignmentFlag, text: str, size: float, dress: Theme, colour: str
) -> None:
    """One line of text, made smaller where it would not fit."""
    font = _font(dress, size)
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(text)
    if width > room.width():
        painter.setFont(_font(dress, size * room.width() / width))
    painter.setPen(QColor(dress.colour(colour)))
    painter.drawText(room, int(where), text)


def _font(dress: Theme, size: float) -> QFont:
    font = QFont(dress.font())
    font.setPixelSize(max(1, int(size)))
    return font


def write_wall(wall: Wall, path: Path, size: QPageSize.PageSizeId = QPageSize.PageSizeId.A4) -> int:
    """Write every sheet as a page of a PDF, across; gives how many. ``Environment`` "printing.cannot_write"."""
    try:
        path.touch()
    except OSError as error:  # Qt would only grumble
        raise Environment("printing.cannot_write") from error
    ensure_application()
    writer = QPdfWriter(str(path))
    margins = QMarginsF(8, 8, 8, 8)
    writer.setPageLayout(
        QPageLayout(QPageSize(size), QPageLayout.Orientation.Landscape, margins, QPageLayout.Unit.Millimeter)
    )
    writer.setResolution(300)
    writer.setCreator("jmdesk")
    painter = QPainter(writer)
    try:
        for number in range(len(sheets(wall))):
            if number:
                writer.newPage()
            paint_sheet(painter, QRectF(0, 0, writer.width(), writer.height()), wall, number, theme())
    finally:
        painter.end()
    return len(sheets(wall))


class WallView(QWidget):
    """The wall over the whole screen. Arrows turn, P and Shift+P save it (A4, A3), Esc leaves.

    Emits ``save_wished`` with the page size, ``left`` when it is gone. Nothing else can be used while it is shown.
    """

    save_wished = Signal(object)
    left = Signal()

    def __init__(self, wall: Wall, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.wall, self.number = wall, 0
        self.setWindowModality(Qt.WindowModality.ApplicationModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("图表墙"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._turn(0)

    def _turn(self, number: int) -> None:
        """Go to a sheet; what it shows is also said to a screen reader."""
        self.number = min(max(number, 0), len(sheets(self.wall)) - 1)
        sheet = sheets(self.wall)[self.number]
        if isinstance(sheet, tuple):
            words = "；".join(f"{tile.name} {tile.figure} {tile.about}" for tile in sheet)
        else:
            words = "；".join(tr("{name} {n} 件", name=name, n=count) for name, count in sheet.lines)
        self.setAccessibleDescription(words)
        self.update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.close()
            self.left.emit()
        elif key in NEXT:
            self._turn(self.number + 1)
        elif key in BACK:
            self._turn(self.number - 1)
        elif key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._turn(0 if key == Qt.Key.Key_Home else len(sheets(self.wall)))
        elif key == Qt.Key.Key_P:
            large = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.save_wished.emit(QPageSize.PageSizeId.A3 if large else QPageSize.PageSizeId.A4)
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter, dress = QPainter(self), look().theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        whole = QRectF(self.rect())
        painter.fillRect(whole, QColor(dress.colour("surface")))
        paint_sheet(painter, whole.adjusted(0, 0, 0, -whole.height() * 0.03), self.wall, self.number, dress)
        hint = tr("← → 翻页　P 存为 A4　Shift+P 存为 A3　Esc 退出")
        foot = QRectF(0, whole.height() * 0.955, whole.width(), whole.height() * 0.035)
        _write(painter, foot, _CENTRE, hint, whole.height() * 0.018, dress, "muted")
