"""What adds to a green card, what takes away, what decides: one line each, by the rules of the year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QScrollArea, QWidget

from jmdesk.green_cards.rules import Facts
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.widgets.codes_field import CodesField
from ui.widgets.entry_form import InPlaceForm
from ui.widgets.field import WholeField
from ui.widgets.styling import button, column, label, row
from ui.widgets.veto_fields import VetoFields


class FactsForm(InPlaceForm):
    """Emits ``confirmed`` with gains (list), losses (item → times) and vetoes (code → document)."""

    confirmed = Signal(object, object, object)

    def __init__(self, title: str, rules: Mapping[str, Any], known: Facts) -> None:
        super().__init__()
        inner = QWidget()
        down = column(inner, gap=6)
        down.addWidget(label(tr("信用增加(勾选有的)"), "heading"))
        gains = {one["id"]: f"{one['title']} +{one['points']}" for one in rules["gain"]["items"]}
        self.gains = CodesField(gains)
        self.gains.set_value(list(known.gains))
        down.addWidget(self.gains)
        down.addWidget(label(tr("信用流失(次数)"), "heading"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(look().theme.px(12))
        self.losses: dict[str, WholeField] = {}
        for place, one in enumerate(rules["loss"]["items"]):
            field = self.losses[one["id"]] = WholeField()
            field.setMaximumWidth(look().theme.px(80))
            field.setAccessibleName(one["title"])
            field.set_value(known.losses.get(one["id"]))
            grid.addWidget(label(f"{one['title']} -{one['each']}"), place // 2, place % 2 * 2)
            grid.addWidget(field, place // 2, place % 2 * 2 + 1)
        down.addLayout(grid)
        self.vetoes = VetoFields(rules["vetoes"], known.vetoes)
        down.addWidget(self.vetoes)
        down.addStretch(1)
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

    @override
    def focus_first(self) -> None:
        next(iter(self.gains.boxes.values())).setFocus()

    def confirm(self) -> None:
        """Hand over what was entered."""
        gains = self.gains.value()
        losses = {
            name: times for name, field in self.losses.items() if isinstance(times := field.value(), int) and times
        }
        self.confirmed.emit(gains if isinstance(gains, list) else [], losses, self.vetoes.value())
