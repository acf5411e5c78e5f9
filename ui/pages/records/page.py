"""Records: the types at the left, and for one type its list, a form, or a history."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QBoxLayout, QWidget

from jmdesk.core.changes import Changes
from jmdesk.core.clock import beijing_date
from jmdesk.records.writer import InvalidRecord
from ui.core import wording
from ui.core.actions import bind, tip
from ui.core.context import Context, Page, Target
from ui.core.drafting import Drafting
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.messages import WARN, Notice
from ui.core.overriding import override
from ui.core.ports import Chip
from ui.core.record_desk import Loaded, RecordDesk
from ui.core.reveal import Revealed, reveal
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.pages.records.kinds import KindList
from ui.pages.records.listing import RecordList
from ui.widgets.attachments import AttachmentsPanel
from ui.widgets.chip import ChipLabel
from ui.widgets.elided import Elided
from ui.widgets.field import TextField
from ui.widgets.record_fields import FieldMaker
from ui.widgets.record_form import RecordForm, RevealWish
from ui.widgets.record_history import HistoryView
from ui.widgets.sides import Sides
from ui.widgets.styling import button, card, column, label, row


class RecordsPage(Page):
    """Every record type, one page."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        services = context.services
        self.desk = RecordDesk(services)
        self._maker = FieldMaker(services.catalogue, self.desk.labels, services.regions)
        self._lists: dict[str, RecordList] = {}
        self._forms: dict[str, RecordForm] = {}
        self.type_id, self.rid = "R05", ""
        self._dirty = False
        self._revealed_rid = ""
        self._came_from: Target | None = None
        self._drafting = Drafting(self, context, "records", self._draft)
        self._begun_with: dict[str, object] = {}
        across = row(self, margin=20, gap=16)
        self.types = KindList(services.catalogue)
        self.types.chosen.connect(self._choose_type)
        across.addWidget(self.types)
        self.stack = Sides()
        self._list_place = Sides()
        self.stack.addWidget(self._list_place)
        self.stack.addWidget(self._form_side())
        across.addWidget(self.stack, 1)
        bind(self, "records.history", self.show_history)
        bind(self, "records.void", self.ask_void)
        bind(self, "records.case", self.show_case)
        bind(self, "records.attachments", self.attachments.take_focus)
        self._freshness = Freshness(self, context.runner, self._changed)
        context.runner.changed.connect(self._forget)
        self.show_list("R05")

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if not target.type or self._dirty:
            return
        self._came_from = target.came_from
        if target.new is not None:
            self.begin(target.type, target.new)
        elif target.rid:
            self.open(target.type, target.rid)
        else:
            self.show_list(target.type)

    @override
    def take_focus(self) -> None:
        if self.stack.currentIndex() == 0:
            shown = self._list_place.currentWidget()
            if isinstance(shown, RecordList):
                shown.table.setFocus()
        elif self._forms and self._inner.currentWidget() is not self._history:
            self._forms[self.type_id].focus_first()

    @override
    def start_search(self) -> None:
        if not self._dirty:
            self.show_list(self.type_id)
            self._lists[self.type_id].search.setFocus()

    @override
    def start_new(self) -> None:
        if not self._dirty:
            self.begin(self.type_id, {})

    @override
    def go_back(self) -> None:
        if self._dirty:
            self._warn_unsaved()
        elif self.stack.currentIndex() == 1 and self._inner.currentWidget() is self._history:
            self._inner.setCurrentWidget(self._forms[self.type_id])
        elif self._came_from is not None:
            target, self._came_from = self._came_from, None
            self.show_list(self.type_id)
            self.context.go(target)
        else:
            self.show_list(self.type_id)

    @override
    def unsaved(self) -> bool:
        return self._dirty

    @override
    def discard(self) -> None:
        self._dirty = False
        self._drafting.forget()
        self.show_list(self.type_id)

    @override
    def keep_draft(self) -> None:
        self._drafting.keep_now()

    # -- list ------------------------------------------------------------------------------------------------------

    def show_list(self, type_id: str) -> None:
        """Show the list of a type."""
        self.type_id, self.rid, self._revealed_rid = type_id, "", ""
        made = self._lists.get(type_id)
        if made is None:
            record_type = self.context.services.catalogue.types[type_id]
            made = self._lists[type_id] = RecordList(record_type, self.desk, self.context)
            made.opened.connect(lambda rid: self.open(self.type_id, rid))
            made.new_wished.connect(self.start_new)
            self._list_place.addWidget(made)
        self._mark_type()
        self._list_place.setCurrentWidget(made)
        self.stack.setCurrentIndex(0)

    # -- form ------------------------------------------------------------------------------------------------------

    def begin(self, type_id: str, values: object) -> None:
        """Show an empty form; a household begins on the household page, for it needs its head at once."""
        record_type = self.context.services.catalogue.types[type_id]
        if record_type.bookkeeping:
            return
        if type_id == "R05":
            self.context.go(Target("households", "R05", new={}))
            return
        self.type_id, self.rid = type_id, ""
        form = self._form(type_id)
        self._begun_with = dict(values) if isinstance(values, dict) else {}
        form.begin(values if isinstance(values, dict) else {})
        self._show_form(form, tr("新建{name}", name=record_type.label), Chip(tr("未保存")), editable=True, stored=False)
        self._resume(form)
        form.focus_first()

    def open(self, type_id: str, rid: str) -> None:
        """Show a stored record."""
        self.type_id, self.rid = type_id, rid
        self.context.runner.read(lambda: self.desk.load(type_id, rid), self._loaded)

    def _loaded(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, Loaded):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        loaded = outcome.value
        record = loaded.entry.record
        if (record.type, record.rid) != (self.type_id, self.rid) or self._dirty:
            return
        form = self._form(record.type)
        if form.revealing and self._revealed_rid == record.rid:
            return  # noting the look in the log is what caused this reading; it must not cover the number
        form.show_record(loaded)
        record_type = self.context.services.catalogue.types[record.type]
        live = record.voided is None and not record_type.bookkeeping
        state = wording.sync_state(record.sync) if record.voided is None else Chip(tr("已作废"))
        self._show_form(form, loaded.title or record_type.label, state, editable=live, stored=True)
        self.state_note.setText("" if record.voided in (None, "-") else tr("作废原因：{reason}", reason=record.voided))
        if live:
            self._resume(form)

    def _show_form(self, form: RecordForm, title: str, state: Chip, *, editable: bool, stored: bool) -> None:
        self._dirty = False
        self.title.setText(title)
        self.state.show_chip(state)
        self.state_note.setText("")
        self.save_button.setVisible(editable)
        self.save_button.setEnabled(not stored)
        self.void_button.setVisible(editable and stored)
        self.history_button.setVisible(stored)
        self.case_button.setVisible(stored and self.context.services.workflows.workflow_of(self.type_id) is not None)
        self._void_line.hide()
        self._mark_type()
        self._inner.setCurrentWidget(form)
        keeps_papers = stored and not self.context.services.catalogue.types[self.type_id].bookkeeping
        self.attachments.show_record(self.type_id, self.rid if keeps_papers else "", editable=editable)
        self.stack.setCurrentIndex(1)

    def _form(self, type_id: str) -> RecordForm:
        made = self._forms.get(type_id)
        if made is None:
            services = self.context.services
            made = self._forms[type_id] = RecordForm(
                services.catalogue.types[type_id],
                services.catalogue,
                self._maker,
                lambda: beijing_date(services.clock.now()),
            )
            made.edited.connect(self._edited)
            made.reveal_wished.connect(self._reveal)
            self._inner.addWidget(made)
        return made

    def _edited(self) -> None:
        self._dirty = True
        self.save_button.setEnabled(True)
        self._drafting.touch()

    def _draft(self) -> dict[str, object] | None:
        return self._forms[self.type_id].draft() | {"new": self._begun_with} if self._dirty else None

    def _resume(self, form: RecordForm) -> None:
        """Put back what was typed here before a lock or a crash."""
        of = self.rid or str(self._begun_with.get("household_id") or self._begun_with.get("subject_id") or "")
        self._drafting.about(f"{self.type_id}:{'' if self.rid else 'new:'}{of}")
        kept = self._drafting.kept()
        if kept is not None:
            form.resume(kept)
            self._dirty = True
            self.save_button.setEnabled(True)
            text, hint = tr("已恢复上次没有保存的填写。"), tr("核对后按 Ctrl+S 保存，或放弃。")
            self.context.notices.post(Notice(text, WARN, hint, tr("放弃这些填写"), self.discard))

    # -- saving ----------------------------------------------------------------------------------------------------

    @override
    def save(self) -> None:
        if self.stack.currentIndex() != 1 or not self.save_button.isVisible() or not self.save_button.isEnabled():
            return
        wanted = self._forms[self.type_id].changes()
        if wanted.unreadable:
            text = tr("有 {count} 项填写的内容看不懂，请先改正标红的项。", count=wanted.unreadable)
            self.context.notices.post(Notice(text, WARN))
            return
        if not wanted.any:
            self._dirty = False
            self.save_button.setEnabled(False)
            return
        type_id, rid = self.type_id, self.rid
        self.save_button.setEnabled(False)
        self.context.runner.submit(
            lambda _progress, _cancelled: self.desk.save(type_id, rid, wanted.set_, wanted.unset), self._saved
        )

    def _saved(self, outcome: Outcome) -> None:
        if isinstance(outcome.error, InvalidRecord):
            self._forms[self.type_id].show_problems(outcome.error.problems)
        if outcome.error is not None:
            self.save_button.setEnabled(True)
            self.context.notices.error(outcome.error)
            return
        self._dirty = False
        self._drafting.forget()
        self._revealed_rid = ""
        missing = self._forms[self.type_id].missing()
        self.open(self.type_id, str(outcome.value))
        text = tr("已保存；还有 {n} 项必填未填，补齐后才能报送。", n=missing) if missing else tr("已保存。")
        self.context.notices.done_with_undo(text, self.context.undo)

    def ask_void(self) -> None:
        """Ask for the reason, in place."""
        if self.stack.currentIndex() == 1 and self.void_button.isVisible():
            self._void_line.show()
            self.reason.setFocus()

    def void(self) -> None:
        """Void the record for the reason typed."""
        reason = str(self.reason.value() or "")
        if not reason:
            self.reason.show_problem(tr("请写明作废原因。"))
            return
        type_id, rid, records = self.type_id, self.rid, self.context.services.records
        self.reason.set_value(None)
        self._dirty = False
        self.context.runner.submit(lambda _progress, _cancelled: records.void(type_id, rid, reason), self._voided)

    def _voided(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.show_list(self.type_id)
        self.context.notices.done_with_undo(tr("已作废(留痕)。"), self.context.undo)

    # -- history and numbers ---------------------------------------------------------------------------------------

    def show_case(self) -> None:
        """Go to the case about the record, where its kind has one."""
        if self.stack.currentIndex() == 1 and self.rid and self.case_button.isVisible() and not self._dirty:
            here = Target("records", self.type_id, self.rid)
            self.context.go(Target("cases", self.type_id, self.rid, came_from=here))

    def show_history(self) -> None:
        """Show what was done to the record."""
        if self.stack.currentIndex() != 1 or not self.rid:
            return
        rid = self.rid
        self.context.runner.read(lambda: self.desk.history(rid), self._show_history)

    def _show_history(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, list):
            self._history.show_deeds(outcome.value)
            self._inner.setCurrentWidget(self._history)

    def _reveal(self, wish: RevealWish) -> None:
        type_id, rid, services = self.type_id, self.rid, self.context.services
        self.context.runner.submit(
            lambda _progress, _cancelled: reveal(services, type_id, rid, wish.identifiers, wish.reason),
            partial(self._revealed, type_id, rid),
        )

    def _revealed(self, type_id: str, rid: str, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, Revealed) and (self.type_id, self.rid) == (type_id, rid):
            self._revealed_rid = rid
            self._forms[type_id].reveal(outcome.value)

    # -- changes from elsewhere ------------------------------------------------------------------------------------

    def _forget(self, _changes: Changes) -> None:
        self.desk.labels.forget()

    def _changed(self) -> None:
        for made in self._lists.values():
            made.reread()
        if self.stack.currentIndex() == 1 and self.rid and not self._dirty:
            self.open(self.type_id, self.rid)

    def _warn_unsaved(self) -> None:
        text = tr("这一页有未保存的修改。")
        self.context.notices.post(Notice(text, WARN, tr("按 Ctrl+S 保存，或放弃修改。"), tr("放弃修改"), self.discard))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _choose_type(self, type_id: str) -> None:
        if type_id == self.type_id:
            return
        if self._dirty:
            self._mark_type()
            self._warn_unsaved()
            return
        self._came_from = None
        self.show_list(type_id)

    def _mark_type(self) -> None:
        self.types.mark(self.type_id)

    def _form_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        down.addLayout(self._form_head())
        down.addWidget(self._make_void_line())
        self._inner = Sides()
        self._history = HistoryView()
        self._inner.addWidget(self._history)
        down.addWidget(self._inner, 1)
        self.attachments = AttachmentsPanel(self.context)
        down.addWidget(self.attachments)
        return made

    def _form_head(self) -> QBoxLayout:
        """Title and buttons: side by side, or in two lines when the text is large."""
        large = look().theme.large
        head = column(gap=8) if large else row(gap=8)
        across, buttons = row(gap=8), row(gap=8)
        self.back_button = button(tr("返回"), "link", "back")
        self.title = Elided("title")
        self.state = ChipLabel(Chip(""))
        self.state_note = Elided("muted")
        self.history_button = button(tr("历史"), "", "history")
        self.case_button = button(tr("办理"), "", "next")
        self.void_button = button(tr("作废"), "danger", "void")
        self.save_button = button(tr("保存"), "primary")
        for widget in (self.back_button, self.title, self.state, self.state_note):
            across.addWidget(widget)
        across.addStretch(1)
        for widget in (self.case_button, self.history_button, self.void_button, self.save_button):
            buttons.addWidget(widget)
        if large:
            buttons.addStretch(1)
        head.addLayout(across)
        head.addLayout(buttons)
        self.back_button.setToolTip(tip("app.back"))
        self.history_button.setToolTip(tip("records.history"))
        self.case_button.setToolTip(tip("records.case"))
        self.void_button.setToolTip(tip("records.void"))
        self.save_button.setToolTip(tip("app.save"))
        self.back_button.clicked.connect(self.go_back)
        self.history_button.clicked.connect(self.show_history)
        self.case_button.clicked.connect(self.show_case)
        self.void_button.clicked.connect(self.ask_void)
        self.save_button.clicked.connect(self.save)
        return head

    def _make_void_line(self) -> QWidget:
        self._void_line = card()
        across = row(self._void_line, margin=10, gap=8)
        across.addWidget(label(tr("作废原因")))
        self.reason = TextField(max_length=200)
        self.reason.setPlaceholderText(tr("记录不再有效，但会留痕；可以撤销"))
        self.reason.setAccessibleName(tr("作废原因"))
        confirm, cancel = button(tr("确定作废"), "danger"), button(tr("取消"))
        across.addWidget(self.reason, 1)
        across.addWidget(confirm)
        across.addWidget(cancel)
        confirm.clicked.connect(self.void)
        self.reason.returnPressed.connect(self.void)
        cancel.clicked.connect(self._void_line.hide)
        self._void_line.hide()
        return self._void_line
