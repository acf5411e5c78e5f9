"""Opening a new archive: the household and its head on one small form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from jmdesk.catalogue import idno
from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.records.writer import InvalidRecord
from ui.core.drafting import line_of, type_again
from ui.core.i18n import language, tr
from ui.core.overriding import override
from ui.core.pickers import children_within, region_path, regions_within, search_codes
from ui.core.theme import look
from ui.pages.households.model import NewHousehold
from ui.widgets.code_picker import CodePicker
from ui.widgets.date_field import DateField
from ui.widgets.field import TextField, WholeField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.region_picker import RegionPicker
from ui.widgets.section import Section
from ui.widgets.styling import button, card, column, label, row
from ui.widgets.yes_no_field import YesNoField

FORM_WIDTH = 720
HEAD = ("person_name", "id_no", "sex", "birth_date", "is_labor")
HOUSEHOLD = (
    "region_code", "group_no", "address", "household_type", "population", "labor_count", "resident_status",
    "main_industry", "phone",
)  # fmt: skip
NEEDED = ("person_name", "region_code")
"""Without these no archive is opened; the rest may follow."""


class NewHouseholdForm(QScrollArea):
    """Emits ``wanted`` with a ``NewHousehold``, or ``given_up``."""

    wanted = Signal(object)
    given_up = Signal()
    edited = Signal()

    def __init__(self, catalogue: Catalogue, scope: tuple[str, ...], today: Callable[[], date]) -> None:
        super().__init__()
        self._catalogue, self._scope, self._today = catalogue, scope, today
        self.rows: dict[str, FormRow] = {}
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = column(inside, gap=10)
        across = row()
        across.addWidget(label(tr("新建农户档案"), "title"))
        across.addStretch(1)
        self.cancel, self.save_button = button(tr("取消")), button(tr("建档"), "primary")
        across.addWidget(self.cancel)
        across.addWidget(self.save_button)
        down.addLayout(across)
        down.addWidget(label(tr("户编号由系统编排。保存后可在档案里补充家庭成员、收支、资产等。"), "muted", wrap=True))
        down.addWidget(self._card(tr("户主"), "R06", HEAD))
        down.addWidget(self._card(tr("家庭"), "R05", HOUSEHOLD))
        down.addStretch(1)
        inside.setMaximumWidth(look().theme.px(FORM_WIDTH))
        self.setWidget(inside)
        self.cancel.clicked.connect(self.given_up)
        self.save_button.clicked.connect(self.save)
        number = self.rows["id_no"].field
        assert isinstance(number, TextField)  # noqa: S101 -- made above
        number.editingFinished.connect(self._read_number)

    @property
    def touched(self) -> bool:
        """Whether something was typed."""
        return any(made.field.value() is not None for name, made in self.rows.items() if name != "region_code")  # type: ignore[attr-defined]

    def begin(self, village: str = "") -> None:
        """Make room for a new household, in this village where one is at work."""
        for made in self.rows.values():
            made.field.set_value(None)  # type: ignore[attr-defined]
            made.show_problem("")
        if village:
            self.rows["region_code"].field.set_value(village)  # type: ignore[attr-defined]
        self.save_button.setEnabled(True)
        self.rows["person_name"].field.setFocus()

    def draft(self) -> dict[str, object] | None:
        """What was typed, without touching the field under the cursor: that one by its text. None for nothing."""
        typed: dict[str, object] = {}
        focus = QApplication.focusWidget()
        for name, made in self.rows.items():
            line = line_of(made.field)
            if line is not None and line.isModified() and focus is not None and made.isAncestorOf(focus):
                typed[name] = line.text()
        values = self._values(tuple(name for name in self.rows if name not in typed))
        return {"set": values, "typed": typed} if typed or values.keys() - {"region_code"} else None

    def resume(self, content: Mapping[str, object]) -> None:
        """Put a draft back."""
        set_, typed = content.get("set"), content.get("typed")
        for name, value in set_.items() if isinstance(set_, dict) else ():
            if name in self.rows:
                self.rows[name].field.set_value(value)  # type: ignore[attr-defined]
        for name, text in typed.items() if isinstance(typed, dict) else ():
            if name in self.rows:
                type_again(self.rows[name].field, str(text))

    def save(self) -> None:
        """Ask for the archive to be opened, when what it needs is there."""
        if not self.save_button.isEnabled():
            return
        head, household = self._values(HEAD), self._values(HOUSEHOLD)
        wrong = [made for made in self.rows.values() if made.field.problem()]  # type: ignore[attr-defined]
        for name in NEEDED:
            if name not in head and name not in household:
                made = self.rows[name]
                made.show_problem(made.field.problem() or tr("请填写{name}。", name=made.text.label))  # type: ignore[attr-defined]
                wrong.append(made)
        if len(region_path(str(household.get("region_code", "")))) < 3 and "region_code" in household:
            self.rows["region_code"].show_problem(tr("请选到村居一级。"))
            wrong.append(self.rows["region_code"])
        if wrong:
            wrong[0].field.setFocus()
            return
        self.save_button.setEnabled(False)
        self.wanted.emit(NewHousehold(household, head))

    def show_error(self, error: InvalidRecord) -> None:
        """Show what the catalogue found wrong."""
        self.save_button.setEnabled(True)
        for problem in error.problems:
            if problem.field in self.rows:
                told = problem.message(language())
                self.rows[problem.field].show_problem(f"{told.text}{told.action}")
                self.rows[problem.field].field.setFocus()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
            return
        super().keyPressEvent(event)

    def _values(self, names: tuple[str, ...]) -> Record:
        found = {name: self.rows[name].field.value() for name in names}  # type: ignore[attr-defined]
        return {name: value for name, value in found.items() if value is not None}

    def _card(self, title: str, type_id: str, names: tuple[str, ...]) -> QWidget:
        made = card()
        section = Section(title)
        column(made, margin=12).addWidget(section)
        fields = self._catalogue.types[type_id].by_identifier
        for name in names:
            field = fields[name]
            widget = self._widget(name, field.code_list, field.type.kind, field.type.size)
            text = RowText(field.label, field.unit, name in NEEDED)
            self.rows[name] = FormRow(text, widget)
            widget.edited.connect(self.edited)  # type: ignore[attr-defined]
            section.add(self.rows[name])
        return made

    def _widget(self, name: str, code_list: str, kind: str, size: int) -> QWidget:
        if name == "region_code":
            return RegionPicker(regions_within(self._scope), region_path, children_within(self._scope))
        listed = self._catalogue.code_lists.get(code_list)
        if listed is not None and listed.values:
            return CodePicker(search_codes(listed.values), listed.values.get)
        makers = {"date": DateField, "int": WholeField, "bool": YesNoField}
        return makers[kind]() if kind in makers else TextField(max_length=size)

    def _read_number(self) -> None:
        """Fill in what a valid identity number says, where nothing was typed."""
        number = self.rows["id_no"].field.value()  # type: ignore[attr-defined]
        if not isinstance(number, str):
            return
        verdict = idno.check(number, self._today())
        if verdict.verdict == "error":
            return
        for name, value in (("sex", verdict.sex), ("birth_date", verdict.birth_date)):
            widget = self.rows[name].field
            if value and widget.value() is None:  # type: ignore[attr-defined]
                widget.set_value(str(value))  # type: ignore[attr-defined]
