"""Consents of a village: print the pages, file the scanned stack, see what has to be erased."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QFileDialog, QFrame, QScrollArea, QWidget

from jmdesk.rights.consent_pages import ConsentPages
from ui.core.context import Context, Page, Target
from ui.core.drawing import drawn
from ui.core.freshness import Freshness
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.pickers import children_within, region_path, regions_within
from ui.core.runner import Cancelled, Outcome, Report
from ui.pages.consents.due import DuePanel
from ui.pages.consents.printing import write_sheets
from ui.pages.consents.stack import StackPanel
from ui.widgets.progress_panel import ProgressPanel
from ui.widgets.region_picker import RegionPicker
from ui.widgets.styling import button, card, column, label, row


class ConsentsPage(Page):
    """Three cards from top to bottom in the order of the work; Tab goes through all of it."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        outer = column(self)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        inside = QWidget()
        inside.setProperty("role", "scrolled")
        down = column(inside, margin=20, gap=12)
        scroll.setWidget(inside)
        outer.addWidget(scroll)
        down.addWidget(label(tr("授权与删除"), "title"))
        down.addWidget(self._print_card())
        self.stack = StackPanel(context)
        down.addWidget(self.stack)
        self.due = DuePanel(context)
        self.due.case_wished.connect(self._open_case)
        down.addWidget(self.due)
        down.addStretch(1)
        self._freshness = Freshness(self, context.runner, self.due.refresh)
        self.due.refresh()

    @override
    def take_focus(self) -> None:
        self.village.setFocus()

    @override
    def unsaved(self) -> bool:
        return self.stack.stack is not None and bool(self.stack.assigned)

    @override
    def discard(self) -> None:
        self.stack.assigned.clear()

    def _open_case(self, case: str) -> None:
        self.context.go(Target("cases", "R25", case, came_from=Target("consents")))

    # -- printing --------------------------------------------------------------------------------------------------

    def _print_card(self) -> QFrame:
        made, services = card(), self.context.services
        down = column(made, margin=16, gap=10)
        down.addWidget(label(tr("打印告知书与授权书"), "heading"))
        advice = tr("每户一页：告知内容、各成年人的选择和签名栏，右上角是识别码，签好后整叠扫描即可归档。")
        down.addWidget(label(advice, "muted", wrap=True))
        across = row(gap=10)
        known = services.catalogue.regions
        self.village = RegionPicker(
            regions_within(services.regions, known),
            lambda code: region_path(code, known),
            children_within(services.regions, known),
        )
        self.village.setAccessibleName(tr("村居"))
        self.missing = QCheckBox(tr("只打印还没有答复的户"))
        self.missing.setChecked(True)
        self.print_button = button(tr("存为 PDF"), "primary", "print")
        self.print_button.clicked.connect(self._ask)
        across.addWidget(self.village, 1)
        across.addWidget(self.missing)
        across.addWidget(self.print_button)
        down.addLayout(across)
        self.progress = ProgressPanel()
        down.addWidget(self.progress)
        return made

    def _ask(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, tr("存为 PDF"), f"{tr('授权书')}.pdf", "PDF (*.pdf)")
        if name:
            self.print_to(Path(name if name.lower().endswith(".pdf") else f"{name}.pdf"))

    def print_to(self, file: Path) -> None:
        """Write the pages of the village chosen (or of all) into one PDF, off the GUI thread."""
        desk, region, missing = self.context.services, str(self.village.value() or ""), self.missing.isChecked()

        def work(progress: Report, cancelled: Callable[[], bool]) -> object:
            pages = ConsentPages(desk)
            households = tuple(pages.wanting(region) if missing else pages.all(region))
            written = drawn(
                lambda: write_sheets(pages.filled(households, progress=progress, cancelled=cancelled), file)
            )
            if cancelled():
                file.unlink(missing_ok=True)
                raise Cancelled
            return written

        self.print_button.setEnabled(False)
        self.progress.follow(self.context.runner.beside(work, self._printed), tr("正在生成授权书"))

    def _printed(self, outcome: Outcome) -> None:
        self.print_button.setEnabled(True)
        if outcome.error is not None:
            self.context.notices.error(outcome.error)
        elif isinstance(outcome.value, int):
            done = tr("已生成 {n} 页授权书。", n=outcome.value)
            self.context.notices.say(done if outcome.value else tr("所选范围内没有需要打印的户。"))
