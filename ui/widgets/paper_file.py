"""A paper that was given out, as a PDF wherever the user wants it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from jmdesk.papers.queries import Paper
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.messages import OK, Notice
from ui.core.printing import write_paper
from ui.core.runner import Outcome


class PaperFile(QObject):
    """Saves papers for one page. The file is drawn as it was given out, whatever its template says today."""

    def __init__(self, page: QWidget, context: Context) -> None:
        super().__init__(page)
        self._page, self._context = page, context

    def tell(self, text: str, paper: Paper) -> None:
        """Say that a paper was given out, and offer to save it."""
        words = f"{text}《{paper.label}》{paper.number}"
        self._context.notices.post(Notice(words, OK, "", tr("另存为 PDF"), lambda: self.ask(paper)))

    def ask(self, paper: Paper) -> None:
        """Ask where to save a paper."""
        name, _ = QFileDialog.getSaveFileName(self._page, tr("另存为 PDF"), f"{paper.number}.pdf", "PDF (*.pdf)")
        if name:
            self.save(paper, Path(name))

    def save(self, paper: Paper, file: Path) -> None:
        """Write a paper as PDF. Asks for the right to print what it is about."""
        services = self._context.services

        def read(_progress: object, _cancelled: object) -> bytes:
            if paper.type in services.catalogue.types:
                services.guard.require("print", paper.type)
            document = services.papers.document(paper.number)
            services.audit.printed(paper.label, paper.type, paper.rid, serial=paper.number)
            return document

        self._context.runner.submit(read, lambda outcome: self._write(outcome, file))

    def _write(self, outcome: Outcome, file: Path) -> None:
        if outcome.error is not None or not isinstance(outcome.value, bytes):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        write_paper(outcome.value, file)
        self._context.notices.say(tr("已保存。"))
