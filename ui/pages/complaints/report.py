"""The yearly report on screen, and its way to a PDF or a workbook."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QPageSize
from PySide6.QtWidgets import QComboBox, QFileDialog, QTextBrowser, QWidget

from jmdesk.complaints.report import page, workbook
from jmdesk.complaints.statistics import Figures, published
from jmdesk.complaints.wall import Wall
from jmdesk.core.errors import Environment, Refused
from ui.core.actions import tip
from ui.core.context import Context
from ui.core.drawing import drawn
from ui.core.i18n import tr
from ui.core.printing import ruled, write_pdf
from ui.core.runner import Outcome
from ui.pages.complaints.wall import WallView, write_wall
from ui.widgets.flow import Flow
from ui.widgets.styling import button, column, label, row

YEARS = 10


@dataclass(frozen=True, slots=True)
class Report:
    """What is shown: the figures, and the page made of them."""

    figures: Figures
    html: str
    outside: bool


class ReportView(QWidget):
    """One year, for the public or for the desk. Emits ``back_wished``."""

    back_wished = Signal()

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self.report: Report | None = None
        down = column(self, gap=10)
        head = row(gap=10)
        back = button(tr("返回"), "link", "back")
        back.clicked.connect(self.back_wished)
        head.addWidget(back)
        head.addWidget(label(tr("投诉统计报告"), "title"), 1)
        self.year = QComboBox()
        self.year.setAccessibleName(tr("年度"))
        this_year = context.services.workflows.today.year
        for year in range(this_year, this_year - YEARS, -1):
            self.year.addItem(tr("{year} 年", year=year), year)
        self.kind = QComboBox()
        self.kind.setAccessibleName(tr("给谁看"))
        self.kind.addItem(tr("对外公布(不列企业，合并小数)"), "outside")
        self.kind.addItem(tr("本会内部(列企业)"), "inside")
        self.pdf = button(tr("存为 PDF"), "", "export")
        self.excel = button(tr("存为 Excel"), "", "export")
        self.wall_button = button(tr("图表墙"), "", "print")
        self.wall_button.setToolTip(tip("complaints.wall"))
        self.wall_button.clicked.connect(self.show_wall)
        self.wall: WallView | None = None
        down.addLayout(head)
        choices = Flow()
        for one in (self.year, self.kind, self.pdf, self.excel, self.wall_button):
            choices.addWidget(one)
        down.addLayout(choices)
        self.shown = QTextBrowser()
        self.shown.setAccessibleName(tr("投诉统计报告"))
        self.shown.setProperty("role", "paper")
        down.addWidget(self.shown, 1)
        self.year.currentIndexChanged.connect(self.refresh)
        self.kind.currentIndexChanged.connect(self.refresh)
        self.pdf.clicked.connect(lambda: self._ask("pdf"))
        self.excel.clicked.connect(lambda: self._ask("xlsx"))

    def refresh(self) -> None:
        """Count the year anew, off the GUI thread."""
        services, year = self._context.services, int(self.year.currentData())
        outside = self.kind.currentData() == "outside"

        def read() -> Report:
            whole = services.complaints.figures(year)
            found = published(whole) if outside else whole
            html = page(found, services.unit_name, services.workflows.today.isoformat(), outside=outside)
            return Report(found, html, outside)

        self._context.runner.read(read, self._arrived)

    def show_wall(self) -> None:
        """Show the year to a meeting: read off the GUI thread, then over the whole screen."""
        complaints, year = self._context.services.complaints, int(self.year.currentData())
        self._context.runner.read(lambda: complaints.wall(year), self._wall_arrived)

    def _wall_arrived(self, outcome: Outcome) -> None:
        if not isinstance(outcome.value, Wall):
            if outcome.error is not None:
                self._context.notices.error(outcome.error)
            return
        if self.wall is not None:
            return
        self.wall = WallView(outcome.value, self)
        self.wall.save_wished.connect(self._ask_wall)
        self.wall.left.connect(self._wall_left)
        self.wall.showFullScreen()

    def _wall_left(self) -> None:
        self.wall = None
        self.wall_button.setFocus()

    def _ask_wall(self, size: QPageSize.PageSizeId) -> None:
        if self.wall is None:
            return
        name = f"{self.wall.wall.year}{tr('年投诉图表')}.pdf"
        found, _ = QFileDialog.getSaveFileName(self.wall, tr("保存图表墙"), name, "PDF (*.pdf)")
        if found:
            self.save_wall(self.wall.wall, Path(found).with_suffix(".pdf"), size)

    def save_wall(self, wall: Wall, path: Path, size: QPageSize.PageSizeId) -> None:
        """Write the wall as a PDF of this page size."""
        self._context.runner.beside(
            lambda _progress, _cancelled: drawn(lambda: write_wall(wall, path, size)), self._saved
        )

    def _arrived(self, outcome: Outcome) -> None:
        self.report = outcome.value if isinstance(outcome.value, Report) else None
        if self.report is not None and not self._is_wanted(self.report):
            return  # another was chosen meanwhile; it is on its way
        self.pdf.setEnabled(self.report is not None)
        self.excel.setEnabled(self.report is not None)
        if self.report is not None:
            self.shown.setHtml(ruled(self.report.html, "#9aa4b2"))
        elif isinstance(outcome.error, Refused):
            told = outcome.error.message_for_user()
            self.shown.setPlainText(f"{told.text}\n{told.action}")
        elif outcome.error is not None:
            self._context.notices.error(outcome.error)

    def _is_wanted(self, report: Report) -> bool:
        outside = self.kind.currentData() == "outside"
        return report.figures.year == self.year.currentData() and report.outside is outside

    def _ask(self, ending: str) -> None:
        report = self.report
        if report is None:
            return
        name = f"{report.figures.year}{tr('年投诉统计报告')}.{ending}"
        found, _ = QFileDialog.getSaveFileName(self, tr("保存报告"), name, f"*.{ending}")
        if found:
            self.save(report, Path(found).with_suffix(f".{ending}"))

    def save(self, report: Report, path: Path) -> None:
        """Write the report that is shown; by its suffix a PDF or a workbook."""
        if path.suffix == ".pdf":
            try:
                write_pdf(report.html, path)
            except Environment as error:
                self._context.notices.error(error)
                return
            self._saved(Outcome())
            return
        unit = self._context.services.unit_name
        self._context.runner.beside(
            lambda _progress, _cancelled: workbook(report.figures, unit, path, outside=report.outside), self._saved
        )

    def _saved(self, outcome: Outcome) -> None:
        if outcome.error is not None:
            self._context.notices.error(outcome.error)
        else:
            self._context.notices.say(tr("报告已保存。"))
