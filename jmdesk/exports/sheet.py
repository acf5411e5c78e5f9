"""A list as a file: a workbook or comma-separated text in which nothing can act, marked with who took it and why."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from jmdesk.core.clock import beijing_text
from jmdesk.exports.cells import ACTS, CellWriter

Cell = str | int | float | Decimal | bool | None
"""What a cell holds: numbers stay numbers, everything else is text."""

_LONG_NUMBER: Final = 11
"""Digits up to which spreadsheets keep a number as it is written; longer ones lose their end or turn to 4.4E+17."""
_FORCED: Final = "\t"
_QUOTED: Final = "'"
_WIDEST: Final = 40


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list: its title, its columns, its rows."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True, slots=True)
class Mark:
    """Who took a list, from which unit, when (UTC), what for; ``scope`` says whether it is masked and who approved."""

    who: str
    unit: str
    at: str
    purpose: str
    scope: str

    @property
    def line(self) -> str:
        """The mark in one line, at the head of the list and at the foot of every printed page."""
        return f"{self.unit}　{self.who}　{beijing_text(self.at)} 导出　用途：{self.purpose}　{self.scope}"


def workbook(sheet: Sheet, mark: Mark) -> bytes:
    """The list as XLSX: title, mark, heading, rows; made in memory, for a temporary file would be a copy in plain."""
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        page: Any = book.add_worksheet("导出")
        writer = CellWriter(book)
        page.write_string(0, 0, sheet.title, writer.title)
        writer.put(page, 1, 0, mark.line)
        for place, name in enumerate(sheet.columns):
            page.write_string(2, place, name, writer.header)
            page.set_column(place, place, min(_WIDEST, max(12, 2 * len(name) + 2)))
        for number, cells in enumerate(sheet.rows, 3):
            for place, cell in enumerate(cells):
                writer.put(page, number, place, cell)
        page.freeze_panes(3, 0)
        # An ampersand begins a code in a footer; two of them are one.
        page.set_footer(f"&L{mark.line.replace('&', '&&')[:200]}&R&P/&N")
    return out.getvalue()


def comma_separated(sheet: Sheet, mark: Mark) -> bytes:
    """The list as CSV (UTF-8 with a byte order mark, CRLF), safe to be opened by a spreadsheet program."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_safe(sheet.title)])
    writer.writerow([_safe(mark.line)])
    writer.writerow([_safe(name) for name in sheet.columns])
    writer.writerows([_safe(cell) for cell in cells] for cells in sheet.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _safe(cell: Cell) -> str | int | float | Decimal:
    """Text that would act is quoted as spreadsheets do it, a long number is kept text by a tab that nobody sees."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int | float | Decimal):
        return cell
    if cell.startswith(ACTS) or cell.lstrip().startswith(ACTS):
        return _QUOTED + cell
    return _FORCED + cell if len(cell) > _LONG_NUMBER and cell.isdigit() else cell
