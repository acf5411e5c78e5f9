"""The tables of invented registers: layout a (merged header, people under their household) and layout b (flat)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any

from jmdesk.registers.samplecolumns import LAYOUT_A, LAYOUT_B, Cell, SampleColumn, label

if TYPE_CHECKING:
    from jmdesk.registers.samples import WrittenHousehold

_DATE = "yyyy-mm-dd"


class _Formats:
    """The cell formats of one workbook."""

    def __init__(self, book: Any) -> None:
        grid = {"border": 1, "font_name": "宋体", "font_size": 10}
        self.title = book.add_format({"bold": True, "align": "center", "font_size": 16, "font_name": "宋体"})
        self.plain = book.add_format({"font_name": "宋体", "font_size": 10})
        self.header = book.add_format({**grid, "bold": True, "align": "center", "valign": "vcenter", "text_wrap": True})
        self.text = book.add_format({**grid, "num_format": "@"})
        self.number = book.add_format(grid)
        self.date = book.add_format({**grid, "num_format": _DATE})


def put(sheet: Any, row: int, column: int, value: object, formats: _Formats) -> None:
    """Write one value as what it is: text as text (identity numbers never as numbers), numbers, dates."""
    if value is None or value == "":
        return
    if isinstance(value, str):
        sheet.write_string(row, column, value, formats.text)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats.date)
    else:
        sheet.write_number(row, column, value, formats.number)


def write_merged(book: Any, source: Iterator[WrittenHousehold], *, streamed: bool) -> None:
    """Layout a: title, a line about the office, two header rows, then the people."""
    formats = _Formats(book)
    first = next(source, None)
    sheet = book.add_worksheet("农户登记表")
    if first is None:
        return
    columns = LAYOUT_A
    several = [w for w in (first,) if len(w.place.code) == 12]
    place = several[0].place
    for index, column in enumerate(columns):
        sheet.set_column(index + 1, index + 1, column.width)
    sheet.merge_range(0, 0, 0, len(columns) + 1, f"{place.county}{place.town}农户信用信息登记表", formats.title)
    sheet.write_string(1, 0, f"填报单位：{place.county}{place.town}{place.village}", formats.plain)
    sheet.write_string(1, 12, f"填报日期：{first.home.year + 1}年3月", formats.plain)
    heads = ("序号", "行政村")
    for index, text in enumerate(heads):
        _over_two_rows(sheet, index, text, formats, streamed=streamed)
    offset = len(heads)
    for group, members in groupby(enumerate(columns, offset), lambda pair: pair[1].group):
        block = list(members)
        start, end = block[0][0], block[-1][0]
        if start == end and not block[0][1].header:
            _over_two_rows(sheet, start, group, formats, streamed=streamed)
            continue
        sheet.merge_range(2, start, 2, end, group, formats.header)
    for index, column in enumerate(columns, offset):
        if column.header:
            sheet.write_string(3, index, column.header, formats.header)
    sheet.freeze_panes(4, offset + 1)
    row = 4
    for serial, written in enumerate(chain((first,), source), 1):
        row = _people(sheet, row, serial, written, columns, formats)


def _over_two_rows(sheet: Any, column: int, text: str, formats: _Formats, *, streamed: bool) -> None:
    """A header over both rows; a streamed sheet cannot merge downwards and leaves the lower cell empty."""
    if streamed:
        sheet.write_string(2, column, text, formats.header)
    else:
        sheet.merge_range(2, column, 3, column, text, formats.header)


def _people(
    sheet: Any, row: int, serial: int, written: WrittenHousehold, columns: tuple[SampleColumn, ...], formats: _Formats
) -> int:
    home, overrides = written.home, written.overrides
    for place, person in enumerate(home.members):
        if place == 0:
            sheet.write_number(row, 0, serial, formats.number)
            sheet.write_string(row, 1, written.place.village, formats.text)
        for index, column in enumerate(columns, 2):
            if column.personal or place == 0:
                value = column.get(home, person)
                if overrides:
                    value = _overridden(overrides, place, column.key, value)
                put(sheet, row, index, value, formats)
        row += 1
    return row


def _overridden(overrides: dict[tuple[int, str], object], place: int, key: str, value: Cell) -> Any:
    return overrides.get((place, key), value)


def write_groups(book: Any, sheets: Iterator[tuple[str, Iterator[WrittenHousehold]]]) -> None:
    """Layout b: one flat sheet per group (or village), everything as that office writes it."""
    formats = _Formats(book)
    for name, households in sheets:
        sheet = book.add_worksheet(name)
        _flat(sheet, households, formats)


def _flat(sheet: Any, households: Iterator[WrittenHousehold], formats: _Formats) -> None:
    row = 0
    for written in households:
        if row == 0:
            place = written.place
            for index, column in enumerate(LAYOUT_B):
                sheet.set_column(index, index, column.width)
            sheet.write_string(0, 0, f"{place.county}{place.town}{place.village}农户情况一览", formats.title)
            for index, column in enumerate(LAYOUT_B):
                sheet.write_string(1, index, column.header, formats.header)
            row = 2
        home = written.home
        for place_, person in enumerate(home.members):
            for index, column in enumerate(LAYOUT_B):
                if not (column.personal or place_ == 0 or column.key in {"number", "head_name"}):
                    continue
                value = _as_flat(column, column.get(home, person))
                if written.overrides:
                    value = _flat_override(column, _overridden(written.overrides, place_, column.key, value))
                put(sheet, row, index, value, formats)
            row += 1


def _as_flat(column: SampleColumn, value: Cell) -> Cell:
    if isinstance(value, date):
        return f"{value.year}.{value.month}.{value.day}"
    if column.money and isinstance(value, int | float):
        return round(value / 10_000, 4)
    if column.key == "relation":
        return {label("CL-REL", "12"): "妻子", label("CL-REL", "11"): "丈夫"}.get(str(value), value)
    return value


def _flat_override(column: SampleColumn, value: Any) -> Any:
    """A flaw in this layout's unit: whole yuan become 万元 where the flaw is a number."""
    if column.money and isinstance(value, int):
        return value / 10_000
    return value
