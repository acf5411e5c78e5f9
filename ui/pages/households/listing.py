"""The household list: one search box, four filters, any number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPushButton, QWidget

from jmdesk.core.clock import beijing_date
from jmdesk.desk import Desk
from jmdesk.households.queries import SEARCH_LIMIT, HouseholdFilter
from ui.core import wording
from ui.core.actions import tip
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.pickers import region_path
from ui.core.runner import Outcome, Runner
from ui.core.search_note import SearchNote
from ui.core.theme import look
from ui.pages.households.model import HouseholdSource, list_columns
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.flow import Flow
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable

PAUSE = 100
"""Milliseconds without a key before a search starts."""


MOST_CHOSEN = 5000
"""Lines that can be chosen at once; for more there are the filters."""

GRADES = ("AAA", "AA", "A", "B", "C", "NR")


@dataclass(frozen=True, slots=True)
class Facets:
    """What the filters offer: households per village, and the groups of the village chosen."""

    villages: dict[str, int]
    groups: list[str]


class HouseholdList(QWidget):
    """Emits ``opened`` with a household's record id, ``new_wished`` for a new archive.

    ``export_wished``, ``rating_wished`` (of the lines chosen) and ``name_wished`` ask for work on the list;
    ``doubles_wished`` and ``rounds_wished`` lead to the places beside it.
    """

    opened = Signal(str)
    new_wished = Signal()
    export_wished = Signal()
    rating_wished = Signal()
    name_wished = Signal()
    doubles_wished = Signal()
    rounds_wished = Signal()

    def __init__(self, desk: Desk, runner: Runner) -> None:
        super().__init__()
        self._desk, self._runner = desk, runner
        self._searches = SearchNote(desk, runner)
        down = column(self, gap=10)
        down.addLayout(self._head())
        down.addLayout(self._filters())
        self.table = WindowedTable(list_columns(desk.households.hidden_columns()), tr("农户档案"))
        self.empty = EmptyState(tr("还没有农户档案"), tr("从“导入”页导入登记表，或新建一户。"), tr("新建农户档案"))
        self.empty.acted.connect(self.new_wished)
        down.addWidget(TableOrEmpty(self.table, self.empty), 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.refresh)
        self.table.opened.connect(self.opened)
        self.table.typed.connect(self._type_into_search)
        self.table.setSelectionMode(self.table.SelectionMode.ExtendedSelection)
        self.read_filters()
        self.read_lists()
        self.refresh()

    def wanted(self) -> HouseholdFilter:
        """What search and filters say."""
        work = str(self.work.currentData() or "")
        return HouseholdFilter(
            search=self.search.text(),
            region_prefix=str(self.village.currentData() or ""),
            group=str(self.group.currentData() or ""),
            grade=str(self.grade.currentData() or ""),
            sync=str(self.sync.currentData() or ""),
            awaiting=self.awaiting.isChecked(),
            incomplete=work == "incomplete",
            consent=work if work in ("none", "pending", "declined") else "",
            due=beijing_date(self._desk.clock.now()).isoformat() if work == "due" else "",
        )

    def chosen(self) -> HouseholdFilter:
        """The lines chosen when they are several, else the whole list."""
        keys = self.table.selected_keys(MOST_CHOSEN)
        return replace(self.wanted(), only=keys) if len(keys) > 1 else self.wanted()

    def show_filter(self, wanted: HouseholdFilter) -> None:
        """Show a list that was kept under a name."""
        self.search.setText(wanted.search)
        if wanted.region_prefix and self.village.findData(wanted.region_prefix) < 0:
            self._add_village(wanted.region_prefix)
        if wanted.group and self.group.findData(wanted.group) < 0:
            self.group.addItem(wanted.group, wanted.group)
        work = "incomplete" if wanted.incomplete else "due" if wanted.due else wanted.consent
        for box, value in (
            (self.village, wanted.region_prefix),
            (self.group, wanted.group),
            (self.grade, wanted.grade),
            (self.sync, wanted.sync),
            (self.work, work),
        ):
            box.setCurrentIndex(max(0, box.findData(value)))
        self.awaiting.setChecked(wanted.awaiting)
        self.refresh()

    def read_lists(self) -> None:
        """Offer the lists that were kept under a name."""
        chosen = self.lists.currentText()
        self.lists.clear()
        self.lists.addItem(tr("我的名单"), None)
        for name, wanted in self._desk.lists.all().items():
            self.lists.addItem(name, wanted)
        self.lists.setCurrentIndex(max(0, self.lists.findText(chosen)))
        self.forget_list.setEnabled(self.lists.currentIndex() > 0)

    def refresh(self) -> None:
        """Read the list from its start."""
        self._timer.stop()
        wanted = self.wanted()
        self.table.show_source(HouseholdSource(self._desk, wanted))
        self._searches.take("R05", wanted.search)
        self._tell_count()
        if wanted == HouseholdFilter():
            self.empty.say(tr("还没有农户档案"), tr("从“导入”页导入登记表，或新建一户。"))
        else:
            self.empty.say(tr("没有找到农户"), tr("换个姓名、拼音首字母、证件后四位或电话试试，或放宽筛选。"))

    def choose_village(self, code: str) -> None:
        """Show the households of one village, whatever was searched before."""
        if self.village.findData(code) < 0:
            self._add_village(code)
        self.village.setCurrentIndex(self.village.findData(code))
        self.search.clear()
        for box in (self.grade, self.sync, self.work):
            box.setCurrentIndex(0)
        self.awaiting.setChecked(False)
        self._village_chosen()

    def _add_village(self, code: str) -> None:
        path = region_path(code)
        self.village.addItem(path[-1] if path else code, code)

    def reread(self) -> None:
        """Read the list again where it stands."""
        self.read_filters()
        self.table.reread()
        self._tell_count()

    def read_filters(self) -> None:
        """Offer the villages and groups that occur; counted off the GUI thread, for a county has many."""
        households, prefix = self._desk.households, str(self.village.currentData() or "")
        self._runner.read(lambda: Facets(households.by_village(), households.groups(prefix)), self._show_filters)

    def _show_filters(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, Facets):
            return
        villages = [(tr("全部村居"), "")]
        for code, number in sorted(outcome.value.villages.items()):
            path = region_path(code)
            villages.append((f"{path[-1] if path else code} ({number:,})", code))
        self._fill(self.village, villages)
        self._fill(self.group, [(tr("全部小组"), ""), *((name, name) for name in outcome.value.groups)])

    @staticmethod
    def _fill(box: QComboBox, entries: Sequence[tuple[str, str]]) -> None:
        """Offer other entries, keeping the one chosen."""
        chosen = box.currentData()
        box.clear()
        for text, value in entries:
            box.addItem(text, value)
        box.setCurrentIndex(max(0, box.findData(chosen)))

    def _tell_count(self) -> None:
        shown = self.table.rows.rowCount()
        over = bool(self.search.text().strip()) and shown >= SEARCH_LIMIT
        self.count.setText(
            tr("前 {n} 户，请再多输几个字", n=shown) if over else tr("共 {n} 户(本机建档)", n=f"{shown:,}")
        )

    def _head(self) -> QHBoxLayout:
        across = row(gap=10)
        across.addWidget(label(tr("农户档案"), "title"))
        self.count = label("", "muted")
        across.addWidget(self.count)
        across.addStretch(1)
        if not look().theme.large:
            for made in self._actions():
                across.addWidget(made)
        self.new = button(tr("新建"), "primary", "add")
        self.new.setToolTip(tip("app.new"))
        self.new.clicked.connect(self.new_wished)
        across.addWidget(self.new)
        return across

    def _filters(self) -> Flow:
        lines = Flow()
        self._make_lists()
        self.search = TextField(max_length=60)
        self.search.setPlaceholderText(tr("姓名、拼音、证件尾号、电话、住址"))
        self.search.setAccessibleName(tr("查找农户"))
        self.search.setToolTip(tip("app.find"))
        self.search.addAction(icon("search", "muted"), self.search.ActionPosition.LeadingPosition)
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(look().theme.px(290))
        self.search.textChanged.connect(lambda _text: self._timer.start())
        self.search.returnPressed.connect(self._to_table)
        self.village, self.group = self._box(tr("村居")), self._box(tr("村民小组"))
        self.grade, self.sync = self._box(tr("等级")), self._box(tr("报送状态"))
        self.grade.addItem(tr("全部等级"), "")
        for grade in GRADES:
            self.grade.addItem(wording.grade(grade).text, grade)
        self.sync.addItem(tr("全部报送状态"), "")
        for state in wording.SYNC_STATES:
            self.sync.addItem(wording.sync_state(state).text, state)
        self.awaiting = QCheckBox(tr("待授权"))
        self.awaiting.setToolTip(tr("只看有信息等待授权的户"))
        self.awaiting.toggled.connect(self.refresh)
        self.village.activated.connect(self._village_chosen)
        for box in (self.group, self.grade, self.sync):
            box.activated.connect(self.refresh)
        parts = (self.search, self.village, self.group, self.grade, self.sync, self.work, self.awaiting)
        actions = self._actions() if look().theme.large else ()
        for widget in (*parts, self.lists, self.keep_list, self.forget_list, *actions):
            lines.addWidget(widget)
        return lines

    def _actions(self) -> list[QPushButton]:
        """What is done with the list, and the places beside it."""
        made = []
        for text, icon_name, wish in (
            (tr("年度采集"), "calendar", self.rounds_wished),
            (tr("查重"), "search", self.doubles_wished),
            (tr("评定所选"), "rating", self.rating_wished),
            (tr("导出名单"), "export", self.export_wished),
        ):
            one = button(text, "", icon_name)
            one.clicked.connect(wish)
            made.append(one)
        return made

    def _make_lists(self) -> None:
        self.work = self._box(tr("要做的事"))
        for text, value in (
            (tr("全部进度"), ""),
            (tr("资料不全"), "incomplete"),
            (tr("没有签署授权"), "none"),
            (tr("授权待归档扫描件"), "pending"),
            (tr("选择不提供"), "declined"),
            (tr("评级该复核了"), "due"),
        ):
            self.work.addItem(text, value)
        self.work.activated.connect(self.refresh)
        self.lists = self._box(tr("我的名单"))
        self.lists.activated.connect(self._list_chosen)
        self.keep_list, self.forget_list = button(tr("存为名单"), "link"), button(tr("删除名单"), "link")
        self.keep_list.clicked.connect(self.name_wished)
        self.forget_list.clicked.connect(self._forget_list)

    def _list_chosen(self) -> None:
        wanted = self.lists.currentData()
        self.forget_list.setEnabled(self.lists.currentIndex() > 0)
        if isinstance(wanted, HouseholdFilter):
            self.show_filter(wanted)

    def _forget_list(self) -> None:
        if self.lists.currentIndex() > 0:
            self._desk.lists.forget(self.lists.currentText())
            self.lists.setCurrentIndex(0)
            self.read_lists()

    @staticmethod
    def _box(name: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.setMaximumWidth(look().theme.px(170))
        return made

    def _village_chosen(self) -> None:
        self.group.setCurrentIndex(0)
        self.read_filters()
        self.refresh()

    def _to_table(self) -> None:
        self.refresh()
        self.table.setFocus()

    def _type_into_search(self, text: str) -> None:
        self.search.setFocus()
        self.search.setText(text)
