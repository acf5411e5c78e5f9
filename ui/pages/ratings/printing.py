"""An explanation on paper: as a PDF file, or straight to a printer where the system has one."""

from __future__ import annotations

from PySide6.QtGui import QFont, QTextDocument
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from ui.core.i18n import tr
from ui.core.printing import ruled
from ui.core.theme import FAMILIES

POINTS = 10
"""Size of body text on paper, as in a PDF."""


def ask_pdf(parent: QWidget) -> str:
    """Where the PDF is to go; empty when the user thinks better of it. Its name says nothing of the household."""
    found, _ = QFileDialog.getSaveFileName(parent, tr("存为 PDF"), f"{tr('逐项得分说明书')}.pdf", "PDF (*.pdf)")
    return found if not found or found.lower().endswith(".pdf") else f"{found}.pdf"


def print_html(html: str, parent: QWidget) -> bool:
    """Let the user choose a printer and print; whether it was printed."""
    from PySide6.QtPrintSupport import QPrintDialog, QPrinter

    printer = QPrinter(QPrinter.PrinterMode.HighResolution)
    dialog = QPrintDialog(printer, parent)
    if dialog.exec() != QDialog.DialogCode.Accepted:
        return False
    document = QTextDocument()
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPointSize(POINTS)
    document.setDefaultFont(font)
    document.setHtml(ruled(html))
    document.print_(printer)
    return True
