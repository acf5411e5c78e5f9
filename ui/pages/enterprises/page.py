"""Member enterprises: the list, or one archive with its timeline and who sees what."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QGridLayout, QScrollArea, QWidget

from jmdesk.enterprises.figures import figures_sheet
from jmdesk.enterprises.queries import SEARCH_LIMIT, EnterpriseFilter
from jmdesk.enterprises.service import SOURCED
from ui.core.actions import bind, tip
from ui.core.context import Context, Target
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.pickers import search_codes
from ui.core.ports import Chip
from ui.core.runner import Outcome
from ui.core.theme import look
from ui.pages.enterprises.bringing import BringSide
from ui.pages.enterprises.model import EnterpriseReader, EnterpriseSource, Shown, list_columns, timeline_columns
from ui.widgets.chip import ChipLabel
from ui.widgets.code_picker import CodePicker
from ui.widgets.date_field import DateField
from ui.widgets.elided import Elided
from ui.widgets.empty_state import EmptyState
from ui.widgets.entry_form import Entry, EntryForm
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.form_page import ONE, FormPage
from ui.widgets.key_hint import KeyHint
from ui.widgets.styling import button, card, clear, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable

PAUSE = 100
"""Milliseconds without a key before a search starts."""


class EnterprisesPage(FormPage):
    """Enter opens an archive and what the timeline names, Ctrl+G its case, Alt+Left leads back."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._reader = EnterpriseReader(context.services)
        self._list_side, self._one_side = self._make_list_side(), self._make_one_side()
        self.bring = BringSide(context)
        self.bring.left.connect(self.show_list)
        for side in (self._list_side, self._one_side, self.bring):
            self.stack.addWidget(side)
        bind(self, "enterprises.case", self._to_case)
        self._freshness = Freshness(self, context.runner, self.refresh)
        self.refresh()

    # -- what the window asks --------------------------------------------------------------------------------------

    @override
    def start_search(self) -> None:
        self.show_list()
        self.search.setFocus()
        self.search.selectAll()

    @override
    def start_new(self) -> None:
        self.context.go(Target("records", "R20", new={}, came_from=Target("enterprises")))

    # -- list ------------------------------------------------------------------------------------------------------

    def wanted(self) -> EnterpriseFilter:
        """What search and filters say."""
        return EnterpriseFilter(
            search=self.search.text(),
            cluster=str(self.cluster.currentData() or ""),
            above_scale=self.above.isChecked(),
            sealed=self.sealed.isChecked(),
        )

    @override
    def read_list(self) -> None:
        self._timer.stop()
        self.table.show_source(EnterpriseSource(self.context.services, self.wanted()))
        shown = self.table.rows.rowCount()
        over = bool(self.search.text().strip()) and shown >= SEARCH_LIMIT
        text = tr("前 {n} 家，请再多输几个字", n=shown) if over else tr("共 {n} 家(本机建档)", n=f"{shown:,}")
        self.count.setText(text)

    @override
    def read_one(self, rid: str) -> None:
        self.context.runner.read(lambda: self._reader.read(rid), self._arrived)

    def _make_list_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        head = row(gap=10)
        head.addWidget(label(tr("会员企业"), "title"))
        self.count = label("", "muted")
        head.addWidget(self.count, 1)
        bring = button(tr("从 Excel 导入"), "", "import")
        bring.clicked.connect(self._ask_register)
        figures = button(tr("导出统计"), "", "export")
        figures.clicked.connect(self._ask_figures)
        new = button(tr("新建"), "primary", "add")
        new.setToolTip(tip("app.new"))
        new.clicked.connect(self.start_new)
        large = look().theme.large
        acts = Flow() if large else head
        for widget in (bring, figures, new):
            acts.addWidget(widget)
        down.addLayout(head)
        if large:
            down.addLayout(acts)
        down.addLayout(self._filters())
        self.table = WindowedTable(list_columns(), tr("会员企业"))
        self.table.opened.connect(self.open)
        empty = EmptyState(tr("没有会员企业"), tr("从协会的 Excel 名册导入，或新建一家。"), tr("新建"))
        empty.acted.connect(self.start_new)
        down.addWidget(TableOrEmpty(self.table, empty), 1)
        down.addWidget(KeyHint((("Enter", tr("打开")), ("Ctrl+N", tr("新建")), ("Ctrl+F", tr("查找")))))
        return made

    def _filters(self) -> Flow:
        lines = Flow()
        self.search = TextField(max_length=60)
        self.search.setPlaceholderText(tr("企业名称、拼音、信用代码、法定代表人"))
        self.search.setAccessibleName(tr("查找企业"))
        self.search.setMinimumWidth(look().theme.px(330))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.refresh)
        self.search.textChanged.connect(lambda _text: self._timer.start())
        self.search.returnPressed.connect(self._to_table)
        self.cluster = QComboBox()
        self.cluster.setAccessibleName(tr("特色行业"))
        self.cluster.addItem(tr("全部行业"), "")
        for code, name in self.context.services.catalogue.code_lists["CL-CLUSTER"].values.items():
            self.cluster.addItem(name.split("(", 1)[0], code)
        self.cluster.activated.connect(self.refresh)
        self.above, self.sealed = QCheckBox(tr("只看规上")), QCheckBox(tr("已退会封存"))
        for box in (self.above, self.sealed):
            box.toggled.connect(self.refresh)
        for widget in (self.search, self.cluster, self.above, self.sealed):
            lines.addWidget(widget)
        return lines

    def _to_table(self) -> None:
        self.refresh()
        self.table.setFocus()

    # -- one archive -----------------------------------------------------------------------------------------------

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        shown = outcome.value
        if not isinstance(shown, Shown) or shown.rid != self.rid:
            return
        self.title.setText(shown.name)
        self.code.setText(shown.code)
        self.state.show_chip(shown.state)
        for widget in (self.edit_button, self.event_button, self.grade_button):
            widget.setEnabled(not shown.sealed)
        self._show_facts(shown)
        self.lines.show_source(FixedRows(shown.timeline))
        clear(self._disclosure)
        for who, what in shown.disclosure:
            self._disclosure.addWidget(label(f"{who}：{what}", "hint", wrap=True))
        self.show_one()

    def _show_facts(self, shown: Shown) -> None:
        clear(self._facts)
        across = 2 if look().theme.large else 3
        for place, fact in enumerate(shown.facts):
            cell = QWidget()
            down = column(cell, gap=0)
            down.addWidget(label(fact.label, "hint"))
            down.addWidget(label(fact.value, wrap=True))
            if fact.source:
                down.addWidget(label(fact.source, "hint", wrap=True))
            self._facts.addWidget(cell, place // across, place % across, Qt.AlignmentFlag.AlignTop)

    def _make_one_side(self) -> QWidget:
        made = QWidget()
        down = column(made, gap=10)
        head = row(gap=8)
        back = button(tr("返回"), "link", "back")
        back.setToolTip(tip("app.back"))
        back.clicked.connect(self.go_back)
        self.title, self.code, self.state = Elided("title"), label("", "muted"), ChipLabel(Chip(""))
        self.edit_button = button(tr("修改档案"), "", "edit")
        self.edit_button.clicked.connect(lambda: self._go("R20", self.rid))
        self.grade_button = button(tr("登记等级和来源"))
        self.grade_button.clicked.connect(self.begin_grade)
        self.event_button = button(tr("登记信用行为"), "", "add")
        self.event_button.clicked.connect(self._new_event)
        self.case_button = button(tr("办理"), "primary", "next")
        self.case_button.setToolTip(tip("enterprises.case"))
        self.case_button.clicked.connect(self._to_case)
        head.addWidget(back)
        large = look().theme.large
        if large:
            head.addStretch(1)
        else:
            head.addWidget(self.title, 1)
        head.addWidget(self.state)
        acts = Flow() if large else head
        for widget in (self.edit_button, self.grade_button, self.event_button, self.case_button):
            acts.addWidget(widget)
        down.addLayout(head)
        if large:
            down.addWidget(self.title)
            down.addLayout(acts)
        down.addWidget(self.code)
        down.addLayout(self.room[ONE])
        inner = QWidget()
        whole = column(inner, gap=10)
        sheet = card()
        self._facts = QGridLayout(sheet)
        self._facts.setHorizontalSpacing(look().theme.px(24))
        whole.addWidget(sheet)
        whole.addWidget(label(tr("记录"), "heading"))
        self.lines = WindowedTable(timeline_columns(), tr("记录"), fitted=True)
        self.lines.setMinimumHeight(look().theme.px(200))
        self.lines.opened.connect(self._open_line)
        whole.addWidget(TableOrEmpty(self.lines, EmptyState(tr("还没有记录"), icon_name="history")), 1)
        whole.addWidget(label(tr("档案里的内容谁能看到"), "heading"))
        self._disclosure = column(gap=2)
        whole.addLayout(self._disclosure)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        down.addWidget(scroll, 1)
        return made

    # -- what can be done ------------------------------------------------------------------------------------------

    def _go(self, type_id: str, rid: str) -> None:
        self.context.go(Target("records", type_id, rid, came_from=Target("enterprises", "R20", self.rid)))

    def _to_case(self) -> None:
        if self.rid and self.form is None:
            self.context.go(Target("cases", "R20", self.rid, came_from=Target("enterprises", "R20", self.rid)))

    def _open_line(self, key: str) -> None:
        type_id, rid = key.split(" ")
        back = Target("enterprises", "R20", self.rid)
        self.context.go(Target("cases", type_id, rid, came_from=back))

    def _new_event(self) -> None:
        values = {"event_id": self.context.services.ids.new(), "uscc": self.rid, "repair_status": "0"}
        back = Target("enterprises", "R20", self.rid)
        self.context.go(Target("records", "R21", new=dict(values), came_from=back))

    def begin_grade(self) -> None:
        """Ask for one number of the archive with its source and day."""
        fields = self.context.services.catalogue.types["R20"].by_identifier
        names = {name: fields[name].label for name in SOURCED}
        today = self.context.services.enterprises.today
        form = EntryForm(
            tr("登记等级和来源"),
            (
                Entry("field", tr("项目"), CodePicker(search_codes(names), names.get, coded=False)),
                Entry("value", tr("等级或数值"), TextField(max_length=20)),
                Entry("source", tr("来源(单位或文件)"), TextField(max_length=150)),
                Entry("dated", tr("来源日期"), DateField(lambda: today)),
            ),
            hint=tr("等级填代码，例如纳税信用填 A；主营业务收入填万元，年度按来源日期的年份。"),
        )
        form.confirmed.connect(self._put_grade)
        self.show_form(form)

    def _put_grade(self, values: dict[str, str]) -> None:
        services, rid = self.context.services, self.rid

        def work() -> None:
            day = date.fromisoformat(values["dated"])
            services.enterprises.record_source(
                rid, values["field"], values["value"], source=values["source"], dated=day
            )

        self.submit(work, tr("已登记，来源写入档案。"))

    # -- files -----------------------------------------------------------------------------------------------------

    def _ask_register(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("选择名册"), "", f"{tr('表格')} (*.xlsx *.xlsm *.xls *.et *.csv)"
        )
        if name:
            self.bring_register(Path(name))

    def bring_register(self, file: Path) -> None:
        """Begin the import of a member register."""
        self.stack.setCurrentWidget(self.bring)
        self.bring.begin(file)

    def _ask_figures(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("导出统计"), tr("会员企业统计.xlsx"), f"{tr('表格')} (*.xlsx)")
        if name:
            self.save_figures(Path(name))

    def save_figures(self, file: Path) -> None:
        """Write the figures by cluster as a workbook."""
        services = self.context.services
        clusters = services.catalogue.code_lists["CL-CLUSTER"]

        def work() -> object:
            lines, today = services.enterprises.figures(), services.enterprises.today
            return services.exports.write(figures_sheet(lines, clusters.label, today), file, tr("会员企业统计"), "R20")

        self.submit(work, tr("已导出统计。"))
