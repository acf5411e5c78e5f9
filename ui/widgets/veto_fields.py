"""Vetoes of a rule package, each with the number of the document that proves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QGridLayout, QWidget

from ui.core.i18n import tr
from ui.core.theme import look
from ui.widgets.field import TextField
from ui.widgets.styling import column, label


class VetoFields(QWidget):
    """One line for each veto (``code``, ``text``); without a document a veto does not count."""

    def __init__(self, vetoes: Sequence[Mapping[str, str]], known: Mapping[str, str]) -> None:
        super().__init__()
        down = column(self, gap=6)
        down.addWidget(label(tr("否决情形(填认定文书文号才算)"), "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(look().theme.px(12))
        self.fields: dict[str, TextField] = {}
        across = 1 if look().theme.large else 2
        for place, veto in enumerate(vetoes):
            field = self.fields[veto["code"]] = TextField(max_length=60)
            field.setAccessibleName(veto["text"])
            field.setPlaceholderText(tr("文书文号"))
            field.set_value(known.get(veto["code"]))
            grid.addWidget(label(veto["text"]), place // across, place % across * 2)
            grid.addWidget(field, place // across, place % across * 2 + 1)
        down.addLayout(grid)

    def value(self) -> dict[str, str]:
        """The documents given, by veto."""
        return {code: str(text) for code, field in self.fields.items() if (text := field.value())}
