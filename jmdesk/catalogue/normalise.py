"""Typed text or a spreadsheet cell → the wire value of one field.

Keyboards leave full-width digits, sheets leave floats and dates, offices write ``1.2万``, ``1985年12月3日`` and
``男``. What can be read in one way only is read; nothing is guessed, and nothing is rounded in silence.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, cached_property
from typing import Any, Literal

from jmdesk.catalogue import idno, uscc
from jmdesk.catalogue.amounts import AmountFault, Content, read_amount
from jmdesk.catalogue.dates import read_date, read_month, read_time
from jmdesk.catalogue.industries import Industries, industries
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.regions import Regions, regions
from jmdesk.catalogue.types import Field, Record, Value
from jmdesk.catalogue.validation import Validation, validation
from jmdesk.core.clock import utc_text
from jmdesk.core.resources import resource
from jmdesk.core.text import folded

_LARGEST_EXACT = 10**15
"""Spreadsheets keep 15 digits; a longer whole number in a number cell has lost its tail."""

_NAMES = frozenset(
    {"person_name", "user_name", "contact_name", "witness", "legal_rep", "complainant_name", "agent_name"}
)
_SPACE_BETWEEN_CHINESE = re.compile(
    r"(?<=[\u3400-\u9fff\U00020000-\U0003ffff]) +(?=[\u3400-\u9fff\U00020000-\U0003ffff])"
)
_CODE_AND_LABEL = re.compile(r"([0-9A-Za-z]+)\s*[-.、:：)）\s]\s*(.+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of one cell: a value, or none; a problem, or none. A warning may come with a value.

    No value and no problem: the cell was empty.
    """

    value: Value | None = None
    problem: Problem | None = None


@cache
def _aliases() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(resource("catalogue/aliases.json").read_text(encoding="utf-8"))
    return loaded


