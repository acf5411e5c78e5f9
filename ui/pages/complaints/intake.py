"""Taking a complaint down while the complainant is on the phone: one page, in the order of the conversation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QScrollArea, QVBoxLayout, QWidget

from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.complaints.intake import PERSONAL, Intake
from jmdesk.complaints.rules import CHOICES, CONSUMER
from jmdesk.desk import Desk
from ui.core.drafting import line_of, type_again
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.overriding import override
from ui.core.pickers import search_codes
from ui.core.theme import look
from ui.pages.complaints.firm_picker import NAMED, FirmPicker
from ui.widgets.code_picker import CodePicker
from ui.widgets.codes_field import CodesField
from ui.widgets.date_field import DateField
from ui.widgets.field import NoteField, TextField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.money_field import MoneyField
from ui.widgets.styling import card, column, label, row

BEGINNING: Record = {"complainant_kind": CONSUMER, "channel": "2"}
"""A consumer on the phone: what most complaints are."""


class IntakeForm(QScrollArea):
    """Enter goes to the next field; the page registers. ``firm_named`` tells that firm, product or order changed."""

    edited = Signal()
    firm_named = Signal()

    def __init__(self, desk: Desk, labels: Labels) -> None:
        super().__init__()
        self._catalogue: Catalogue = desk.catalogue
        self._today = desk.workflows.today
        self._kind = desk.catalogue.types["R22"].by_identifier
        self.rows: dict[str, FormRow] = {}
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = column(inside, gap=10)
        sides = row(gap=12)
        wide = not look().theme.large
        sides.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)
        left, right = column(gap=10), column(gap=10)
        left.addWidget(self._who())
        left.addWidget(self._whom(labels))
        left.addStretch(1)
        right.addWidget(self._what())
        right.addWidget(self._told())
        right.addStretch(1)
        sides.addLayout(left, 1)
        sides.addLayout(right, 1)
        down.addLayout(sides)
        down.addStretch(1)
        self.setWidget(inside)
        self.begin()

    # -- values ----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """An empty form with what is likely."""
        for name, made in self.rows.items():
            made.field.set_value(BEGINNING.get(name))  # type: ignore[attr-defined]
            made.show_problem("")
        self.choice.set_value("not_told")
        self.received.set_value(self._today.isoformat())
        self.anonymous.setChecked(False)
        self.firm_line.setText("")
        self._show_kind()

    def values(self) -> Record:
        """What was taken down, as fields of R22."""
        found: Record = {}
        for name, made in self.rows.items():
            value = made.field.value()  # type: ignore[attr-defined]
            if value is not None and made.isVisibleTo(self):
                found[name] = value
        firm = found.pop("respondent", None)
        if isinstance(firm, str) and firm.startswith(NAMED):
            found["respondent_name"] = firm.removeprefix(NAMED)
        elif isinstance(firm, str):
            found["uscc"], found["respondent_name"] = firm, self.firm.text()
        found["is_anonymous"] = self.anonymous.isChecked()
        return found

    def intake(self) -> Intake:
        """What was taken down, ready to be registered."""
        day = self.received.value()
        on = date.fromisoformat(day) if isinstance(day, str) and day != self._today.isoformat() else None
        return Intake(self.values(), str(self.choice.value() or "not_told"), on)

    def unreadable(self) -> FormRow | None:
        """The first field whose text means nothing."""
        return next((m for m in self.rows.values() if m.field.problem()), None)  # type: ignore[attr-defined]

    def draft(self) -> dict[str, object]:
        """What was typed, the field under the cursor by its text."""
        typed: dict[str, object] = {}
        for name, made in self.rows.items():
            line = line_of(made.field)
            if line is not None and line.isModified():
                typed[name] = line.text()
        set_ = {
            name: made.field.value()  # type: ignore[attr-defined]
            for name, made in self.rows.items()
            if name not in typed
        }
        kept = {name: value for name, value in set_.items() if value is not None}
        return {
            "set": kept, "typed": typed, "choice": self.choice.value(), "received": self.received.value(),
            "anonymous": self.anonymous.isChecked(),
        }  # fmt: skip

    def resume(self, content: Mapping[str, object]) -> None:
        """Put a draft back."""
        set_, typed = content.get("set"), content.get("typed")
        for name, value in set_.items() if isinstance(set_, dict) else ():
            if name in self.rows:
                self.rows[name].field.set_value(value)  # type: ignore[attr-defined]
        for name, text in typed.items() if isinstance(typed, dict) else ():
            if name in self.rows:
                type_again(self.rows[name].field, str(text))
        self.choice.set_value(content.get("choice"))
        self.received.set_value(content.get("received"))
        self.anonymous.setChecked(bool(content.get("anonymous")))
        self._show_kind()

    def focus_first(self) -> None:
        """Begin where the conversation begins."""
        self.rows["complainant_kind"].field.setFocus()

    def show_firm(self, text: str) -> None:
        """Say what is known of the firm."""
        self.firm_line.setText(text)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
            return
        super().keyPressEvent(event)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _who(self) -> QWidget:
        made, down = self._card(tr("谁来投诉"))
        kind = self._codes("CL-CPK")
        self._add(down, "complainant_kind", kind, needed=True)
        self._add(down, "channel", self._codes("CL-CHAN"), needed=True)
        self.anonymous = QCheckBox(tr("匿名(不留姓名和电话)"))
        self.anonymous.toggled.connect(self._show_kind)
        self.anonymous.clicked.connect(self.edited)
        across = row(gap=0)
        across.addSpacing(look().theme.px(180))
        across.addWidget(self.anonymous, 1)
        down.addLayout(across)
        self._add(down, "complainant_name", TextField(max_length=50))
        self._add(down, "complainant_phone", TextField(max_length=20))
        self._add(down, "complainant_uscc", TextField(max_length=18))
        # Not at every key: to read a value is to finish what is being typed.
        kind.editingFinished.connect(self._show_kind)
        kind.completer().activated.connect(self._show_kind)
        return made

    def _whom(self, labels: Labels) -> QWidget:
        made, down = self._card(tr("投诉谁"))
        self.firm = FirmPicker(labels.search("R20"), lambda rid: labels.of("R20", rid))
        self.firm.setPlaceholderText(tr("名称、拼音或代码；没有档案的写名称"))
        self.rows["respondent"] = FormRow(RowText(tr("被投诉方"), required=True), self.firm)
        self._listen("respondent")
        down.addWidget(self.rows["respondent"])
        self.firm_line = label("", "hint", wrap=True)
        down.addWidget(self.firm_line)
        self._add(down, "product", TextField(max_length=80), needed=True)
        self._add(down, "product_model", TextField(max_length=80))
        self._add(down, "order_no", TextField(max_length=60))
        for name in ("respondent", "product", "order_no"):
            self.rows[name].field.editingFinished.connect(self.firm_named)  # type: ignore[attr-defined]
        self.firm.completer().activated.connect(self.firm_named)
        return made

    def _what(self) -> QWidget:
        made, down = self._card(tr("什么事，要什么"))
        self._add(down, "problem_class", self._codes("CL-PROBLEM"), needed=True)
        self._add(down, "amount", MoneyField())
        self._add(down, "purchase_date", DateField())
        self._add(down, "known_date", DateField())
        self._add(down, "claims", CodesField(self._catalogue.code_lists["CL-CLAIM"].values, 4), needed=True)
        self._add(down, "facts", NoteField(max_length=2000), needed=True)
        return made

    def _told(self) -> QWidget:
        made, down = self._card(tr("告知渠道"))
        self.say = label(
            tr("请念给消费者听：“由本会调解的，12315可能不再受理同一投诉。您是选择由本会调解，还是向12315投诉？”"),
            wrap=True,
        )
        down.addWidget(self.say)
        self.choice = CodePicker(search_codes(CHOICES), CHOICES.get, coded=False)
        self.choice.edited.connect(self.edited)
        self._choice_row = FormRow(RowText(tr("投诉人的选择"), required=True), self.choice)
        self.received = DateField()
        self.received.edited.connect(self.edited)
        down.addWidget(self._choice_row)
        down.addWidget(FormRow(RowText(tr("收到日期"), required=True), self.received))
        return made

    def _card(self, title: str) -> tuple[QWidget, QVBoxLayout]:
        made = card()
        down = column(made, margin=12, gap=6)
        down.addWidget(label(title, "heading"))
        return made, down

    def _codes(self, listed: str) -> CodePicker:
        values = self._catalogue.code_lists[listed].values
        return CodePicker(search_codes(values), values.get)

    def _add(self, down: QVBoxLayout, name: str, field: QWidget, *, needed: bool = False) -> None:
        self.rows[name] = FormRow(RowText(self._kind[name].label, required=needed), field)
        self._listen(name)
        down.addWidget(self.rows[name])

    def _listen(self, name: str) -> None:
        made = self.rows[name]

        def typed() -> None:
            made.show_problem("")
            self.edited.emit()

        made.field.edited.connect(typed)  # type: ignore[attr-defined]

    def _show_kind(self) -> None:
        """Ask a business for its code and a consumer for the choice; ask an anonymous person for nothing."""
        consumer = (self.rows["complainant_kind"].field.value() or CONSUMER) == CONSUMER  # type: ignore[attr-defined]
        named = not self.anonymous.isChecked()
        for name in PERSONAL:
            if name in self.rows:
                self.rows[name].setVisible(named)
        self.rows["complainant_uscc"].setVisible(not consumer)
        self._choice_row.setVisible(consumer)
        self.say.setVisible(consumer)
