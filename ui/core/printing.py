"""Documents on paper: the simple HTML of a printable document as PDF, A4, with the fonts of the interface."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QFont,
    QPagedPaintDevice,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextDocument,
)
from PySide6.QtWidgets import QApplication

from jmdesk.core.errors import Environment
from ui.core.docx_document import POINT_PER_MM, Laid, laid_out
from ui.core.drawing import blank_document
from ui.core.stamping import paint_stamp
from ui.core.theme import FAMILIES

_MARGIN_MM = 18
_POINTS = 10
_LINES_OUTSIDE = 2
"""Points at either side into which the border of a table as wide as the page reaches."""


def ensure_application() -> QApplication:
    """The running Qt application, or one without a window for commands that only print."""
    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return QApplication(sys.argv[:1])


def ruled(html: str, colour: str = "#000000") -> str:
    """A document with the lines of its tables drawn: Qt leaves them out unless every cell asks for them."""
    return html.replace("<html>", f"<html><head><style>td, th {{ border: 1px solid {colour}; }}</style></head>", 1)


def write_paper(content: bytes, path: Path, offset_mm: tuple[float, float] = (0, 0)) -> int:
    """Write a Word document as a PDF of its own sheet size; gives the number of pages, numbered when there are several.

    ``offset_mm`` moves everything right and down, for pre-printed forms. ``Environment`` "printing.cannot_write".
    """
    try:
        path.touch()
    except OSError as error:  # Qt would only grumble
        raise Environment("printing.cannot_write") from error
    ensure_application()
    pages = _print_paper(content, QPdfWriter(str(path)), offset_mm)
    if not path.is_file() or not path.stat().st_size:
        raise Environment("printing.cannot_write")
    return pages


def _print_paper(content: bytes, writer: QPdfWriter, offset_mm: tuple[float, float] = (0, 0)) -> int:
    paper = laid_out(content)
    writer.setPageSize(QPageSize(paper.page.size, QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF())
    writer.setResolution(600)
    writer.setCreator("jmdesk")
    return paint_paper(paper, writer, offset_mm)


def paper_bytes(content: bytes, offset_mm: tuple[float, float] = (0, 0)) -> bytes:
    """A Word document as a PDF in memory: nothing of it reaches the disk before it is wanted there."""
    buffer = _buffer()
    _print_paper(content, QPdfWriter(buffer), offset_mm)
    return bytes(buffer.data().data())


def html_bytes(html: str) -> bytes:
    """A document as an A4 PDF in memory."""
    buffer = _buffer()
    _print_html(html, QPdfWriter(buffer))
    return bytes(buffer.data().data())


def _buffer() -> QBuffer:
    ensure_application()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    return buffer


def paint_paper(paper: Laid, device: QPagedPaintDevice, offset_mm: tuple[float, float] = (0, 0)) -> int:
    """Paint a laid-out document on a PDF writer or a printer; gives the number of pages."""
    painter = QPainter(device)
    try:
        scale = device.logicalDpiX() / 72
        painter.scale(scale, scale)
        painter.translate(offset_mm[0] * POINT_PER_MM, offset_mm[1] * POINT_PER_MM)
        pages = paper.document.pageCount()
        for number in range(pages):
            if number:
                device.newPage()
            paint_page(paper, painter, number, pages)
    finally:
        painter.end()
    return pages


def paint_page(paper: Laid, painter: QPainter, number: int, pages: int) -> None:
    """Paint one page, numbered from 0, in points from the corner of the sheet."""
    inner, margins = paper.page.inner, paper.page.margins
    painter.save()
    painter.translate(margins.left(), margins.top())
    painter.setPen(Qt.GlobalColor.black)
    if pages > 1:
        font = QFont(paper.document.defaultFont())
        font.setPixelSize(_POINTS)
        painter.setFont(font)
        painter.drawText(
            QRectF(0, inner.height() + 8, inner.width(), 20), Qt.AlignmentFlag.AlignHCenter, f"— {number + 1} —"
        )
    painter.translate(0, -number * inner.height())
    clip = QRectF(-_LINES_OUTSIDE, number * inner.height(), inner.width() + 2 * _LINES_OUTSIDE, inner.height())
    paper.document.drawContents(painter, clip)
    painter.restore()
    paint_stamp(painter, QRectF(margins.left(), margins.top(), inner.width(), inner.height()))


def _paint_sheets(document: QTextDocument, writer: QPdfWriter) -> None:
    """Paint a document that is laid out for the writer, page by page."""
    size, painter = document.pageSize(), QPainter(writer)
    try:
        for number in range(document.pageCount()):
            if number:
                writer.newPage()
            painter.save()
            painter.translate(0, -number * size.height())
            document.drawContents(painter, QRectF(0, number * size.height(), size.width(), size.height()))
            painter.restore()
            paint_stamp(painter, QRectF(0, 0, size.width(), size.height()))
    finally:
        painter.end()


def write_pdf(html: str, path: Path) -> None:
    """Write a document as an A4 PDF with embedded fonts. ``Environment`` "printing.cannot_write" when that fails."""
    try:
        path.touch()
    except OSError as error:  # Qt would only grumble
        raise Environment("printing.cannot_write") from error
    ensure_application()
    _print_html(html, QPdfWriter(str(path)))
    if not path.is_file() or not path.stat().st_size:
        raise Environment("printing.cannot_write")


def _print_html(html: str, writer: QPdfWriter) -> None:
    writer.setPageLayout(
        QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM),
            QPageLayout.Unit.Millimeter,
        )
    )
    writer.setResolution(600)
    writer.setCreator("jmdesk")
    document = blank_document(QSizeF(writer.pageLayout().paintRectPixels(writer.resolution()).size()), writer)
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPointSize(_POINTS)
    document.setDefaultFont(font)
    document.setHtml(ruled(html))
    _paint_sheets(document, writer)
