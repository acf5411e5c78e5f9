"""A coloured word that tells a state."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSizePolicy

from ui.core.ports import Chip
from ui.widgets.styling import mark


class ChipLabel(QLabel):
    """A coloured word; the word alone says it all, the colour only helps."""

    def __init__(self, chip: Chip) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        self.show_chip(chip)

    def show_chip(self, chip: Chip) -> None:
        """Show another word."""
        self.setText(chip.text)
        mark(self, "chip", chip.kind)
