"""A paper that was given out, as it will come out of the printer: looked at, moved on the sheet, printed, saved."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLocale
from PySide6.QtGui import QImage, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDoubleSpinBox, QFileDialog, QFrame, QWidget

from jmdesk.attachments.pdf import count_pages
from jmdesk.core.media import PDF
from jmdesk.papers.queries import Paper
from ui.core.context import Context
from ui.core.drawing import drawn
from ui.core.i18n import tr
from ui.core.overriding import override
from ui.core.paper_output import WORD, Offset, can_print, paper_file, print_paper
from ui.core.printing import paper_bytes
from ui.core.runner import Outcome
from ui.widgets.attachment_pictures import page_picture
from ui.widgets.pages_dialog import PagesDialog
from ui.widgets.styling import button, label, row

MOST_MM = 60
"""Millimetres by which a print may be moved either way."""


def offset_of(context: Context, paper: Paper) -> Offset:
    """Where this computer's print of a paper lies: as somebody moved it here, else as its template says."""
    kept = context.settings.paper_offset(paper.template)
    return kept if kept is not None else context.services.papers.template(paper.template).offset_mm


def save_paper(context: Context, paper: Paper, document: bytes, file: Path, offset_mm: Offset) -> None:
    """Write a paper off the GUI thread and say so; a certificate's PDF gets its seal."""
    services = context.services

    def work() -> None:
        paper_file(document, file, offset_mm, lambda data: services.reviews.seal_pdf(paper.number, data))
        way = file.suffix[1:].lower()
        services.audit.printed(paper.label, paper.type, paper.rid, serial=paper.number, way=way)

    def done(outcome: Outcome) -> None:
        if outcome.error is not None:
            context.notices.error(outcome.error)
        else:
            context.notices.say(tr("已保存 {name}。文件没有加密，用完请删除。", name=file.name))

    context.runner.submit(lambda _progress, _cancelled: work(), done)


class PaperView(PagesDialog):
    """Ctrl+P prints, Ctrl+S saves as PDF or Word. What is shown are the pages of the very PDF that is saved.

    The move is kept on this computer for each kind of paper: it belongs to the printer and its forms.
    """

    def __init__(self, context: Context, paper: Paper, document: bytes, parent: QWidget | None = None) -> None:
        super().__init__(context, f"《{paper.label}》{paper.number}", 0, parent)
        template = context.services.papers.template(paper.template)
        self._paper, self._document, self._copies = paper, document, template.copies
        self.offset = offset_of(context, paper)
        self._pdf: tuple[Offset, bytes] | None = None
        self.print_button = button(tr("打印"), "primary", "print")
        self.print_button.setToolTip("Ctrl+P")
        self.print_button.setEnabled(can_print())
        self.print_button.clicked.connect(self.print_out)
        self.save_button = button(tr("存为 PDF 或 Word"))
        self.save_button.setToolTip("Ctrl+S")
        self.save_button.clicked.connect(self.ask_file)
        for each in (self.save_button, self.print_button):
            each.setAutoDefault(False)
            self.tools.addWidget(each)
        if paper.voided_at:
            self.body.insertWidget(1, label(tr("已作废：{why}", why=paper.void_reason), "warning", wrap=True))
        self.body.addWidget(self._moving())
        self.load()

    @override
    def draw(self, page: int, wide: int) -> QImage:
        kept, offset = self._pdf, self.offset
        if kept is None or kept[0] != offset:
            kept = (offset, drawn(lambda: paper_bytes(self._document, offset)))
            self.pages, self._pdf = count_pages(kept[1]), kept
        return page_picture(PDF, kept[1], page, wide)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Print):
            self.print_out()
        elif event.matches(QKeySequence.StandardKey.Save):
            self.ask_file()
        else:
            super().keyPressEvent(event)

    def move_print(self) -> None:
        """Take over where the print is to lie, and show it there."""
        self.offset = (self.right.value(), self.down.value())
        self._context.settings.keep_paper_offset(self._paper.template, self.offset)
        self.load()

    # -- taking it out ---------------------------------------------------------------------------------------------

    def print_out(self) -> None:
        """Print as many copies as the paper has, on a printer that the user chooses."""
        if print_paper(self._document, self, self._copies, self.offset):
            paper = self._paper
            self._context.printed(paper.label, paper.type, paper.rid, serial=paper.number, way="printer")
            self._context.notices.say(tr("《{paper}》已送打印，共 {n} 份。", paper=paper.label, n=self._copies))

    def ask_file(self) -> None:
        """Ask where to save the paper; its name is the paper's number, nothing of a person."""
        kinds = "PDF (*.pdf);;Word (*.docx)"
        name, chosen = QFileDialog.getSaveFileName(self, tr("存为 PDF 或 Word"), f"{self._paper.number}.pdf", kinds)
        if name:
            path = Path(name)
            known = path.suffix.lower() in (".pdf", WORD)
            self.save(path if known else path.with_suffix(WORD if "docx" in chosen else ".pdf"))

    def save(self, file: Path) -> None:
        """Write the paper, as the file's name says."""
        save_paper(self._context, self._paper, self._document, file, self.offset)

    # -- parts -----------------------------------------------------------------------------------------------------

    def _moving(self) -> QFrame:
        made = QFrame()
        across = row(made, gap=8)
        across.addWidget(label(tr("套打位置：印在预印表格上对不齐时，移动打印内容"), "muted"), 1)
        self.right, self.down = self._amount(tr("向右(毫米)"), 0), self._amount(tr("向下(毫米)"), 1)
        for box in (self.right, self.down):
            across.addWidget(label(box.accessibleName()))
            across.addWidget(box)
        return made

    def _amount(self, text: str, place: int) -> QDoubleSpinBox:
        made = QDoubleSpinBox()
        made.setLocale(QLocale.c())
        made.setDecimals(1)
        made.setSingleStep(0.5)
        made.setRange(-MOST_MM, MOST_MM)
        made.setValue(self.offset[place])
        made.setKeyboardTracking(False)
        made.setAccessibleName(text)
        made.valueChanged.connect(self.move_print)
        return made
