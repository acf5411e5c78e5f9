"""A department's answer as a table: who is meant and which level, read by headings and by the words of the levels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jmdesk.catalogue.uscc import normalised
from jmdesk.core.errors import Refused
from jmdesk.green_cards.rules import NOT_APPLICABLE
from jmdesk.registers.cells import plain_text
from jmdesk.registers.enterprises import guess
from jmdesk.registers.reading import read_book
from jmdesk.registers.sheets import Sheet, says_something

_SEARCHED: Final = 15
_LEVEL_WORDS: Final = ("评价档次", "评价", "等级", "档次", "评级", "评价等级", "评价结果")
_NOTHING_WORDS: Final = ("无业务", "不适用", "无", "/")


def read_replies(path: Path, titles: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Lines of (unified code, name, level); an empty level is not answered and left out.

    ``titles`` names the levels ("1" → "优"). ``Refused`` "registers.no_replies", as ``read_book``.
    """
    for sheet in read_book(path).sheets:
        for number, row in enumerate(sheet.rows[:_SEARCHED]):
            heads = [plain_text(cell) for cell in row]
            named = {guess(head): place for place, head in enumerate(heads) if guess(head) in ("uscc", "ent_name")}
            level = next((place for place, head in enumerate(heads) if head in _LEVEL_WORDS), None)
            if named and level is not None:
                return _lines(sheet, number + 1, named, level, titles)
    raise Refused("registers.no_replies")


def _lines(
    sheet: Sheet, first: int, named: Mapping[str, int], place: int, titles: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    by_title = {title: level for level, title in titles.items()} | {level: level for level in titles}
    by_title |= dict.fromkeys((*_NOTHING_WORDS, NOT_APPLICABLE), NOT_APPLICABLE)
    found: list[tuple[str, str, str]] = []
    for row in range(first, len(sheet.rows)):
        if not says_something(sheet.rows[row]):
            continue
        level = by_title.get(plain_text(sheet.cell(row, place)))
        code = normalised(plain_text(sheet.cell(row, named["uscc"]))) if "uscc" in named else ""
        name = plain_text(sheet.cell(row, named["ent_name"])) if "ent_name" in named else ""
        if level is not None and (code or name):
            found.append((code, name, level))
    return found
