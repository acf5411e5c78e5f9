"""A household's file as one PDF: contents with page numbers, every part behind its bookmark, a mark on every page."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QPageSize, QPainter, QPdfWriter

from jmdesk.inspections.contents import Part
from jmdesk.inspections.service import HouseholdFile
from jmdesk.ratings.document import Document, Paragraph, Section, Table
from ui.core.printing import ensure_application, html_bytes, paper_bytes
from ui.core.theme import FAMILIES

if TYPE_CHECKING:
    from pypdf import PdfReader

_MARK_PIXELS = 8
_EDGE = 24.0
"""Points from the edge of the sheet to the mark."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The file as it is handed out."""

    data: bytes
    pages: int


def bound(file: HouseholdFile) -> Bound:
    """Bind a file. Draws: call it in a thread of Qt's (``drawing.drawn``)."""
    from pypdf import PdfReader, PdfWriter

    ensure_application()
    readers = [PdfReader(io.BytesIO(_drawn(part))) for part in file.parts]
    contents = _contents(file, [len(reader.pages) for reader in readers])
    titles = ["目录", *(part.title for part in file.parts)]
    writer = PdfWriter()
    starts = []
    for reader in (contents, *readers):
        starts.append(len(writer.pages))
        for page in reader.pages:
            writer.add_page(page)
    for title, start in zip(titles, starts, strict=True):
        writer.add_outline_item(title=title, page_number=start)
    total = len(writer.pages)
    for number, page in enumerate(writer.pages, 1):
        box = page.mediabox
        mark = _mark(f"{file.mark}　第 {number} 页，共 {total} 页", float(box.width), float(box.height))
        page.merge_page(PdfReader(io.BytesIO(mark)).pages[0])
    writer.add_metadata({"/Title": "农户信用信息档案", "/Creator": "jmdesk"})
    out = io.BytesIO()
    writer.write(out)
    return Bound(out.getvalue(), total)


def _drawn(part: Part) -> bytes:
    return html_bytes(part.document.as_html()) if part.document is not None else paper_bytes(part.paper)


def _contents(file: HouseholdFile, counts: list[int]) -> PdfReader:
    """The table of contents; drawn twice, because how many pages it takes moves every other page."""
    from pypdf import PdfReader

    length = 1
    while True:
        page, rows = length + 1, []
        for number, (part, count) in enumerate(zip(file.parts, counts, strict=True), 1):
            rows.append((str(number), part.title, str(page)))
            page += count
        told = [Paragraph(f"附件 {len(file.enclosures)} 份，见同一文件夹。")]
        if file.withheld:
            told.append(Paragraph(f"另有 {file.withheld} 份附件，经手人无权查看，未提供。"))
        table = Table(("序号", "材料", "起始页"), tuple(rows), (12, 72, 16))
        whole = Document(file.title, (Section("目录", (table, *told)),))
        made = PdfReader(io.BytesIO(html_bytes(whole.as_html())))
        if len(made.pages) <= length:
            return made
        length = len(made.pages)


def _mark(text: str, width: float, height: float) -> bytes:
    """A transparent page of a size in points with a line at its head."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setPageSize(QPageSize(QSizeF(width, height), QPageSize.Unit.Point))
    writer.setPageMargins(QMarginsF())
    writer.setResolution(72)
    painter = QPainter(writer)
    font = QFont()
    font.setFamilies(list(FAMILIES))
    font.setPixelSize(_MARK_PIXELS)
    painter.setFont(font)
    painter.setPen(Qt.GlobalColor.darkGray)
    line = QRectF(_EDGE, _EDGE / 2, width - 2 * _EDGE, _EDGE)
    painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)
    painter.end()
    return bytes(buffer.data().data())
