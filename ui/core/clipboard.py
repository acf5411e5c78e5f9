"""A number that was copied while it was revealed leaves the clipboard by itself."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication

KEPT_SECONDS = 30
"""How long a copied number stays on the clipboard."""


class ForgetfulClipboard(QObject):
    """Watches for one secret text; what else is copied is nobody's business and stays."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._secret = ""
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(KEPT_SECONDS * 1000)
        self.timer.timeout.connect(self.forget)
        QGuiApplication.clipboard().dataChanged.connect(self._changed)

    def watch(self, secret: str) -> None:
        """Clear the clipboard half a minute after this text, or a good part of it, was copied."""
        self._secret = secret

    def forget(self) -> None:
        """Clear the clipboard now, if it still holds the text."""
        self.timer.stop()
        if self._holds_it():
            QGuiApplication.clipboard().clear()

    def _changed(self) -> None:
        if self._holds_it():
            self.timer.start()

    def _holds_it(self) -> bool:
        held = QGuiApplication.clipboard().text().strip()
        return bool(self._secret) and len(held) * 2 >= len(self._secret) and held in self._secret
