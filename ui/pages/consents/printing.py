"""Many consent pages as one PDF, household after household."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QMarginsF
from PySide6.QtGui import QPageSize, QPainter, QPdfWriter

from jmdesk.core.errors import Environment
from jmdesk.rights.consent_pages import ConsentSheet
from ui.core.docx_document import laid_out
from ui.core.printing import ensure_application, paint_page

_DPI = 600


def write_sheets(sheets: Iterator[ConsentSheet], file: Path) -> int:
    """Write sheets into one PDF as they come; gives how many. ``Environment`` "printing.cannot_write".

    A file that was begun and given up is removed: half a village must not be taken for all of it.
    """
    try:
        file.touch()
    except OSError as error:  # Qt would only grumble
        raise Environment("printing.cannot_write") from error
    ensure_application()
    try:
        written = _written(sheets, file)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    if not written:
        file.unlink(missing_ok=True)
    return written


def _written(sheets: Iterator[ConsentSheet], file: Path) -> int:
    writer, painter, written = QPdfWriter(str(file)), QPainter(), 0
    writer.setPageMargins(QMarginsF())
    writer.setResolution(_DPI)
    writer.setCreator("jmdesk")
    try:
        for sheet in sheets:
            paper = laid_out(sheet.document)
            if written:
                writer.newPage()
            else:
                writer.setPageSize(QPageSize(paper.page.size, QPageSize.Unit.Point))
                writer.setPageMargins(QMarginsF())
                painter.begin(writer)
                painter.scale(_DPI / 72, _DPI / 72)
            paint_page(paper, painter, 0, 1)
            written += 1
    finally:
        if painter.isActive():
            painter.end()
    return written
