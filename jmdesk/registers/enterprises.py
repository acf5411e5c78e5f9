"""Member registers of associations in Excel: columns understood by their headings, tried, then taken.

One line is one enterprise, told by its unified social credit code. What a heading means is guessed from the catalogue
and the words that associations use, and a person may choose otherwise.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Final, Protocol

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record, Value
from jmdesk.catalogue.uscc import normalised
from jmdesk.catalogue.validation import validation_of
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import KnownError, Refused
from jmdesk.core.resources import resource
from jmdesk.enterprises import queries
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import InvalidRecord, Writer
from jmdesk.registers.cells import plain_text, reader
from jmdesk.registers.reading import read_book
from jmdesk.registers.sheets import Sheet, says_something
from jmdesk.store.stored import Stored

TYPE: Final = "R20"
_SEARCHED: Final = 15
"""Rows in which the headings are looked for."""

_TYPES = ("91", "92", "93", "51", "52", "N2")
_FOUR_DIGITS = re.compile(r"[0-9]{4}")


class RegisterDesk(Workplace, Protocol):
    """What taking a register needs of the desk."""

    @property
    def regions(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the field it is read as ("" for left out), the first cells beneath it."""

    place: int
    header: str
    field: str
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Register:
    """One sheet of a register: its columns, the rows beneath the headings."""

    file: str
    sheet: Sheet
    first: int
    columns: tuple[Column, ...]

    @property
    def lines(self) -> int:
        """How many lines say something."""
        return sum(says_something(row) for row in self.sheet.rows[self.first :])


@dataclass(frozen=True, slots=True)
class Line:
    """One line as read: its row (from 1), its values, doubts, and problems, with which it is not taken."""

    row: int
    values: Record
    problems: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


@dataclass(slots=True)
class Outcome:
    """What became of a register: counts, and why lines were not taken (row, reason)."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


@cache
def _words() -> Mapping[str, Mapping[str, Sequence[str]]]:
    raw: Mapping[str, Mapping[str, Sequence[str]]] = json.loads(
        resource("registers/enterprises.json").read_text(encoding="utf-8")
    )
    return raw


def fields() -> dict[str, str]:
    """What a column may be read as: field → label."""
    return {f.identifier: f.label for f in catalogue().types[TYPE].fields if f.default_on}


def read_register(path: Path) -> Register:
    """The first sheet that looks like a member register. ``Refused`` "registers.no_enterprises", as ``read_book``."""
    for sheet in read_book(path).sheets:
        best: tuple[int, int, list[str]] | None = None
        for number, row in enumerate(sheet.rows[:_SEARCHED]):
            guessed = [guess(plain_text(cell)) for cell in row]
            known = len({name for name in guessed if name})
            if known >= 2 and (best is None or known > best[0]):
                best = known, number, guessed
        if best is not None:
            _, number, guessed = best
            columns = tuple(
                Column(place, plain_text(cell), guessed[place], _samples(sheet, number + 1, place))
                for place, cell in enumerate(sheet.rows[number])
                if plain_text(cell)
            )
            return Register(path.name, sheet, number + 1, _once(columns))
    raise Refused("registers.no_enterprises")


def guess(header: str) -> str:
    """The field that a heading means, "" for none."""
    plain = re.sub(r"[\s（(][^）)]*[）)]|\s|[*：:]", "", header)
    if not plain:
        return ""
    for name, label in fields().items():
        if plain in (label, *_words()["headers"].get(name, ())):
            return name
    return ""


def read_lines(desk: RegisterDesk, register: Register, chosen: Mapping[int, str]) -> Iterator[Line]:
    """Every line by the chosen meaning of each column (place → field)."""
    described = catalogue().types[TYPE].by_identifier
    for number in range(register.first, len(register.sheet.rows)):
        row = register.sheet.rows[number]
        if not says_something(row):
            continue
        values: Record = {}
        doubts: list[str] = []
        for place, name in chosen.items():
            raw = row[place] if place < len(row) else ""
            if not name or raw in ("", None):
                continue
            read = _read(desk, name, raw, _unit(register, place))
            if read is None:
                doubts.append(f"{described[name].label}“{plain_text(raw)}”没有读懂")
            else:
                values[name] = read
        yield _judged(desk, number + 1, _completed(desk, values), doubts)


def take(desk: RegisterDesk, lines: Sequence[Line]) -> Outcome:
    """Write the lines in one command: new enterprises, changes of known ones; what is refused is said by line."""
    outcome = Outcome()
    with desk.records.writing("import", source="import") as writer:
        known = queries.by_code(writer.transaction.connection, [str(line.values.get("uscc", "")) for line in lines])
        seen: set[str] = set()
        for line in lines:
            code = str(line.values.get("uscc", ""))
            if line.problems or code in seen:
                reason = "；".join(line.problems) or "同一代码在表中出现两次"
                outcome.refused.append((line.row, reason))
                continue
            seen.add(code)
            _land(writer, line, known.get(code), outcome)
    return outcome


def _land(writer: Writer, line: Line, known: Stored | None, outcome: Outcome) -> None:
    try:
        if known is None:
            writer.create(TYPE, line.values)
            outcome.created += 1
            return
        fresh = {name: value for name, value in line.values.items() if known.values.get(name) != value}
        if not fresh:
            outcome.unchanged += 1
        elif writer.change(TYPE, known.rid, fresh):
            outcome.changed += 1
    except InvalidRecord as error:
        outcome.refused.append((line.row, "；".join(str(p.message()) for p in error.problems)))
    except KnownError as error:
        outcome.refused.append((line.row, str(error.message_for_user())))


def _once(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Of two columns that mean the same, the first counts."""
    taken: set[str] = set()
    kept: list[Column] = []
    for one in columns:
        again = one.field in taken
        taken.add(one.field)
        kept.append(Column(one.place, one.header, "" if again else one.field, one.samples))
    return tuple(kept)


