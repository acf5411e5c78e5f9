"""Somebody at the keyboard: keys go to whatever has the focus, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QWidget

from tests.ui.keys import PLAIN, press, write
from ui.core.ports import Chip
from ui.main_window import MainWindow
from ui.widgets.table_view import WindowedTable
from ui.widgets.tile_map import TileMap

CONTROL = Qt.KeyboardModifier.ControlModifier
ALT = Qt.KeyboardModifier.AltModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
MOST = 90
"""So many Tabs are pressed in search of something before it counts as out of reach."""


class Hands:
    """Presses keys and reads what is on screen. Fails where a key does not lead, and says where it led instead."""

    def __init__(self, window: MainWindow, settled: Callable[[], None]) -> None:
        self.window, self._settled = window, settled

    @property
    def at(self) -> QWidget:
        """What has the focus; there must always be something."""
        found = QApplication.focusWidget()
        assert found is not None, "the keyboard leads nowhere"
        return found

    @property
    def here(self) -> str:
        """The name of what has the focus, as a button's text or as a screen reader tells it."""
        return named(self.at)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN, times: int = 1) -> None:
        """Press a key, and wait for what it set going."""
        for _ in range(times):
            press(self.at, key, modifier)
        self.wait()

    def wait(self) -> None:
        """Let what was set going come to its end, and be shown."""
        QApplication.processEvents()
        self._settled()
        QApplication.processEvents()

    def enter(self) -> None:
        """Press Enter."""
        self.press(Qt.Key.Key_Return)

    def type(self, text: str) -> None:
        """Type where the cursor is, in place of what is there."""
        press(self.at, Qt.Key.Key_A, CONTROL)
        write(self.at, text)

    def reach(self, name: str, *, back: bool = False) -> QWidget:
        """Press Tab (or Shift+Tab) until what is called so has the focus."""
        passed = [self.here]
        for _ in range(MOST):
            if self.here == name:
                return self.at
            press(self.at, Qt.Key.Key_Backtab if back else Qt.Key.Key_Tab, SHIFT if back else PLAIN)
            passed.append(self.here)
        return pytest.fail(f"“{name}” is out of reach: {' → '.join(passed)}")

    def push(self, name: str, *, back: bool = False) -> None:
        """Go to a button and press Enter on it."""
        self.reach(name, back=back)
        self.enter()

    def fill(self, name: str, text: str) -> None:
        """Go to a field and type."""
        self.reach(name)
        self.type(text)

    def tick(self, name: str) -> None:
        """Go to a box and press Space."""
        self.reach(name)
        self.press(Qt.Key.Key_Space)

    def choose(self, name: str, text: str) -> None:
        """Go to a list of choices and move to the one that begins so."""
        box = self.reach(name)
        assert isinstance(box, QComboBox)
        self.press(Qt.Key.Key_Home)
        for _ in range(box.count()):
            if box.currentText().startswith(text):
                self.wait()
                return
            self.press(Qt.Key.Key_Down)
        pytest.fail(f"“{text}” is not among the choices of {name}")

    def tile(self, name: str) -> None:
        """Move to a tile of the board by arrow keys and open it."""
        board = self.at
        assert isinstance(board, TileMap), self.here
        wanted = next(n for n, tile in enumerate(board.tiles) if tile.name == name)
        self.press(Qt.Key.Key_Home)
        self.press(Qt.Key.Key_Right, times=wanted)
        self.enter()

    def row(self, words: str) -> None:
        """Move down a list to the line that says so, and open it."""
        table = self.at
        assert isinstance(table, WindowedTable), self.here
        self.press(Qt.Key.Key_Home)
        for _ in range(table.rows.rowCount()):
            line = table.rows.row_at(table.currentIndex().row())
            if line is not None and any(words in (c.text if isinstance(c, Chip) else c) for c in line.cells):
                self.enter()
                return
            self.press(Qt.Key.Key_Down)
        pytest.fail(f"no line of {self.here} says “{words}”")

    def sees(self, words: str) -> None:
        """A label, field or button on screen says so; fails with all that is there instead."""
        words_of: list[QLabel | QAbstractButton | QLineEdit] = [*self.window.findChildren(QLabel)]
        words_of += [*self.window.findChildren(QAbstractButton), *self.window.findChildren(QLineEdit)]
        shown = [one.text() for one in words_of if one.isVisible()]
        assert any(words in text for text in shown), f"at “{self.here}”: {' | '.join(filter(None, shown))}"


def named(widget: QWidget) -> str:
    """How a widget is called."""
    if isinstance(widget, QAbstractButton) and widget.text():
        return widget.text()
    return widget.accessibleName() or type(widget).__name__
