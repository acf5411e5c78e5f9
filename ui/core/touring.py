"""Lets the window work while somebody else holds the thread: for the demonstration and the self-test, no page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import (
    QDeadlineTimer,
    QEventLoop,
    QMessageLogContext,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)
from PySide6.QtWidgets import QApplication, QWidget

_PULSE_MS = 20
_ROUNDS = 5  # what arrived posts events of its own: layouts, then paints
_OFFSCREEN = re.compile(r"This plugin does not support (raise|propagateSizeHints|grabbing the keyboard)")


def work_until(settled: Callable[[], bool], seconds: int = 60) -> bool:
    """Process events until ``settled``, then draw what arrived. False when it took longer than ``seconds``."""
    limit = QDeadlineTimer(seconds * 1000)
    pulse = QTimer()  # waiting for an event ends when one comes, so one comes now and then
    pulse.start(_PULSE_MS)
    while not limit.hasExpired():
        if not settled():
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
            continue
        for _ in range(_ROUNDS):
            QApplication.processEvents()
        if settled():
            return True
    return False


def colours(widget: QWidget, every: int = 5) -> int:
    """How many colours a picture of ``widget`` has, looking at every fifth pixel: what was not drawn has one or two."""
    picture = widget.grab().toImage()
    return len(
        {picture.pixel(x, y) for x in range(0, picture.width(), every) for y in range(0, picture.height(), every)}
    )


@contextmanager
def complaints() -> Iterator[list[str]]:
    """What Qt complains of meanwhile, but for what a plugin without a display cannot do."""
    heard: list[str] = []

    def hear(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if kind not in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) and not _OFFSCREEN.match(text):
            heard.append(text)

    before = qInstallMessageHandler(hear)
    try:
        yield heard
    finally:
        qInstallMessageHandler(before)
