"""People on record twice: the sweep, its finds, and two records side by side to be merged or told apart."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QScrollArea, QWidget

from jmdesk.catalogue.types import RecordType
from jmdesk.households.duplicates.service import BY_NUMBER, Pair
from jmdesk.store.stored import Stored
from ui.core.context import Context
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.core.runner import Outcome
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.styling import button, card, clear, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable


class DoublesView(QWidget):
    """``back_wished`` leaves; ``household_wished`` carries a household to look at."""

    back_wished = Signal()
    household_wished = Signal(str)

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._labels = Labels(context.services)
        self.pairs: list[Pair] = []
        self._chosen: tuple[str, str] | None = None
        down = column(self, gap=10)
        down.addLayout(self._head())
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        columns = (
            Column(tr("依据"), 150),
            Column(tr("姓名"), 100),
            Column(tr("第一处"), 260, stretch=True),
            Column(tr("第二处"), 260, stretch=True),
        )
        self.table = WindowedTable(columns, tr("疑似重复登记的人"))
        self.table.opened.connect(self._open)
        self.empty = EmptyState(tr("还没有查找"), tr("“开始查找”会比对本机全部成员的证件号码、姓名和出生日期。"))
        down.addWidget(TableOrEmpty(self.table, self.empty), 1)
        down.addWidget(self._side_by_side(), 2)

    def sweep(self) -> None:
        """Look through the whole store."""
        duplicates = self._context.services.duplicates
        task = self._context.runner.beside(duplicates.sweep, self._swept)
        self.progress.follow(task, tr("正在比对全部成员…"))

    def _swept(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        if not isinstance(outcome.value, list):
            return
        self.pairs = [pair for pair in outcome.value if isinstance(pair, Pair)]
        self.table.show_source(FixedRows([self._row(number, pair) for number, pair in enumerate(self.pairs)]))
        if not self.pairs:
            self.empty.say(tr("没有发现重复登记的人"), tr("证件号码、同村同名同生日都已比对。"))
        else:
            self.table.setFocus()

    @staticmethod
    def _row(number: int, pair: Pair) -> Row:
        by = Chip(tr("证件号码相同"), "bad") if pair.by == BY_NUMBER else Chip(tr("同村同名同生日"), "warn")
        places = [f"{'/'.join(region_path(t.region)[-1:])} {t.head} {t.number}" for t in pair.twins[:2]]
        return Row(str(number), (by, pair.twins[0].name, *places))

    # -- side by side ----------------------------------------------------------------------------------------------

    def _open(self, key: str) -> None:
        pair = self.pairs[int(key)]
        one, other = pair.twins[0].rid, pair.twins[1].rid
        duplicates = self._context.services.duplicates
        self._chosen = (one, other)
        self._context.runner.read(lambda: duplicates.side_by_side(one, other), self._compare)

    def _compare(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        if not isinstance(outcome.value, tuple):
            return
        kept, gone = outcome.value
        self._labels.forget()
        self._fill(kept, gone)
        self.panel.show()
        self.merge_button.setFocus()

    def _fill(self, kept: Stored, gone: Stored) -> None:
        clear(self._grid)
        self.takes: dict[str, QCheckBox] = {}
        record_type: RecordType = self._context.services.catalogue.types["R06"]
        heads = (tr("项目"), tr("保留这条"), tr("并掉这条"), tr("改用右边的值"))
        for place, text in enumerate(heads):
            self._grid.addWidget(label(text, "muted"), 0, place)
        line = 1
        for field in record_type.fields:
            if field.type.kind == "uuid" or not field.default_on:
                continue
            sides = [self._labels.words(field, one.values.get(field.identifier)) for one in (kept, gone)]
            if not any(sides):
                continue
            self._grid.addWidget(label(field.label, "muted"), line, 0)
            for place, words in enumerate(sides):
                self._grid.addWidget(
                    label(words or "—", "" if sides[0] == sides[1] else "warning", wrap=True), line, 1 + place
                )
            if (
                sides[1]
                and sides[0] != sides[1]
                and field.is_input
                and field.identifier not in ("household_id", "relation")
            ):
                box = self.takes[field.identifier] = QCheckBox(tr("改用"))
                box.setAccessibleName(tr("改用{name}", name=field.label))
                self._grid.addWidget(box, line, 3)
            line += 1

    def _side_by_side(self) -> QWidget:
        self.panel = card()
        down = column(self.panel, margin=12, gap=8)
        holder = QWidget()
        self._grid = QGridLayout(holder)
        self._grid.setAlignment(Qt.AlignmentFlag.AlignTop)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder.setProperty("role", "scrolled")
        scroll.setWidget(holder)
        down.addWidget(scroll, 1)
        across = row(gap=8)
        self.reason = TextField(max_length=200)
        self.reason.setPlaceholderText(tr("合并事由(会留痕)，例如：同一人两处登记"))
        self.reason.setAccessibleName(tr("合并事由"))
        self.merge_button = button(tr("合并，两边历史都保留"), "primary")
        self.swap_button = button(tr("左右对调"))
        self.apart_button = button(tr("不是同一人"))
        across.addWidget(self.reason, 1)
        for widget in (self.merge_button, self.swap_button, self.apart_button):
            across.addWidget(widget)
        down.addLayout(across)
        self.merge_button.clicked.connect(self.merge)
        self.swap_button.clicked.connect(self._swap)
        self.apart_button.clicked.connect(self.keep_apart)
        self.panel.hide()
        return self.panel

    def _swap(self) -> None:
        if self._chosen is not None:
            one, other = self._chosen = self._chosen[1], self._chosen[0]
            duplicates = self._context.services.duplicates
            self._context.runner.read(lambda: duplicates.side_by_side(one, other), self._compare)

    def merge(self) -> None:
        """Make the two one, for the reason typed."""
        reason = str(self.reason.value() or "")
        if not reason:
            self.reason.show_problem(tr("请写明事由。"))
            return
        if self._chosen is None:
            return
        kept, gone = self._chosen
        take = [name for name, box in self.takes.items() if box.isChecked()]
        duplicates = self._context.services.duplicates
        self._context.runner.submit(
            lambda _progress, _cancelled: duplicates.merge(kept, gone, take, reason), self._merged
        )

    def _merged(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self._context.notices.say(tr("已合并；两条记录的历史都保留。"))
        self._settled()

    def keep_apart(self) -> None:
        """Say that they are two people; the sweep does not ask again."""
        if self._chosen is None:
            return
        rids, duplicates = self._chosen, self._context.services.duplicates
        self._context.runner.submit(lambda _progress, _cancelled: duplicates.keep_apart(rids), self._apart)

    def _apart(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
            return
        self._context.notices.say(tr("已记下：不是同一人，以后不再提示。"))
        self._settled()

    def _settled(self) -> None:
        self.reason.set_value(None)
        self.panel.hide()
        self._chosen = None
        self.sweep()

    def _head(self) -> QHBoxLayout:
        across = row(gap=8)
        self.back_button = button(tr("返回"), "link", "back")
        self.back_button.clicked.connect(self.back_wished)
        self.start = button(tr("开始查找"), "primary", "search")
        self.start.clicked.connect(self.sweep)
        across.addWidget(self.back_button)
        across.addWidget(label(tr("查找重复登记"), "title"))
        across.addStretch(1)
        across.addWidget(self.start)
        return across
