"""Handing a list out: a button, then in place what it is for and where it goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QWidget

from ui.core.i18n import tr
from ui.widgets.field import TextField
from ui.widgets.styling import button, column, label, row

LONGEST = 60


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What a list is wanted for, and the file."""

    purpose: str
    file: Path


class ExportBar(QWidget):
    """Hidden until ``ask``; emits ``wished`` with an ``ExportWish``. Escape-free: asking again closes it."""

    wished = Signal(object)
    in_full_wished = Signal()
    """The list is wanted unmasked: shown where the page connects it (``offer_in_full``)."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        down = column(self, gap=4)
        across = row(gap=8)
        across.addWidget(label(tr("用途"), "label"))
        self.purpose = TextField(max_length=LONGEST)
        self.purpose.setAccessibleName(tr("用途"))
        self.purpose.setPlaceholderText(tr("写入文件抬头并留痕，例如：镇级年度核对"))
        self.purpose.returnPressed.connect(self.choose)
        across.addWidget(self.purpose, 1)
        self.confirm = button(tr("选择文件并导出"), "primary", "export")
        self.confirm.clicked.connect(self.choose)
        across.addWidget(self.confirm)
        down.addLayout(across)
        below = row(gap=8)
        told = tr("证件号、电话、住址和收入等已遮蔽；文件写明导出人、时间和用途。")
        below.addWidget(label(told, "hint", wrap=True), 1)
        self.in_full = button(tr("需要完整信息…"), "link")
        self.in_full.clicked.connect(self.in_full_wished)
        self.in_full.hide()
        below.addWidget(self.in_full)
        down.addLayout(below)
        self.hide()

    def offer_in_full(self) -> None:
        """Offer the way to an unmasked list."""
        self.in_full.show()

    def opener(self) -> QPushButton:
        """The button that opens the bar."""
        made = button(tr("导出"), "", "export")
        made.clicked.connect(self.ask)
        return made

    def ask(self) -> None:
        """Ask what for; close when it is open."""
        self.setVisible(not self.isVisible())
        if self.isVisible():
            self.purpose.setFocus()

    def choose(self) -> None:
        """Ask for the file, once the purpose is there."""
        purpose = str(self.purpose.value() or "").strip()
        if not purpose:
            self.purpose.show_problem(tr("请写明用途。"))
            return
        kinds = "Excel (*.xlsx);;CSV (*.csv)"
        found, kind = QFileDialog.getSaveFileName(self, tr("导出"), f"{self.name}.xlsx", kinds)
        if found:
            file = Path(found)
            if not file.suffix:
                file = file.with_suffix(".csv" if "csv" in kind else ".xlsx")
            self.hide()
            self.wished.emit(ExportWish(purpose, file))
