"""What is painted across every page that leaves the program: that its data are invented."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter

from ui.core.theme import FAMILIES

_stamped = ""


def stamp(text: str) -> None:
    """Paint this across every page from now on, "" for none. One process works at one vault: it is true of all."""
    global _stamped  # noqa: PLW0603 -- as the look, a property of the running program
    _stamped = text


def paint_stamp(painter: QPainter, sheet: QRectF) -> None:
    """The stamp, slanted across a sheet, light enough to read what is under it."""
    if not _stamped:
        return
    painter.save()
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPixelSize(max(1, int(sheet.width() / 16)))
    painter.setFont(font)
    painter.setPen(QColor(200, 60, 40, 90))
    painter.translate(sheet.center())
    painter.rotate(-35)
    for line in (-1, 0, 1):
        across = QRectF(-sheet.width(), (line * 0.3 - 0.05) * sheet.height(), 2 * sheet.width(), 0.1 * sheet.height())
        painter.drawText(across, Qt.AlignmentFlag.AlignCenter, _stamped)
    painter.restore()
