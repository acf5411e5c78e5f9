"""What begins with a day: at midnight in Beijing the desk goes by the packages of the new day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta

from PySide6.QtCore import QObject, QTimer

from jmdesk.core.clock import BEIJING, Clock

_LONGEST = timedelta(minutes=15)
"""A sleeping computer does not count: the clock is looked at again after so long at most."""


class Daybreak(QObject):
    """Calls ``begin`` once each time a new day has begun in Beijing; the first call is for the day after this one."""

    def __init__(self, clock: Clock, begin: Callable[[], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._clock, self._begin = clock, begin
        self._day = self._now().date()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.look)
        self._wait()

    def look(self) -> None:
        """Look at the clock: begin the day if it is another one, and wait on."""
        today = self._now().date()
        if today != self._day:
            self._day = today
            self._begin()
        self._wait()

    def _wait(self) -> None:
        now = self._now()
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), BEIJING)
        self._timer.start(int(min(midnight - now, _LONGEST).total_seconds() * 1000) + 1)

    def _now(self) -> datetime:
        return self._clock.now().astimezone(BEIJING)
