"""Hands refused households back in the office's own layout, with the reason beside them, to be mended and imported."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

import xlsxwriter

from jmdesk.core.errors import Environment
from jmdesk.exports.cells import CellWriter
from jmdesk.registers.drafts import HouseholdDraft
from jmdesk.registers.findings import Finding, column_letters
from jmdesk.registers.layout import Form, Table

REASON = "退回原因"
ENTER_AGAIN = "请重新录入"
_LOST = "registers.id_digits_lost"
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


def write_refused(path: Path, parts: Iterable[Table | Form], refused: Iterable[HouseholdDraft]) -> int:
    """Write the refused households' rows under their own headers; returns how many households were written.

    A number that has lost its digits is not repeated: the cell asks for it again, and stays refused until it is there.
    ``Environment("registers.unwritable")`` when the file cannot be written.
    """
    by_sheet = {id(part.sheet): part for part in parts}
    count = 0
    try:
        with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd"}) as book:
            writer, names = CellWriter(book), set[str]()
            for sheet_id, group in groupby(refused, key=lambda draft: id(draft.sheet)):
                part, drafts = by_sheet[sheet_id], list(group)
                count += len(drafts)
                sheet = book.add_worksheet(_free_name(part, names))
                if isinstance(part, Table):
                    _table(sheet, part, drafts, writer)
                else:
                    _form(sheet, part, drafts[0], writer)
    except (OSError, xlsxwriter.exceptions.FileCreateError) as problem:
        raise Environment("registers.unwritable", name=path.name) from problem
    return count


def _free_name(part: Table | Form, taken: set[str]) -> str:
    base = (Path(part.sheet.file).stem or part.sheet.name).translate(_FORBIDDEN).strip("'")[:27] or "退回"
    name, number = base, 1
    while name.lower() in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name.lower())
    return name


def _table(sheet: Any, part: Table, drafts: list[HouseholdDraft], writer: CellWriter) -> None:
    source, reasons_at = part.sheet, len(part.headers)
    for row in range(part.header_rows[0]):
        for column, value in enumerate(source.rows[row]):
            writer.put(sheet, row, column, value)
    first, last = part.header_rows
    for row in range(first, last + 1):
        for column, value in enumerate(source.rows[row]):
            if value != "" and value is not None:
                sheet.write_string(row, column, str(value), writer.header)
    _merges(sheet, part, writer)
    sheet.write_string(first, reasons_at, REASON, writer.header)
    sheet.set_column(0, reasons_at - 1, 12)
    sheet.set_column(reasons_at, reasons_at, 60)
    sheet.freeze_panes(last + 1, 0)
    row = last + 1
    for draft in drafts:
        row = _household(sheet, row, draft, reasons_at, writer)


def _merges(sheet: Any, part: Table, writer: CellWriter) -> None:
    for top, left, bottom, right in part.sheet.merges or ():
        if bottom < part.first and (top, left) != (bottom, right):
            look = writer.title if bottom < part.header_rows[0] else writer.header
            writer.merge(sheet, (top, left, bottom, right), part.sheet.cell(top, left), look)


def _household(sheet: Any, row: int, draft: HouseholdDraft, reasons_at: int, writer: CellWriter) -> int:
    errors = [f for f in draft.findings if f.level == "error"]
    marked = {(f.cell.row, f.cell.column): f.code for f in errors if f.cell}
    placed = {source: row + place for place, source in enumerate(draft.rows)}
    for source, target in placed.items():
        for column, value in enumerate(draft.sheet.rows[source][:reasons_at]):
            code = marked.get((source, column), "")
            writer.put(sheet, target, column, ENTER_AGAIN if code == _LOST else value, marked=bool(code))
        here = [f for f in errors if f.cell and f.cell.row == source]
        text = "；".join(_reason(f, target) for f in here)
        if not text and errors:
            text = "本户其他行有误，改好后随同导入"
        sheet.write_string(target, reasons_at, text, writer.reason)
    return row + len(draft.rows)


def _reason(finding: Finding, row: int) -> str:
    said = finding.message()
    place = f"{column_letters(finding.cell.column)}{row + 1}：" if finding.cell else ""
    return f"{place}{said.text}{said.action}"


def _form(sheet: Any, part: Form, draft: HouseholdDraft, writer: CellWriter) -> None:
    source = part.sheet
    errors = [f for f in draft.findings if f.level == "error"]
    marked = {(f.cell.row, f.cell.column): f.code for f in errors if f.cell}
    for number, row in enumerate(source.rows):
        for column, value in enumerate(row):
            code = marked.get((number, column), "")
            writer.put(sheet, number, column, ENTER_AGAIN if code == _LOST else value, marked=bool(code))
    for top, left, bottom, right in source.merges or ():
        if (top, left) != (bottom, right):
            writer.merge(sheet, (top, left, bottom, right), source.cell(top, left), writer.header)
    sheet.set_column(0, max((len(row) for row in source.rows), default=1), 16)
    below = len(source.rows) + 1
    for place, finding in enumerate(errors):
        text = _reason(finding, finding.cell.row if finding.cell else 0)
        sheet.write_string(below + place, 0, f"{REASON}　{text}", writer.reason)
