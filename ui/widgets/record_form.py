"""The form of any record type, made from the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.types import Catalogue, Field, Record, RecordType
from jmdesk.catalogue.validation import validation_of
from jmdesk.core.text import folded
from jmdesk.records.masking import is_income, masked, shown_value
from jmdesk.store.reading import Sealed
from ui.core.drafting import line_of, type_again
from ui.core.i18n import language, tr
from ui.core.overriding import override
from ui.core.record_desk import Loaded, awaiting_text, is_for_machines
from ui.core.reveal import Revealed
from ui.core.theme import look
from ui.widgets.field import LineField
from ui.widgets.form_row import FormRow, RowText
from ui.widgets.masked_field import MaskedField
from ui.widgets.record_fields import FieldMaker, carries_own_unit, make_read_only
from ui.widgets.section import Section
from ui.widgets.styling import card, column, label, mark

FORM_WIDTH = 820


@dataclass(frozen=True, slots=True)
class RevealWish:
    """Somebody wants to see what is masked: which fields, and why."""

    identifiers: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What the form would change: values set, fields emptied, and how many fields hold what cannot be read."""

    set_: Record
    unset: tuple[str, ...]
    unreadable: int

    @property
    def any(self) -> bool:
        """Whether there is anything to save or to mend."""
        return bool(self.set_ or self.unset or self.unreadable)


