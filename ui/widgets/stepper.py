"""The steps of a wizard."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.core.i18n import tr
from ui.widgets.styling import clear, label, picture, row


class Stepper(QWidget):
    """The steps of a wizard and where one is."""

    def __init__(self, steps: Sequence[str]) -> None:
        super().__init__()
        self._steps = tuple(steps)
        self._across = row(self, gap=8)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.current = 0
        self.go(0)

    def go(self, step: int) -> None:
        """Show step ``step`` (from 0) as the one at work."""
        self.current = step
        clear(self._across)
        for number, text in enumerate(self._steps):
            state = "done" if number < step else "now" if number == step else "later"
            name = f"{'✓' if state == 'done' else number + 1}  {text}"
            words = label(name)
            words.setProperty("step", state)
            words.setAccessibleName(tr("第 {n} 步，共 {of} 步：{text}", n=number + 1, of=len(self._steps), text=text))
            self._across.addWidget(words)
            if number + 1 < len(self._steps):
                self._across.addWidget(picture("right", "muted", 12))
        self._across.addStretch(1)