class Normaliser:
    """Reads cells for the fields of one catalogue, and checks what it read."""

    def __init__(self, validation_: Validation, regions_: Regions, industries_: Industries) -> None:
        self._validation = validation_
        self._regions = regions_
        self._industries = industries_
        self._labels: dict[str, dict[str, str]] = {}

    def read(
        self, field: Field, cell: Content | None, *, on: date, record: Record | None = None, under: str = ""
    ) -> Reading:
        """The wire value of a cell, checked as the record's validation would.

        ``record`` gives the values beside it (an identity number is read by its document type); ``under`` is the
        region in which a place name is looked for. An unreadable cell gives a problem and no value; so does a value
        that its field refuses.
        """
        if cell is None or (isinstance(cell, str) and not folded(cell)):
            return Reading()
        read = self._parse(field, cell, under)
        if read.value is None:
            return read
        validator = self._validation.of(field.record_id)
        problem = validator.check_field(field.identifier, read.value, record or {}, on)
        if problem is not None and problem.level == "error":
            return Reading(None, problem)
        return Reading(read.value, problem or read.problem)

    def _parse(self, field: Field, cell: Content, under: str) -> Reading:
        match field.type.kind:
            case "dec":
                return _decimal(field, cell)
            case "int":
                return _integer(field, cell)
            case "year":
                return _year(field, cell)
            case "bool":
                return _boolean(field, cell)
            case "date":
                return _date(field, cell)
            case "datetime":
                return _time(field, cell)
            case "code":
                return self._code(field, _as_text(cell))
            case "char":
                return self._characters(field, cell, under)
            case "json":
                return self._list(field, _as_text(cell))
            case "daterange":
                return _date_range(field, _as_text(cell))
            case _:
                return Reading(_plain_text(field, _as_text(cell)))

    def _characters(self, field: Field, cell: Content, under: str) -> Reading:
        if _digits_lost(cell):
            return _fault(field, "field.digits_lost")
        text = _as_text(cell)
        match field.code_list:
            case "CL-IDNO":
                return Reading(idno.normalised(text))
            case "CL-USCC":
                return Reading(uscc.normalised(text))
            case "CL-REGION":
                return self._region(field, text, under)
            case "CL-IND":
                return self._industry(field, text)
        if field.identifier == "period":
            return _month(field, text)
        return Reading(re.sub(r"\s+", "", folded(text)).upper())

    def _region(self, field: Field, text: str, under: str) -> Reading:
        plain = re.sub(r"[\s\-]+", "", folded(text))
        if plain.isdigit():
            return Reading(plain)
        found = self._regions.named(text, under)
        if len(found) == 1:
            return Reading(found[0].code)
        return _fault(field, "field.ambiguous" if found else "field.code")

    @cached_property
    def _industry_names(self) -> dict[str, str]:
        return {entry.name: code for code, entry in self._industries.by_code.items() if entry.level == "class"}

    def _industry(self, field: Field, text: str) -> Reading:
        plain = folded(text)
        match = _CODE_AND_LABEL.fullmatch(plain)
        code = match[1] if match else plain
        if code.isdigit():
            # Sheets drop the leading zero of 0153.
            return Reading(code.zfill(4) if len(code) == 3 and f"0{code}" in self._industries.classes else code)
        listed = self._by_label("CL-IND").get(plain.casefold())
        found = listed or self._industry_names.get(plain)
        return Reading(found) if found else _fault(field, "field.industry")

    def _by_label(self, code_list: str) -> dict[str, str]:
        found = self._labels.get(code_list)
        if found is None:
            values = self._validation.catalogue.code_lists[code_list].values
            found = {alias.casefold(): code for alias, code in _aliases()["codes"].get(code_list, {}).items()}
            found.update({folded(label).casefold(): code for code, label in values.items()})
            found.update({re.sub(r"[(（].*", "", folded(label)).casefold(): code for code, label in values.items()})
            self._labels[code_list] = found
        return found

    def _code_of(self, code_list: str, text: str) -> str | None:
        plain = folded(text)
        values = self._validation.catalogue.code_lists[code_list].values
        for code in (plain, plain.upper(), plain.zfill(2), plain.lstrip("0")):
            if code in values:
                return code
        by_label = self._by_label(code_list)
        if plain.casefold() in by_label:
            return by_label[plain.casefold()]
        match = _CODE_AND_LABEL.fullmatch(plain)
        if match and match[1] in values and by_label.get(match[2].casefold()) == match[1]:
            return match[1]
        return None

    def _code(self, field: Field, text: str) -> Reading:
        code = self._code_of(field.code_list, text)
        return Reading(code) if code is not None else _fault(field, "field.code")

    def _list(self, field: Field, text: str) -> Reading:
        plain = folded(text)
        if field.code_list:
            parts = [part for part in re.split(r"[\s,，、;；/]+", plain) if part]
            codes = [self._code_of(field.code_list, part) for part in parts]
            known = [code for code in codes if code is not None]
            return Reading(list(dict.fromkeys(known))) if len(known) == len(parts) else _fault(field, "field.codes")
        try:
            loaded = json.loads(plain)
        except ValueError:
            return _fault(field, "field.json")
        return Reading(loaded) if isinstance(loaded, list | dict) else _fault(field, "field.json")


def _fault(
    field: Field, code: str, level: Literal["error", "warn"] = "error", value: Value | None = None, **params: object
) -> Reading:
    return Reading(value, Problem(field.identifier, code, level, {"label": field.label, **params}))


def _digits_lost(cell: Content) -> bool:
    if isinstance(cell, bool) or not isinstance(cell, int | float | Decimal):
        return isinstance(cell, str) and re.fullmatch(r"\d(\.\d+)?[eE]\+\d\d", folded(cell)) is not None
    return isinstance(cell, float) and abs(cell) >= _LARGEST_EXACT


def _as_text(cell: Content) -> str:
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _LARGEST_EXACT else format(cell, ".15g")
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "minutes") if (cell.hour, cell.minute) != (0, 0) else cell.date().isoformat()
    return cell if isinstance(cell, str) else str(cell)


