"""Drawing on paper off the GUI thread: Qt's text layout keeps timers, and those want a thread that Qt has started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QSizeF, QThread
from PySide6.QtGui import QPaintDevice, QTextDocument

from ui.core.overriding import override

Result = TypeVar("Result")


class _Drawing(QThread, Generic[Result]):
    """One piece of drawing; keeps what came of it."""

    def __init__(self, work: Callable[[], Result]) -> None:
        super().__init__()
        self._work = work
        self.value: Result | None = None
        self.error: BaseException | None = None

    @override
    def run(self) -> None:
        try:
            self.value = self._work()
        except BaseException as error:  # noqa: BLE001 -- handed on to the thread that waits
            self.error = error


def blank_document(size: QSizeF, device: QPaintDevice) -> QTextDocument:
    """An empty document for pages of a size, measured for a device.

    Setting the size makes the layout, and PySide lets go of Python's lock for it; asking for the layout makes it too,
    but keeps the lock: it then waits for Qt's lock of connections, which the GUI thread may hold while it waits for
    Python's. So the size comes first, wherever a document is made off the GUI thread.
    """
    document = QTextDocument()
    document.setPageSize(size)
    document.documentLayout().setPaintDevice(device)
    return document


def drawn(work: Callable[[], Result]) -> Result:
    """What ``work`` gives, done in a thread of Qt's own while this one waits; its errors are raised here."""
    thread = _Drawing(work)
    thread.start()
    thread.wait()
    if thread.error is not None:
        raise thread.error
    return thread.value  # type: ignore[return-value]
