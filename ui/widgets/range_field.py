"""From one day to another."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from ui.core.i18n import tr
from ui.widgets.date_field import DateField
from ui.widgets.styling import label, row


class RangeField(QWidget):
    """Two dates; the value is ``[from, to]``."""

    edited = Signal()
    problem_changed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = DateField(), DateField()
        self._outside = ""
        across = row(self)
        across.addWidget(self.first)
        across.addWidget(label(tr("至"), "muted"))
        across.addWidget(self.last)
        self.setFocusProxy(self.first)
        for line, name in ((self.first, tr("起")), (self.last, tr("止"))):
            line.setAccessibleName(name)
            line.edited.connect(self._edited)
            line.problem_changed.connect(lambda _text: self.problem_changed.emit(self.problem()))
            line.editingFinished.connect(lambda: self.problem_changed.emit(self.problem()))

    def value(self) -> object:
        """``[from, to]``, or ``None``."""
        days = [self.first.value(), self.last.value()]
        return days if all(days) and not self.problem() else None

    def set_value(self, value: object) -> None:
        """Show a range."""
        days = value if isinstance(value, list) and len(value) == 2 else [None, None]
        self.first.set_value(days[0])
        self.last.set_value(days[1])

    def problem(self) -> str:
        """What is wrong with what was typed."""
        wrong = self.first.problem() or self.last.problem()
        if wrong:
            return wrong
        days = [self.first.value(), self.last.value()]
        if any(days) and not all(days):
            return tr("起止日期要都填。")
        if all(days) and str(days[0]) > str(days[1]):
            return tr("起始日期晚于截止日期。")
        return self._outside

    def show_problem(self, text: str) -> None:
        """Show what someone else finds wrong."""
        self._outside = text
        self.problem_changed.emit(self.problem())

    def setReadOnly(self, read_only: bool) -> None:  # noqa: N802 -- named as in every Qt field
        """Show, but do not take input."""
        self.first.setReadOnly(read_only)
        self.last.setReadOnly(read_only)

    def _edited(self) -> None:
        self._outside = ""
        self.edited.emit()
