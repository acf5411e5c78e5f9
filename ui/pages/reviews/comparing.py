"""What would change in the village under another rule package; nothing is written."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from jmdesk.ratings.simulation import Simulation
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Row
from ui.core.theme import look
from ui.pages.reviews.model import Opened
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.styling import button, clear, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import ROW_HEIGHT, TableOrEmpty, WindowedTable

BAR = 24
"""Characters of the longest bar of the histogram."""


class ComparingPane(QWidget):
    """``wished`` carries the package's label or file."""

    wished = Signal(str)

    def __init__(self, current: str, labels: Labels) -> None:
        super().__init__()
        self._labels = labels
        down = column(self, margin=8, gap=8)
        down.addWidget(label(tr("现行规则：{label}。只比较，不写入任何评级。", label=current), "muted"))
        across = row(gap=8)
        self.name = TextField(max_length=300)
        self.name.setAccessibleName(tr("要比较的规则"))
        self.name.setPlaceholderText(tr("规则包标签(如 JM-HH-1@1.1)或规则文件(.json)"))
        self.go = button(tr("比较"), "primary")
        self.go.clicked.connect(self._go)
        self.name.returnPressed.connect(self._go)
        across.addWidget(self.name, 1)
        self.browse = button(tr("规则文件…"))
        self.browse.clicked.connect(self._browse)
        across.addWidget(self.browse)
        across.addWidget(self.go)
        down.addLayout(across)
        self._known: tuple[str, ...] = ()
        self.offers = Flow()
        down.addLayout(self.offers)
        self.sentence = label("", wrap=True)
        down.addWidget(self.sentence)
        grades = (
            Column(tr("等级"), 60),
            Column(tr("现行"), 260, stretch=True),
            Column(tr("比较后"), 260, stretch=True),
        )
        self.histogram = WindowedTable(grades, tr("等级分布"), fitted=True)
        self.histogram.setMinimumHeight(look().theme.px(7 * ROW_HEIGHT))
        self._found = QWidget()
        inside = column(self._found, gap=8)
        inside.addWidget(self.histogram, 1)
        columns = (Column(tr("农户"), 240, stretch=True), Column(tr("现行"), 140), Column(tr("比较后"), 140))
        self.table = WindowedTable(columns, tr("等级有变化的农户"), fitted=True)
        inside.addWidget(TableOrEmpty(self.table, EmptyState(tr("没有等级变化的农户"), icon_name="ok")), 1)
        self._found.hide()
        down.addWidget(self._found, 1)
        hint = tr("填写另一套规则，看本村哪些户的等级会变。")
        self._nothing = EmptyState(tr("还没有比较"), hint, icon_name="rating")
        down.addWidget(self._nothing, 1)

    def show_batch(self, opened: Opened) -> None:
        """Offer the versions of the rules that are at hand: those in force later, and former ones."""
        if opened.rules == self._known:
            return
        self._known = opened.rules
        clear(self.offers)
        if opened.rules:
            self.offers.addWidget(label(tr("本机已有的其他版本："), "muted"))
        for name in opened.rules:
            made = button(name, "link")
            made.setAccessibleName(tr("与 {label} 比较", label=name))
            made.clicked.connect(lambda _checked=False, chosen=name: self._choose(chosen))
            self.offers.addWidget(made)

    def show_simulation(self, found: Simulation) -> None:
        """Show a comparison."""
        self._nothing.hide()
        self._found.show()
        words = tr("比较 {n} 户，等级有变化 {m} 户。", n=f"{found.compared:,}", m=f"{len(found.changes):,}")
        if found.failed:
            words += tr("{n} 户的记录有矛盾，没有比较。", n=found.failed)
        self.sentence.setText(words)
        most = max((*found.before.values(), *found.after.values(), 1))
        bars = [
            Row(grade, (grade, _bar(count, most), _bar(found.after[grade], most)))
            for grade, count in found.before.items()
        ]
        self.histogram.show_source(FixedRows(bars))
        self._labels.prepare("R05", [change.household for change in found.changes])
        rows = [
            Row(
                change.household,
                (
                    self._labels.of("R05", change.household),
                    f"{change.before}  {change.score_before}",
                    f"{change.after}  {change.score_after}",
                ),
            )
            for change in found.changes
        ]
        self.table.show_source(FixedRows(rows))

    def _choose(self, name: str) -> None:
        self.name.set_value(name)
        self.wished.emit(name)

    def _browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("选择规则文件"), "", f"{tr('规则文件')} (*.json)")
        if name:
            self._choose(name)

    def _go(self) -> None:
        name = str(self.name.value() or "").strip()
        if name:
            self.wished.emit(name)
        else:
            self.name.setFocus()


def _bar(count: int, most: int) -> str:
    length = -(-BAR * count // most) if count else 0
    return f"{'█' * length} {count}"
