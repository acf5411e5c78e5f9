"""One line of a form: label, field, unit, why it is locked, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from ui.core.i18n import tr
from ui.core.theme import look
from ui.widgets.styling import column, label, picture, row

LABEL_WIDTH = 148


@dataclass(frozen=True, slots=True)
class RowText:
    """The words around a field; ``locked`` says which consent or rule opens it."""

    label: str
    unit: str = ""
    required: bool = False
    locked: str = ""
    help: str = ""


class FormRow(QWidget):
    """A field with its words; screen readers get all of them."""

    def __init__(self, text: RowText, field: QWidget) -> None:
        super().__init__()
        self.text = text
        self.field = field
        px = look().theme.px
        across = row(self, gap=12)
        name = label(text.label, "label", wrap=True)
        name.setFixedWidth(px(LABEL_WIDTH))
        name.setMinimumHeight(px(30))
        name.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        name.setBuddy(field)
        star = label("*" if text.required else "", "required")
        star.setFixedWidth(px(8))
        star.setMinimumHeight(px(30))
        star.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        across.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        across.addWidget(star, 0, Qt.AlignmentFlag.AlignTop)
        down = column(gap=2)
        inner = row(gap=6)
        inner.addWidget(field, 1)
        if text.unit:
            inner.addWidget(label(text.unit, "muted"))
        down.addLayout(inner)
        self._problem = label("", "problem", wrap=True)
        self._problem.hide()
        down.addWidget(self._problem)
        if text.locked:
            down.addLayout(self._lock_line(text.locked))
        elif text.help:
            down.addWidget(label(text.help, "hint", wrap=True))
        across.addLayout(down, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        field.setAccessibleName(f"{text.label}{tr('(必填)') if text.required else ''}")
        field.setAccessibleDescription(text.locked or text.help)
        if text.locked:
            field.setEnabled(False)
        if hasattr(field, "problem_changed"):
            field.problem_changed.connect(self.show_problem)

    @staticmethod
    def _lock_line(reason: str) -> QHBoxLayout:
        line = row(gap=4)
        line.addWidget(picture("lock", "muted", 14))
        line.addWidget(label(reason, "hint", wrap=True), 1)
        return line

    @property
    def problem_label(self) -> QLabel:
        """Where the problem is shown."""
        return self._problem

    def show_problem(self, text: str) -> None:
        """Show what is wrong beneath the field; empty takes it away."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))
        self.field.setAccessibleDescription(text or self.text.locked or self.text.help)
