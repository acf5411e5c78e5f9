"""Documents on paper: the simple HTML of a printable document as PDF, A4, with the fonts of the interface."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import QMarginsF, QSizeF
from PySide6.QtGui import QFont, QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtWidgets import QApplication

from jmdesk.core.errors import Environment
from ui.core.theme import FAMILIES

_MARGIN_MM = 18
_POINTS = 10


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


def write_pdf(html: str, path: Path) -> None:
    """Write a document as an A4 PDF with embedded fonts. ``Environment`` "printing.cannot_write" when that fails."""
    try:
        path.touch()
    except OSError as error:  # Qt would only grumble
        raise Environment("printing.cannot_write") from error
    ensure_application()
    writer = QPdfWriter(str(path))
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
    document = QTextDocument()
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPointSize(_POINTS)
    document.setDefaultFont(font)
    document.documentLayout().setPaintDevice(writer)
    document.setPageSize(QSizeF(writer.pageLayout().paintRectPixels(writer.resolution()).size()))
    document.setHtml(ruled(html))
    document.print_(writer)
    if not path.is_file() or not path.stat().st_size:
        raise Environment("printing.cannot_write")
