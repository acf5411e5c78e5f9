"""Finds its way on a sheet: titles, one to three header rows joined through merged cells, data rows, tail, forms."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from jmdesk.core.text import folded
from jmdesk.registers.cells import is_word, read_group
from jmdesk.registers.sheets import Row, Sheet, says_something
from jmdesk.registers.wording import Wording, unit_in

_SEARCHED = 40
_DEEPEST_HEADER = 3
_LONGEST_GAP = 200
_FORM_ROWS = 200
_FORM_LABELS = 6
_TABLE_COLUMNS = 3
_FOOTER = re.compile(r"(合计|小计|总计|共计|填表人|审核人|制表人?|负责人|经办人|说明|备注|注)\s*[:：]?")
_GROUP_LINE = re.compile(r"第?[\d一二三四五六七八九十]{1,3}(村民小组|小组|组|队|经济社)")


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a sheet: ``headers`` by column, joined with "/" ("" for a column without); data from ``first`` to
    before ``end``. ``titles`` are the lines above, ``stray`` rows far below the end that were not taken.
    """

    sheet: Sheet
    headers: tuple[str, ...]
    header_rows: tuple[int, int]
    first: int
    end: int
    titles: tuple[str, ...]
    stray: int = 0

    @property
    def unit(self) -> str:
        """The money unit that a title line names for the whole table ("单位：万元"); "" for none."""
        return next((unit for title in self.titles if (unit := unit_in(title))), "")

    def data_rows(self) -> Iterator[tuple[int, Row, str]]:
        """Row number, cells, and the village group that a line of its own above has named ("" for none).

        Empty rows, repeated headers, sums, signatures and group lines are left out.
        """
        group = ""
        head = _texts(self.sheet.rows[self.header_rows[0]])
        for number in range(self.first, self.end):
            row = self.sheet.rows[number]
            if not row or not says_something(row):
                continue
            filled = [cell for cell in row[:6] if cell != "" and cell is not None]
            lead = filled[0] if filled else ""
            if isinstance(lead, str) and lead and len(filled) <= 3:
                text = folded(lead).replace(" ", "")
                if _FOOTER.match(text):
                    continue
                if _count(row) == 1 and (named := group_named(text)):
                    group = named
                    continue
            if isinstance(lead, str) and lead and _texts(row) == head:
                continue
            yield number, row, group


@dataclass(frozen=True, slots=True)
class FormTable:
    """A small table inside a form: header texts by column, and its data rows."""

    headers: dict[int, str]
    rows: tuple[int, ...]
    section: str


@dataclass(frozen=True, slots=True)
class FormPair:
    """A label with the value beside it; ``row`` and ``column`` are the value's."""

    label: str
    value: object
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Form:
    """One household's form: labels with their values, and small tables."""

    sheet: Sheet
    pairs: tuple[FormPair, ...]
    tables: tuple[FormTable, ...]
    titles: tuple[str, ...]


def found_on(sheet: Sheet, wording: Wording) -> Table | Form | None:
    """What a sheet holds; None when nothing on it reads like a register."""
    best = _best_header(sheet, wording)
    if len(sheet.rows) <= _FORM_ROWS and _form_labels(sheet, wording, best) >= _FORM_LABELS:
        return read_form(sheet, wording)
    if best is None:
        return None
    first_header, depth, headers = best
    first = first_header + depth
    end, stray = _end(sheet, first)
    titles = tuple(text for row in sheet.rows[:first_header] for text in _texts(row))
    return Table(sheet, headers, (first_header, first_header + depth - 1), first, end, titles, stray)


def group_named(text: str) -> str:
    """The village group that a line or a sheet's name is about (``第三村民小组`` → ``3组``); "" for another text."""
    plain = folded(text).replace(" ", "")
    return str(read_group(plain)[0] or "") if _GROUP_LINE.fullmatch(plain) else ""


def _texts(row: Row) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in row if isinstance(cell, str) and cell.strip())


def _count(row: Row) -> int:
    return sum(cell != "" and cell is not None for cell in row)


