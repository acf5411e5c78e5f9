"""Keeps what is typed into a form as an encrypted draft: a moment after the last key, and before a lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLineEdit, QWidget

from ui.core.context import Context

PAUSE_MS: Final = 1500
"""So long nothing is typed before a draft is kept."""

Collect = Callable[[], Mapping[str, object] | None]
"""What the form holds unsaved, or None when there is nothing to keep."""


class Drafting(QObject):
    """The drafts of one page. ``about`` names what is being edited before the first ``touch``."""

    def __init__(self, page: QWidget, context: Context, name: str, collect: Collect) -> None:
        super().__init__(page)
        self._context, self._name, self._collect = context, name, collect
        self._record = ""
        self._gone: set[str] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE_MS)
        self._timer.timeout.connect(self._keep)

    def about(self, record: str) -> None:
        """The form now shows this record."""
        self._timer.stop()
        self._record = record

    def touch(self) -> None:
        """Something was typed."""
        self._gone.discard(self._record)
        self._timer.start()

    def kept(self) -> Mapping[str, object] | None:
        """What was kept of the record that the form shows. Reads one row: fit for the GUI thread."""
        if self._record in self._gone:  # the write that removes it may still be waiting for its turn
            return None
        found = self._context.services.drafts.load(self._name, self._record)
        return found.content if found is not None else None

    def keep_now(self) -> None:
        """Keep it before the desk is locked; on the calling thread, for there is no later."""
        self._timer.stop()
        content = self._collect()
        if content is not None:
            self._context.services.drafts.save(self._name, self._record, content)

    def forget(self) -> None:
        """It was saved, or given up."""
        self._timer.stop()
        self._gone.add(self._record)
        drafts, name, record = self._context.services.drafts, self._name, self._record
        self._context.runner.submit(lambda _progress, _cancelled: drafts.forget(name, record))

    def _keep(self) -> None:
        content = self._collect()
        if content is not None:
            drafts, name, record = self._context.services.drafts, self._name, self._record
            self._context.runner.submit(lambda _progress, _cancelled: drafts.save(name, record, content))


def line_of(field: QWidget) -> QLineEdit | None:
    """The line that a field is typed into: its text is a draft while its value cannot be read without reformatting."""
    if isinstance(field, QLineEdit):
        return field
    line = getattr(field, "line", None)
    return line if isinstance(line, QLineEdit) else None


def type_again(field: QWidget, text: str) -> None:
    """Put typed text back as if it had just been typed."""
    line = line_of(field)
    if line is not None:
        line.setText(text)
        line.setModified(True)
