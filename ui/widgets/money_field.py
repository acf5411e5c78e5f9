"""Amounts and other exact decimals."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QWidget

from ui.core.i18n import tr
from ui.core.overriding import override
from ui.widgets.field import LineField
from ui.widgets.styling import label, row
from ui.widgets.typed_amounts import grouped, in_ten_thousands, typed_amount


class DecimalField(LineField):
    """An exact decimal of ``digits`` places, ``scale`` of them after the point; thousands apart when not edited."""

    def __init__(self, digits: int = 14, scale: int = 2) -> None:
        super().__init__(max_length=digits + 12)
        self._digits, self._scale = digits, scale
        self.setAlignment(Qt.AlignmentFlag.AlignRight)

    @override
    def read(self, text: str) -> object:
        try:
            return typed_amount(text, self._digits, self._scale)
        except ValueError as error:
            if "decimals" in str(error):
                raise ValueError(tr("小数最多 {scale} 位。", scale=self._scale)) from None
            if "large" in str(error):
                raise ValueError(tr("数值太大，请核对。")) from None
            raise ValueError(tr("请输入数字，例如 12500 或 1.25万。")) from None

    @override
    def shown(self, value: object) -> str:
        return grouped(str(value))

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        if self._value is not None and not self.isModified() and not self.isReadOnly():
            self.setText(str(self._value))
        super().focusInEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self._value is not None and not self.isModified() and not self._problem:
            self.setText(self.shown(self._value))


class MoneyField(QWidget):
    """An amount in 元 that says beside itself what it is in 万元, so that a wrong unit is seen at once."""

    edited = Signal()
    problem_changed = Signal(str)

    def __init__(self, digits: int = 14, scale: int = 2, unit: str = "元") -> None:
        super().__init__()
        self._unit = unit
        self.line = DecimalField(digits, scale)
        self._echo = label("", "echo")
        across = row(self)
        across.addWidget(self.line, 3)
        across.addWidget(label(unit, "muted"))
        across.addWidget(self._echo, 2)
        self.setFocusProxy(self.line)
        self.line.edited.connect(self._edited)
        self.line.problem_changed.connect(self._problem)
        self.line.editingFinished.connect(self._show_echo)

    def value(self) -> object:
        """The canonical decimal in 元, or ``None``."""
        return self.line.value()

    def set_value(self, value: object) -> None:
        """Show a canonical decimal."""
        self.line.set_value(value)
        self._show_echo()

    def problem(self) -> str:
        """What is wrong with what was typed."""
        return self.line.problem()

    def show_problem(self, text: str) -> None:
        """Show what someone else finds wrong."""
        self.line.show_problem(text)

    def setReadOnly(self, read_only: bool) -> None:  # noqa: N802 -- named as in every Qt field
        """Show, but do not take input."""
        self.line.setReadOnly(read_only)

    def _edited(self) -> None:
        self._show_echo()
        self.edited.emit()

    def _problem(self, text: str) -> None:
        self.problem_changed.emit(text)

    def _show_echo(self) -> None:
        try:
            value = typed_amount(self.line.text(), 28, 8) if self.line.text().strip() else "0"
        except ValueError:
            value = "0"
        large = in_ten_thousands(value)
        self._echo.setText(f"= {large}{self._unit}" if large else "")
