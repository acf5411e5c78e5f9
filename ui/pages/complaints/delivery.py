"""A paper on its way out: given a number, then saved as PDF or Word, or printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from jmdesk.core.errors import Environment
from ui.core.docx_document import laid_out
from ui.core.i18n import tr
from ui.core.printing import paint_paper, write_paper

if TYPE_CHECKING:
    from jmdesk.papers.service import Issued


def ask_file(parent: QWidget, issued: Issued) -> Path | None:
    """Where a paper is to go. Its name is the paper's number, nothing of a person."""
    name = f"{issued.paper.label}{issued.paper.number}.pdf"
    found, _ = QFileDialog.getSaveFileName(parent, tr("存为 PDF 或 Word"), name, "PDF (*.pdf);;Word (*.docx)")
    if not found:
        return None
    path = Path(found)
    return path if path.suffix.lower() in (".pdf", ".docx") else path.with_suffix(".pdf")


def save(issued: Issued, path: Path, offset_mm: tuple[float, float] = (0, 0)) -> None:
    """Write it, as Word when the name says so. ``Environment`` "printing.cannot_write"."""
    if path.suffix.lower() != ".docx":
        write_paper(issued.document, path, offset_mm)
        return
    try:
        path.write_bytes(issued.document)
    except OSError as error:
        raise Environment("printing.cannot_write") from error


def print_out(issued: Issued, parent: QWidget, copies: int) -> bool:
    """Let the user choose a printer and print so many copies; whether it was printed."""
    try:
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter
    except ImportError:  # this installation brings no printing: the PDF is there
        return False
    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    printer.setFullPage(True)
    printer.setCopyCount(copies)
    if QPrintDialog(printer, parent).exec() != QDialog.DialogCode.Accepted:
        return False
    paint_paper(laid_out(issued.document), printer)
    return True
