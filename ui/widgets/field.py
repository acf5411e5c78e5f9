"""What every field of a form can do, whatever it looks like."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit

from jmdesk.core.text import folded
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.widgets.styling import mark


class Field(Protocol):
    """A widget that holds one value in wire form; ``None`` is no value.

    ``edited`` is emitted when the user changed the value (never by ``set_value``), ``problem_changed`` with the
    text of what is wrong with what was typed, empty when nothing is.
    """

    edited: Signal
    problem_changed: Signal

    def value(self) -> object:
        """The value, or ``None``."""
        ...

    def set_value(self, value: object) -> None:
        """Show a value."""
        ...

    def problem(self) -> str:
        """What is wrong with what was typed; empty when nothing is."""
        ...


class LineField(QLineEdit):
    """A line of text: the base of all one-line fields. What is typed is read when the field is left."""

    edited = Signal()
    problem_changed = Signal(str)

    def __init__(self, *, max_length: int = 0) -> None:
        super().__init__()
        self._problem = ""
        self._value: object = None
        if max_length:
            self.setMaxLength(max_length)
        self.textEdited.connect(self._typed)
        self.editingFinished.connect(self.settle)

    def value(self) -> object:
        """The value in wire form, or ``None``."""
        self.settle()
        return self._value

    def set_value(self, value: object) -> None:
        """Show a value in wire form."""
        self._value = value
        self._set_problem("")
        self.setText("" if value is None else self.shown(value))
        self.setCursorPosition(0)
        self.setModified(False)

    def problem(self) -> str:
        """What is wrong with what was typed."""
        return self._problem

    def show_problem(self, text: str) -> None:
        """Show what someone else (the catalogue, a cross check) finds wrong."""
        self._set_problem(text)

    def read(self, text: str) -> object:
        """The value that a typed text (not empty) means. ``ValueError`` with the Chinese problem text otherwise."""
        return text

    def shown(self, value: object) -> str:
        """A value as it is shown."""
        return str(value)

    def settle(self) -> None:
        """Read what was typed; a problem leaves the text as it is."""
        if not self.isModified():
            return
        text = folded(self.text())
        try:
            value = self.read(text) if text else None
        except ValueError as error:
            self._value = None
            self._set_problem(str(error))
            return
        self.set_value(value)

    def _typed(self) -> None:
        self._set_problem("")
        self.edited.emit()

    def _set_problem(self, text: str) -> None:
        if text != self._problem:
            self._problem = text
            mark(self, "problem", bool(text))
            self.problem_changed.emit(text)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()


class TextField(LineField):
    """Free text of one line; input methods work as in any Qt field."""


class YearField(LineField):
    """A calendar year, 1900–2100."""

    def __init__(self) -> None:
        super().__init__(max_length=5)
        self.setPlaceholderText(tr("4 位年份"))

    @override
    def read(self, text: str) -> object:
        plain = text.rstrip("年")
        if not (plain.isascii() and plain.isdigit() and 1900 <= int(plain) <= 2100):
            raise ValueError(tr("请输入 4 位年份，例如 2026。"))
        return int(plain)


class WholeField(LineField):
    """A whole number."""

    def __init__(self) -> None:
        super().__init__(max_length=12)
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    @override
    def read(self, text: str) -> object:
        plain = text.replace(",", "")
        if not plain.removeprefix("-").isdigit() or not plain.isascii():
            raise ValueError(tr("请输入整数。"))
        return int(plain)


class NoteField(QPlainTextEdit):
    """Text of several lines. Tab leaves the field, as in every form."""

    edited = Signal()
    problem_changed = Signal(str)

    def __init__(self, *, max_length: int = 0) -> None:
        super().__init__()
        self._max_length = max_length
        self._problem = ""
        self._filling = False
        self.setTabChangesFocus(True)
        self.setFixedHeight(look().theme.px(76))
        self.textChanged.connect(self._typed)

    def value(self) -> object:
        """The text, or ``None`` when empty."""
        return self.toPlainText().strip() or None

    def set_value(self, value: object) -> None:
        """Show a text."""
        self._filling = True
        self.setPlainText("" if value is None else str(value))
        self._filling = False
        self.show_problem("")

    def problem(self) -> str:
        """What is wrong with the text."""
        return self._problem

    def show_problem(self, text: str) -> None:
        """Show what is wrong."""
        if text != self._problem:
            self._problem = text
            mark(self, "problem", bool(text))
            self.problem_changed.emit(text)

    def _typed(self) -> None:
        if self._filling:
            return
        over = len(self.toPlainText()) - self._max_length if self._max_length else 0
        self.show_problem(tr("超出 {over} 个字。", over=over) if over > 0 else "")
        self.edited.emit()
