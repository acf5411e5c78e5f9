"""The papers of a batch: give one out, find it again; the proof of posting; the register."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from ui.core.i18n import tr
from ui.core.theme import look
from ui.pages.reviews.model import Opened, paper_columns, paper_rows
from ui.widgets.date_field import DateField
from ui.widgets.empty_state import EmptyState
from ui.widgets.field import TextField
from ui.widgets.fixed_rows import FixedRows
from ui.widgets.flow import Flow
from ui.widgets.key_hint import KeyHint
from ui.widgets.scan_field import ScanField
from ui.widgets.section import Section
from ui.widgets.styling import at_left, button, column
from ui.widgets.table_view import TableOrEmpty, WindowedTable


class PapersPane(QWidget):
    """``issue_wished`` carries the template, ``paper_wished`` a number, ``proof_wished`` photo, place and day."""

    issue_wished = Signal(str)
    paper_wished = Signal(str)
    register_wished = Signal()
    proof_wished = Signal(object, str, str)

    def __init__(self, kinds: dict[str, str]) -> None:
        super().__init__()
        down = column(self, margin=8, gap=8)
        offers = QWidget()
        across = Flow()
        offers.setLayout(across)
        self.buttons = {}
        for name, text in kinds.items():
            made = self.buttons[name] = button(text)
            made.clicked.connect(lambda _checked=False, chosen=name: self.issue_wished.emit(chosen))
            across.addWidget(made)
        register = button(tr("信用户证登记簿(Excel)"))
        register.clicked.connect(self.register_wished)
        across.addWidget(register)
        down.addWidget(offers)
        self.table = WindowedTable(paper_columns(), tr("文书"), fitted=True)
        self.table.opened.connect(self.paper_wished)
        words = tr("点上面的按钮出具；公示、证书和通知单在办理相应步骤时自动出具。")
        down.addWidget(TableOrEmpty(self.table, EmptyState(tr("还没有文书"), words, icon_name="records")), 1)
        proof = Section(tr("公示张贴证明"), unfolded=not look().theme.large)
        form = QWidget()
        lines = QFormLayout(form)
        lines.setContentsMargins(0, 0, 0, 0)
        self.place, self.day, self.photo = TextField(max_length=100), DateField(), ScanField()
        self.place.setAccessibleName(tr("张贴地点"))
        self.day.setAccessibleName(tr("张贴日期"))
        lines.addRow(tr("张贴地点"), self.place)
        lines.addRow(tr("张贴日期"), self.day)
        lines.addRow(tr("现场照片"), self.photo)
        self.prove = button(tr("归档照片并出具证明"))
        self.prove.clicked.connect(self._prove)
        lines.addRow(at_left(self.prove))
        proof.add(form)
        down.addWidget(proof)
        down.addWidget(KeyHint((("Enter", tr("查看、打印、存为 Word 或 PDF")),)))

    def show_batch(self, opened: Opened) -> None:
        """Show the papers of a batch."""
        self.table.show_source(FixedRows(paper_rows(opened.papers)))
        self.prove.setEnabled(bool(opened.batch.notice))

    def _prove(self) -> None:
        place, day, photo = self.place.value(), self.day.value(), self.photo.value()
        if place and day and photo is not None:
            self.proof_wished.emit(photo, str(place), str(day))
        else:
            self.place.show_problem("" if place else tr("张贴地点、日期和照片都要有。"))
            (self.place if not place else self.day if not day else self.photo).setFocus()
