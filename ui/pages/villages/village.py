"""One village or town: what is still missing, its figures, conditions and points, its case, its papers and years."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QFormLayout, QScrollArea, QVBoxLayout, QWidget

from jmdesk.catalogue.types import Record
from jmdesk.villages.benefits import for_village
from ui.core.i18n import tr
from ui.core.ports import Chip, Row
from ui.core.theme import look
from ui.pages.villages import model
from ui.pages.villages.model import Opened
from ui.widgets.benefits import BenefitsCard
from ui.widgets.case_panel import CasePanel
from ui.widgets.chip import ChipLabel
from ui.widgets.elided import Elided
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.styling import button, card, clear, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import ROW_HEIGHT, WindowedTable


class GivenForm(QWidget):
    """What only an office can say: its points, whether cadres are clean, last year's rate; each with its grounds.

    Enter goes from a value to its grounds, and from there hands both over.
    """

    confirmed = Signal(str, str, str)

    def __init__(self, *, town: bool) -> None:
        super().__init__()
        lines = QFormLayout(self)
        lines.setContentsMargins(0, 0, 0, 0)
        facts = [("organisation", tr("工作机制评分(0–10)") if town else tr("村集体组织与清收配合评分(0–10)"))]
        if not town:
            facts.append(("cadres_clean", tr("申报村干部无法律文书认定的需关注事项(填“是”或“否”)")))
        facts.append(("npl_prev", tr("上年不良率(%，银行没有上年数据时填)")))
        self.values: dict[str, TextField] = {}
        self.bases: dict[str, TextField] = {}
        self._told: dict[str, tuple[str, str]] = {}
        for name, text in facts:
            value, basis, keep = TextField(max_length=10), TextField(max_length=200), button(tr("记下"))
            value.setAccessibleName(text)
            basis.setAccessibleName(tr("{what}的依据", what=text))
            basis.setPlaceholderText(tr("依据：文号、渠道、日期"))
            keep.setAccessibleName(tr("记下{what}", what=text))
            keep.clicked.connect(lambda _checked=False, chosen=name: self.confirm(chosen))
            value.returnPressed.connect(basis.setFocus)
            basis.returnPressed.connect(lambda chosen=name: self.confirm(chosen))
            across = row(gap=8)
            for made, stretch in ((value, 1), (basis, 3), (keep, 0)):
                across.addWidget(made, stretch)
            lines.addRow(text, across)
            self.values[name], self.bases[name] = value, basis

    @property
    def touched(self) -> bool:
        """Whether something is typed that was not handed over."""
        return any(self._typed(name) != self._told.get(name, ("", "")) for name in self.values)

    def confirm(self, name: str) -> None:
        """Hand over one fact."""
        typed, basis = self._told[name] = self._typed(name)
        words = {"是": "yes", "否": "no"} if name == "cadres_clean" else {}
        self.confirmed.emit(name, words.get(typed, typed), basis)

    def _typed(self, name: str) -> tuple[str, str]:
        return self.values[name].text().strip(), self.bases[name].text().strip()


class VillageSide(QWidget):
    """Shows an ``Opened``; what the user wants done is told by signals."""

    back = Signal()
    listing_wished = Signal(str)
    household_opened = Signal(str)
    households_wished = Signal(str)
    applied = Signal(str)
    refreshed = Signal()
    given = Signal(str, str, str)
    paper_wished = Signal(str)
    look_wished = Signal(str)
    step_taken = Signal(str, object, str)
    back_wished = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.shown: Opened | None = None
        self.form: GivenForm | None = None
        down = column(self, gap=10)
        self._head(down)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        body = column(inside, gap=12)
        scroll.setWidget(inside)
        down.addWidget(scroll, 1)
        self._missing(body)
        self.figures = self._table(body, tr("数据：口径、来源、截止日；按 Enter 看名单"), model.figure_columns())
        self.figures.opened.connect(lambda key: self.listing_wished.emit(key.partition(" ")[2]))
        self.rules = self._table(body, tr("条件和评分"), model.rule_columns())
        self.remarks = label("", "hint", wrap=True)
        body.addWidget(self.remarks)
        self._case(body)
        self.history = self._table(body, tr("历年评定"), model.history_columns())
        self.benefits = BenefitsCard()
        body.addWidget(self.benefits)
        self.benefits.show_benefits(for_village())
        body.addStretch(1)

    def show_opened(self, opened: Opened) -> None:
        """Show a village; a form that is open stays."""
        fresh = self.shown is None or self.shown.region != opened.region
        self.shown = opened
        if fresh:
            self.close_listing()
            self._close_given()
        self.title.setText(tr("{name} {year} 年度", name=opened.title, year=opened.year))
        self.outcome.show_chip(opened.outcome)
        self.score.setText(opened.score)
        self.score.setVisible(opened.score != "—")
        self.sentence.setText(opened.sentence)
        clear(self._causes)
        for cause, words in opened.causes:
            made = button(words, "link")
            made.clicked.connect(lambda _checked=False, chosen=cause: self.listing_wished.emit(chosen))
            self._causes.addWidget(made)
        for table, rows in ((self.figures, opened.figures), (self.rules, opened.rules), (self.history, opened.history)):
            self._fill(table, rows)
        self.remarks.setText("".join(opened.remarks))
        self.remarks.setVisible(bool(opened.remarks))
        self.apply_button.setVisible(opened.may_apply)
        self.refresh_button.setVisible(bool(opened.rid) and not opened.settled)
        self.give_button.setVisible(opened.may_judge)
        self.changed.setText(tr("申报后有变化：{what}。按“重新计算”更新。", what="、".join(opened.changed)))
        self.changed.setVisible(bool(opened.changed))
        self.panel_card.setVisible(opened.case is not None)
        if opened.case is not None and self.panel.form is None:
            self.panel.show_case(opened.case)
        self._show_papers(opened)

    def show_listing(self, words: str, rows: tuple[Row, ...]) -> None:
        """Show the households behind a figure or a cause, and put the cursor there."""
        self.listing_title.setText(tr("{what}：{n} 户，按 Enter 打开档案", what=words, n=f"{len(rows):,}"))
        self._fill(self.listing, rows)
        self.listing_card.show()
        self.listing.setFocus()
        if rows:
            self.listing.selectRow(0)

    def close_listing(self) -> bool:
        """Take the list away; False when there is none."""
        was = not self.listing_card.isHidden()
        self.listing_card.hide()
        return was

    def ask_given(self) -> None:
        """Open or close the form for what only an office can say."""
        if self._close_given():
            return
        opened = self.shown
        if opened is not None:
            self.form = GivenForm(town=opened.type != "R17")
            self.form.confirmed.connect(self.given)
            self._given.addWidget(self.form)
            self.form.values["organisation"].setFocus()

    def ask_application(self) -> None:
        """Apply, with who resolved it."""
        clear(self._given)
        self.applicant = TextField(max_length=200)
        self.applicant.setAccessibleName(tr("申报单位和决议"))
        self.applicant.setPlaceholderText(tr("申报单位和决议，例如：村委会，村民代表会议 2026-11 号决议"))
        confirm = button(tr("登记申报"), "primary")
        confirm.clicked.connect(self.confirm_application)
        self.applicant.returnPressed.connect(self.confirm_application)
        across = row(gap=8)
        across.addWidget(self.applicant, 1)
        across.addWidget(confirm)
        self._given.addLayout(across)
        self.applicant.setFocus()

    def confirm_application(self) -> None:
        """Hand the application over; without a resolution the cursor stays there."""
        words = str(self.applicant.value() or "").strip()
        if words:
            self.applied.emit(words)
            clear(self._given)
        else:
            self.applicant.setFocus()

    def _close_given(self) -> bool:
        form, self.form = self.form, None
        focus = QApplication.focusWidget()
        if form is not None and focus is not None and form.isAncestorOf(focus):
            self.give_button.setFocus()
        clear(self._given)
        return form is not None

    # -- parts -----------------------------------------------------------------------------------------------------

    def _head(self, down: QVBoxLayout) -> None:
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.back)
        self.title, self.outcome, self.score = Elided("title"), ChipLabel(Chip("")), label("", "heading")
        head.addWidget(back)
        head.addWidget(self.title, 1)
        head.addWidget(self.outcome)
        head.addWidget(self.score)
        down.addLayout(head)
        tools = row(gap=8)
        self.apply_button = button(tr("申报"), "primary", "add")
        self.apply_button.clicked.connect(self.ask_application)
        self.give_button = button(tr("录入评审数据"), "", "edit")
        self.give_button.clicked.connect(self.ask_given)
        self.refresh_button = button(tr("重新计算"), "", "sync")
        self.refresh_button.clicked.connect(self.refreshed)
        households = button(tr("查看农户"), "", "household")
        households.clicked.connect(lambda: self.households_wished.emit(self.shown.region if self.shown else ""))
        for made in (self.apply_button, self.give_button, self.refresh_button, households):
            tools.addWidget(made)
        tools.addStretch(1)
        down.addLayout(tools)
        self.changed = label("", "hint", wrap=True)
        self.changed.hide()
        down.addWidget(self.changed)
        self._given = column(gap=6)
        down.addLayout(self._given)

    def _missing(self, body: QVBoxLayout) -> None:
        made = card()
        down = column(made, margin=14, gap=8)
        down.addWidget(label(tr("还差什么"), "heading"))
        self.sentence = label("", wrap=True)
        down.addWidget(self.sentence)
        self._causes = Flow()
        down.addLayout(self._causes)
        body.addWidget(made)
        self.listing_card = card()
        inner = column(self.listing_card, margin=14, gap=8)
        self.listing_title = label("", "heading")
        inner.addWidget(self.listing_title)
        self.listing = WindowedTable(model.household_columns(), tr("名单"), fitted=True)
        self.listing.opened.connect(self.household_opened)
        inner.addWidget(self.listing)
        self.listing_card.hide()
        body.addWidget(self.listing_card)

    def _case(self, body: QVBoxLayout) -> None:
        self.panel_card = card()
        down = column(self.panel_card, margin=14, gap=8)
        self._papers = Flow()
        down.addLayout(self._papers)
        self.panel = CasePanel()
        self.panel.step_taken.connect(self._step)
        self.panel.back_wished.connect(self.back_wished)
        down.addWidget(self.panel)
        body.addWidget(self.panel_card)

    def _step(self, step: str, details: Record, reason: str) -> None:
        self.step_taken.emit(step, details, reason)

    def _show_papers(self, opened: Opened) -> None:
        clear(self._papers)
        for name, words in opened.offered:
            made = button(words, "", "print")
            made.clicked.connect(lambda _checked=False, chosen=name: self.paper_wished.emit(chosen))
            self._papers.addWidget(made)
        for paper in opened.papers:
            words = f"《{paper.label}》{paper.number}"
            given = button(f"{words} {tr('已作废')}" if paper.voided_at else words, "link")
            given.setToolTip(tr("查看和打印"))
            given.clicked.connect(lambda _checked=False, chosen=paper.number: self.look_wished.emit(chosen))
            self._papers.addWidget(given)

    def _table(self, body: QVBoxLayout, heading: str, columns: tuple[Column, ...]) -> WindowedTable:
        made = card()
        down = column(made, margin=14, gap=8)
        down.addWidget(label(heading, "heading"))
        table = WindowedTable(columns, heading, fitted=True)
        down.addWidget(table)
        body.addWidget(made)
        return table

    @staticmethod
    def _fill(table: WindowedTable, rows: tuple[Row, ...]) -> None:
        table.show_source(FixedRows(rows))
        px = look().theme.px
        table.setFixedHeight(px(ROW_HEIGHT) * (min(max(len(rows), 1), 14) + 1) + px(8))
