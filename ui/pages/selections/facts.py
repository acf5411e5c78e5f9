"""What no record knows of a candidate: yes, no or not known yet, and vetoes with their documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QScrollArea, QWidget

from jmdesk.selections.rules import Facts
from ui.core.i18n import tr
from ui.core.theme import look
from ui.widgets.styling import button, column, label, row
from ui.widgets.veto_fields import VetoFields

_BY_RECORDS = ("pledged",)
"""Facts that the archive answers for an enterprise; a street or shop is asked."""


class KnownForm(QWidget):
    """Emits ``confirmed`` with the facts (name → yes or no; not known is absent) and vetoes (code → document)."""

    confirmed = Signal(object, object)
    cancelled = Signal()

    def __init__(self, title: str, rules: Mapping[str, Any], known: Facts) -> None:
        super().__init__()
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setHorizontalSpacing(look().theme.px(12))
        self.flags: dict[str, QComboBox] = {}
        asked = [one for one in rules["items"] if one["kind"] == "flag" and one["fact"] not in _BY_RECORDS]
        for place, one in enumerate(asked):
            box = self.flags[one["fact"]] = QComboBox()
            box.setAccessibleName(one["title"])
            for text, value in ((tr("待核实"), None), (tr("有"), True), (tr("无"), False)):
                box.addItem(text, value)
            given = known.values.get(one["fact"])
            box.setCurrentIndex(0 if given is None else 1 if given else 2)
            grid.addWidget(label(one["title"]), place // 2, place % 2 * 2)
            grid.addWidget(box, place // 2, place % 2 * 2 + 1)
        below = (len(asked) + 1) // 2
        self.vetoes = VetoFields(rules["vetoes"], known.vetoes)
        grid.addWidget(self.vetoes, below, 0, 1, 4)
        grid.setRowStretch(below + 1, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        whole = column(self, gap=8)
        whole.addWidget(label(title, "title"))
        whole.addWidget(scroll, 1)
        across = row(gap=8)
        self.confirm_button, cancel = button(tr("确定"), "primary"), button(tr("取消"))
        across.addWidget(self.confirm_button)
        across.addWidget(cancel)
        across.addStretch(1)
        whole.addLayout(across)
        self.confirm_button.clicked.connect(self.confirm)
        cancel.clicked.connect(self.cancelled)

    def focus_first(self) -> None:
        """Put the cursor on the first question."""
        next(iter(self.flags.values())).setFocus()

    def confirm(self) -> None:
        """Hand over what was entered."""
        values = {name: bool(box.currentData()) for name, box in self.flags.items() if box.currentData() is not None}
        self.confirmed.emit(values, self.vetoes.value())
