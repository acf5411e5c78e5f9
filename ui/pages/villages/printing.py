"""The scoreboard on paper: tiles and charts of one region as an A4 PDF, painted by the same hands as on screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, Qt
from PySide6.QtGui import QPageLayout, QPageSize, QPainter, QPdfWriter

from jmdesk.core.errors import Environment
from ui.core.printing import ensure_application
from ui.core.theme import theme
from ui.widgets.charts import Mark, Paint, paint_bars, paint_line
from ui.widgets.tile_map import Tile, paint_tile

_WIDE, _ACROSS, _TILE, _GAP = 1000.0, 6, 84.0, 8.0
"""The page is so many units wide; so many tiles side by side, so high, so far apart."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What goes on paper: a title, the line under it, tiles, and charts with their headings."""

    title: str
    sentence: str
    tiles: Sequence[Tile]
    charts: Sequence[tuple[str, Sequence[Mark], bool]]
    """Heading, marks, and whether it is a line over years."""


def write_board(picture: Picture, path: Path) -> int:
    """Write the PDF; gives the number of pages. ``Environment`` "printing.cannot_write"."""
    try:
        path.touch()
    except OSError as error:  # Qt would only grumble
        raise Environment("printing.cannot_write") from error
    ensure_application()
    writer = QPdfWriter(str(path))
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Landscape,
            QMarginsF(15, 15, 15, 15),
            QPageLayout.Unit.Millimeter,
        )
    )
    writer.setResolution(300)
    writer.setCreator("jmdesk")
    painter = QPainter(writer)
    try:
        return _paint(painter, writer, picture)
    finally:
        painter.end()


def _paint(painter: QPainter, writer: QPdfWriter, picture: Picture) -> int:
    light, pages = theme(), 1
    scale = writer.width() / _WIDE
    high = writer.height() / scale
    painter.scale(scale, scale)
    font = light.font()
    font.setPixelSize(22)
    painter.setFont(font)
    painter.drawText(QRectF(0, 0, _WIDE, 32), int(Qt.AlignmentFlag.AlignLeft), picture.title)
    font.setPixelSize(13)
    painter.setFont(font)
    painter.drawText(QRectF(0, 34, _WIDE, 22), int(Qt.AlignmentFlag.AlignLeft), picture.sentence)
    top, width = 64.0, (_WIDE - _GAP * (_ACROSS - 1)) / _ACROSS
    for line in range(0, len(picture.tiles), _ACROSS):
        if top + _TILE > high:
            writer.newPage()
            top, pages = 0.0, pages + 1
        for column, tile in enumerate(picture.tiles[line : line + _ACROSS]):
            paint_tile(painter, QRectF(column * (width + _GAP), top, width, _TILE), tile, light, 1.0)
        top += _TILE + _GAP
    room = (_WIDE - 2 * 24) / 3
    if top + 220 > high:
        writer.newPage()
        top, pages = 0.0, pages + 1
    for column, (heading, marks, over_years) in enumerate(picture.charts):
        left = column * (room + 24)
        painter.setPen(Qt.GlobalColor.black)
        painter.drawText(QRectF(left, top + 10, room, 22), int(Qt.AlignmentFlag.AlignLeft), heading)
        paint: Paint = paint_line if over_years else paint_bars
        height = 160.0 if over_years else 24.0 * len(marks)
        paint(painter, QRectF(left, top + 38, room, height), marks, light, 1.0)
    return pages
