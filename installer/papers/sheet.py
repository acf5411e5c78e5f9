"""One paper being written, in the layout of official papers (GB/T 9704).

A4, centred title, body with an indent of two characters, signature and date at the right.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

BODY = 12.0
"""Points of body text."""

_STILL = datetime(2026, 1, 1, tzinfo=UTC)


class Sheet:
    """One paper being written, from its head to its signature."""

    def __init__(self) -> None:
        self.document: Document = docx.Document()
        section = self.document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = Mm(30), Mm(25)
        section.left_margin, section.right_margin = Mm(27), Mm(25)
        normal = self.document.styles["Normal"]
        normal.font.name = "SimSun"
        normal.font.size = Pt(BODY)
        normal.element.rPr.rFonts.set(qn("w:eastAsia"), "SimSun")
        self.document.core_properties.created = self.document.core_properties.modified = _STILL.replace(tzinfo=None)
        self.document.core_properties.author = "jmdesk"

    def line(
        self,
        text: str,
        *,
        size: float = BODY,
        bold: bool = False,
        align: str = "left",
        indent: bool = False,
        after: float = 0,
    ) -> Paragraph:
        """One paragraph: size and ``after`` (space) in points; ``indent`` is two characters on the first line."""
        made = self.document.add_paragraph()
        made.alignment = getattr(WD_ALIGN_PARAGRAPH, align.upper())
        made.paragraph_format.space_after = Pt(after)
        made.paragraph_format.line_spacing = 1.5
        if indent:
            made.paragraph_format.first_line_indent = Pt(size * 2)
        run = made.add_run(text)
        run.font.size, run.font.bold = Pt(size), bold
        return made

    def head(self, title: str, *, number: bool = True) -> None:
        """The title, and the number of the paper under it."""
        self.line(title, size=20, bold=True, align="center", after=6)
        if number:
            self.line("编号：{{ number }}", align="right", after=6)

    def body(self, *paragraphs: str) -> None:
        """Paragraphs of running text."""
        for text in paragraphs:
            self.line(text, indent=True)

    def rows(self, pairs: Sequence[tuple[str, str]], widths_mm: tuple[float, float] = (40, 118)) -> None:
        """A ruled table of labels and values."""
        table = self.document.add_table(rows=0, cols=2, style="Table Grid")
        for label, value in pairs:
            cells = table.add_row().cells
            for cell, text, width in zip(cells, (label, value), widths_mm, strict=True):
                cell.width = Mm(width)
                cell.paragraphs[0].add_run(text)
        for column, width in zip(table.columns, widths_mm, strict=True):
            column.width = Mm(width)
        self.line("")

    def list(self, name: str, columns: Mapping[str, tuple[str, float]]) -> None:
        """A ruled table with one row for each item of the list ``name``: member → heading and width in millimetres."""
        table = self.document.add_table(rows=4, cols=len(columns), style="Table Grid")
        for column, (member, (heading, width)) in enumerate(columns.items()):
            table.columns[column].width = Mm(width)
            table.cell(0, column).paragraphs[0].add_run(heading).font.bold = True
            table.cell(2, column).paragraphs[0].add_run(f"{{{{ item.{member} }}}}")
            for row in range(4):
                table.cell(row, column).width = Mm(width)
        table.cell(1, 0).paragraphs[0].add_run(f"{{%tr for item in {name} %}}")
        table.cell(3, 0).paragraphs[0].add_run("{%tr endfor %}")
        self.line("")

    def signature(self, *, seal: str = "（盖章）") -> None:
        """The office's name with room for its seal, and the date."""
        self.line("")
        self.line("{{ office }}" + seal, align="right")
        self.line("{{ date }}", align="right")

    def sign_here(self, *labels: str) -> None:
        """Lines for signatures by hand."""
        for label in labels:
            self.line(f"{label}：＿＿＿＿＿＿＿＿　　＿＿＿年＿＿月＿＿日", after=8)


@dataclass(frozen=True)
class Made:
    """A paper and what describes it."""

    id: str
    version: str
    label: str
    write: Callable[[Sheet], None]
    fields: Mapping[str, str]
    prefix: str = ""
    copies: int = 1
    more: Mapping[str, object] = field(default_factory=dict)


OFFICE = {"office": "单位名称", "date": "日期"}
"""What ``signature`` asks for."""


def content(paper: Made) -> bytes:
    """The document, the same bytes each time: entry times of the archive stand still."""
    sheet = Sheet()
    paper.write(sheet)
    raw, still = io.BytesIO(), io.BytesIO()
    sheet.document.save(raw)
    with zipfile.ZipFile(raw) as source, zipfile.ZipFile(still, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return still.getvalue()