def _samples(sheet: Sheet, first: int, place: int) -> tuple[str, ...]:
    cells = (plain_text(sheet.cell(row, place)) for row in range(first, min(first + 20, len(sheet.rows))))
    return tuple(cell for cell in cells if cell)[:3]


def _unit(register: Register, place: int) -> str:
    header = next((one.header for one in register.columns if one.place == place), "")
    return "万元" if "万元" in header else "元" if "元" in header else ""


def _read(desk: RegisterDesk, name: str, raw: object, unit: str) -> Value | None:
    text = plain_text(raw)
    if name == "uscc":
        return normalised(text)
    if name == "region_code":
        return _region(desk, text)
    if name == "cluster":
        return _keyword("clusters", text)
    if name == "industry_code" and _FOUR_DIGITS.fullmatch(text):
        return text
    if name == "revenue_main":
        return _revenue(text, unit)
    read, _remark = reader(catalogue().types[TYPE].by_identifier[name])(raw)
    return read


def _revenue(text: str, unit: str) -> str | None:
    """An amount in 万元 as the catalogue keeps it; a column in 元 is divided exactly."""
    plain = text.replace(",", "").replace("，", "")
    for ending in ("万元", "万", "元"):
        if plain.endswith(ending):
            plain, unit = plain.removesuffix(ending), ending
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    if unit == "元":
        value = value / 10_000
    return f"{value.quantize(Decimal(1).scaleb(-2), ROUND_HALF_UP):f}"


def _keyword(group: str, text: str) -> str | None:
    for code, words in _words()[group].items():
        if text == code or any(word in text for word in words):
            return code
    return None


def _region(desk: RegisterDesk, text: str) -> str | None:
    """A region by its code, or by the one name that occurs in the text (a town before its county)."""
    regions = desk.catalogue.regions
    if text.isdigit():
        padded = text.ljust(12, "0")
        return padded if regions.get(padded) is not None else None
    found = [r for r in regions.within("440700000000") if r.level in ("county", "town") and r.short_name in text]
    if not found:
        return None
    deepest = [r for r in found if r.level == "town"] or found
    return deepest[0].code if len({r.code for r in deepest}) == 1 else None


def _completed(desk: RegisterDesk, values: Record) -> Record:
    """The values with what follows from them: the kind from the code, the place from the desk."""
    made = dict(values)
    code = str(made.get("uscc", ""))
    if code and "ent_type" not in made:
        made["ent_type"] = next((kind for kind in _TYPES if code.startswith(kind)), "99")
    made.setdefault("region_code", desk.regions[0].ljust(12, "0"))
    return made


def _judged(desk: RegisterDesk, row: int, values: Record, doubts: list[str]) -> Line:
    if "uscc" not in values or "ent_name" not in values:
        return Line(row, values, ("缺统一社会信用代码或企业名称",), tuple(doubts))
    problems = validation_of(desk.catalogue).validate(TYPE, values, complete=False, on=beijing_date(desk.clock.now()))
    errors = tuple(str(p.message()) for p in problems if p.level == "error")
    doubts += [str(p.message()) for p in problems if p.level != "error"]
    return Line(row, values, errors, tuple(doubts))
