"""The household list: one search box, four filters, any number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from jmdesk.desk import Desk
from jmdesk.households.queries import SEARCH_LIMIT, HouseholdFilter
from ui.core import wording
from ui.core.actions import tip
from ui.core.i18n import tr
from ui.core.icons import icon
from ui.core.pickers import region_path
from ui.core.runner import Outcome, Runner
from ui.core.theme import look
from ui.pages.households.model import HouseholdSource, list_columns
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.flow import Flow
from ui.widgets.styling import button, column, label, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable

PAUSE = 100
"""Milliseconds without a key before a search starts."""

GRADES = ("AAA", "AA", "A", "B", "C", "NR")


@dataclass(frozen=True, slots=True)
class Facets:
    """What the filters offer: households per village, and the groups of the village chosen."""

    villages: dict[str, int]
    groups: list[str]


class HouseholdList(QWidget):
    """Emits ``opened`` with a household's record id, ``new_wished`` for a new archive."""

    opened = Signal(str)
    new_wished = Signal()

    def __init__(self, desk: Desk, runner: Runner) -> None:
        super().__init__()
        self._desk, self._runner = desk, runner
        down = column(self, gap=10)
        down.addLayout(self._head())
        down.addLayout(self._filters())
        self.table = WindowedTable(list_columns(), tr("农户档案"))
        self.empty = EmptyState(tr("还没有农户档案"), tr("从“导入”页导入登记表，或新建一户。"), tr("新建农户档案"))
        self.empty.acted.connect(self.new_wished)
        down.addWidget(TableOrEmpty(self.table, self.empty), 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._timer.timeout.connect(self.refresh)
        self.table.opened.connect(self.opened)
        self.table.typed.connect(self._type_into_search)
        self.read_filters()
        self.refresh()

    def wanted(self) -> HouseholdFilter:
        """What search and filters say."""
        return HouseholdFilter(
            search=self.search.text(),
            region_prefix=str(self.village.currentData() or ""),
            group=str(self.group.currentData() or ""),
            grade=str(self.grade.currentData() or ""),
            sync=str(self.sync.currentData() or ""),
            awaiting=self.awaiting.isChecked(),
        )

    def refresh(self) -> None:
        """Read the list from its start."""
        self._timer.stop()
        wanted = self.wanted()
        self.table.show_source(HouseholdSource(self._desk, wanted))
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
        for box in (self.grade, self.sync):
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
        self.new = button(tr("新建"), "primary", "add")
        self.new.setToolTip(tip("app.new"))
        self.new.clicked.connect(self.new_wished)
        across.addWidget(self.new)
        return across

    def _filters(self) -> Flow:
        lines = Flow()
        self.search = TextField(max_length=60)
        self.search.setPlaceholderText(tr("姓名、拼音首字母、证件后四位、电话、住址"))
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
        for widget in (self.search, self.village, self.group, self.grade, self.sync, self.awaiting):
            lines.addWidget(widget)
        return lines

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
