"""Editing inside the dossier: opens a form in its part, saves it, keeps what is typed as a draft, and goes on."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.households.duplicates.service import BY_NUMBER, Pair
from jmdesk.records.writer import InvalidRecord
from ui.core.context import Context
from ui.core.drafting import Drafting
from ui.core.i18n import tr
from ui.core.messages import WARN, Notice
from ui.core.record_desk import Loaded, RecordDesk
from ui.core.reveal import Revealed, reveal
from ui.core.runner import Outcome
from ui.pages.households.dossier import DossierView
from ui.pages.households.editor import Editing, RecordEditor
from ui.pages.households.model import Shown
from ui.widgets.record_fields import FieldMaker
from ui.widgets.record_form import RevealWish

_BEGINS_WITH: Mapping[str, Record] = {
    "R06": {"id_type": "111"},
    "R07": {"evidence_level": "1"},
    "R09": {"value_basis": "1"},
    "R10": {"debt_source": "1"},
    "R12": {"has_contract": False},
    "R13": {"opt_out": False},
}
"""What most new records of a type hold; the collector sees and changes it."""


class InPlace(QObject):
    """At most one editor at a time. ``began`` when one opens, ``ended`` when it is gone."""

    began = Signal()
    ended = Signal()

    def __init__(self, page: QWidget, context: Context, view: DossierView) -> None:
        super().__init__(page)
        self._context, self._view = context, view
        services = context.services
        self.desk = RecordDesk(services)
        self._maker = FieldMaker(services.catalogue, self.desk.labels, services.regions)
        self._shown: Shown | None = None
        self.editor: RecordEditor | None = None
        self._drafting = Drafting(page, context, "dossier", self._draft)
        view.wished.connect(self.begin)
        view.history_wished.connect(self._read_history)

    @property
    def dirty(self) -> bool:
        """Whether something is typed that is not saved."""
        return self.editor is not None and self.editor.dirty

    def show_household(self, shown: Shown) -> None:
        """The dossier shows this household, new or read anew; what was typed here before a crash comes back."""
        changed = self._shown is None or self._shown.rid != shown.rid
        self._shown = shown
        self.desk.labels.forget()
        if not changed:
            return
        self._drop()
        self._drafting.about(shown.rid)
        kept = self._drafting.kept()
        if kept is not None and not shown.voided and str(kept.get("type", "")) in self.desk.desk.catalogue.types:
            self._open(Editing(str(kept["type"]), str(kept.get("rid", ""))), kept)

    def begin(self, wanted: Editing) -> None:
        """Edit a record, unless another one has unsaved input."""
        if self.dirty:
            self._warn()
            return
        self._open(wanted, None)

    def save(self, again: bool = False) -> None:
        """Save what is edited; ``again`` begins another record of the kind."""
        editor, shown = self.editor, self._shown
        if editor is None or shown is None or not editor.save_button.isEnabled():
            return
        found = editor.form.changes()
        if found.unreadable:
            text = tr("有 {count} 项填写的内容看不懂，请先改正标红的项。", count=found.unreadable)
            self._context.notices.post(Notice(text, WARN))
            return
        if not found.any:
            self.close()
            return
        editor.save_button.setEnabled(False)
        wanted, set_ = editor.wanted, self._owned(editor.wanted, found.set_)
        self._context.runner.submit(
            lambda _progress, _cancelled: self.desk.save(wanted.type, wanted.rid, set_, found.unset),
            partial(self._saved, again),
        )

    def close(self) -> None:
        """Let the editor go, with what is typed in it."""
        editor = self.editor
        if editor is None:
            return
        if editor.dirty:
            self._drafting.forget()
        panel = self._view.panels.get(editor.wanted.type)
        self._drop()
        if panel is not None:
            panel.take_focus()

    def keep_draft(self) -> None:
        """Keep what is typed, before a lock."""
        self._drafting.keep_now()

    # -- opening ---------------------------------------------------------------------------------------------------

    def _open(self, wanted: Editing, kept: Mapping[str, object] | None) -> None:
        shown = self._shown
        if shown is None or shown.voided:
            return
        if not wanted.rid:
            begun = {**_BEGINS_WITH.get(wanted.type, {}), **(wanted.values or {})}
            if wanted.type == "R07":
                begun.setdefault("year", beijing_date(self._context.services.clock.now()).year - 1)
            wanted = Editing(wanted.type, "", begun, wanted.field)
        self._context.runner.read(lambda: self._load(wanted, shown.rid), partial(self._loaded, wanted, kept))

    def _load(self, wanted: Editing, household: str) -> Loaded | frozenset[str]:
        if wanted.rid:
            return self.desk.load(wanted.type, wanted.rid)
        record_type = self.desk.desk.catalogue.types[wanted.type]
        own = record_type.household_field or "subject_id"
        reference = household if own != "subject_id" else f"R05:{household}"
        return self.desk.closed_locks(wanted.type, "", {own: reference})

    def _loaded(self, wanted: Editing, kept: Mapping[str, object] | None, outcome: Outcome) -> None:
        shown = self._shown
        if outcome.error is not None or shown is None:
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        self._drop()
        services = self._context.services
        editor = RecordEditor(services, services.catalogue.types[wanted.type], self._maker, wanted)
        closed = outcome.value if isinstance(outcome.value, frozenset) else frozenset[str]()
        editor.show_loaded(outcome.value if isinstance(outcome.value, Loaded) else None, shown.dossier, closed)
        editor.saved.connect(self.save)
        editor.closed.connect(self.close)
        editor.edited.connect(self._drafting.touch)
        editor.void_wished.connect(self._void)
        editor.form.reveal_wished.connect(self._reveal)
        editor.person_typed.connect(self._look_for_twin)
        self.editor = editor
        self._view.show_editor(editor)
        if kept is not None:
            editor.form.resume(kept)
            editor.dirty = True
            editor.save_button.setEnabled(True)
            text, hint = tr("已恢复上次没有保存的填写。"), tr("核对后按 Ctrl+S 保存，或放弃。")
            self._context.notices.post(Notice(text, WARN, hint, tr("放弃这些填写"), self.close))
        editor.form.focus_field(wanted.field)
        self.began.emit()

    def _drop(self) -> None:
        editor, self.editor = self.editor, None
        if editor is not None:
            editor.hide()
            editor.setParent(None)
            editor.deleteLater()
            self.ended.emit()

    # -- what comes back -------------------------------------------------------------------------------------------

    def _owned(self, wanted: Editing, set_: Record) -> Record:
        """A new record's values with whose it is."""
        assert self._shown is not None  # noqa: S101 -- an editor is open
        if wanted.rid:
            return set_
        own = self.desk.desk.catalogue.types[wanted.type].household_field
        return {**set_, **({own: self._shown.rid} if own else {"subject_id": f"R05:{self._shown.rid}"})}

    def _saved(self, again: bool, outcome: Outcome) -> None:
        editor = self.editor
        if outcome.error is not None:
            if editor is not None:
                editor.save_button.setEnabled(True)
                if isinstance(outcome.error, InvalidRecord):
                    editor.form.show_problems(outcome.error.problems)
            self._context.notices.error(outcome.error)
            return
        missing = editor.form.missing() if editor is not None else 0
        text = tr("已保存；还有 {n} 项必填未填，补齐后才能报送。", n=missing) if missing else tr("已保存。")
        self._drafting.forget()
        if editor is not None:
            editor.dirty = False
            wanted = editor.wanted
            self.close()
            if again and not wanted.rid:
                self._open(Editing(wanted.type), None)
        self._context.notices.done_with_undo(text, self._context.undo)

    def _void(self, reason: str) -> None:
        editor, records = self.editor, self._context.services.records
        if editor is None:
            return
        type_id, rid = editor.wanted.type, editor.wanted.rid
        self._context.runner.submit(lambda _progress, _cancelled: records.void(type_id, rid, reason), self._voided)

    def _voided(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self.close()
        self._context.notices.done_with_undo(tr("已作废(留痕)。"), self._context.undo)

    def _reveal(self, wish: RevealWish) -> None:
        editor, services = self.editor, self._context.services
        if editor is None:
            return
        type_id, rid = editor.wanted.type, editor.wanted.rid
        self._context.runner.submit(
            lambda _progress, _cancelled: reveal(services, type_id, rid, wish.identifiers, wish.reason),
            partial(self._revealed, rid),
        )

    def _revealed(self, rid: str, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        elif isinstance(outcome.value, Revealed) and self.editor is not None and self.editor.wanted.rid == rid:
            self.editor.form.reveal(outcome.value)

    def _read_history(self, rid: str) -> None:
        self._context.runner.read(lambda: self.desk.history(rid), self._history_read)

    def _history_read(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        elif isinstance(outcome.value, list):
            self._view.show_history(outcome.value)

    # -- the same person elsewhere ---------------------------------------------------------------------------------

    def _look_for_twin(self, person: Record) -> None:
        editor, shown = self.editor, self._shown
        if editor is None or shown is None:
            return
        duplicates, rid, region = self._context.services.duplicates, editor.wanted.rid, shown.dossier.household.region

        def look() -> Pair | None:
            try:
                return duplicates.of(person, region, rid)
            except Refused:  # who may not read people is told nothing of them
                return None

        self._context.runner.read(look, self._twin_found)

    def _twin_found(self, outcome: Outcome) -> None:
        if self.editor is None:
            return
        pair = outcome.value
        if not isinstance(pair, Pair):
            self.editor.tell_twin("")
            return
        twin = pair.twins[0]
        where = tr("{head} 户({number})", head=twin.head, number=twin.number)
        if pair.by == BY_NUMBER:
            told = tr(
                "这个证件号码已登记在 {where}：{name}。如果是同一人，请用“成员转户”，不要重复登记。",
                where=where,
                name=twin.name,
            )
        else:
            told = tr("同村已有同名同生日的人：{name}，在 {where}。请核对是不是同一人。", where=where, name=twin.name)
        self.editor.tell_twin(told)

    def _draft(self) -> dict[str, object] | None:
        editor = self.editor
        if editor is None or not editor.dirty:
            return None
        return {**editor.form.draft(), "type": editor.wanted.type, "rid": editor.wanted.rid}

    def _warn(self) -> None:
        text, hint = tr("这一页有未保存的修改。"), tr("按 Ctrl+S 保存，或放弃修改。")
        self._context.notices.post(Notice(text, WARN, hint, tr("放弃修改"), self.close))
