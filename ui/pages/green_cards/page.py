"""Green cards: a year with its board, or one card with every department's answer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QComboBox, QFileDialog, QWidget

from jmdesk.green_cards.figures import board_sheet
from jmdesk.green_cards.service import Match
from jmdesk.registers.replies import read_replies
from ui.core.actions import bind, tip
from ui.core.context import Context, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.overriding import override
from ui.core.pickers import search_codes
from ui.core.ports import Chip
from ui.core.runner import Outcome
from ui.pages.green_cards.facts import FactsForm
from ui.pages.green_cards.model import (
    CardShown,
    GreenCardReader,
    YearShown,
    county,
    department_columns,
    levels,
    list_columns,
)
from ui.pages.green_cards.replies import RepliesForm
from ui.widgets.attachments import AttachmentsPanel
from ui.widgets.chip import ChipLabel
from ui.widgets.code_picker import CodePicker
from ui.widgets.date_field import DateField
from ui.widgets.elided import Elided
from ui.widgets.empty_state import EmptyState
from ui.widgets.entry_form import Entry, EntryForm
from ui.widgets.field import TextField, WholeField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.form_page import FormPage
from ui.widgets.key_hint import KeyHint
from ui.widgets.money_field import MoneyField
from ui.widgets.styling import button, card, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable


class GreenCardsPage(FormPage):
    """Enter opens a card, and on a card the answer of the chosen department; Ctrl+G its case; Alt+Left leads back."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reader = GreenCardReader(context.services)
        self.year = context.services.green_cards.today.year
        self.shown: CardShown | None = None
        self.stack.addWidget(self._year_side())
        self.stack.addWidget(self._card_side())
        bind(self, "green_cards.case", self._to_case)
        self._freshness = Freshness(self, context.runner, self.refresh)
        self.refresh()

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def start_new(self) -> None:
        if self.form is None:
            self.begin_application()

    # -- reading ---------------------------------------------------------------------------------------------------

    @override
    def read_list(self) -> None:
        year = self.year
        self.context.runner.read(lambda: self._reader.year(year), self._year_arrived)

    @override
    def read_one(self, rid: str) -> None:
        self.context.runner.read(lambda: self._reader.card(rid), self._card_arrived)

    def _year_arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        shown = outcome.value
        if not isinstance(shown, YearShown) or shown.year != self.year:
            return
        self.table.show_source(FixedRows(shown.rows))
        self.sentence.setText(shown.sentence)
        targets = "；".join(
            tr("{text}：{have}/{want}", text=target.text, have=target.reached, want=target.backbone)
            for target in shown.board.targets
        )
        self.targets.setText(tr("骨干企业进度  {targets}", targets=targets))
        self.counties.setText(shown.counties)
        self.counties.setVisible(bool(shown.counties))
        self.trades.setText(shown.industries)
        self.trades.setVisible(bool(shown.industries))
        self.silent.setText(tr("待部门回复：{names}", names=shown.silent))
        self.silent.setVisible(bool(shown.silent))
        self.nursery.setText(tr("培育库(距线10%以内)：{names}", names=shown.nursery))
        self.nursery.setVisible(bool(shown.nursery))

    def _card_arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        shown = outcome.value
        if not isinstance(shown, CardShown) or shown.rid != self.rid:
            return
        self.shown = shown
        self.title.setText(tr("{name} {year} 年度", name=shown.title, year=shown.year))
        self.state.show_chip(shown.state)
        self.grade.show_chip(shown.grade)
        self.grade.setVisible(bool(shown.grade.text))
        self.sums.setText(shown.sums)
        self.basis.setText(shown.basis)
        self.awaited.setText(tr("待补(不按零分)：{names}", names=shown.awaited))
        self.awaited.setVisible(bool(shown.awaited))
        self.lines.show_source(FixedRows(shown.rows))
        self.benefits.setText("\n".join((tr("已兑现的政策："), *shown.benefits)))
        self.benefits.setVisible(bool(shown.benefits))
        self.benefit_button.setVisible(shown.opened.standing.state == "decided")
        self.attachments.show_record("R24", shown.rid, editable=True)
        self.show_one()

    # -- forms -----------------------------------------------------------------------------------------------------

    def begin_application(self) -> None:
        """Ask for an enterprise, its revenue and what it rests on."""
        names = Labels(self.context.services)

        def firm(rid: str) -> str:
            return names.of("R20", rid)

        form = EntryForm(
            tr("登记 {year} 年度申报", year=self.year),
            (
                Entry("enterprise", tr("企业"), CodePicker(names.search("R20"), firm, coded=False)),
                Entry("revenue", tr("主营业务收入(万元)"), MoneyField(digits=16, unit="万元")),
                Entry("basis", tr("收入年度和依据"), TextField(max_length=100)),
            ),
        )
        form.confirmed.connect(self._apply)
        self.show_form(form)

    def _apply(self, values: dict[str, str]) -> None:
        cards, year = self.context.services.green_cards, self.year
        self.submit(
            lambda: cards.apply(year, values["enterprise"], values["revenue"], values["basis"]), tr("已登记申报。")
        )

    def begin_letter(self, *, reminder: bool) -> None:
        """Ask which department to write to."""
        cards, year = self.context.services.green_cards, self.year
        names = {one["id"]: one["title"] for one in cards.rules_of(year)["base"]["departments"]}
        title = tr("出具催复函") if reminder else tr("出具征询函")
        form = EntryForm(
            title, (Entry("department", tr("部门"), CodePicker(search_codes(names), names.get, coded=False)),)
        )
        form.confirmed.connect(lambda values: self._write(values["department"], reminder=reminder))
        self.show_form(form)

    def _write(self, department: str, *, reminder: bool) -> None:
        cards, year = self.context.services.green_cards, self.year
        self.submit(lambda: (cards.remind if reminder else cards.inquire)(year, department), tr("已出具。"))

    def begin_table(self) -> None:
        """Ask which department a table of answers comes from, and for the file."""
        cards, year = self.context.services.green_cards, self.year
        names = {one["id"]: one["title"] for one in cards.rules_of(year)["base"]["departments"]}
        picker = CodePicker(search_codes(names), names.get, coded=False)
        form = EntryForm(tr("导入部门回复"), (Entry("department", tr("部门"), picker),), tr("选择表格"))
        form.confirmed.connect(lambda values: self._ask_table(values["department"]))
        self.show_form(form)

    def _ask_table(self, department: str) -> None:
        kinds = f"{tr('表格')} (*.xlsx *.xlsm *.xls *.et *.csv)"
        name, _ = QFileDialog.getOpenFileName(self, tr("选择表格"), "", kinds)
        if name:
            self.read_table(department, Path(name))

    def read_table(self, department: str, file: Path) -> None:
        """Read a department's table and show whom each line means."""
        cards, year = self.context.services.green_cards, self.year
        titles = cards.rules_of(year)["base"]["level_titles"]
        self.context.runner.submit(
            lambda _progress, _cancelled: cards.match(year, read_replies(file, titles)),
            partial(self._matched, department),
        )

    def _matched(self, department: str, outcome: Outcome) -> None:
        if outcome.error is not None or not isinstance(outcome.value, list):
            if outcome.error is not None:
                self.context.notices.error(outcome.error)
            return
        services, matches = self.context.services, [one for one in outcome.value if isinstance(one, Match)]
        form = RepliesForm(tr("导入部门回复"), matches, levels(services, self.year))
        form.confirmed.connect(
            lambda document, chosen: self.submit(
                lambda: services.green_cards.take_replies(department, document, chosen), tr("已登记回复。")
            )
        )
        self.show_form(form)

    def begin_target(self) -> None:
        """Ask for the city's target of the year."""
        form = EntryForm(tr("{year} 年骨干企业目标", year=self.year), (Entry("target", tr("家数"), WholeField()),))
        cards, year = self.context.services.green_cards, self.year
        form.confirmed.connect(
            lambda values: self.submit(lambda: cards.set_target(year, int(values["target"])), tr("已保存目标。"))
        )
        self.show_form(form)

    def begin_reply(self, department: str) -> None:
        """Ask for what a department answered about the card."""
        shown = self.shown
        if shown is None or not department or self.form is not None:
            return
        if shown.opened.standing.state != "applied":
            self.context.notices.say(tr("已经计算，要补充部门评价请先在“办理”中退回。"))
            return
        services, rid = self.context.services, self.rid
        titles = {one["id"]: one["title"] for one in services.green_cards.rules_of(shown.year)["base"]["departments"]}
        offered = levels(services, shown.year)
        form = EntryForm(
            tr("登记“{department}”的回复", department=titles[department]),
            (
                Entry("level", tr("评价档次"), CodePicker(search_codes(offered), offered.get)),
                Entry("document", tr("回函文号"), TextField(max_length=60)),
            ),
        )
        form.confirmed.connect(
            lambda values: self.submit(
                lambda: services.green_cards.reply(rid, department, values["level"], values["document"]),
                tr("已登记回复。"),
            )
        )
        self.show_form(form)

    def begin_facts(self) -> None:
        """Ask for gains, losses and vetoes."""
        shown = self.shown
        if shown is None:
            return
        services, rid = self.context.services, self.rid
        form = FactsForm(shown.title, services.green_cards.rules_of(shown.year), shown.opened.facts)
        form.confirmed.connect(
            lambda gains, losses, vetoes: self.submit(
                lambda: services.green_cards.record_facts(rid, gains, losses, vetoes), tr("已登记加减分。")
            )
        )
        self.show_form(form)

    def begin_benefit(self) -> None:
        """Ask for one benefit that was given: which, by whom, when, and the proof."""
        services, rid = self.context.services, self.rid
        kinds, today = services.catalogue.code_lists["CL-GCB"].values, services.green_cards.today
        form = EntryForm(
            tr("登记兑现的政策"),
            (
                Entry("benefit", tr("政策"), CodePicker(search_codes(kinds), kinds.get, coded=False)),
                Entry("by", tr("兑现单位"), TextField(max_length=60)),
                Entry("day", tr("兑现日期"), DateField(lambda: today)),
                Entry("proof", tr("兑现凭据"), TextField(max_length=120)),
            ),
        )
        form.confirmed.connect(
            lambda values: self.submit(
                lambda: services.workflows.take("W9", "R24", rid, "fulfil", details=values), tr("已登记兑现。")
            )
        )
        self.show_form(form)

    def make_notice(self) -> None:
        """Give out the public notice of the year."""
        cards, year = self.context.services.green_cards, self.year
        self.submit(lambda: cards.notice_paper(year), tr("已出具公示。"))

    def _ask_figures(self) -> None:
        kinds = f"{tr('表格')} (*.xlsx)"
        name, _ = QFileDialog.getSaveFileName(self, tr("导出统计"), f"{tr('诚信绿卡')}{self.year}.xlsx", kinds)
        if name:
            self.save_figures(Path(name))

    def save_figures(self, file: Path) -> None:
        """Write the board of the year as a workbook."""
        services, year = self.context.services, self.year

        def work() -> object:
            services.guard.require("export", "R24")
            sheet = board_sheet(services.green_cards.board(year), services.green_cards.public(year), county)
            return services.exports.write(sheet, file, tr("诚信绿卡"), "R24")

        self.submit(work, tr("已导出统计。"))

    def _to_case(self) -> None:
        if self.rid and self.form is None:
            self.context.go(Target("cases", "R24", self.rid, came_from=Target("green_cards", "R24", self.rid)))

    # -- parts -----------------------------------------------------------------------------------------------------

    def _year_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        head = row(gap=8)
        head.addWidget(label(tr("诚信绿卡"), "title"))
        self.years = QComboBox()
        self.years.setAccessibleName(tr("年度"))
        for year in range(self.year, self.year - 6, -1):
            self.years.addItem(tr("{year} 年度", year=year), year)
        self.years.activated.connect(self._choose_year)
        head.addWidget(self.years)
        head.addStretch(1)
        acts = Flow()
        for text, slot in (
            (tr("征询函"), lambda: self.begin_letter(reminder=False)),
            (tr("催复函"), lambda: self.begin_letter(reminder=True)),
            (tr("导入回复"), self.begin_table),
            (tr("公示"), self.make_notice),
            (tr("年度目标"), self.begin_target),
            (tr("导出统计"), self._ask_figures),
        ):
            made_button = button(text)
            made_button.clicked.connect(slot)
            acts.addWidget(made_button)
        new = button(tr("登记申报"), "primary", "add")
        new.setToolTip(tip("app.new"))
        new.clicked.connect(self.begin_application)
        head.addWidget(new)
        down.addLayout(head)
        down.addLayout(acts)
        down.addLayout(self.room[0])
        board = card()
        lines = column(board, margin=12, gap=4)
        self.sentence, self.targets = label("", "heading", wrap=True), label("", wrap=True)
        self.counties, self.trades = label("", "muted", wrap=True), label("", "muted", wrap=True)
        self.silent, self.nursery = label("", "warning", wrap=True), label("", "muted", wrap=True)
        for widget in (self.sentence, self.targets, self.counties, self.trades, self.silent, self.nursery):
            lines.addWidget(widget)
        down.addWidget(board)
        self.table = WindowedTable(list_columns(), tr("诚信绿卡"))
        self.table.opened.connect(self.open)
        empty = EmptyState(tr("这个年度还没有申报"), tr("登记申报后向各部门发征询函。"))
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        down.addWidget(KeyHint((("Enter", tr("打开")), ("Ctrl+N", tr("登记申报")))))
        return made

    def _choose_year(self) -> None:
        self.year = int(self.years.currentData())
        self.refresh()

    def _card_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=8)
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.go_back)
        self.title, self.state, self.grade = Elided("title"), ChipLabel(Chip("")), ChipLabel(Chip(""))
        head.addWidget(back)
        head.addWidget(self.title, 1)
        head.addWidget(self.grade)
        head.addWidget(self.state)
        self.facts_button = button(tr("加减分和否决情形"))
        self.facts_button.clicked.connect(self.begin_facts)
        self.case_button = button(tr("办理"), "primary", "next")
        self.case_button.setToolTip(tip("green_cards.case"))
        self.case_button.clicked.connect(self._to_case)
        self.benefit_button = button(tr("登记兑现"))
        self.benefit_button.clicked.connect(self.begin_benefit)
        head.addWidget(self.benefit_button)
        head.addWidget(self.facts_button)
        head.addWidget(self.case_button)
        down.addLayout(head)
        down.addLayout(self.room[1])
        self.sums, self.basis = label("", "heading", wrap=True), label("", "muted", wrap=True)
        self.awaited, self.benefits = label("", "warning", wrap=True), label("", wrap=True)
        for widget in (self.sums, self.basis, self.awaited):
            down.addWidget(widget)
        self.lines = WindowedTable(department_columns(), tr("逐项得分"), fitted=True)
        self.lines.opened.connect(self.begin_reply)
        down.addWidget(self.lines, 1)
        down.addWidget(self.benefits)
        self.attachments = AttachmentsPanel(self.context)
        down.addWidget(self.attachments)
        down.addWidget(KeyHint((("Enter", tr("登记部门回复")), ("Ctrl+G", tr("办理")), ("Alt+←", tr("返回")))))
        return made
