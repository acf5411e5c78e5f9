"""The fields of one record on three sides, with the choice between them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QGridLayout, QRadioButton, QWidget

from jmdesk.conflicts.rules import Choice, Side
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.pages.conflicts.model import Entry, Line
from ui.widgets.section import Section
from ui.widgets.styling import clear, column, label, row


class Option(QWidget):
    """A radio button whose words may take several lines; a click anywhere on it chooses."""

    def __init__(self, words: str, name: str) -> None:
        super().__init__()
        across = row(self, gap=6)
        self.radio = QRadioButton()
        self.radio.setAccessibleName(f"{name} {words}")
        across.addWidget(self.radio, 0, Qt.AlignmentFlag.AlignTop)
        self.words = label(words, wrap=True)
        across.addWidget(self.words, 1)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.radio.setFocus()
            self.radio.click()


class FieldChoice:
    """The choice on one field: mine, theirs, and whether the other value is kept as a note."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.mine = Option(line.mine, tr("{label}，本机的值：", label=line.label))
        self.theirs = Option(line.theirs, tr("{label}，平台的值：", label=line.label))
        self.note = QCheckBox(tr("另一值记入备注"))
        self.note.setAccessibleName(tr("{label}，另一值记入备注", label=line.label))
        self.group = QButtonGroup(self.mine)
        self.group.addButton(self.mine.radio)
        self.group.addButton(self.theirs.radio)
        proposed = line.field.proposed
        if proposed is not None:
            self.choose(proposed.side)

    def choose(self, side: Side) -> None:
        """Choose a side."""
        (self.mine if side is Side.MINE else self.theirs).radio.setChecked(True)

    @property
    def choice(self) -> Choice | None:
        """What is chosen; ``None`` as long as nothing is."""
        if not (self.mine.radio.isChecked() or self.theirs.radio.isChecked()):
            return None
        return Choice(Side.MINE if self.mine.radio.isChecked() else Side.THEIRS, note=self.note.isChecked())


class Comparison(QWidget):
    """Differing fields first, the rest folded. ``changed`` when a person chooses something."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.choices: dict[str, FieldChoice] = {}
        self._grid = QGridLayout()
        px = look().theme.px
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(6))
        for place, share in enumerate((3, 3, 4, 4, 0)):
            self._grid.setColumnStretch(place, share)
        self.rest = Section(tr("两处相同的栏目"), unfolded=False)
        inside = QWidget()
        self._rest_grid = QGridLayout(inside)
        self._rest_grid.setContentsMargins(px(8), 0, 0, 0)
        self._rest_grid.setHorizontalSpacing(px(12))
        self._rest_grid.setVerticalSpacing(px(4))
        self._rest_grid.setColumnStretch(1, 1)
        self.rest.add(inside)
        down = column(self, gap=10)
        down.addLayout(self._grid)
        down.addWidget(self.rest)

    def show_entry(self, entry: Entry, *, enabled: bool) -> None:
        """Show other fields."""
        clear(self._grid)
        clear(self._rest_grid)
        self.choices = {}
        differing, alike = entry.differing, entry.alike
        if differing:
            self._show_head()
        said: set[tuple[str, str]] = set()
        for place, line in enumerate(differing):
            self._show_line(1 + 2 * place, line, entry, enabled=enabled)
            about = (line.field.group, line.hint)
            if line.hint and about not in said:
                said.add(about)
                role = "warning" if line.field.proposed is None else "hint"
                self._grid.addWidget(label(line.hint, role, wrap=True), 2 + 2 * place, 2, 1, 3)
        for place, line in enumerate(alike):
            self._rest_grid.addWidget(label(line.label, "muted", wrap=True), place, 0, Qt.AlignmentFlag.AlignTop)
            self._rest_grid.addWidget(label(line.mine, wrap=True), place, 1)
        self.rest.remark.setText(tr("{n} 栏", n=len(alike)))
        self.rest.unfolded = False
        self.rest.setVisible(bool(alike))

    def decided(self) -> dict[str, Choice]:
        """What is chosen, by field."""
        return {name: found.choice for name, found in self.choices.items() if found.choice is not None}

    def first_open(self) -> QRadioButton | None:
        """Where the first choice is to be made."""
        return next((found.mine.radio for found in self.choices.values() if found.choice is None), None)

    def _show_head(self) -> None:
        for place, text in enumerate((tr("栏目"), tr("原来"), tr("本机"), tr("平台"), "")):
            self._grid.addWidget(label(text, "muted"), 0, place)

    def _show_line(self, place: int, line: Line, entry: Entry, *, enabled: bool) -> None:
        found = self.choices[line.field.name] = FieldChoice(line)
        top = Qt.AlignmentFlag.AlignTop
        self._grid.addWidget(label(line.label, wrap=True), place, 0, top)
        self._grid.addWidget(label(line.base, "muted", wrap=True), place, 1, top)
        for column_, option in ((2, found.mine), (3, found.theirs)):
            option.setEnabled(enabled)
            self._grid.addWidget(option, place, column_, top)
        found.note.setEnabled(enabled)
        self._grid.addWidget(found.note, place, 4, top)
        found.mine.radio.clicked.connect(lambda: self._chosen(line, Side.MINE, together=entry.together))
        found.theirs.radio.clicked.connect(lambda: self._chosen(line, Side.THEIRS, together=entry.together))
        found.note.clicked.connect(lambda _checked=False: self.changed.emit())

    def _chosen(self, line: Line, side: Side, *, together: bool) -> None:
        if together:
            for found in self.choices.values():
                if found.line.field.group == line.field.group:
                    found.choose(side)
        self.changed.emit()


class WholeChoice(QWidget):
    """The choice on a record that one side voided. ``changed`` when a person chooses."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._down = column(self, gap=6)
        self.options: dict[str, Option] = {}
        self._group = QButtonGroup(self)

    def show_options(self, options: Sequence[tuple[str, str]], *, enabled: bool) -> None:
        """Show other options: (decision, words)."""
        for option in self.options.values():
            self._group.removeButton(option.radio)
        clear(self._down)
        self.options = {}
        for decision, words in options:
            option = self.options[decision] = Option(words, "")
            option.setEnabled(enabled)
            option.radio.clicked.connect(lambda _checked=False: self.changed.emit())
            self._group.addButton(option.radio)
            self._down.addWidget(option)
            option.radio.setChecked(len(options) == 1)

    @property
    def decision(self) -> str:
        """The decision chosen; empty for none."""
        return next((name for name, option in self.options.items() if option.radio.isChecked()), "")
