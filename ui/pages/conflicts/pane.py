"""One thing to decide: what happened, the choice, the reason, and the buttons that do it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from jmdesk.conflicts.case import Kind
from jmdesk.conflicts.service import Whole
from ui.core.i18n import tr
from ui.core.ports import Chip
from ui.pages.conflicts.comparison import Comparison, WholeChoice
from ui.pages.conflicts.model import Entry
from ui.widgets.chip import ChipLabel
from ui.widgets.elided import Elided
from ui.widgets.field import TextField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.styling import button, column, label, row


class DecisionPane(QFrame):
    """Signals say what is wished; the page does it."""

    save_wished = Signal()
    merge_wished = Signal()
    resend_wished = Signal()
    rate_wished = Signal()
    open_wished = Signal()
    back_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.entry: Entry | None = None
        self.touched = False
        down = column(self, margin=14, gap=8)
        down.addLayout(self._head())
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        inner = column(inside, gap=10)
        self.told, self.advice = label("", "muted", wrap=True), label("", wrap=True)
        self.comparison, self.whole = Comparison(), WholeChoice()
        for part in (self.told, self.advice, self.comparison, self.whole):
            inner.addWidget(part)
        inner.addStretch(1)
        scroll.setWidget(inside)
        down.addWidget(scroll, 1)
        self.reason = TextField(max_length=200)
        self.reason.setPlaceholderText(tr("例如：已向本人核实"))
        self.reason_row = FormRow(RowText(tr("处理理由"), required=True), self.reason)
        down.addWidget(self.reason_row)
        down.addLayout(self._foot())
        self.comparison.changed.connect(self._touch)
        self.whole.changed.connect(self._touch)
        self.reason.edited.connect(self._touch)
        self.reason.returnPressed.connect(self.save_wished)

    def _head(self) -> QHBoxLayout:
        across = row(gap=8)
        self.back_button = button(tr("返回列表"), "link", "back")
        self.back_button.clicked.connect(self.back_wished)
        self.title, self.chip = Elided("heading"), ChipLabel(Chip(""))
        self.open_button = button(tr("打开记录"), "link", "records")
        self.open_button.clicked.connect(self.open_wished)
        for part in (self.back_button, self.title, self.chip):
            across.addWidget(part)
        across.addStretch(1)
        across.addWidget(self.open_button)
        return across

    def _foot(self) -> QHBoxLayout:
        across = row(gap=8)
        across.addStretch(1)
        self.merge_button = button(tr("合并不冲突的修改"))
        self.resend_button = button(tr("重新报送"), "primary")
        self.rate_button = button(tr("重新评级"), "primary", "rating")
        self.save_button = button(tr("保存处理结果"), "primary")
        for made, wished in (
            (self.merge_button, self.merge_wished),
            (self.resend_button, self.resend_wished),
            (self.rate_button, self.rate_wished),
            (self.save_button, self.save_wished),
        ):
            made.clicked.connect(wished)
            across.addWidget(made)
        return across

    def show_entry(self, entry: Entry) -> None:
        """Show another thing to decide; what was chosen before is let go."""
        self.entry, self.touched = entry, False
        case = entry.case
        ready = case is not None and case.whole and not case.under_way
        kind = case.kind if case is not None else None
        self.title.setText(entry.title)
        self.chip.show_chip(entry.chip)
        self.told.setText("\n".join(entry.told))
        self.advice.setText(entry.advice)
        self.comparison.show_entry(entry, enabled=ready)
        self.comparison.setVisible(kind is Kind.EDITED)
        options = whole_options(entry)
        self.whole.show_options(options, enabled=ready)
        self.whole.setVisible(bool(options))
        decidable = ready and kind is not Kind.REFUSED
        self.reason_row.setVisible(decidable)
        self.reason_row.show_problem("")
        self.reason.set_value(None)
        self.save_button.setVisible(decidable)
        self.merge_button.setVisible(case is not None and case.mergeable)
        self.resend_button.setVisible(ready and kind is Kind.REFUSED)
        self.rate_button.setVisible(case is None)

    def enter(self) -> None:
        """Put the cursor where one decides."""
        first = self.comparison.first_open()
        parts = [self.save_button, self.resend_button, self.rate_button, self.open_button]
        if first is not None and first.isVisible():
            first.setFocus()
        elif self.whole.isVisible() and self.whole.options:
            next(iter(self.whole.options.values())).radio.setFocus()
        elif self.reason.isVisible():
            self.reason.setFocus()
        else:
            next((part for part in parts if part.isVisible()), self.open_button).setFocus()

    def _touch(self) -> None:
        self.touched = True
        self.reason_row.show_problem("")


def whole_options(entry: Entry) -> list[tuple[str, str]]:
    """The decisions that fit a record which one side voided."""
    kind = entry.case.kind if entry.case is not None else None
    if kind is Kind.VOIDED_HERE:
        return [
            (Whole.VOID.value, tr("仍然作废：平台上的这条记录也作废，留痕备查")),
            (Whole.KEEP.value, tr("保留：取消本机的作废，采用平台上的内容")),
        ]
    if kind is not Kind.VOIDED_THERE:
        return []
    options = [(Whole.VOID.value, tr("接受作废：本机的修改不再报送，留在修改历史里"))]
    if entry.renewable:
        options.append((Whole.RENEW.value, tr("接受作废，并按本机的内容另建一条新记录")))
    return options
