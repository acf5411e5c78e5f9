"""One household with everything about it, in the order of the paper form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QWidget

from ui.core.i18n import tr
from ui.core.ports import Chip, Row
from ui.core.theme import look
from ui.pages.households.model import Part, Shown
from ui.widgets.chip import ChipLabel
from ui.widgets.section import Section
from ui.widgets.styling import button, card, clear, column, label, row
from ui.widgets.table_view import ROW_HEIGHT, WindowedTable

FACT_COLUMNS = 3
MOST_LINES = 8
"""A part with more rows than this scrolls within itself."""


@dataclass(frozen=True, slots=True)
class RecordWish:
    """A record to open; without an id a new one of the type."""

    type: str
    rid: str = ""


class FixedRows:
    """Rows that are all here already, for a windowed table."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows

    def count(self) -> int:
        """How many rows."""
        return len(self._rows)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A slice."""
        return self._rows[offset : offset + limit]


class DossierView(QScrollArea):
    """``record_wished`` carries a ``RecordWish``; ``consent_wished`` asks for the consent form.

    ``scan_wished`` asks for the scan of a paper that was signed before.
    """

    record_wished = Signal(object)
    consent_wished = Signal()
    scan_wished = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        self._down = column(inside, gap=10)
        self.setWidget(inside)
        self.tables: dict[str, WindowedTable] = {}

    def show_dossier(self, shown: Shown) -> None:
        """Show a household, keeping the place on screen when it is the same one read anew."""
        place = self.verticalScrollBar().value()
        clear(self._down)
        self.tables.clear()
        self._down.addWidget(self._facts(shown))
        for part in shown.parts:
            self._down.addWidget(self._part(part, can_add=not shown.voided))
        self._down.addWidget(self._consents(shown))
        self._down.addWidget(self._part(shown.ratings, can_add=False))
        self._down.addStretch(1)
        self.verticalScrollBar().setValue(place)

    def _facts(self, shown: Shown) -> QFrame:
        made = card()
        section = Section(tr("户信息"))
        column(made, margin=12).addWidget(section)
        change = button(tr("修改"), "link", "edit")
        change.clicked.connect(lambda: self.record_wished.emit(RecordWish("R05", shown.rid)))
        section.add_action(change)
        change.setVisible(not shown.voided)
        grid = QGridLayout()
        px = look().theme.px
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(6))
        filled = [(name, value) for name, value in shown.facts if value]
        lines = -(-len(filled) // FACT_COLUMNS)
        for place, (name, value) in enumerate(filled):
            line, block = place % lines, place // lines
            grid.addWidget(label(name, "muted"), line, block * 2)
            words = label(value, wrap=True)
            words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(words, line, block * 2 + 1)
        for block in range(FACT_COLUMNS):
            grid.setColumnStretch(block * 2 + 1, 1)
        section.layout_.addLayout(grid)
        return made

    def _part(self, part: Part, *, can_add: bool) -> QFrame:
        made = card()
        many = tr("{n} 条", n=len(part.rows)) if part.rows else tr("没有登记")
        section = Section(part.record_type.label, unfolded=bool(part.rows), remark=many)
        column(made, margin=12).addWidget(section)
        if can_add and not part.record_type.bookkeeping:
            add = button(tr("新增"), "link", "add")
            add.setAccessibleName(tr("新增{name}", name=part.record_type.label))
            add.clicked.connect(lambda: self.record_wished.emit(RecordWish(part.record_type.id)))
            section.add_action(add)
        if part.rows:
            section.add(self._table(part))
        return made

    def _table(self, part: Part) -> WindowedTable:
        table = self.tables[part.record_type.id] = WindowedTable(part.columns, part.record_type.label, fitted=True)
        table.show_source(FixedRows(part.rows))
        table.opened.connect(lambda rid: self.record_wished.emit(RecordWish(part.record_type.id, rid)))
        px = look().theme.px
        table.setFixedHeight(px(ROW_HEIGHT) * min(len(part.rows), MOST_LINES) + px(ROW_HEIGHT) + px(6))
        return table

    def _consents(self, shown: Shown) -> QFrame:
        made = card()
        section = Section(tr("授权同意"), remark=tr("{n} 条", n=len(shown.consents.rows)))
        column(made, margin=12).addWidget(section)
        sign = button(tr("登记授权"), "link", "seal")
        sign.clicked.connect(self.consent_wished)
        file_scan = button(tr("归档扫描件"), "link", "folder")
        file_scan.clicked.connect(self.scan_wished)
        for action in (file_scan, sign):
            section.add_action(action)
        sign.setVisible(not shown.voided)
        file_scan.setVisible(bool(shown.consents.rows) and not shown.voided)
        section.layout_.addLayout(self._consent_chips(shown))
        if shown.awaiting:
            text = tr("有 {n} 项信息暂存在本机等待授权：不显示、不报送，满 30 天未取得授权将清除。", n=shown.awaiting)
            section.add(label(text, "warning", wrap=True))
        if shown.consents.rows:
            section.add(self._table(shown.consents))
        return made

    @staticmethod
    def _consent_chips(shown: Shown) -> QHBoxLayout:
        across = row(gap=6)
        for name in shown.signed:
            across.addWidget(ChipLabel(Chip(name, "ok")))
        for name in shown.declined:
            across.addWidget(ChipLabel(Chip(tr("{name}：本人选择不提供", name=name))))
        if not shown.signed and not shown.declined:
            across.addWidget(label(tr("还没有登记任何授权。"), "muted"))
        across.addStretch(1)
        return across
