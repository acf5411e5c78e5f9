"""A paper on its way out: as Word, as PDF, or straight to a printer, moved on the sheet for pre-printed forms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QDialog, QWidget

from jmdesk.core.errors import Environment
from ui.core.docx_document import laid_out
from ui.core.drawing import drawn
from ui.core.printing import paint_paper, paper_bytes

Offset = tuple[float, float]
"""Millimetres to the right and down by which the print is moved."""
WORD = ".docx"


def paper_file(
    document: bytes, file: Path, offset_mm: Offset = (0, 0), seal: Callable[[bytes], bytes] = lambda data: data
) -> None:
    """Write a paper as its name says: the Word document, or a PDF of what is printed.

    ``seal`` has the last word on the PDF's bytes. Call off the GUI thread. ``Environment`` "printing.cannot_write".
    """
    data = document if file.suffix.lower() == WORD else seal(drawn(lambda: paper_bytes(document, offset_mm)))
    try:
        file.write_bytes(data)
    except OSError as error:
        raise Environment("printing.cannot_write") from error


def can_print() -> bool:
    """Whether this installation brings Qt's printing; the PDF is there in any case."""
    try:
        import PySide6.QtPrintSupport  # noqa: F401 -- asked for, not used
    except ImportError:
        return False
    return True


def print_paper(document: bytes, parent: QWidget, copies: int, offset_mm: Offset = (0, 0)) -> bool:
    """Let the user choose a printer and print so many copies; whether it was printed. Nothing of it becomes a file."""
    if not can_print():
        return False
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setFullPage(True)
    printer.setCopyCount(copies)
    if QPrintDialog(printer, parent).exec() != QDialog.DialogCode.Accepted:
        return False
    paint_paper(laid_out(document), printer, offset_mm)
    return True
