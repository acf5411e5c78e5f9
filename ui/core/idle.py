"""Locking a desk that nobody sits at."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QInputEvent, QInputMethodEvent

from jmdesk.core.clock import Clock, SystemClock
from ui.core.overriding import override

_TICK_MS: Final = 15_000
_ASLEEP_SECONDS: Final = 60

_INPUT = (QInputEvent, QInputMethodEvent)
_SIGNS_OF_LIFE = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.InputMethod}
)


class IdleWatch(QObject):
    """Emits ``expired`` after so many minutes without a key, a click or a turn of the wheel, and after a sleep.

    A sleep is told by its gap: between two ticks, 15 seconds apart, more than a minute has gone by. So the desk locks
    as the computer wakes, whatever the system says or does not say before it sleeps.
    """

    expired = Signal()

    def __init__(self, minutes: int, clock: Clock | None = None) -> None:
        super().__init__()
        self._clock = clock or SystemClock()
        self._awake = self._clock.now()
        self._ticks = QTimer(self)
        self._ticks.setInterval(_TICK_MS)
        self._ticks.timeout.connect(self._tick)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(minutes * 60_000)
        self._timer.timeout.connect(self.expired)

    def set_minutes(self, minutes: int) -> None:
        """Wait so long from now on."""
        self._timer.setInterval(minutes * 60_000)

    def start(self) -> None:
        """Watch from now on."""
        app = QCoreApplication.instance()
        if app is not None:
            app.installEventFilter(self)
        self._timer.start()
        self._awake = self._clock.now()
        self._ticks.start()

    def stop(self) -> None:
        """Watch no longer."""
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self._timer.stop()
        self._ticks.stop()

    def _tick(self) -> None:
        before, self._awake = self._awake, self._clock.now()
        if (self._awake - before).total_seconds() > _ASLEEP_SECONDS:
            self.expired.emit()

    @property
    def watching(self) -> bool:
        """Whether time is running."""
        return self._timer.isActive()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Every event of the program comes by here: what it is asks for less time than to name its type.
        if isinstance(event, _INPUT) and event.type() in _SIGNS_OF_LIFE:
            self._timer.start()
        return False
