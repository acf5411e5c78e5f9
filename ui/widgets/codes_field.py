"""Several entries of one code list."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QWidget

from ui.core.theme import look


class CodesField(QWidget):
    """A box for each entry; the value is the list of the codes that are ticked, in list order."""

    edited = Signal()
    problem_changed = Signal(str)

    def __init__(self, values: Mapping[str, str], columns: int = 3) -> None:
        super().__init__()
        self.boxes: dict[str, QCheckBox] = {}
        self._problem = ""
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(look().theme.px(12))
        grid.setVerticalSpacing(look().theme.px(2))
        for place, (code, name) in enumerate(values.items()):
            box = self.boxes[code] = QCheckBox(name)
            box.clicked.connect(self._clicked)
            grid.addWidget(box, place // columns, place % columns)
        if self.boxes:
            self.setFocusProxy(next(iter(self.boxes.values())))

    def value(self) -> object:
        """The ticked codes, or ``None`` when there are none."""
        return [code for code, box in self.boxes.items() if box.isChecked()] or None

    def set_value(self, value: object) -> None:
        """Show a list of codes."""
        wanted = value if isinstance(value, list) else []
        for code, box in self.boxes.items():
            box.setChecked(code in wanted)

    def problem(self) -> str:
        """What someone else found wrong."""
        return self._problem

    def show_problem(self, text: str) -> None:
        """Show what someone else finds wrong."""
        self._problem = text
        self.problem_changed.emit(text)

    def setReadOnly(self, read_only: bool) -> None:  # noqa: N802 -- named as in every Qt field
        """Show, but do not take input."""
        for box in self.boxes.values():
            box.setEnabled(not read_only)

    def _clicked(self) -> None:
        self.show_problem("")
        self.edited.emit()
