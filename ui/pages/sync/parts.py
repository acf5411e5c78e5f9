"""The cards of the sync page: where one stands, what waits, what happened, and lists of records."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QSizePolicy

from ui.core.i18n import tr
from ui.core.ports import Chip, Row
from ui.core.theme import look
from ui.pages.sync.model import Membership, Readable, Shown
from ui.widgets.chip import ChipLabel
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.section import Section
from ui.widgets.styling import clear, column, label, row
from ui.widgets.table_model import Column
from ui.widgets.table_view import ROW_HEIGHT, WindowedTable

MOST_LINES = 6
"""A list with more rows scrolls within itself."""


class Facts(QFrame):
    """Names and values under a heading."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        down = column(self, margin=16, gap=8)
        head = row(gap=8)
        head.addWidget(label(title, "heading"))
        self.chip = ChipLabel(Chip(""))
        head.addWidget(self.chip)
        head.addStretch(1)
        down.addLayout(head)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(look().theme.px(16))
        self._grid.setVerticalSpacing(look().theme.px(4))
        self._grid.setColumnStretch(1, 1)
        down.addLayout(self._grid)
        down.addStretch(1)

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show other values; empty ones are left out."""
        clear(self._grid)
        for line, (name, value) in enumerate((name, value) for name, value in facts if value):
            left, right = label(name, "muted"), label(value, wrap=True)
            right.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(left, line, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(right, line, 1)

    def values(self) -> list[str]:
        """The values shown."""
        shown = (self._grid.itemAtPosition(line, 1) for line in range(self._grid.rowCount()))
        return [str(item.widget().property("text")) for item in shown if item is not None]


class Standing(Facts):
    """How this computer stands with the platform."""

    def __init__(self) -> None:
        super().__init__(tr("本机与平台"))

    def show_membership(self, unit_name: str, found: Membership, last_sync: str) -> None:
        """Show an enrolled computer."""
        self.chip.show_chip(Chip(tr("已登记"), "ok"))
        self.show_facts(
            (
                (tr("单位"), f"{unit_name}  {found.unit}" if unit_name != found.unit else found.unit),
                (tr("可办理的区划"), "；".join(found.regions)),
                (tr("户编号段"), found.block),
                (tr("平台地址"), found.gateway),
                (tr("最近一次报送"), last_sync or tr("还没有")),
            )
        )


class Waiting(Facts):
    """What waits to be sent, and how much of it may go."""

    def __init__(self) -> None:
        super().__init__(tr("待报送"))

    def show_counts(self, shown: Shown) -> None:
        """Show how many changes wait, by record type."""
        total = shown.total
        self.chip.show_chip(Chip(tr("{n} 条", n=f"{total:,}"), "warn") if total else Chip(tr("没有待报送的修改"), "ok"))
        listed = "、".join(f"{name} {number:,}" for name, number in shown.waiting)
        under_way = tr("{n} 个报送包还没有回执", n=shown.open_batches) if shown.open_batches else ""
        self._first = ((tr("按类别(条)"), listed), (tr("已封包"), under_way))
        self.show_facts((*self._first, (tr("能否报送"), tr("正在核对…") if total else "")))

    def show_readable(self, found: Readable) -> None:
        """Show how much of it may go."""
        held = "、".join(f"{reason} {number:,}" for reason, number in found.reasons)
        refused = "；".join(f"{reason} {number:,}" for reason, number in found.refusals)
        self.show_facts(
            (
                *self._first,
                (tr("可以报送(条)"), "　".join(filter(None, (f"{found.ready:,}", found.size)))),
                (tr("平台会退回(条)"), refused),
                (tr("暂不能报送(条)"), held),
            )
        )


class Told(QFrame):
    """What the last exchange did, in sentences. Hidden until there was one."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        down = column(self, margin=16, gap=6)
        head = row(gap=8)
        head.addWidget(label(tr("本次报送"), "heading"))
        self.chip = ChipLabel(Chip(""))
        head.addWidget(self.chip)
        head.addStretch(1)
        down.addLayout(head)
        self.text = label("", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        down.addWidget(self.text)
        self.hide()

    def tell(self, chip: Chip, lines: Sequence[str]) -> None:
        """Show what an exchange did."""
        self.chip.show_chip(chip)
        self.text.setText("\n".join(lines))
        self.setAccessibleName(f"{chip.text} {' '.join(lines)}")
        self.show()


class Listed(QFrame):
    """A list under a folding heading with the whole text of the row chosen beneath; hidden while it is empty.

    ``opened`` carries the key of a row.
    """

    opened = Signal(str)

    def __init__(self, title: str, columns: Sequence[Column], *, detail: Sequence[int] = (), hint: str = "") -> None:
        """``detail``: the columns whose words are shown in full beneath the table."""
        super().__init__()
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._detail = tuple(detail)
        self.section = Section(title, remark=hint)
        column(self, margin=12).addWidget(self.section)
        self.table = WindowedTable(columns, title, fitted=True)
        self.section.add(self.table)
        self.words = label("", "muted", wrap=True)
        self.section.add(self.words)
        self.words.setVisible(bool(detail))
        self.table.opened.connect(self.opened)
        self.table.selected.connect(lambda _key: self._show_words())
        self.hide()

    def show_rows(self, rows: Sequence[Row], remark: str) -> None:
        """Show other rows, keeping the one chosen where it still is."""
        key = self.table.current_key()
        self.table.show_source(FixedRows(rows))
        px = look().theme.px
        self.table.setFixedHeight(px(ROW_HEIGHT) * (min(len(rows), MOST_LINES) + 1) + px(6))
        place = next((number for number, found in enumerate(rows) if found.key == key), 0)
        if rows:
            self.table.selectRow(place)
        self.section.remark.setText(remark)
        self.setVisible(bool(rows))
        self._show_words()

    def _show_words(self) -> None:
        found = self.table.rows.row_at(self.table.currentIndex().row())
        cells = [found.cells[place] for place in self._detail] if found else []
        self.words.setText("".join(cell for cell in cells if isinstance(cell, str)))
