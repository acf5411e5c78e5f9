"""The list of a year's ratings: two filters, counts by grade, any number of rows."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from jmdesk.desk import Desk
from ui.core import wording
from ui.core.i18n import tr
from ui.core.pickers import region_path
from ui.core.theme import look
from ui.pages.ratings.model import GRADES, RatingSource, list_columns
from ui.widgets.empty_state import EmptyState
from ui.widgets.styling import column, row
from ui.widgets.table_view import TableOrEmpty, WindowedTable


class RatingList(QWidget):
    """``chosen`` tells that the filters changed, ``acted`` that the offer of the empty list was taken."""

    chosen = Signal()
    acted = Signal()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._villages: tuple[str, ...] | None = None
        down = column(self, gap=8)
        across = row(gap=8)
        self.village, self.grade = self._box(tr("村居")), self._box(tr("等级"))
        self.grade.addItem(tr("全部等级"), "")
        for code in GRADES:
            self.grade.addItem(wording.grade(code).text, code)
        for box in (self.village, self.grade):
            box.activated.connect(self._filter)
            across.addWidget(box)
        across.addStretch(1)
        down.addLayout(across)
        self.table = WindowedTable(list_columns(), tr("评级"))
        self.empty = EmptyState("", "", tr("评定"), "rating")
        self.empty.acted.connect(self.acted)
        down.addWidget(TableOrEmpty(self.table, self.empty), 1)
        self.village.addItem(tr("全部村居"), "")
        self._explain_nothing()
        self.table.show_source(self._source())

    @property
    def region(self) -> str:
        """The code of the village chosen; empty for all."""
        return str(self.village.currentData() or "")

    def reread(self) -> None:
        """Read the list again, staying where it stands."""
        self.table.reread()
        if not self.table.current_key():
            self.table.selectRow(0)

    def enter(self) -> None:
        """Put the cursor into the list, or on what the empty list offers."""
        (self.table if self.table.rows.rowCount() else self.empty.action).setFocus()

    def select(self, household: str) -> None:
        """Choose a household's line where it is among those in memory, else none."""
        line = self.table.rows.number_of(household)
        if line >= 0:
            self.table.selectRow(line)
        else:
            self.table.clearSelection()
            self.table.setCurrentIndex(QModelIndex())

    def offer_villages(self, villages: tuple[str, ...]) -> None:
        """Offer the villages that occur; without any there is nobody to rate."""
        if villages == self._villages:
            return
        self._villages = villages
        chosen = self.village.currentData()
        self.village.clear()
        self.village.addItem(tr("全部村居"), "")
        for code in villages:
            path = region_path(code)
            self.village.addItem(path[-1] if path else code, code)
        self.village.setCurrentIndex(max(0, self.village.findData(chosen)))
        self._explain_nothing()

    def _source(self) -> RatingSource:
        return RatingSource(
            self._desk, self._desk.ratings.this_year(), self.region, str(self.grade.currentData() or "")
        )

    def _filter(self) -> None:
        self._explain_nothing()
        self.table.show_source(self._source())
        self.chosen.emit()

    @property
    def _filtered(self) -> bool:
        return bool(self.grade.currentData())

    def _explain_nothing(self) -> None:
        """Say why the list is empty, should it be."""
        none_here = not self._villages
        if self._villages is None:
            self.empty.say(tr("正在读取…"))
        elif none_here:
            self.empty.say(tr("还没有农户档案"), tr("先导入登记表或新建农户档案，再来评定。"))
            self.empty.action.setText(tr("转到农户档案"))
        elif self._filtered:
            self.empty.say(tr("没有这个等级的农户"), tr("换一个等级，或看全部等级。"))
        else:
            self.empty.say(
                tr("本年度还没有评定"), tr("按本机已有的信息逐户评定；信息不足的暂不评定，每户都有逐项得分说明书。")
            )
            self.empty.action.setText(tr("评定本村农户") if self.region else tr("评定全部农户"))
        self.empty.action.setVisible(self._villages is not None and (none_here or not self._filtered))

    @staticmethod
    def _box(name: str) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(name)
        made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        made.setMaximumWidth(look().theme.px(200))
        return made
