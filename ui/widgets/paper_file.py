"""A paper that was given out: opened to be looked at, printed or saved, from whichever page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QWidget

from jmdesk.papers.queries import Paper
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.messages import OK, Notice
from ui.core.runner import Outcome
from ui.widgets.paper_view import PaperView, offset_of, save_paper


class PaperFile(QObject):
    """Opens papers for one page. A paper is drawn as it was given out, whatever its template says today."""

    def __init__(self, page: QWidget, context: Context) -> None:
        super().__init__(page)
        self._page, self._context = page, context
        self.view: PaperView | None = None
        """The paper that is being looked at."""

    def tell(self, text: str, paper: Paper) -> None:
        """Say that a paper was given out, and offer to look at it."""
        words = f"{text}《{paper.label}》{paper.number}"
        self._context.notices.post(Notice(words, OK, "", tr("查看和打印"), lambda: self.open(paper)))

    def open(self, paper: Paper) -> None:
        """Show a paper in a window of its own."""
        self._read(paper, lambda document: self._show(paper, document))

    def save(self, paper: Paper, file: Path) -> None:
        """Write a paper as its file's name says, without looking at it first."""
        context = self._context
        self._read(paper, lambda document: save_paper(context, paper, document, file, offset_of(context, paper)))

    def _read(self, paper: Paper, then: Callable[[bytes], None]) -> None:
        """Ask for the right to print what the paper is about, and read it."""
        services = self._context.services

        def work() -> bytes:
            if paper.type in services.catalogue.types:
                services.guard.require("print", paper.type)
            return services.papers.document(paper.number)

        def done(outcome: Outcome) -> None:
            if isinstance(outcome.value, bytes):
                then(outcome.value)
            elif outcome.error is not None:
                self._context.notices.error(outcome.error)

        self._context.runner.read(work, done)

    def _show(self, paper: Paper, document: bytes) -> None:
        view = PaperView(self._context, paper, document, self._page.window())
        view.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        view.finished.connect(self._closed)
        if self.view is not None:
            self.view.close()
        self.view = view
        view.show()

    def _closed(self) -> None:
        if self.sender() is self.view:
            self.view = None
            self._page.window().activateWindow()  # one goes on where one was, by the keyboard