def _plain_text(field: Field, text: str) -> str:
    """Text as it is kept: folded, without the spaces that line two-character names up in a table."""
    plain = folded(text)
    if field.type.kind == "uuid":
        return plain.lower()
    if field.identifier in _NAMES:
        plain = re.sub(r"[•・‧●∙⋅]", "·", plain)
        return _SPACE_BETWEEN_CHINESE.sub("", plain)
    if field.identifier.endswith("phone"):
        return re.sub(r"[\s\-—－]+(?=\d)", "-" if re.match(r"0\d{2,3}[\s\-—－]", plain) else "", plain)
    return plain


def _decimal(field: Field, cell: Content) -> Reading:
    number = read_amount(cell, field.unit)
    if isinstance(number, AmountFault):
        return _fault(field, number, unit=field.unit)
    scale = field.type.scale
    if abs(number) >= Decimal(10) ** (field.type.size - scale):
        return _fault(field, "field.decimal", places=field.type.size - scale, scale=scale)
    exact = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    text = f"{exact:f}" if exact else f"{abs(exact):f}"
    if exact == number:
        return Reading(text)
    if isinstance(cell, str):
        return _fault(field, "field.too_many_decimals", scale=scale)
    # A formula's result: the sheet shows it rounded, so it is kept rounded, and said so.
    return _fault(field, "field.rounded", "warn", text, scale=scale)


def _integer(field: Field, cell: Content) -> Reading:
    number = read_amount(cell, field.unit)
    if isinstance(number, AmountFault):
        return _fault(field, number, unit=field.unit)
    return Reading(int(number)) if number == int(number) else _fault(field, "field.integer")


def _year(field: Field, cell: Content) -> Reading:
    if isinstance(cell, date):
        return Reading(cell.year)
    match = re.fullmatch(r"(\d{4})(?:年度?)?", folded(_as_text(cell)))
    if match:
        return Reading(int(match[1]))
    day = read_date(_as_text(cell))
    return Reading(day.year) if day is not None else _fault(field, "field.year", low=1850, high=2199)


def _boolean(field: Field, cell: Content) -> Reading:
    if isinstance(cell, bool):
        return Reading(cell)
    plain = folded(_as_text(cell)).casefold()
    for name, value in (("true", True), ("false", False)):
        if plain in _aliases()["bool"][name]:
            return Reading(value)
    return _fault(field, "field.boolean")


def _date(field: Field, cell: Content) -> Reading:
    if isinstance(cell, datetime):
        return Reading(cell.date().isoformat())
    if isinstance(cell, date):
        return Reading(cell.isoformat())
    text = _as_text(cell)
    day = read_date(text)
    if day is not None:
        return Reading(day.isoformat())
    if read_month(text) is not None:
        return _fault(field, "field.date_without_day", "warn")
    return _fault(field, "field.date")


def _time(field: Field, cell: Content) -> Reading:
    moment = cell if isinstance(cell, datetime) and cell.tzinfo is not None else read_time(_as_text(cell))
    return Reading(utc_text(moment)) if moment is not None else _fault(field, "field.time")


def _date_range(field: Field, text: str) -> Reading:
    parts = re.split(r"\s*(?:至|到|~|～|—+)\s*", folded(text), maxsplit=1)
    days = [read_date(part) for part in parts]
    if len(days) != 2 or days[0] is None or days[1] is None:
        return _fault(field, "field.date_range")
    return Reading([days[0].isoformat(), days[1].isoformat()])


def _month(field: Field, text: str) -> Reading:
    month = read_month(text)
    return Reading(f"{month[0]:04d}{month[1]:02d}") if month else _fault(field, "field.month")


@cache
def normaliser() -> Normaliser:
    """The normaliser of the catalogue that ships with this program."""
    return Normaliser(validation(), regions(), industries())
