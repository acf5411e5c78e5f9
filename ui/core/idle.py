"""Locking a desk that nobody sits at."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal

from ui.core.overriding import override

_SIGNS_OF_LIFE = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.Wheel, QEvent.Type.InputMethod}
)


class IdleWatch(QObject):
    """Emits ``expired`` after so many minutes without a key, a click or a turn of the wheel."""

    expired = Signal()

    def __init__(self, minutes: int) -> None:
        super().__init__()
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

    def stop(self) -> None:
        """Watch no longer."""
        app = QCoreApplication.instance()
        if app is not None:
            app.removeEventFilter(self)
        self._timer.stop()

    @property
    def watching(self) -> bool:
        """Whether time is running."""
        return self._timer.isActive()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in _SIGNS_OF_LIFE:
            self._timer.start()
        return False
