"""A paper on its way out: given a number, then saved as PDF or Word, or printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from ui.core.i18n import tr
from ui.core.paper_output import Offset, paper_file, print_paper

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


def save(issued: Issued, path: Path, offset_mm: Offset = (0, 0)) -> None:
    """Write it, as Word when the name says so. ``Environment`` "printing.cannot_write"."""
    paper_file(issued.document, path, offset_mm)


def print_out(issued: Issued, parent: QWidget, copies: int, offset_mm: Offset = (0, 0)) -> bool:
    """Let the user choose a printer and print so many copies; whether it was printed."""
    return print_paper(issued.document, parent, copies, offset_mm)
