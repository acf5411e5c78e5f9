"""Step 3: what the import would do, and everything that was found, with its cell."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QWidget

from jmdesk.registers.findings import FindingLevel
from jmdesk.registers.service import ImportResult
from ui.core.i18n import tr
from ui.core.theme import look
from ui.pages.imports.parts import Figure, Figures, Trouble, give_way, scrolled
from ui.pages.imports.trial import FindingSource, Told
from ui.widgets.empty_state import EmptyState
from ui.widgets.flow import Flow
from ui.widgets.styling import button, column, label
from ui.widgets.table_model import Column
from ui.widgets.table_view import TableOrEmpty, WindowedTable

_LEVELS: tuple[FindingLevel | None, ...] = (None, "error", "warn", "note")


class FindingList(QWidget):
    """Findings under a filter, the whole text of the one chosen beneath."""

    def __init__(self) -> None:
        super().__init__()
        self.told: Told | None = None
        down = column(self, gap=6)
        self.head = Flow()
        name = label(tr("逐项结果"), "heading")
        name.setMinimumHeight(look().theme.px(32))
        self.head.addWidget(name)
        self.level = QComboBox()
        self.level.setAccessibleName(tr("只看"))
        self.level.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.head.addWidget(self.level)
        down.addLayout(self.head)
        columns = (
            Column(tr("类别"), 96),
            Column(tr("位置"), 165),
            Column(tr("问题"), 200, stretch=True),
            Column(tr("怎么办"), 200, stretch=True),
        )
        self.table = WindowedTable(columns, tr("逐项结果"))
        give_way(self.table, 110)
        self.empty = EmptyState(tr("没有发现问题"), tr("每一户都可以导入。"), icon_name="ok")
        down.addWidget(TableOrEmpty(self.table, self.empty), 1)
        self.words = label("", wrap=True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        down.addWidget(self.words)
        self.level.currentIndexChanged.connect(self._filter)
        self.table.selected.connect(lambda _key: self._tell())

    def show_told(self, told: Told) -> None:
        """Show what a run found; the errors first when there are any."""
        if told is self.told:
            return
        self.told = told
        names = {None: tr("全部"), "error": tr("退回补正"), "warn": tr("提醒"), "note": tr("附注")}
        blocked = self.level.blockSignals(True)  # noqa: FBT003 -- Qt's signature
        self.level.clear()
        for level in _LEVELS:
            self.level.addItem(tr("{name}({n} 项)", name=names[level], n=f"{len(told.of(level)):,}"), level)
        self.level.blockSignals(blocked)
        self._filter()

    def _filter(self) -> None:
        if self.told is None:
            return
        entries = self.told.of(self.level.currentData())
        if self.told.of(None):
            self.empty.say(tr("这一类没有内容"), tr("换一类看看。"))
        else:
            self.empty.say(tr("没有发现问题"), tr("每一户都可以导入。"))
        self.table.show_source(FindingSource(entries))
        self._tell()

    def _tell(self) -> None:
        found = self.table.rows.row_at(self.table.currentIndex().row())
        cells = found.cells if found else ()
        place, *said = [cell for cell in cells if isinstance(cell, str)] or [""]
        self.words.setText(f"{place}　{''.join(said)}" if found else "")


def figures_of(result: ImportResult) -> list[Figure]:
    """The counts of a run."""
    return [
        Figure(tr("新增"), result.new, tr("户"), tr("本机还没有的农户")),
        Figure(tr("更新"), result.changed, tr("户"), tr("本机已有、内容有不同的农户")),
        Figure(tr("无变化"), result.unchanged, tr("户"), tr("本机已有、内容相同的农户")),
        Figure(tr("退回补正"), result.refused, tr("户"), tr("有错，不写入")),
        Figure(tr("有提醒"), result.warned, tr("户"), tr("会写入，请核对")),
        Figure(tr("待授权"), max(0, result.awaiting), tr("项"), tr("先封存，补录授权后才可报送")),
    ]


class TrialStep(QWidget):
    """Emits ``refused_wished`` when the refused households are to be saved, ``again_wished`` to read the file anew."""

    refused_wished = Signal()
    again_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        _, down = scrolled(self)
        self.trouble = Trouble()
        self.figures = Figures()
        self.found = FindingList()
        self.waiting = EmptyState(tr("正在核对每一户"), tr("这一步不写入任何内容，随时可以取消。"), icon_name="pending")
        self.save_button = button(tr("退回的户存为工作簿"), "", "export")
        self.again_button = button(tr("改好后重新读取"), "", "sync")
        self.again_button.setToolTip(tr("在 WPS 或 Excel 中改好并保存原文件后，再读一次；栏目对应不变"))
        self.save_button.clicked.connect(self.refused_wished)
        self.again_button.clicked.connect(self.again_wished)
        self.found.head.addWidget(self.save_button)
        self.found.head.addWidget(self.again_button)
        for part in (self.trouble, self.figures):
            down.addWidget(part)
        down.addWidget(self.found, 1)
        down.addWidget(self.waiting, 1)

    def show_told(self, told: Told | None) -> None:
        """Show what a dry run found; ``None`` while it runs."""
        for part in (self.figures, self.found):
            part.setVisible(told is not None)
        self.waiting.setVisible(told is None)
        if told is not None:
            self.figures.show_figures(figures_of(told.result))
            self.save_button.setVisible(told.result.refused > 0)
            self.found.show_told(told)
