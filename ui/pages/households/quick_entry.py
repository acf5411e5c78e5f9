"""Quick entry of one household's paper, in the paper's order; last year's figures stand beside the empty fields."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from jmdesk.catalogue.types import Record
from jmdesk.households.queries import Dossier
from jmdesk.records.writer import InvalidRecord
from ui.core.context import Context
from ui.core.i18n import language, tr
from ui.core.labels import Labels
from ui.core.overriding import override
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.money_field import MoneyField
from ui.widgets.record_fields import FieldMaker
from ui.widgets.styling import button, column, label, row
from ui.widgets.typed_amounts import grouped

FACTS = ("address", "population", "labor_count", "resident_status", "main_industry")
INCOME = (
    "income_crop", "income_breed", "income_labor", "income_business", "income_property", "income_transfer",
    "income_other", "cost_production", "exp_living",
)  # fmt: skip


class QuickEntry(QFrame):
    """One household's paper, in its order. ``saved`` carries (income, changes); ``skipped`` goes on to the next."""

    saved = Signal(object)
    skipped = Signal()
    closed = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        services = context.services
        self.setProperty("role", "card")
        self._catalogue = services.catalogue
        maker = FieldMaker(services.catalogue, Labels(services), services.regions)
        self.rows: dict[str, FormRow] = {}
        self._known: Record = {}
        self._hints: Record = {}
        down = column(self, margin=12, gap=6)
        self.title = label("", "heading")
        down.addWidget(self.title)
        scroll = self._scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        inner = column(inside, gap=6)
        for type_id, names in (("R05", FACTS), ("R07", INCOME)):
            for name in names:
                field = self._catalogue.types[type_id].by_identifier[name]
                widget = maker.make(field)
                unit = "" if isinstance(getattr(widget, "inner", widget), MoneyField) else field.unit
                self.rows[name] = FormRow(RowText(field.label, unit), widget)
                inner.addWidget(self.rows[name])
        scroll.setWidget(inside)
        down.addWidget(scroll, 1)
        down.addLayout(self._buttons())

    def show_household(self, title: str, dossier: Dossier, suggestion: Record, left: int) -> None:
        """Ask about one household; last year's figures stand beside the empty fields."""
        self._known, self._hints = dict(dossier.household.values), suggestion
        self.title.setText(tr("{name} 户，本轮还剩 {n} 户", name=title, n=left))
        for name in FACTS:
            self.rows[name].field.set_value(self._known.get(name))  # type: ignore[attr-defined]
            self.rows[name].show_problem("")
        for name in INCOME:
            made = self.rows[name]
            made.field.set_value(None)  # type: ignore[attr-defined]
            made.show_problem("")
            said = suggestion.get(name)
            last = "" if said is None else grouped(str(said))
            made.show_hint(tr("上次登记 {value} 元，仅供参考(Ctrl+D 照抄)", value=last) if last else "")
        first = self.rows[INCOME[0]]
        first.field.setFocus()
        QTimer.singleShot(0, self, lambda: self._scroll.ensureWidgetVisible(first))

    def take_suggestion(self) -> None:
        """Take last year's figure into the field under the cursor: the collector has asked, and it is the same."""
        for name in INCOME:
            made = self.rows[name]
            if made.isAncestorOf(self.focusWidget()) and name in self._hints:
                made.field.set_value(self._hints[name])  # type: ignore[attr-defined]
                self.focusNextChild()
                return

    def save(self) -> None:
        """Hand over what was typed."""
        wrong = [made for made in self.rows.values() if made.field.value() is None and made.field.problem()]  # type: ignore[attr-defined]
        if wrong:
            wrong[0].field.setFocus()
            return
        income = {name: value for name in INCOME if (value := self.rows[name].field.value()) is not None}  # type: ignore[attr-defined]
        typed = {name: self.rows[name].field.value() for name in FACTS}  # type: ignore[attr-defined]
        changes = {n: v for n, v in typed.items() if v is not None and v != self._known.get(n)}
        self.saved.emit((income, changes))

    def show_error(self, error: InvalidRecord) -> None:
        """Say what the catalogue found wrong."""
        for problem in error.problems:
            if problem.field in self.rows:
                told = problem.message(language())
                self.rows[problem.field].show_problem(f"{told.text}{told.action}")
                self.rows[problem.field].field.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and control:
            self.save()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
        elif event.key() == Qt.Key.Key_D and control:
            self.take_suggestion()
        elif event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _buttons(self) -> QHBoxLayout:
        across = row(gap=8)
        self.save_button = button(tr("保存，下一户"), "primary")
        self.save_button.setToolTip("Ctrl+Enter")
        self.skip_button, self.close_button = button(tr("跳过这户")), button(tr("收起"))
        for widget in (self.save_button, self.skip_button, self.close_button):
            across.addWidget(widget)
        across.addStretch(1)
        self.save_button.clicked.connect(self.save)
        self.skip_button.clicked.connect(self.skipped)
        self.close_button.clicked.connect(self.closed)
        return across
