"""A passphrase, hidden unless asked for."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit

from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.overriding import override


class PassphraseField(QLineEdit):
    """Takes a passphrase as typed: no folding, no history, no copy out of it.

    Input methods stay off while it is hidden, as systems demand; showing it lets Chinese be typed.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self.setMaxLength(256)
        self.setAccessibleName(name)
        self._eye = self.addAction(icon("eye", "muted"), QLineEdit.ActionPosition.TrailingPosition)
        self._eye.triggered.connect(self.toggle)
        self._dress()

    @property
    def shown(self) -> bool:
        """Whether the passphrase can be read on screen."""
        return self.echoMode() == QLineEdit.EchoMode.Normal

    def toggle(self) -> None:
        """Show it, or hide it again."""
        self.setEchoMode(QLineEdit.EchoMode.Password if self.shown else QLineEdit.EchoMode.Normal)
        self._dress()

    def take(self) -> str:
        """The passphrase; the field is empty and hidden afterwards."""
        typed = self.text()
        self.clear()
        if self.shown:
            self.toggle()
        return typed

    def _dress(self) -> None:
        self.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText
            if self.shown
            else Qt.InputMethodHint.ImhHiddenText | Qt.InputMethodHint.ImhSensitiveData
        )
        self._eye.setIcon(icon("eye_off" if self.shown else "eye", "muted"))
        self._eye.setToolTip(tr("隐藏口令") if self.shown else tr("显示口令(汉字口令请先显示再输入)"))

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        away = event.reason() == Qt.FocusReason.ActiveWindowFocusReason
        if away and self.shown:
            self.toggle()
