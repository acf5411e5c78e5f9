"""A Word document as a Qt text document, so that the paper an office edits in WPS is the one that is printed here.

Covers what office papers use: paragraphs with alignment, indents, spacing and page breaks; runs with size, weight and
underline; tables with widths, merged cells and borders; pictures. What else a document may hold (text boxes, fields,
headers) is not shown: the preview says what will be printed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from PySide6.QtCore import QMarginsF, QSizeF, Qt, QUrl
from PySide6.QtGui import (
    QFont,
    QImage,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextImageFormat,
    QTextLength,
    QTextTable,
    QTextTableCellFormat,
    QTextTableFormat,
)

from ui.core.drawing import blank_document
from ui.core.theme import FAMILIES

if TYPE_CHECKING:
    from docx.document import Document
    from docx.styles.style import ParagraphStyle
    from docx.table import Table
    from docx.text.paragraph import Paragraph
    from docx.text.run import Run

POINT_PER_MM = 72 / 25.4
_EMU_PER_POINT = 12700
_ALIGN = {
    "CENTER": Qt.AlignmentFlag.AlignHCenter,
    "RIGHT": Qt.AlignmentFlag.AlignRight,
    "JUSTIFY": Qt.AlignmentFlag.AlignJustify,
    "DISTRIBUTE": Qt.AlignmentFlag.AlignJustify,
}
_LINE = 0.5
_NOTHING = "\u200b"
"""Stands in an empty paragraph: Qt hides one that is followed by a table."""

_SONG = ("SimSun", "宋体", "Source Han Serif SC", "Noto Serif CJK SC", *FAMILIES)
"""Papers are set in a Song face; whichever of these the computer has."""


@dataclass(frozen=True, slots=True)
class Page:
    """The sheet a document is laid out for: size and margins in points."""

    size: QSizeF
    margins: QMarginsF

    @property
    def inner(self) -> QSizeF:
        """What is left for text."""
        wide = self.size.width() - self.margins.left() - self.margins.right()
        return QSizeF(wide, self.size.height() - self.margins.top() - self.margins.bottom())


@dataclass(frozen=True, slots=True)
class Laid:
    """A document laid out in points, and its sheet."""

    document: QTextDocument
    page: Page


def laid_out(content: bytes) -> Laid:
    """Lay out the bytes of a ``.docx``. Sizes are points; the first section gives the sheet."""
    import docx

    source = docx.Document(io.BytesIO(content))
    section = source.sections[0]
    page = Page(
        QSizeF(_points(section.page_width), _points(section.page_height)),
        QMarginsF(
            *(
                _points(m)
                for m in (section.left_margin, section.top_margin, section.right_margin, section.bottom_margin)
            )
        ),
    )
    return Laid(_Writer(source, page).written(), page)


def _points(length: int | None, default: float = 0.0) -> float:
    return default if length is None else length / _EMU_PER_POINT


class _Writer:
    def __init__(self, source: Document, page: Page) -> None:
        self._source, self._page = source, page
        self._document = blank_document(page.inner, _points_device())
        self._base = _base_size(source)
        self._styles: dict[str | None, ParagraphStyle | None] = {}
        font = QFont()
        font.setFamilies(list(_SONG))
        font.setPointSizeF(self._base)
        self._document.setDefaultFont(font)
        self._document.setDocumentMargin(_LINE)  # half of an outer border lies outside of its table
        self._first = True

    def written(self) -> QTextDocument:
        from docx.table import Table

        cursor = QTextCursor(self._document)
        cursor.beginEditBlock()  # one edit: else Qt lays the whole text out again for every cell
        for item in self._source.iter_inner_content():
            if isinstance(item, Table):
                self._table(cursor, item)
                cursor.movePosition(QTextCursor.MoveOperation.End)
            else:
                self._paragraph(cursor, item)
        cursor.endEditBlock()
        return self._document

    def _style(self, paragraph: Paragraph) -> ParagraphStyle | None:
        """The style of a paragraph; each is looked up once, for a look goes through every style there is."""
        name = paragraph._p.style
        if name not in self._styles:
            self._styles[name] = paragraph.style
        return self._styles[name]

    def _paragraph(self, cursor: QTextCursor, paragraph: Paragraph, *, fresh: bool | None = None) -> None:
        style = _block_format(paragraph, self._style(paragraph))
        if self._first if fresh is None else fresh:
            cursor.setBlockFormat(style)
        else:
            cursor.insertBlock(style)
        if fresh is None:
            self._first = False
        for run in paragraph.runs:
            self._run(cursor, run, paragraph)
        if not paragraph.text and not paragraph._element.xpath(".//w:drawing"):
            cursor.insertText(_NOTHING, self._char_format(None, paragraph))

    def _run(self, cursor: QTextCursor, run: Run, paragraph: Paragraph) -> None:
        style = self._char_format(run, paragraph)
        if run.text:
            cursor.insertText(run.text.replace("\t", "\u3000\u3000"), style)
        for blip in run._element.xpath(".//a:blip"):
            self._picture(cursor, run, blip)
        if 'w:type="page"' in run._element.xml:
            broken = QTextBlockFormat()
            broken.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
            cursor.insertBlock(broken)

    def _picture(self, cursor: QTextCursor, run: Run, blip: Any) -> None:
        name = blip.embed
        image = QImage.fromData(run.part.related_parts[name].blob)
        extent = run._element.xpath(".//wp:extent")[0]
        url = f"docx:{name}"
        self._document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(url), image)
        placed = QTextImageFormat()
        placed.setName(url)
        placed.setWidth(int(extent.cx) / _EMU_PER_POINT)
        placed.setHeight(int(extent.cy) / _EMU_PER_POINT)
        cursor.insertImage(placed)

    def _char_format(self, run: Run | None, paragraph: Paragraph) -> QTextCharFormat:
        made = QTextCharFormat()
        own = run.font if run is not None else None
        style = self._style(paragraph)
        inherited = style.font if style is not None else None
        size = next((f.size.pt for f in (own, inherited) if f is not None and f.size is not None), self._base)
        made.setFontPointSize(size)
        bold = next((f.bold for f in (own, inherited) if f is not None and f.bold is not None), False)
        made.setFontWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
        if own is not None:
            made.setFontItalic(bool(own.italic))
            made.setFontUnderline(bool(own.underline))
        return made

    def _table(self, cursor: QTextCursor, table: Table) -> None:
        # A merged cell is the same element at each of its places.
        # Read once: asking a table for one cell at a time lists all of them each time.
        every, width = table._cells, len(table.columns)
        places = [every[start : start + width] for start in range(0, len(every), width)]
        grid = [[cell._tc for cell in row] for row in places]
        ruled = "Grid" in ((table.style.name if table.style is not None else "") or "")
        made = cursor.insertTable(len(grid), len(grid[0]), self._table_format(table))
        done: set[int] = set()
        for row, cells in enumerate(places):
            for column, cell in enumerate(cells):
                if id(cell._tc) in done:  # ``grid`` keeps the elements alive
                    continue
                done.add(id(cell._tc))
                _merge(made, grid, row, column)
                inside = made.cellAt(row, column).firstCursorPosition()
                if ruled:
                    made.cellAt(row, column).setFormat(_cell_format())
                for n, paragraph in enumerate(cell.paragraphs):
                    self._paragraph(inside, paragraph, fresh=n == 0)
        self._first = False

    def _table_format(self, table: Table) -> QTextTableFormat:
        made = QTextTableFormat()
        made.setBorder(_LINE)
        made.setBorderCollapse(True)
        made.setCellPadding(3)
        made.setCellSpacing(0)
        made.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
        widths = [_points(column.width) for column in table.columns]
        whole = sum(widths)
        if whole and all(widths):
            made.setColumnWidthConstraints(
                [QTextLength(QTextLength.Type.PercentageLength, 100 * width / whole) for width in widths]
            )
        return made


def _cell_format() -> QTextTableCellFormat:
    """A cell with its own thin border: Qt draws none that only the table asks for."""
    made = QTextTableCellFormat()
    made.setBorder(_LINE)
    made.setBorderStyle(QTextTableFormat.BorderStyle.BorderStyle_Solid)
    made.setBorderBrush(Qt.GlobalColor.black)
    return made


def _merge(made: QTextTable, grid: list[list[Any]], row: int, column: int) -> None:
    """Join the cells that are one in the source."""
    element, down, right = grid[row][column], 1, 1
    while row + down < len(grid) and grid[row + down][column] is element:
        down += 1
    while column + right < len(grid[row]) and grid[row][column + right] is element:
        right += 1
    if down > 1 or right > 1:
        made.mergeCells(row, column, down, right)


@cache
def _points_device() -> QImage:
    """Something with one dot a point: Qt lays text out in dots of a device, by default those of the screen."""
    device = QImage(1, 1, QImage.Format.Format_Grayscale8)
    device.setDotsPerMeterX(round(POINT_PER_MM * 1000))
    device.setDotsPerMeterY(round(POINT_PER_MM * 1000))
    return device


def _base_size(source: Document) -> float:
    size = cast("Any", source.styles["Normal"]).font.size
    return float(size.pt) if size is not None else 10.5


def _block_format(paragraph: Paragraph, style: ParagraphStyle | None) -> QTextBlockFormat:
    made = QTextBlockFormat()
    layers = [paragraph.paragraph_format, *([style.paragraph_format] if style is not None else [])]

    def first(name: str) -> Any:
        return next((v for layer in layers if (v := getattr(layer, name)) is not None), None)

    alignment = first("alignment")
    made.setAlignment(_ALIGN.get(getattr(alignment, "name", ""), Qt.AlignmentFlag.AlignLeft))
    made.setTextIndent(_points(first("first_line_indent")))
    made.setLeftMargin(_points(first("left_indent")))
    made.setTopMargin(_points(first("space_before")))
    made.setBottomMargin(_points(first("space_after")))
    spacing = first("line_spacing")
    if isinstance(spacing, float):
        made.setLineHeight(spacing * 100, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    elif spacing is not None:
        made.setLineHeight(_points(spacing), QTextBlockFormat.LineHeightTypes.FixedHeight.value)
    if first("page_break_before"):
        made.setPageBreakPolicy(QTextFormat.PageBreakFlag.PageBreak_AlwaysBefore)
    return made
