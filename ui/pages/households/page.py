"""Households: the list, one dossier, or the form of a new archive."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from jmdesk.attachments.intake import read_document
from jmdesk.consents.service import Signature
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.records.writer import InvalidRecord
from jmdesk.rights.service import Withdrawn
from ui.core.actions import bind, tip
from ui.core.context import Context, Page, Target
from ui.core.drafting import Drafting
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.messages import OK, WARN, Notice
from ui.core.overriding import override
from ui.core.ports import Chip
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.pages.households.consent import ConsentForm, Declined, SignedPaper, Withdrawal
from ui.pages.households.dossier import DossierView
from ui.pages.households.doubles import DoublesView
from ui.pages.households.family import FamilyPanel
from ui.pages.households.form import NewHouseholdForm
from ui.pages.households.in_place import InPlace
from ui.pages.households.listing import MOST_CHOSEN, HouseholdList
from ui.pages.households.model import DossierReader, NewHousehold, Shown, create_household
from ui.pages.households.paper_file import PaperFilePane, hand_out
from ui.pages.households.rights import export_account, lock_sentences, withdraw
from ui.pages.households.rounds import RoundsView
from ui.pages.households.work import WorkBar
from ui.widgets.attachments import KINDS, AttachmentsPanel
from ui.widgets.chip import ChipLabel
from ui.widgets.elided import Elided
from ui.widgets.paper_file import PaperFile
from ui.widgets.request_pane import RequestPane
from ui.widgets.sides import Sides
from ui.widgets.styling import button, column, row


class HouseholdsPage(Page):
    """List first; Enter opens a dossier, Alt+Left goes back."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        services = context.services
        self._reader = DossierReader(services)
        self.rid = ""
        self.shown: Shown | None = None
        self.list = HouseholdList(services, context.runner)
        self.form = NewHouseholdForm(services.catalogue, services.regions, lambda: beijing_date(services.clock.now()))
        self.dossier = DossierView(services)
        self.in_place = InPlace(self, context, self.dossier)
        self.family = FamilyPanel(context)
        self.family.changed.connect(self.open)
        self.consent = ConsentForm(services.catalogue.code_lists["CL-CONSENT"].values)
        self.slips, self.stack = PaperFile(self, context), Sides()
        self._dossier_side = self._make_dossier_side()
        self.doubles, self.rounds = DoublesView(context), RoundsView(context)
        self.work = WorkBar(context)
        listed = QWidget()
        beside = column(listed, gap=8)
        beside.addWidget(self.work)
        beside.addWidget(self.list, 1)
        self._list_side = listed
        for part in (listed, self._dossier_side, self.form, self.doubles, self.rounds):
            self.stack.addWidget(part)
        self._connect_lists()
        column(self, margin=20).addWidget(self.stack)
        bind(self, "households.filter", self._to_filters)
        bind(self, "households.attachments", self.attachments.take_focus)
        bind(self, "households.next_part", lambda: self.dossier.step(1))
        bind(self, "households.previous_part", lambda: self.dossier.step(-1))
        bind(self, "households.add", self._add_here)
        bind(self, "households.family", self.change_family)
        bind(self, "households.request", self.take_request)
        self._freshness = Freshness(self, context.runner, self._changed)
        self._drafting = Drafting(self, context, "households", self._draft)
        self._drafting.about("new")
        self.form.edited.connect(self._drafting.touch)
        self.list.opened.connect(self.open)
        self.list.new_wished.connect(self.start_new)
        self.form.wanted.connect(self._create)
        self.form.given_up.connect(self.show_list)
        self.dossier.consent_wished.connect(self._begin_consent)
        self.dossier.scan_wished.connect(self.ask_scan)
        self.dossier.erasure_wished.connect(lambda: self.context.go(Target("consents")))
        self.consent.left.connect(self.dossier.focus_consents)
        self.consent.signed.connect(self._sign)
        self.consent.withdrawn.connect(self._withdraw)
        self.consent.declined.connect(self._decline)
        self.consent.export_wished.connect(self._ask_export)

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def show_target(self, target: Target) -> None:
        if target.new is not None:
            self.start_new()
        elif target.type == "R03":
            self.show_list()
            self.list.choose_village(target.rid)
        elif target.rid:
            self.open(target.rid)

    @override
    def take_focus(self) -> None:
        if self.stack.currentWidget() is not self.form:
            (self.list.table if self.stack.currentWidget() is self._list_side else self.back_button).setFocus()

    @override
    def start_search(self) -> None:
        if not self.unsaved():
            self.show_list()
            self.list.search.setFocus()
            self.list.search.selectAll()

    @override
    def start_new(self) -> None:
        if not self.unsaved():
            self.stack.setCurrentWidget(self.form)
            self.form.begin(self.context.services.village_at_work)
            kept = self._drafting.kept()
            if kept is not None:
                self.form.resume(kept)
                text, hint = tr("已恢复上次没有保存的填写。"), tr("核对后按 Ctrl+S 保存，或放弃。")
                self.context.notices.post(Notice(text, WARN, hint, tr("放弃这些填写"), self.discard))

    @override
    def save(self) -> None:
        if self.stack.currentWidget() is self.form:
            self.form.save()
        elif self.stack.currentWidget() is self._dossier_side:
            self.in_place.save()

    @override
    def go_back(self) -> None:
        if self.in_place.editor is not None and not self.in_place.dirty:
            self.in_place.close()
        elif not self.unsaved():
            self.show_list()

    @override
    def unsaved(self) -> bool:
        return self.in_place.dirty or (self.stack.currentWidget() is self.form and self.form.touched)

    @override
    def discard(self) -> None:
        if self.in_place.dirty:
            self.in_place.close()
            return
        self._drafting.forget()
        self.form.begin(self.context.services.village_at_work)
        self.show_list()

    def _draft(self) -> dict[str, object] | None:
        return self.form.draft() if self.stack.currentWidget() is self.form else None

    @override
    def keep_draft(self) -> None:
        self._drafting.keep_now()
        self.in_place.keep_draft()

    # -- parts -----------------------------------------------------------------------------------------------------

    def show_list(self) -> None:
        """Show the list where it was left."""
        self.rid = ""
        self.stack.setCurrentWidget(self._list_side)
        self.list.table.setFocus()

    def open(self, rid: str) -> None:
        """Show one household."""
        self.rid = rid
        self.context.runner.read(lambda: self._reader.read(rid), self._arrived)

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        shown = outcome.value
        if not isinstance(shown, Shown) or shown.rid != self.rid:
            return
        self.shown = shown
        self.title.setText(tr("{name} 户", name=shown.title))
        self.number.setText(f"{shown.number}  {shown.place}")
        self.grade.show_chip(shown.grade)
        self.grade.setVisible(bool(shown.grade.text))
        self.sync.show_chip(Chip(tr("已作废")) if shown.voided else shown.sync)
        self.dossier.show_dossier(shown)
        self.in_place.show_household(shown)
        self.attachments.show_record("R05", shown.rid, editable=not shown.voided)
        if self.stack.currentWidget() is not self._dossier_side:
            for form in (self.consent, self.family, self.request):
                form.hide()
            self.stack.setCurrentWidget(self._dossier_side)
            self.back_button.setFocus()

    def _make_dossier_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        across = row(gap=8)
        self.back_button = button(tr("返回"), "link", "back")
        self.back_button.setToolTip(tip("app.back"))
        self.back_button.clicked.connect(self.go_back)
        self.title, self.number = Elided("title", keep=8), Elided("muted")
        self.grade, self.sync = ChipLabel(Chip("")), ChipLabel(Chip(""))
        self.rate_button = button(tr("评定与说明"), "", "rating")
        self.rate_button.clicked.connect(lambda: self.context.go(Target("ratings", "R05", self.rid)))
        large = look().theme.large
        for widget in (self.back_button, self.title, self.grade, self.sync):
            across.addWidget(widget)
        if not large:
            across.insertWidget(across.indexOf(self.grade), self.number)
        across.addStretch(1)
        self.paper_file = PaperFilePane()
        self.paper_file.wished.connect(self._hand_out)
        self.file_button = button(tr("一户一档"), "", "records")
        self.file_button.clicked.connect(self.paper_file.begin)
        self.family_button = button(tr("家庭变动"), "", "household")
        self.family_button.setToolTip(tip("households.family"))
        self.family_button.clicked.connect(self.change_family)
        self.family.left.connect(self.family_button.setFocus)
        self.request = RequestPane(self.context, came_from="households")
        self.request_button = self.request.opener(tr("个人信息请求"), tip("households.request"), self.take_request)
        below = row(gap=8)
        if large:
            across.insertWidget(across.indexOf(self.sync) + 1, self.number)
        for widget in (self.file_button, self.request_button, self.family_button, self.rate_button):
            (below if large else across).addWidget(widget)
        below.addStretch(1)
        down.addLayout(across)
        down.addLayout(below)
        self.dossier.lead_with(self.consent, self.family, self.request, self.paper_file)
        down.addWidget(self.dossier, 1)
        self.attachments = AttachmentsPanel(self.context)
        down.addWidget(self.attachments)
        return made

    def _add_here(self) -> None:
        """Add a record to the part in which the cursor is."""
        panel = self.dossier.current()
        if panel is not None and panel.add.isVisible():
            panel.add.click()

    # -- lists -----------------------------------------------------------------------------------------------------

    def _connect_lists(self) -> None:
        listed = self.list
        listed.export_wished.connect(lambda: self.work.ask_purpose(listed.chosen()))
        listed.rating_wished.connect(lambda: self.work.rate(listed.table.selected_keys(MOST_CHOSEN)))
        listed.name_wished.connect(self.work.ask_name)
        self.work.named.connect(self._keep_list)
        listed.doubles_wished.connect(self.show_doubles)
        listed.rounds_wished.connect(self.show_rounds)
        self.doubles.back_wished.connect(self.show_list)
        self.rounds.back_wished.connect(self.show_list)

    def _keep_list(self, name: str) -> None:
        try:
            self.context.services.lists.save(name, self.list.wanted())
        except Refused as error:
            self.context.notices.error(error)
            return
        self.list.read_lists()
        self.list.lists.setCurrentIndex(self.list.lists.findText(name))
        self.list.forget_list.setEnabled(True)
        self.context.notices.say(tr("已保存名单“{name}”。", name=name))

    def show_doubles(self) -> None:
        """Show the search for people on record twice."""
        self.rid = ""
        self.stack.setCurrentWidget(self.doubles)
        self.doubles.start.setFocus()

    def show_rounds(self) -> None:
        """Show the yearly rounds."""
        self.rid = ""
        self.stack.setCurrentWidget(self.rounds)
        self.rounds.begin()
        self.rounds.village.setFocus()

    # -- family changes --------------------------------------------------------------------------------------------

    def change_family(self) -> None:
        """Ask what happens in this household: a new head, a move, a split, a death."""
        shown = self.shown
        if self.stack.currentWidget() is self._dossier_side and shown is not None and not shown.voided:
            if self.unsaved():
                self.in_place.save()
            self.consent.hide()
            self.family.begin(shown)

    def take_request(self) -> None:
        """Ask what a member of this household wants to know, corrected, explained or erased."""
        shown = self.shown
        if self.stack.currentWidget() is self._dossier_side and shown is not None and not shown.voided:
            self.consent.hide()
            self.family.hide()
            self.request.begin(shown.dossier)

    def _hand_out(self, purpose: str, folder: Path) -> None:
        rid, desk = self.rid, self.context.services

        def done(outcome: Outcome) -> None:
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
                return
            self.paper_file.hide()
            words = tr("已导出一户一档，共 {n} 页。文件没有加密，用完请删除。", n=outcome.value)
            self.context.notices.say(words)

        self.context.runner.submit(lambda _progress, _cancelled: hand_out(desk, rid, purpose, folder), done)

    # -- writes ----------------------------------------------------------------------------------------------------

    def _create(self, wanted: NewHousehold) -> None:
        services = self.context.services
        self.context.runner.submit(lambda _progress, _cancelled: create_household(services, wanted), self._created)

    def _created(self, outcome: Outcome) -> None:
        self.form.save_button.setEnabled(True)
        if isinstance(outcome.error, InvalidRecord):
            self.form.show_error(outcome.error)
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self._drafting.forget()
        self.form.begin(self.context.services.village_at_work)
        self.open(str(outcome.value))
        self.context.notices.done_with_undo(tr("已建档。可继续补充成员、收支和授权。"), self.context.undo)

    def _sign(self, paper: SignedPaper) -> None:
        services, rid = self.context.services, self.rid
        signature = Signature(paper.signed_at, paper.notice_version, paper.number)

        def work() -> int:
            scan = read_document(paper.scan) if paper.scan is not None else None
            return services.consents.sign(rid, signature, kinds=paper.kinds, scan=scan)

        self.context.runner.submit(lambda _progress, _cancelled: work(), self._signed)

    def _signed(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.consent.leave()
        self.context.notices.say(tr("已登记授权；{n} 项暂存的信息已转正，可以报送。", n=outcome.value))

    def ask_scan(self) -> None:
        """Ask for the scan of a paper that was signed before."""
        name, _ = QFileDialog.getOpenFileName(self, tr("选择扫描件"), "", f"{tr('照片或 PDF')} {KINDS}")
        if name:
            self.file_scan(Path(name))

    def file_scan(self, file: Path) -> None:
        """File a scan for every consent of the household that lacks one."""
        services, rid = self.context.services, self.rid
        self.context.runner.submit(
            lambda _progress, _cancelled: services.consents.file_scan(rid, read_document(file)), self._scan_filed
        )

    def _scan_filed(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.context.notices.say(tr("已为 {n} 份授权归档扫描件。", n=outcome.value))

    def _withdraw(self, wanted: Withdrawal) -> None:
        # At once: where a slip is to be kept must not stand between a person and the withdrawal.
        self.withdraw_to(wanted, None)

    def withdraw_to(self, wanted: Withdrawal, slip: Path | None) -> None:
        """Withdraw, and write the slip for the household to a file; without one it is among the papers of the case."""
        services, rid = self.context.services, self.rid
        self.context.runner.submit(
            lambda _progress, _cancelled: withdraw(services, rid, wanted.kinds, wanted.reason, slip), self._withdrawn
        )

    def _withdrawn(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.consent.leave()
        done = outcome.value
        if isinstance(done, Withdrawn):
            words = tr("已撤回授权；{n} 项信息停止使用，30 天内在“授权与删除”由两人办理删除。", n=done.values)
            slip = tr("查看和打印回执")
            self.context.notices.post(Notice(words, OK, "", slip, lambda: self.slips.open(done.slip)))

    def _decline(self, wanted: Declined) -> None:
        services, rid = self.context.services, self.rid
        self.context.runner.submit(
            lambda _progress, _cancelled: services.consents.decline(rid, wanted.kinds, on=wanted.said_at),
            self._declined,
        )

    def _declined(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.consent.leave()
        self.context.notices.say(tr("已登记为本人选择不提供；相应指标按不适用处理，不再催办。"))

    def _begin_consent(self) -> None:
        self.family.hide()
        self.consent.begin()
        services, rid, labels = self.context.services, self.rid, self._reader.labels
        self.context.runner.read(lambda: lock_sentences(services, labels, rid), self._locks_arrived)

    def _locks_arrived(self, outcome: Outcome) -> None:
        if isinstance(outcome.value, list):
            self.consent.show_locks(outcome.value)

    def _ask_export(self, reason: str) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("选择存放的文件夹"))
        if name:
            self.export_to(Path(name), reason)

    def export_to(self, folder: Path, reason: str) -> None:
        """Write everything held about the household into a folder, off the GUI thread."""
        services, rid = self.context.services, self.rid
        self.context.runner.submit(
            lambda _progress, _cancelled: export_account(services, rid, folder, reason), self._exported
        )

    def _exported(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
            return
        self.consent.leave()
        self.context.notices.say(tr("已导出 {n} 条记录及历史、查询和评定说明；已记入查询日志。", n=outcome.value))

    # -- changes from elsewhere ------------------------------------------------------------------------------------

    def _changed(self) -> None:
        self.list.reread()
        if self.rid:
            self.open(self.rid)

    def _to_filters(self) -> None:
        if not self.unsaved():
            self.show_list()
            self.list.village.setFocus()