def _best_header(sheet: Sheet, wording: Wording) -> tuple[int, int, tuple[str, ...]] | None:
    """First row, depth and joined texts of the header: the fewest rows that are understood best."""
    best: tuple[float, int, int, tuple[str, ...]] | None = None
    covers = _covers(sheet)
    for row in range(min(_SEARCHED, len(sheet.rows))):
        if _count(sheet.rows[row]) < 2 or not _reads_as_header(sheet.rows[row]):
            continue
        for depth in range(1, _DEEPEST_HEADER + 1):
            below = sheet.rows[row + 1 : row + depth]
            if len(below) < depth - 1 or not all(_reads_as_header(r) and says_something(r) for r in below):
                break
            headers = joined_headers(sheet, row, depth, covers)
            score = _score(headers, wording) - 0.3 * (depth - 1)
            if best is None or score > best[0] + 1e-9:
                best = score, row, depth, headers
    return best[1:] if best is not None and best[0] >= _TABLE_COLUMNS - 0.5 else None


def _score(headers: Sequence[str], wording: Wording) -> float:
    """How much of a header is understood; two columns that mean the same count once."""
    sure: dict[str, float] = {}
    for header in headers:
        key, certainty = wording.meaning_of(header) if header else (None, 0.0)
        if key:
            sure[key] = max(sure.get(key, 0.0), certainty)
    return sum(certainty for certainty in sure.values() if certainty >= 0.5)


def _reads_as_header(row: Row) -> bool:
    """Whether a row is made of short texts without long digits: no data row, which has numbers or identity numbers."""
    cells = [cell for cell in row if cell != "" and cell is not None]
    if not all(isinstance(cell, str) for cell in cells):
        return False
    return not any(re.search(r"\d{5,}", folded(str(cell))) for cell in cells)


def _covers(sheet: Sheet) -> dict[tuple[int, int], tuple[int, int]] | None:
    """For every merged cell near the top, the cell that holds its text; None when the format does not tell."""
    if sheet.merges is None:
        return None
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for top, left, bottom, right in sheet.merges:
        if top > _SEARCHED or right - left > 500:
            continue
        for row in range(top, min(bottom, _SEARCHED + _DEEPEST_HEADER) + 1):
            for column in range(left, right + 1):
                found[row, column] = (top, left)
    return found


def joined_headers(
    sheet: Sheet, first: int, depth: int, covers: dict[tuple[int, int], tuple[int, int]] | None = None
) -> tuple[str, ...]:
    """The header texts of every column, read downwards and joined with "/"; merged cells count in all their columns.

    Without merges (CSV, streamed files) an upper text reaches to the right as long as its cells are empty and a text
    stands below.
    """
    width = max((len(sheet.rows[row]) for row in range(first, first + depth)), default=0)
    columns: list[str] = []
    carried = [""] * depth
    for column in range(width):
        parts: list[str] = []
        bottom = _text(sheet, first + depth - 1, column)
        for level in range(depth):
            text = _text(sheet, first + level, column)
            holder = covers.get((first + level, column)) if covers else None
            if not text and holder is not None:
                text = _text(sheet, *holder) if holder[0] >= first else ""
            elif not text and level < depth - 1 and bottom and holder is None and _may_carry(covers):
                text = carried[level]
            carried[level] = text
            if text and (not parts or parts[-1] != text):
                parts.append(text)
        columns.append("/".join(parts))
    while columns and not columns[-1]:
        columns.pop()
    return tuple(columns)


def _may_carry(covers: dict[tuple[int, int], tuple[int, int]] | None) -> bool:
    """Whether a header without merged cells may reach to the right: only when nothing at all is merged near it."""
    return not covers


def _text(sheet: Sheet, row: int, column: int) -> str:
    cell = sheet.cell(row, column)
    return " ".join(folded(cell).split()) if isinstance(cell, str) else ""


def _end(sheet: Sheet, first: int) -> tuple[int, int]:
    """Where the data stops: before a gap of 200 empty rows; and how many rows stand beyond it."""
    gap, last = 0, first
    for number in range(first, len(sheet.rows)):
        if says_something(sheet.rows[number]):
            gap, last = 0, number + 1
        else:
            gap += 1
            if gap > _LONGEST_GAP:
                return last, sum(1 for row in sheet.rows[number:] if says_something(row))
    return last, 0


# --- forms ---------------------------------------------------------------------------------------------------------


