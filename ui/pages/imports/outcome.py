"""Step 4: the import itself, what it did, and where to go from here."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QWidget

from ui.core.i18n import tr
from ui.core.ports import Chip
from ui.pages.imports.findings import FindingList
from ui.pages.imports.parts import Trouble, scrolled
from ui.pages.imports.trial import Told, words_of
from ui.pages.imports.wizard import Wizard
from ui.widgets.chip import ChipLabel
from ui.widgets.empty_state import EmptyState
from ui.widgets.flow import Flow
from ui.widgets.styling import button, card, column, label, row


class ResultStep(QWidget):
    """Emits what is wished: the refused households as a workbook, the households, undoing, another import."""

    refused_wished = Signal()
    households_wished = Signal()
    undo_wished = Signal()
    another_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        _, down = scrolled(self)
        self.trouble = Trouble()
        self.summary = self._summary_card()
        self.found = FindingList()
        self.waiting = EmptyState(tr("正在导入"), tr("取消的话，什么也不会写入。"), icon_name="pending")
        down.addWidget(self.trouble)
        down.addWidget(self.summary)
        down.addWidget(self.found, 1)
        down.addWidget(self.waiting, 1)

    def take_focus(self) -> None:
        """To what is most likely done next."""
        (self.save_button if not self.save_button.isHidden() else self.households_button).setFocus()

    def refresh(self, wizard: Wizard) -> None:
        """Show how the wizard stands."""
        told = wizard.done
        self.trouble.show_error(wizard.error)
        self.summary.setVisible(told is not None)
        self.found.setVisible(told is not None)
        self.waiting.setVisible(told is None)
        if told is not None:
            self._show(told, wizard)

    def _show(self, told: Told, wizard: Wizard) -> None:
        result = told.result
        chip = Chip(tr("已导入"), "ok") if result.landed else Chip(tr("没有导入任何农户"), "bad")
        self.chip.show_chip(Chip(tr("已撤销"), "warn") if wizard.undone else chip)
        lines = words_of(result)
        if wizard.undone:
            lines = [tr("这次导入已撤销：新增的农户已作废(留痕)，改动已恢复原值。")]
        self.words.setText("\n".join(lines))
        self.summary.setAccessibleName(f"{self.chip.text()} {' '.join(lines)}")
        self.save_button.setVisible(result.refused > 0)
        self.undo_button.setVisible(wizard.undoable)
        self.found.show_told(told)

    def _summary_card(self) -> QFrame:
        made = card()
        down = column(made, margin=14, gap=8)
        head = row(gap=8)
        self.heading = label(tr("导入结果"), "heading")
        self.chip = ChipLabel(Chip(""))
        head.addWidget(self.heading)
        head.addWidget(self.chip)
        head.addStretch(1)
        down.addLayout(head)
        self.words = label("", wrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        down.addWidget(self.words)
        self.save_button = button(tr("退回的户存为工作簿"), "primary", "export")
        self.households_button = button(tr("查看农户档案"), "", "household")
        self.another_button = button(tr("再导入一份"), "", "import")
        self.undo_button = button(tr("撤销这次导入"), "", "undo")
        line = Flow()
        for one, wish in (
            (self.save_button, self.refused_wished),
            (self.households_button, self.households_wished),
            (self.another_button, self.another_wished),
            (self.undo_button, self.undo_wished),
        ):
            one.clicked.connect(wish)
            line.addWidget(one)
        down.addLayout(line)
        return made
