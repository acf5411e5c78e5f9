"""The diary of exchanges: a list of the sync page, read page by page, filtered, printed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QFileDialog, QFrame, QSizePolicy

from jmdesk.core.clock import beijing_text
from ui.core.i18n import language, tr
from ui.core.ports import Chip, Row
from ui.core.theme import look
from ui.pages.sync.parts import MOST_LINES
from ui.widgets.section import Section
from ui.widgets.styling import button, column, label
from ui.widgets.table_model import Column
from ui.widgets.table_view import ROW_HEIGHT, WindowedTable

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.store.diary import Entry

MOST_PRINTED = 200
"""Entries on paper: a year of an office that sends every other day."""
_KINDS = {"done": "ok", "waiting": "info", "attention": "warn", "stopped": "neutral", "failed": "bad"}


class DiaryRows:
    """Entries of the diary, the newest first, read page by page."""

    def __init__(self, desk: Desk, outcome: str = "") -> None:
        self._desk, self._outcome = desk, outcome

    def count(self) -> int:
        """How many entries."""
        from jmdesk.store import diary

        with self._desk.store.reading() as connection:
            return diary.count(connection, self._outcome)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """Up to ``limit`` entries from ``offset``."""
        return [_row(entry) for entry in self.entries(offset, limit)]

    def entries(self, offset: int, limit: int) -> list[Entry]:
        """The same as they are kept."""
        from jmdesk.store import diary

        with self._desk.store.reading() as connection:
            return diary.page(connection, outcome=self._outcome, offset=offset, limit=limit)


def _row(entry: Entry) -> Row:
    from sync.client.diary import OUTCOMES, WAYS

    said = {str(outcome): words for outcome, words in OUTCOMES.items()}[entry.outcome]
    own = 0 if language() == "zh" else 1
    lines = entry.told.get(language(), ())
    counts = tuple(f"{count:,}" if count else "" for count in (entry.sent, entry.received, entry.refused))
    chip = Chip(said[own], _KINDS[entry.outcome])
    return Row(str(entry.id), (beijing_text(entry.at), WAYS[entry.way][own], chip, *counts, " ".join(lines)))


class Diary(QFrame):
    """The diary with a filter and a button that prints it; hidden until there is an entry. ``printing``: a file."""

    printing = Signal(object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self._desk = desk
        self.section = Section(tr("交换日记"))
        column(self, margin=12).addWidget(self.section)
        self.filter = QComboBox()
        self.filter.setAccessibleName(tr("按结果筛选"))
        self.print_button = button(tr("存为 PDF"), "", "print")
        self.print_button.clicked.connect(self._ask_file)
        self.section.add_action(self.filter)
        self.section.add_action(self.print_button)
        columns = (
            Column(tr("时间"), 165),
            Column(tr("方式"), 100),
            Column(tr("结果"), 150),
            Column(tr("交出(条)"), 95, number=True),
            Column(tr("取回(条)"), 95, number=True),
            Column(tr("退回(条)"), 95, number=True),
            Column(tr("做了什么"), 420),
        )
        self.table = WindowedTable(columns, tr("交换日记"), fitted=True)
        self.words = label("", "muted", wrap=True)
        self.section.add(self.table)
        self.section.add(self.words)
        self.table.selected.connect(lambda _key: self._show_words())
        self._fill_filter()
        self.filter.currentIndexChanged.connect(lambda _place: self.refresh())
        self.hide()

    def _fill_filter(self) -> None:
        from sync.client.diary import OUTCOMES

        self.filter.addItem(tr("全部"), "")
        for outcome, words in OUTCOMES.items():
            self.filter.addItem(words[0 if language() == "zh" else 1], outcome)

    def rows(self) -> DiaryRows:
        """What the filter lets through."""
        return DiaryRows(self._desk, str(self.filter.currentData() or ""))

    def refresh(self) -> None:
        """Read the diary anew."""
        rows = self.rows()
        self.table.show_source(rows)
        number = rows.count()
        px = look().theme.px
        self.table.setFixedHeight(px(ROW_HEIGHT) * (min(number, MOST_LINES) + 1) + px(6))
        self.section.remark.setText(tr("{n} 次，新的在前", n=f"{number:,}"))
        self.print_button.setEnabled(number > 0)
        if number:
            self.table.selectRow(0)
        self._show_words()
        self.setVisible(number > 0 or bool(self.filter.currentData()))

    def _show_words(self) -> None:
        found = self.table.rows.row_at(self.table.currentIndex().row())
        self.words.setText(str(found.cells[-1]) if found else "")

    def _ask_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("存为 PDF"), f"{tr('交换日记')}.pdf", "PDF (*.pdf)")
        if name:
            self.printing.emit(Path(name if name.lower().endswith(".pdf") else f"{name}.pdf"))
