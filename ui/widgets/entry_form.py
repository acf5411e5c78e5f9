"""A short form in place: a few fields under a heading, with what is still missing; no dialog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QSizePolicy, QWidget

from ui.core.i18n import tr
from ui.core.overriding import override
from ui.widgets.styling import button, label, row


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a name, the words before it, the field, and whether it must be filled in."""

    name: str
    label: str
    field: Any
    required: bool = True


class InPlaceForm(QWidget):
    """A form in the page, without a dialog; emits ``cancelled`` when it is given up."""

    cancelled = Signal()

    def focus_first(self) -> None:
        """Put the cursor where one begins."""
        self.setFocus()


class EntryForm(InPlaceForm):
    """Emits ``confirmed`` with the values by name (absent: left empty)."""

    confirmed = Signal(object)

    def __init__(self, title: str, entries: Sequence[Entry], confirm: str = "", hint: str = "") -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)  # never pressed together
        self._entries = tuple(entries)
        self.fields = {entry.name: entry.field for entry in entries}
        lines = QFormLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addRow(label(title, "heading"))
        if hint:
            lines.addRow(label(hint, "hint", wrap=True))
        for entry in entries:
            entry.field.setAccessibleName(entry.label)
            lines.addRow(f"{entry.label} *" if entry.required else entry.label, entry.field)
        self.remark = label("", "problem", wrap=True)
        self.remark.hide()
        across = row(gap=8)
        self.confirm_button = button(confirm or tr("确定"), "primary")
        cancel = button(tr("取消"))
        across.addWidget(self.confirm_button)
        across.addWidget(cancel)
        across.addStretch(1)
        lines.addRow(self.remark)
        lines.addRow(across)
        self.confirm_button.clicked.connect(self.confirm)
        cancel.clicked.connect(self.cancelled)

    @override
    def focus_first(self) -> None:
        self._entries[0].field.setFocus()

    def confirm(self) -> None:
        """Hand over what was entered; what is missing or wrong is named."""
        values = {entry.name: entry.field.value() for entry in self._entries}
        wrong = [entry.label for entry in self._entries if entry.field.problem()]
        missing = [entry.label for entry in self._entries if entry.required and values[entry.name] in (None, "", [])]
        if wrong or missing:
            self.remark.setText(tr("还缺或有误：{what}", what="、".join(dict.fromkeys([*wrong, *missing]))))
            self.remark.show()
            return
        self.remark.hide()
        self.confirmed.emit({name: value for name, value in values.items() if value not in (None, "", [])})