def _form_labels(sheet: Sheet, wording: Wording, best: tuple[int, int, tuple[str, ...]] | None) -> int:
    """How many different things are labelled outside of the best table header: many on a form, few on a list."""
    skipped = range(best[0], best[0] + best[1]) if best else range(0)
    in_header = {wording.meaning_of(header)[0] for header in best[2]} if best else set()
    keys: set[str] = set()
    for number, row in enumerate(sheet.rows[:_FORM_ROWS]):
        if number in skipped:
            continue
        for cell in row:
            if isinstance(cell, str) and cell and not is_word(cell) and wording.knows(_split_label(cell)[0]):
                key, _ = wording.meaning_of(_split_label(cell)[0])
                keys.add(key or "")
    return len(keys - in_header)


def _split_label(cell: str) -> tuple[str, str]:
    """``村民小组：3组`` as label and value; a cell without a colon is all label."""
    label, colon, value = folded(cell).replace("：", ":").partition(":")
    return label, value.strip() if colon else ""


def read_form(sheet: Sheet, wording: Wording) -> Form:
    """A form-shaped sheet: label cells with values to their right or behind a colon, and small tables."""
    pairs: list[FormPair] = []
    tables: list[FormTable] = []
    titles: list[str] = []
    section = ""
    row = 0
    while row < len(sheet.rows):
        cells = _filled(sheet, row)
        if len(cells) == 1 and isinstance(cells[0][1], str) and not _split_label(cells[0][1])[1]:
            section = folded(cells[0][1])
            titles.append(section)
        elif header := _table_header(cells, wording):
            end = _table_end(sheet, row + 1, wording)
            tables.append(FormTable(header, tuple(range(row + 1, end)), section))
            row = end - 1
        else:
            pairs += _pairs(sheet, row, cells, section, wording)
        row += 1
    return Form(sheet, tuple(pairs), tuple(tables), tuple(titles))


def _filled(sheet: Sheet, row: int) -> list[tuple[int, object]]:
    return [(column, cell) for column, cell in enumerate(sheet.rows[row]) if cell != "" and cell is not None]


def _table_header(cells: list[tuple[int, object]], wording: Wording) -> dict[int, str]:
    """The columns of a table header: at least three labels, side by side; {} for any other row."""
    labels = {column: str(cell) for column, cell in cells if wording.knows(cell)}
    if len(labels) < _TABLE_COLUMNS or len(labels) * 2 <= len(cells):
        return {}
    side_by_side = sum(second - first == 1 for first, second in pairwise(sorted(labels)))
    if side_by_side < (len(labels) - 1) / 2:
        return {}
    return {column: " ".join(folded(str(cell)).split()) for column, cell in cells if isinstance(cell, str)}


def _table_end(sheet: Sheet, start: int, wording: Wording) -> int:
    """The table goes on until an empty row, a heading, or a row that begins with a label again."""
    row = start
    while row < len(sheet.rows):
        cells = _filled(sheet, row)
        first = cells[0][1] if cells else ""
        if not cells or (len(cells) == 1 and isinstance(first, str)):
            break
        if isinstance(first, str) and wording.knows(_split_label(first)[0]) and not _is_data(cells, wording):
            break
        row += 1
    return row


def _is_data(cells: list[tuple[int, object]], wording: Wording) -> bool:
    """A data row may begin with a word that is also a label (承包耕地): then no other cell is one."""
    return not any(isinstance(c, str) and wording.knows(c) for _, c in cells[1:]) and len(cells) > 2


def _pairs(
    sheet: Sheet, row: int, cells: list[tuple[int, object]], section: str, wording: Wording
) -> Iterator[FormPair]:
    place = 0
    while place < len(cells):
        column, cell = cells[place]
        place += 1
        if not isinstance(cell, str):
            continue
        label, behind = _split_label(cell)
        if not wording.knows(label) and not wording.knows(f"{section}/{label}"):
            continue
        if behind:
            yield FormPair(label, behind, row, column)
            continue
        following = cells[place] if place < len(cells) else None
        if following is None or (isinstance(following[1], str) and _is_label(following[1], wording)):
            continue
        if following[0] - column > _label_width(sheet, row, column):
            continue
        place += 1
        yield FormPair(label, following[1], row, following[0])


def _is_label(text: str, wording: Wording) -> bool:
    return wording.knows(_split_label(text)[0]) and not re.search(r"\d", text) and not is_word(text)


def _label_width(sheet: Sheet, row: int, column: int) -> int:
    """How far right of a label its value may begin: next to it, or to its merged area."""
    for top, left, bottom, right in sheet.merges or ():
        if top <= row <= bottom and left == column:
            return right - left + 1
    return 1
