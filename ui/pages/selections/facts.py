"""What no record knows of a candidate: yes, no or not known yet, and vetoes with their documents.

Of an enterprise the archive and the complaint desk answer the rest; of a street or a shop everything is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import astuple, fields
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QScrollArea, QWidget

from jmdesk.selections.rules import Complaints, Facts
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.theme import look
from ui.widgets.entry_form import InPlaceForm
from ui.widgets.field import WholeField
from ui.widgets.styling import button, column, label, row
from ui.widgets.veto_fields import VetoFields

_BY_RECORDS = ("pledged",)
"""Facts that the archive answers for an enterprise; a street or shop is asked."""


def counted() -> dict[str, str]:
    """What is counted over the last 24 months, by fact."""
    return {
        "trade_complaints": tr("属实的采购商、供应商投诉(件)"),
        "payment_judgments": tr("拖欠货款裁判(件)"),
        "failed_samplings": tr("监督抽检未通过(次)"),
    }


def complaint_counts() -> dict[str, str]:
    """What is counted of consumer complaints, in the order of ``rules.Complaints``."""
    return {
        "total": tr("消费投诉(件)"),
        "answered_in_time": tr("其中按期答复(件)"),
        "mediated": tr("其中调解成功(件)"),
        "rated": tr("其中已回访(件)"),
        "satisfaction": tr("回访评分合计(分)"),
    }


class KnownForm(InPlaceForm):
    """Emits ``confirmed`` with the facts (name → value; not known is absent), vetoes (code → document) and the

    complaints (None unless they are asked for). ``grades`` are the choices of graded facts (fact → code → words) where
    no archive gives them: a street or a shop; empty for an enterprise.
    """

    confirmed = Signal(object, object, object)

    def __init__(
        self, title: str, rules: Mapping[str, Any], known: Facts, grades: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        super().__init__()
        self._grades = grades or {}
        self.flags: dict[str, QComboBox] = {}
        self.numbers: dict[str, WholeField] = {}
        inner = QWidget()
        grid = QGridLayout(inner)
        grid.setHorizontalSpacing(look().theme.px(12))
        abreast, asked = (1 if look().theme.large else 2), list(self._lines(rules, known))
        for place, (words, widget) in enumerate(asked):
            widget.setAccessibleName(words)
            grid.addWidget(label(words), place // abreast, place % abreast * 2)
            grid.addWidget(widget, place // abreast, place % abreast * 2 + 1)
        below = -(-len(asked) // abreast)
        self.vetoes = VetoFields(rules["vetoes"], known.vetoes)
        grid.addWidget(self.vetoes, below, 0, 1, 4)
        grid.setRowStretch(below + 1, 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        whole = column(self, gap=8)
        whole.addWidget(label(title, "title"))
        whole.addWidget(scroll, 1)
        self.remark = label("", "problem", wrap=True)
        self.remark.hide()
        whole.addWidget(self.remark)
        across = row(gap=8)
        self.confirm_button, cancel = button(tr("确定"), "primary"), button(tr("取消"))
        across.addWidget(self.confirm_button)
        across.addWidget(cancel)
        across.addStretch(1)
        whole.addLayout(across)
        self.confirm_button.clicked.connect(self.confirm)
        cancel.clicked.connect(self.cancelled)

    def _lines(self, rules: Mapping[str, Any], known: Facts) -> Iterator[tuple[str, QWidget]]:
        """The questions: words and field."""
        answers = {True: tr("有"), False: tr("无")}
        for item in rules["items"]:
            fact = item.get("fact", "")
            if item["kind"] == "flag" and (self._grades or fact not in _BY_RECORDS):
                yield item["title"], self._choice(fact, answers, known.values.get(fact))
            elif item["kind"] == "table" and fact in self._grades:
                yield item["title"], self._choice(fact, self._grades[fact], known.values.get(fact))
        if self._grades:
            for fact, words in counted().items():
                yield words, self._number(fact, known.values.get(fact))
            given = dict(zip(complaint_counts(), astuple(known.complaints), strict=True)) if known.complaints else {}
            for name, words in complaint_counts().items():
                yield words, self._number(name, given.get(name))

    def _choice(self, fact: str, choices: Mapping[Any, str], given: object) -> QComboBox:
        box = self.flags[fact] = QComboBox()
        box.addItem(tr("待核实"), None)
        for value, words in choices.items():
            box.addItem(words, value)
            if given == value:
                box.setCurrentIndex(box.count() - 1)
        return box

    def _number(self, name: str, given: object) -> WholeField:
        field = self.numbers[name] = WholeField()
        field.set_value(given)
        return field

    @override
    def focus_first(self) -> None:
        next(iter(self.flags.values())).setFocus()

    def confirm(self) -> None:
        """Hand over what was entered; what contradicts itself is said."""
        values: dict[str, object] = {
            name: box.currentData() for name, box in self.flags.items() if box.currentData() is not None
        }
        numbers = {name: value for name, field in self.numbers.items() if isinstance(value := field.value(), int)}
        parts = [numbers.pop(one.name, None) for one in fields(Complaints)]
        known = [part for part in parts if part is not None]
        complaints = Complaints(*known) if len(known) == len(parts) else None
        if any(number < 0 for number in (*numbers.values(), *known)) or (complaints and not _agree(complaints)):
            self.remark.setText(tr("投诉各项须不为负、不超过总件数，评分合计须在回访件数的 1 至 5 倍之间。"))
            self.remark.show()
            return
        self.confirmed.emit({**values, **numbers}, self.vetoes.value(), complaints)


def _agree(found: Complaints) -> bool:
    """Whether the counts fit together: parts within the whole, marks of 1 to 5 for each rated one."""
    within = max(found.answered_in_time, found.mediated, found.rated) <= found.total
    return within and found.rated <= found.satisfaction <= 5 * found.rated
