"""The import of a member register: what each column means, a trial, then the lines are taken."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QScrollArea, QWidget

from jmdesk.registers.enterprises import Line, Outcome, Register, fields, read_lines, read_register, take
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.runner import Outcome as Done
from ui.core.theme import look
from ui.widgets.styling import button, clear, column, label, row

SHOWN = 12
"""Lines with something to say that the trial shows."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a register would do: the lines as read."""

    lines: tuple[Line, ...]

    @property
    def refused(self) -> tuple[Line, ...]:
        """The lines that would not be taken."""
        return tuple(line for line in self.lines if line.problems)


class BringSide(QWidget):
    """Emits ``left`` when the import is over or given up."""

    left = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.register: Register | None = None
        self.trial: Trial | None = None
        self.choices: dict[int, QComboBox] = {}
        down = column(self, gap=10)
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.left)
        head.addWidget(back)
        head.addWidget(label(tr("导入会员企业名册"), "title"), 1)
        self.try_button = button(tr("试导"))
        self.take_button = button(tr("导入"), "primary", "import")
        self.try_button.clicked.connect(self.try_out)
        self.take_button.clicked.connect(self.take_in)
        head.addWidget(self.try_button)
        head.addWidget(self.take_button)
        down.addLayout(head)
        self.sentence = label("", "muted", wrap=True)
        down.addWidget(self.sentence)
        inner = QWidget()
        whole = column(inner, gap=10)
        self._columns = QGridLayout()
        self._columns.setHorizontalSpacing(look().theme.px(16))
        whole.addLayout(self._columns)
        self.findings = column(gap=2)
        whole.addLayout(self.findings)
        whole.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        down.addWidget(scroll, 1)

    def begin(self, file: Path) -> None:
        """Read a file and show what its columns seem to mean."""
        self.register, self.trial = None, None
        self.take_button.setEnabled(False)
        clear(self._columns)
        clear(self.findings)
        self._context.runner.submit(lambda _progress, _cancelled: read_register(file), self._read)

    def _read(self, outcome: Done) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            self.left.emit()
            return
        assert isinstance(outcome.value, Register)  # noqa: S101 -- what was asked for
        self.register = register = outcome.value
        self.sentence.setText(tr("{file}：{n} 行。核对每一栏的含义，再试导。", file=register.file, n=register.lines))
        self.choices = {}
        for line, one in enumerate(register.columns):
            box = QComboBox()
            box.setAccessibleName(one.header)
            box.addItem(tr("(不导入)"), "")
            for name, text in fields().items():
                box.addItem(text, name)
            box.setCurrentIndex(max(0, box.findData(one.field)))
            self.choices[one.place] = box
            self._columns.addWidget(label(one.header), line, 0)
            self._columns.addWidget(box, line, 1)
            self._columns.addWidget(label("、".join(one.samples), "hint"), line, 2)
        self._columns.setColumnStretch(2, 1)
        self.try_out()

    def try_out(self) -> None:
        """Read every line by the chosen meanings; nothing is written."""
        register, desk = self.register, self._context.services
        if register is None:
            return
        chosen = {place: str(box.currentData() or "") for place, box in self.choices.items()}
        self._context.runner.submit(
            lambda _progress, _cancelled: Trial(tuple(read_lines(desk, register, chosen))), self._tried
        )

    def _tried(self, outcome: Done) -> None:
        if not isinstance(outcome.value, Trial):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        self.trial = trial = outcome.value
        good = len(trial.lines) - len(trial.refused)
        self.take_button.setEnabled(good > 0)
        clear(self.findings)
        self.findings.addWidget(
            label(tr("可以导入 {n} 家，不能导入 {bad} 行。", n=good, bad=len(trial.refused)), "heading")
        )
        telling = [line for line in trial.lines if line.problems or line.doubts]
        for line in telling[:SHOWN]:
            words = "；".join((*line.problems, *line.doubts))
            role = "problem" if line.problems else "hint"
            self.findings.addWidget(label(tr("第 {row} 行：{what}", row=line.row, what=words), role, wrap=True))
        if len(telling) > SHOWN:
            self.findings.addWidget(label(tr("还有 {n} 行有提示。", n=len(telling) - SHOWN), "hint"))

    def take_in(self) -> None:
        """Write the lines that are in order."""
        trial, desk = self.trial, self._context.services
        if trial is not None:
            self._context.runner.submit(lambda _progress, _cancelled: take(desk, trial.lines), self._taken)

    def _taken(self, outcome: Done) -> None:
        if not isinstance(outcome.value, Outcome):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        made = outcome.value
        text = tr(
            "新建 {new} 家，更新 {changed} 家，没有变化 {same} 家，未导入 {bad} 行。",
            new=made.created, changed=made.changed, same=made.unchanged, bad=len(made.refused),
        )  # fmt: skip
        self._context.notices.done_with_undo(text, self._context.undo)
        self.left.emit()
