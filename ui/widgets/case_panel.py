"""A case on screen: its state, what is due, the next steps with what they ask for, and what was done."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFormLayout, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from jmdesk.catalogue.types import Record
from ui.core.cases import CaseView, Done, Limit, Offer
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.ports import Chip
from ui.widgets.chip import ChipLabel
from ui.widgets.date_field import DateField
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import NoteField, TextField
from ui.widgets.flow import Flow
from ui.widgets.scan_field import ScanField
from ui.widgets.styling import button, card, clear, column, come_forward, label, row, stand_back

MakeField = Callable[[str, str], QWidget | None]
"""Makes the field for one need of one step, filled with what is likely; None for a plain note."""


LINES = frozenset({
    "applied_by", "by", "case_no", "cert_no", "doc_no", "document", "how", "org", "paper_no", "place", "signed_by",
    "to",
})  # fmt: skip
"""Needs of steps that are a few words: one line is enough."""
_DAYS = frozenset({"plaque_date", "valid_to", "day"})


def _usual(_step: str, need: str) -> QWidget | None:
    if need in _DAYS:
        return DateField()
    return TextField(max_length=200) if need in LINES else None


class StepForm(QWidget):
    """What one step asks for, in place: its needs, a reason, and the signed paper where the rules take one.

    Enter goes on to the next line and Ctrl+Enter confirms, from wherever the cursor is; Esc gives up.
    """

    confirmed = Signal(str, object, str)
    cancelled = Signal()

    def __init__(self, offer: Offer, make_field: MakeField = _usual) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)  # never pressed together
        self._offer, self.step = offer, offer.id
        lines = QFormLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        lines.addRow(label(offer.label, "heading"))
        self.needs = {name: make_field(offer.id, name) or NoteField(max_length=500) for name, _ in offer.needs}
        for name, text in offer.needs:
            self.needs[name].setAccessibleName(text)
            lines.addRow(f"{text} *", self.needs[name])
        self.reason = TextField(max_length=500)
        self.reason.setAccessibleName(tr("备注"))
        lines.addRow(tr("备注"), self.reason)
        self.signer, self.signed = TextField(max_length=30), DateField()
        if offer.paper:
            self.signer.setAccessibleName(tr("纸质签批人"))
            self.signer.setPlaceholderText(tr("领导在纸上签批的，填签批人；当面办理的留空"))
            self.signed.setAccessibleName(tr("签批日期"))
            lines.addRow(tr("纸质签批人"), self.signer)
            lines.addRow(tr("签批日期"), self.signed)
            self.scan = ScanField()
            lines.addRow(tr("签批件扫描"), self.scan)
        self.remark = label("", "problem", wrap=True)
        self.remark.hide()
        across = row(gap=8)
        confirm, cancel = button(tr("确定"), "primary"), button(tr("取消"))
        confirm.setToolTip("Ctrl+Enter")
        cancel.setToolTip("Esc")
        across.addWidget(confirm)
        across.addWidget(cancel)
        across.addStretch(1)
        lines.addRow(self.remark)
        lines.addRow(across)
        confirm.clicked.connect(self.confirm)
        cancel.clicked.connect(self.cancelled)

    def focus_first(self) -> None:
        """Put the cursor into the first thing asked for."""
        next(iter(self.needs.values()), self.reason).setFocus()

    def confirm(self) -> None:
        """Hand over what was entered; what is missing is named."""
        values = {name: field.value() for name, field in self.needs.items()}  # type: ignore[attr-defined]
        missing = [text for name, text in self._offer.needs if not str(values[name] or "").strip()]
        scan = self.scan.value() if self._offer.paper else None
        if bool(self.signer.value()) != bool(self.signed.value()) or (scan is not None and not self.signer.value()):
            missing.append(tr("签批人和签批日期要一起填"))
        if missing:
            self.remark.setText(tr("还缺：{what}", what="、".join(missing)))
            self.remark.show()
            return
        details: Record = dict(values)
        if self.signer.value():
            paper: dict[str, object] = {"signer": str(self.signer.value()), "date": str(self.signed.value())}
            details["paper"] = {**paper, "scan": scan} if scan is not None else paper
        self.confirmed.emit(self._offer.id, details, str(self.reason.value() or ""))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
        elif event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.confirm()
        else:
            self.focusNextChild()


class CasePanel(QWidget):
    """Shows a ``CaseView``. ``step_taken`` carries step, details and reason; ``back_wished`` the reason."""

    step_taken = Signal(str, object, str)
    back_wished = Signal(str)

    def __init__(self, make_field: MakeField = _usual) -> None:
        super().__init__()
        self._make_field = make_field
        self._down = column(self, gap=10)
        head = row(gap=10)
        self.title = label("", "heading")
        self.state = ChipLabel(Chip(""))
        head.addWidget(self.title)
        head.addWidget(self.state)
        head.addStretch(1)
        self._down.addLayout(head)
        self._limits = column(gap=4)
        self._down.addLayout(self._limits)
        self._steps = Flow()
        self._down.addLayout(self._steps)
        self.obstacles = label("", "hint", wrap=True)
        self._down.addWidget(self.obstacles)
        self._place = column(gap=0)
        self._down.addLayout(self._place)
        self.middle = column(gap=6)
        """Room for what a page has to say between the steps that can be taken and those that were."""
        self._down.addLayout(self.middle)
        self._down.addWidget(label(tr("办理过程"), "heading"))
        self._done = column(gap=8)
        self._down.addLayout(self._done)
        self._down.addStretch(1)
        self.form: StepForm | None = None
        self._others: list[QPushButton] = []
        self.buttons: dict[str, QWidget] = {}
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)

    def show_case(self, case: CaseView) -> None:
        """Show a case; a form that is open is closed. A cursor in here stays in here, on the next step."""
        self.close_form()
        within, held = self._holds_focus(self), self._held()
        if within:
            self.setFocus()  # what is taken away would hand the cursor on to whatever comes next in the window
        self.title.setText(case.label)
        self.state.show_chip(case.state)
        clear(self._limits)
        for limit in case.limits:
            self._limits.addLayout(self._limit_line(limit))
        clear(self._steps)
        self.buttons = {}
        for place, offer in enumerate(case.offers):
            made = button(offer.label, "primary" if place == 0 and not offer.obstacle else "")
            made.setEnabled(not offer.obstacle)
            made.setToolTip(offer.obstacle)
            made.clicked.connect(lambda _checked=False, chosen=offer: self.open_form(chosen))
            self.buttons[offer.id] = made
            self._steps.addWidget(made)
        if case.can_go_back:
            back = button(tr("退回上一步"), "link", "back")
            back.clicked.connect(self._ask_back)
            self.buttons["back"] = back
            self._steps.addWidget(back)
        hindered: dict[str, list[str]] = {}
        for offer in case.offers:
            if offer.obstacle:
                hindered.setdefault(offer.obstacle, []).append(offer.label)
        self.obstacles.setText("；".join(f"{why}：{'、'.join(labels)}" for why, labels in hindered.items()))
        self.obstacles.setVisible(bool(hindered))
        clear(self._done)
        for done in reversed(case.done):
            self._done.addWidget(self._card(done))
        if not case.done:
            self._done.addWidget(EmptyState(tr("还没有办理"), icon_name="history"))
        if within:
            self.focus_step(held)

    def focus_step(self, step: str = "") -> None:
        """Put the cursor on a step, else on the first that can be taken, else here, so that Tab goes on from here."""
        can = [made for made in self.buttons.values() if made.isEnabled()]
        wanted = self.buttons.get(step)
        chosen = wanted if wanted in can else can[0] if can else self
        chosen.show()  # one that was just added is shown a moment later, and nobody hidden takes the cursor
        chosen.setFocus()

    def open_form(self, offer: Offer) -> None:
        """Ask for what a step needs, in place."""
        self.close_form()
        self.form = form = StepForm(offer, self._make_field)
        form.confirmed.connect(self.step_taken)
        self._show_form(form)

    def _show_form(self, form: StepForm) -> None:
        form.cancelled.connect(self.close_form)
        self._others = stand_back(self.window(), form)
        self._place.addWidget(form)
        form.focus_first()

    def close_form(self) -> None:
        """Take the open form away; a cursor in it goes back to the step's button."""
        form, self.form = self.form, None
        if form is not None and self._holds_focus(form):
            self.focus_step(form.step)
        clear(self._place)
        come_forward(self._others)
        self._others = []

    @staticmethod
    def _holds_focus(widget: QWidget) -> bool:
        focus = QApplication.focusWidget()
        return focus is not None and (focus is widget or widget.isAncestorOf(focus))

    def _held(self) -> str:
        """The step whose button has the focus."""
        return next((step for step, made in self.buttons.items() if made.hasFocus()), "")

    def _ask_back(self) -> None:
        offer = Offer("back", tr("退回上一步"), (("reason", tr("退回理由")),), paper=False, obstacle="")
        self.close_form()
        self.form = form = StepForm(offer)
        form.confirmed.connect(lambda _step, details, _reason: self.back_wished.emit(str(details["reason"])))
        self._show_form(form)

    @staticmethod
    def _limit_line(limit: Limit) -> QHBoxLayout:
        line = row(gap=10)
        line.addWidget(label(limit.label))
        line.addWidget(ChipLabel(limit.state))
        if limit.waits_for:
            line.addWidget(label(tr("等待：{who}", who=limit.waits_for), "muted"))
        line.addWidget(label(limit.basis, "hint", wrap=True), 1)
        return line

    @staticmethod
    def _card(done: Done) -> QWidget:
        made = card()
        down = column(made, margin=12, gap=4)
        head = row(gap=10)
        head.addWidget(label(done.label, "heading"))
        if done.disputed:
            head.addWidget(ChipLabel(Chip(tr("与先办的步骤冲突，未生效"), "bad")))
        head.addWidget(label(f"{done.at}  {done.who}", "muted"))
        head.addStretch(1)
        down.addLayout(head)
        for name, text in done.entered:
            down.addWidget(label(f"{name}：{text}", wrap=True))
        if done.reason:
            down.addWidget(label(tr("备注：{reason}", reason=done.reason), "muted", wrap=True))
        return made
