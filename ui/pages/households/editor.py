"""One record of a household, edited where it stands in the dossier: sums and checks follow while one types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout

from jmdesk.catalogue.derived import DerivedContext, derive, identity
from jmdesk.catalogue.problems import Problem
from jmdesk.core.clock import beijing_date
from ui.core.actions import tip
from ui.core.i18n import language, tr
from ui.core.overriding import override
from ui.core.record_desk import Loaded
from ui.widgets.field import TextField
from ui.widgets.record_form import RecordForm
from ui.widgets.styling import button, column, label, row

if TYPE_CHECKING:
    from jmdesk.catalogue.types import Record, RecordType
    from jmdesk.desk import Desk
    from jmdesk.households.queries import Dossier
    from ui.widgets.record_fields import FieldMaker

PAUSE = 120
"""Milliseconds without a key before sums and checks follow."""
NEW = "new"
"""Stands for the id of a record that is just being added."""
_TELLING = ("person_name", "id_no", "birth_date")
_NOT_OF_CHILDREN = ("id_type", "id_no", "occupation")


@dataclass(frozen=True, slots=True)
class Editing:
    """What is edited: a type, a record (empty: a new one), the values a new one begins with, the field to begin at."""

    type: str
    rid: str = ""
    values: Record | None = None
    field: str = ""


class RecordEditor(QFrame):
    """Shows one form inside the dossier. The page saves; ``closed`` when the user is done without saving."""

    saved = Signal(bool)
    """Asks to save; true for "and begin another one"."""
    closed = Signal()
    edited = Signal()
    void_wished = Signal(str)
    person_typed = Signal(object)
    """Carries what is typed of a person, so that somebody can look whether they are here already."""

    def __init__(self, desk: Desk, record_type: RecordType, maker: FieldMaker, wanted: Editing) -> None:
        super().__init__()
        self.setProperty("role", "inset")
        self._desk, self.wanted, self._type = desk, wanted, record_type
        self._dossier: Dossier | None = None
        self._before: list[Problem] = []
        self._told: Record = {}
        self._twin = self._findings = ""
        self.dirty = False
        self.form = RecordForm(record_type, desk.catalogue, maker, self._today)
        self.form.fit_content()
        self.hint = label("", "warning", wrap=True)
        self.hint.hide()
        down = column(self, margin=10, gap=6)
        down.addWidget(self.form)
        down.addWidget(self.hint)
        down.addLayout(self._buttons())
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.follow)
        self.form.edited.connect(self._edited)

    @property
    def is_new(self) -> bool:
        """Whether the record is not stored yet."""
        return not self.wanted.rid

    def show_loaded(self, loaded: Loaded | None, dossier: Dossier, closed: frozenset[str] = frozenset()) -> None:
        """Show the stored record, or an empty form with what a new one begins with."""
        self._dossier = dossier
        self._before = [one.problem for one in self._desk.households.judged(dossier, {})]
        if loaded is None:
            self.form.begin(dict(self.wanted.values or {}), closed)
        else:
            self.form.show_record(loaded)
        for name in ("household_id", "subject_id", "head_person_id", "region_code"):
            if name in self.form.rows and not (name == "region_code" and self.wanted.type == "R05" and self.is_new):
                self.form.rows[name].hide()
        self.follow()

    def follow(self) -> None:
        """Bring sums, what an identity number says, and the checks up to what is typed."""
        record = self.form.now()
        if self.wanted.type == "R06":
            born, sex = identity(record, self._today())
            self.form.suggest({"birth_date": born.isoformat() if born else None, "sex": sex or None})
            record = self.form.now()
        computed = derive(
            self._type, record, on=self._today(), context=DerivedContext(self._today(), self._desk.catalogue.calendar)
        )
        self.form.show_computed(computed)
        record = {**record, **computed}
        if self.wanted.type == "R06":
            self._close_for_children(record)
            person = {name: record[name] for name in _TELLING if name in record}
            if person != self._told:
                self._told = person
                self.person_typed.emit(person)
        self._check(record)

    def _today(self) -> date:
        return beijing_date(self._desk.clock.now())

    def tell_twin(self, text: str) -> None:
        """Say under the form that this person is here already; empty takes it away."""
        self._twin = text
        self._say()

    def _say(self) -> None:
        text = "\n".join(filter(None, (self._twin, self._findings)))
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier and event.key() in (
            Qt.Key.Key_Return,
            Qt.Key.Key_Enter,
        ):
            self.again_button.click()
            return
        super().keyPressEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._timer.stop()
        super().hideEvent(event)

    def _edited(self) -> None:
        self.dirty = True
        self.save_button.setEnabled(True)
        self._timer.start()
        self.edited.emit()

    def _close_for_children(self, record: Record) -> None:
        child = record.get("is_under14") is True
        told = tr("未满 14 周岁：只记与户主的关系，不收证件号码。")
        self.form.close_fields(dict.fromkeys(_NOT_OF_CHILDREN, told) if child else {})

    def _check(self, record: Record) -> None:
        if self._dossier is None:
            return
        rid = self.wanted.rid or NEW
        found = self._desk.households.judged(self._dossier, {(self.wanted.type, rid): record})
        own = [one.problem for one in found if one.rid == rid and one.problem.field in record]
        self.form.warn(own)
        others = [one.problem for one in found if one.rid != rid or one.problem.field not in self.form.rows]
        self._findings = self._words([problem for problem in others if problem not in self._before])
        self._say()

    @staticmethod
    def _words(problems: list[Problem]) -> str:
        return "\n".join(dict.fromkeys(problem.message(language()).text for problem in problems))

    def _buttons(self) -> QHBoxLayout:
        across = row(gap=8)
        self.save_button = button(tr("保存"), "primary")
        self.save_button.setToolTip(tip("app.save"))
        self.again_button = button(tr("保存并再添一条"))
        self.again_button.setToolTip("Ctrl+Enter")
        self.cancel_button = button(tr("取消"))
        self.cancel_button.setToolTip("Esc")
        self.void_button = button(tr("作废"), "danger", "void")
        self.reason = TextField(max_length=200)
        self.reason.setPlaceholderText(tr("作废原因"))
        self.reason.setAccessibleName(tr("作废原因"))
        self.reason.hide()
        for widget in (self.save_button, self.again_button, self.cancel_button):
            across.addWidget(widget)
        across.addStretch(1)
        across.addWidget(self.reason, 1)
        across.addWidget(self.void_button)
        self.save_button.setEnabled(False)
        if not self.is_new:
            self.again_button.hide()
        if self.is_new or self.wanted.type == "R05":
            self.void_button.hide()
        self.save_button.clicked.connect(lambda: self.saved.emit(False))  # noqa: FBT003 -- Qt signal
        self.again_button.clicked.connect(lambda: self.saved.emit(True))  # noqa: FBT003 -- Qt signal
        self.cancel_button.clicked.connect(self.closed)
        self.void_button.clicked.connect(self._void)
        self.reason.returnPressed.connect(self._void)
        return across

    def _void(self) -> None:
        reason = str(self.reason.value() or "")
        if reason:
            self.void_wished.emit(reason)
            return
        self.reason.show()
        self.reason.setFocus()