class RecordForm(QScrollArea):
    """Shows one record; the page saves it. Enter goes to the next field."""

    edited = Signal()
    reveal_wished = Signal(object)

    def __init__(
        self, record_type: RecordType, catalogue: Catalogue, maker: FieldMaker, today: Callable[[], date]
    ) -> None:
        super().__init__()
        self._type, self._catalogue, self._today = record_type, catalogue, today
        self._original: Record = {}
        self._closed: frozenset[str] = frozenset()
        self._warned: set[str] = set()
        self._kept_out: set[str] = set()
        self.rows: dict[str, FormRow] = {}
        self._sections: list[tuple[Section, tuple[Field, ...]]] = []
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = self._down = column(inside, gap=10)
        self.notice = label("", wrap=True)
        self.notice.setContentsMargins(*(look().theme.px(n) for n in (10, 8, 10, 8)))
        self.notice.hide()
        down.addWidget(self.notice)
        hidden = maker.hidden(record_type.id)
        for title, fields in record_type.sections:
            shown = tuple(
                f for f in fields if f.default_on and f.identifier not in hidden and not is_for_machines(record_type, f)
            )
            if shown:
                down.addWidget(self._section(title or record_type.label, shown, maker))
        down.addStretch(1)
        inside.setMaximumWidth(look().theme.px(FORM_WIDTH))
        self.setWidget(inside)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def begin(self, values: Record, closed: frozenset[str] = frozenset()) -> None:
        """Start a new record with some values filled in; ``closed``: the consent locks its household has not opened."""
        self._show({}, values, (), closed)

    def show_record(self, loaded: Loaded) -> None:
        """Show a stored record."""
        values = loaded.entry.record.values
        self._show(values, values, loaded.entry.awaiting, loaded.closed_locks)
        if self._type.bookkeeping or loaded.entry.record.voided is not None:
            for made in self.rows.values():
                make_read_only(made.field)

    def draft(self) -> dict[str, object]:
        """What was typed and is not saved, without touching the field under the cursor: that one by its text."""
        typed: dict[str, object] = {}
        focus = QApplication.focusWidget()
        for name, made in self.rows.items():
            line = line_of(made.field)
            if line is not None and line.isModified() and focus is not None and made.isAncestorOf(focus):
                typed[name] = line.text()
        found = self.changes(leaving=typed)
        return {"set": found.set_, "unset": list(found.unset), "typed": typed}

    def resume(self, content: Mapping[str, object]) -> None:
        """Put a draft back over what is shown."""
        set_, unset, typed = (content.get(part) for part in ("set", "unset", "typed"))
        values: dict[str, object] = dict.fromkeys(unset) if isinstance(unset, list) else {}
        values |= set_ if isinstance(set_, dict) else {}
        for name, value in values.items():
            made = self.rows.get(name)
            if made is not None:
                made.field.set_value(value)  # type: ignore[attr-defined]
        for name, text in typed.items() if isinstance(typed, dict) else ():
            if name in self.rows:
                field = self.rows[name].field
                if isinstance(field, MaskedField) and field.stored:
                    field.start_change()
                type_again(field, str(text))
        self._count_missing()

    def changes(self, leaving: Collection[str] = ()) -> Changes:
        """What differs from what is stored, but for the fields to be left alone."""
        set_: Record = {}
        unset: list[str] = []
        unreadable = 0
        for name, made in self.rows.items():
            if name in leaving:
                continue
            field = self._type.by_identifier[name]
            widget = made.field
            if not field.is_input or (isinstance(widget, MaskedField) and not widget.changed):
                continue
            value = widget.value()  # type: ignore[attr-defined]
            if widget.problem() and value is None:  # type: ignore[attr-defined]
                unreadable += 1
            elif value is None and name in self._original:
                unset.append(name)
            elif value is not None and value != self._original.get(name):
                set_[name] = value
        return Changes(set_, tuple(unset), unreadable)

    def now(self) -> Record:
        """The record as it stands while one types: what is stored, changed by what can be read, touching no field."""
        typing: dict[str, object] = {}
        for name, made in self.rows.items():
            line = line_of(made.field)
            if isinstance(line, LineField) and line.isModified():
                text = folded(line.text())
                typing[name] = None
                with suppress(ValueError):
                    typing[name] = line.read(text) if text else None
        found = self.changes(leaving=typing)
        record: dict[str, object] = {**self._original, **found.set_, **typing}
        return {n: v for n, v in record.items() if v is not None and n not in found.unset}  # type: ignore[misc]

    def show_computed(self, values: Record) -> None:
        """Show what follows from what is typed: sums and the like, in the fields that nobody types."""
        for name, made in self.rows.items():
            field, value = self._type.by_identifier[name], values.get(name)
            if field.is_input:
                continue
            if isinstance(made.field, MaskedField):
                made.field.follow(value, self._words(field, value))
            else:
                made.field.set_value(value)  # type: ignore[attr-defined]

    def suggest(self, values: Mapping[str, object]) -> None:
        """Fill in fields that are still empty, as if somebody had typed it."""
        for name, value in values.items():
            made = self.rows.get(name)
            if made is not None and not isinstance(made.field, MaskedField) and made.field.value() is None:  # type: ignore[attr-defined]
                made.field.set_value(value)  # type: ignore[attr-defined]

    def warn(self, problems: Sequence[Problem]) -> None:
        """Say beneath their fields what the rules of the whole household find; what they no longer find goes."""
        told = {problem.field: problem for problem in problems if problem.field in self.rows}
        for name in self._warned - told.keys():
            self.rows[name].show_problem("")
        self._warned = set(told)
        for problem in told.values():
            self._say(problem)

    def close_fields(self, names: Mapping[str, str]) -> None:
        """Keep input out of some fields, saying why; the others take input again."""
        for name, made in self.rows.items():
            made.field.setEnabled(name not in names)
            if name in names or name in self._kept_out:
                made.show_lock(names.get(name, ""))
        self._kept_out = set(names)

    def fit_content(self) -> None:
        """Be as tall as the form, for a place that scrolls itself."""
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.widget().installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.widget() and event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Resize):
            layout = self._down
            width = min(self.viewport().width(), self.widget().maximumWidth())
            tall = layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else layout.totalSizeHint().height()
            if tall > 0 and tall != self.height():
                self.setFixedHeight(tall)
        return super().eventFilter(watched, event)

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.verticalScrollBarPolicy() == Qt.ScrollBarPolicy.ScrollBarAlwaysOff:
            event.ignore()
            return
        super().wheelEvent(event)

    def focus_field(self, name: str) -> None:
        """Put the cursor into one field."""
        if name in self.rows:
            self.rows[name].field.setFocus()
        else:
            self.focus_first()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Show what the catalogue found wrong, and go to the first of it."""
        named = [problem for problem in problems if problem.field in self.rows]
        for problem in named:
            self._say(problem)
        if named:
            self.rows[named[0].field].field.setFocus()

    def missing(self) -> int:
        """How many required fields are still empty."""
        changes = self.changes()
        return sum(
            f.required and f.is_input and self._is_missing(f, changes) for _, fields in self._sections for f in fields
        )

    def focus_first(self) -> None:
        """Put the cursor into the first field that takes input."""
        for made in self.rows.values():
            if not made.isHidden() and made.field.isEnabled() and not made.field.property("readOnly"):
                made.field.setFocus()
                return

    @property
    def revealing(self) -> bool:
        """Whether something masked is readable just now."""
        return any(isinstance(made.field, MaskedField) and made.field.revealed for made in self.rows.values())

    def reveal(self, revealed: Revealed) -> None:
        """Show what was masked for a while, with how often this user looked today."""
        note = tr("已留痕；今天您第 {n} 次查看", n=revealed.today)
        for identifier, value in revealed.values.items():
            widget = self.rows[identifier].field
            if isinstance(widget, MaskedField):
                widget.reveal(self._words(self._type.by_identifier[identifier], value), note)
                note = ""

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.focusNextChild()
            return
        super().keyPressEvent(event)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _section(self, title: str, fields: tuple[Field, ...], maker: FieldMaker) -> QWidget:
        made = card()
        section = Section(title)
        column(made, margin=12).addWidget(section)
        for field in fields:
            section.add(self._row(field, maker))
        self._sections.append((section, fields))
        return made

    def _row(self, field: Field, maker: FieldMaker) -> FormRow:
        widget = maker.make(field)
        unit = "" if carries_own_unit(widget) else field.unit
        help_ = "" if field.is_input else tr("自动计算")
        made = FormRow(RowText(field.label, unit, field.required and field.is_input, help=help_), widget)
        if not field.is_input or self._type.bookkeeping:
            make_read_only(widget)
        if hasattr(widget, "edited"):
            widget.edited.connect(lambda name=field.identifier: self._edited(name))
        if isinstance(widget, MaskedField):
            widget.reveal_requested.connect(
                lambda reason, of=field: self.reveal_wished.emit(RevealWish(self._together(of), reason))
            )
        self.rows[field.identifier] = made
        return made

    def _show(self, original: Record, values: Record, awaiting: Sequence[Sealed], closed: frozenset[str]) -> None:
        self._original, self._closed = dict(original), closed
        waiting = {entry.field: entry for entry in awaiting}
        for name, made in self.rows.items():
            field = self._type.by_identifier[name]
            value = values.get(name)
            if isinstance(made.field, MaskedField):
                stored = value is not None and name in original
                made.field.set_mask(str(masked(field, value)) if stored and value is not None else "")
                if value is not None and not stored:
                    made.field.set_value(value)
            else:
                made.field.set_value(value)  # type: ignore[attr-defined]
            made.show_problem("")
            made.show_lock(self._lock_words(field, waiting.get(name)))
        self._show_notice()
        self._count_missing()

    def _together(self, field: Field) -> tuple[str, ...]:
        """What is revealed for one reason: a year's amounts make sense together only, everything else alone."""
        if not is_income(field):
            return (field.identifier,)
        return tuple(
            name
            for name, made in self.rows.items()
            if is_income(self._type.by_identifier[name])
            and isinstance(made.field, MaskedField)
            and made.field.stored
            and not made.field.changed
        )

    def _words(self, field: Field, value: object) -> str:
        return "" if value is None else shown_value(self._catalogue, field, value)  # type: ignore[arg-type]

    def _lock_words(self, field: Field, waiting: Sealed | None) -> str:
        lock = self._catalogue.lock_of(field)
        if lock is None or (field.lock not in self._closed and waiting is None) or lock.effect != "seal":
            return ""
        if waiting is not None:
            return tr("{waiting}，取得“{lock}”后自动转正", waiting=awaiting_text(waiting.since), lock=lock.label)
        return tr("须取得“{lock}”；现在填写只暂存在本机，不报送", lock=lock.label)

    def _show_notice(self) -> None:
        held = [
            self._catalogue.locks[name].label
            for name in sorted(self._closed)
            if self._catalogue.locks[name].effect == "hold"
        ]
        self.notice.setText(tr("本户尚未签署：{locks}。可以先填写，记录暂不报送。", locks="、".join(held)))
        mark(self.notice, "chip", "warn")
        self.notice.setVisible(bool(held) and not self._type.bookkeeping)

    def _edited(self, name: str) -> None:
        # Values are read when a field is left: reading one now would reformat it under the user's fingers.
        self.rows[name].show_problem("")
        self.edited.emit()

    def _focus_moved(self, before: QWidget | None, _now: QWidget | None) -> None:
        """Check a field when it is left."""
        if before is None or not self.isAncestorOf(before):
            return
        for name, made in self.rows.items():
            if made.isAncestorOf(before):
                self._check(name)
                self._count_missing()
                return

    def _check(self, name: str) -> None:
        field, widget = self._type.by_identifier[name], self.rows[name].field
        if not field.is_input or (isinstance(widget, MaskedField) and not widget.changed):
            return
        value = widget.value()  # type: ignore[attr-defined]
        if value is None:
            return
        values = {**self._original, **self.changes().set_}
        problem = validation_of(self._catalogue).of(self._type.id).check_field(name, value, values, self._today())
        if problem is not None:
            self._say(problem)

    def _say(self, problem: Problem) -> None:
        told = problem.message(language())
        made = self.rows[problem.field]
        made.show_problem(f"{told.text}{told.action}", warning=problem.level == "warn")

    def _count_missing(self) -> None:
        changes = self.changes()
        for section, fields in self._sections:
            missing = [f for f in fields if f.required and f.is_input and self._is_missing(f, changes)]
            section.remark.setText(tr("还有 {n} 项必填未填", n=len(missing)) if missing else "")

    def _is_missing(self, field: Field, changes: Changes) -> bool:
        name = field.identifier
        if name in changes.set_:
            return False
        return name not in self._original or name in changes.unset
