"""Python's cycles are collected on the GUI thread alone.

A cycle may hold widgets, and a widget that dies on another thread takes the program with it. So while a runner has
threads, the automatic collection (which runs on whatever thread happens to allocate) is off, and a timer of the GUI
thread does its work by the same thresholds.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

EVERY_MS: Final = 200


class Collector(QObject):
    """Collects from ``begin`` to ``end``; several may be at work, the last to end turns the automatic one on again."""

    _at_work = 0

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.collect)

    def begin(self) -> None:
        """From now on nothing is collected on other threads."""
        Collector._at_work += 1
        gc.disable()
        self._timer.start()

    def end(self) -> None:
        """The other threads have ended. May be called twice."""
        if not self._timer.isActive():
            return
        self._timer.stop()
        Collector._at_work -= 1
        if not Collector._at_work:
            gc.enable()

    def collect(self) -> None:
        """Collect the generations that are due."""
        for generation, (count, most) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)):
            if count <= most:
                break
            gc.collect(generation)
