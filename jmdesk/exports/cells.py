"""Writes cells into workbooks so that nothing in them can act: text stays text, whatever it begins with."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

ACTS = ("=", "+", "-", "@", "\t", "\r")


class CellWriter:
    """Typed writes with one look; ``marked`` cells stand out."""

    def __init__(self, book: Any) -> None:
        look = {"font_name": "宋体", "font_size": 10, "border": 1}
        mark = {"bg_color": "#FFF2CC"}
        self._text = {m: book.add_format({**look, **x, "num_format": "@"}) for m, x in ((False, {}), (True, mark))}
        self._quoted = {
            m: book.add_format({**look, **x, "num_format": "@", "quote_prefix": True})
            for m, x in ((False, {}), (True, mark))
        }
        self._number = {m: book.add_format({**look, **x}) for m, x in ((False, {}), (True, mark))}
        self._date = {
            m: book.add_format({**look, **x, "num_format": "yyyy-mm-dd"}) for m, x in ((False, {}), (True, mark))
        }
        self.title = book.add_format({"bold": True, "font_size": 14, "font_name": "宋体"})
        self.header = book.add_format({**look, "bold": True, "text_wrap": True, "align": "center", "valign": "vcenter"})
        self.reason = book.add_format({**look, "text_wrap": True, "font_color": "#9C0006"})

    def put(self, sheet: Any, row: int, column: int, value: object, *, marked: bool = False) -> None:
        """Write one value as what it is; formula-like text is kept as text in the office program, too."""
        if value is None or value == "":
            if marked:
                sheet.write_blank(row, column, None, self._text[True])
        elif isinstance(value, bool):
            sheet.write_string(row, column, "是" if value else "否", self._text[marked])
        elif isinstance(value, int | float | Decimal):
            sheet.write_number(row, column, value, self._number[marked])
        elif isinstance(value, datetime | date):
            sheet.write_datetime(row, column, value, self._date[marked])
        elif isinstance(value, time | timedelta):
            sheet.write_string(row, column, str(value), self._text[marked])
        else:
            text = str(value)
            sheet.write_string(row, column, text, (self._quoted if text.startswith(ACTS) else self._text)[marked])

    def merge(self, sheet: Any, area: tuple[int, int, int, int], value: object, look: Any) -> None:
        """Merge an area around one value, which is text unless it is a number or a date."""
        sheet.merge_range(*area, "", look)
        if isinstance(value, int | float) and not isinstance(value, bool):
            sheet.write_number(area[0], area[1], value, look)
        elif isinstance(value, date):
            sheet.write_string(area[0], area[1], value.strftime("%Y-%m-%d"), look)
        else:
            sheet.write_string(area[0], area[1], str(value), look)
