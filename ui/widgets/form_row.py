"""One line of a form: label, field, unit, why it is locked, what is wrong."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QSizePolicy, QWidget

from ui.core.i18n import tr
from ui.core.theme import look
from ui.widgets.styling import column, label, mark, picture, row

LABEL_WIDTH = 148


@dataclass(frozen=True, slots=True)
class RowText:
    """The words around a field; ``locked`` says what opens it and keeps input out until then."""

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
        self.problem_label = label("", "problem", wrap=True)
        self.problem_label.hide()
        down.addWidget(self.problem_label)
        self._lock_line, self._lock_picture, self._lock_label = self._make_lock_line()
        down.addWidget(self._lock_line)
        if text.help:
            down.addWidget(label(text.help, "hint", wrap=True))
        across.addLayout(down, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        field.setAccessibleName(f"{text.label}{tr('(必填)') if text.required else ''}")
        line: QWidget | None = field
        while line is not None and line.focusProxy() is not None:
            line = line.focusProxy()
        if isinstance(line, QLineEdit) and not line.accessibleName():  # what the cursor is in has to say its name
            line.setAccessibleName(field.accessibleName())
        field.setAccessibleDescription(text.help)
        if text.locked:
            self.show_lock(text.locked)
            field.setEnabled(False)
        if hasattr(field, "problem_changed"):
            field.problem_changed.connect(self.show_problem)

    @property
    def lock_text(self) -> str:
        """What is said of a lock; empty for none."""
        return self._lock_label.text()

    def show_lock(self, text: str) -> None:
        """Say which consent opens the value; empty takes it away."""
        self._lock_picture.show()
        self._say_beneath(text)

    def show_hint(self, text: str) -> None:
        """Say something that helps to fill the field in; empty takes it away."""
        self._lock_picture.hide()
        self._say_beneath(text)

    def _say_beneath(self, text: str) -> None:
        self._lock_label.setText(text)
        self._lock_line.setVisible(bool(text))
        self.field.setAccessibleDescription(text or self.text.help)

    def show_problem(self, text: str, *, warning: bool = False) -> None:
        """Show what is wrong beneath the field (a ``warning`` may stay); empty takes it away."""
        mark(self.problem_label, "role", "warning" if warning else "problem")
        self.problem_label.setText(text)
        self.problem_label.setVisible(bool(text))
        self.field.setAccessibleDescription(text or self.lock_text or self.text.help)

    @staticmethod
    def _make_lock_line() -> tuple[QWidget, QLabel, QLabel]:
        made = QWidget()
        across = row(made, gap=4)
        lock = picture("lock", "muted", 14)
        across.addWidget(lock)
        words = label("", "hint", wrap=True)
        across.addWidget(words, 1)
        made.hide()
        return made, lock, words
