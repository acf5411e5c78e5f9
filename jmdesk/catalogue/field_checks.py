"""One check per field, compiled once from the catalogue: a value in wire form → a problem or nothing.

A check is called millions of times when a county sends its year, so each is a closure over prepared sets, patterns
and problems; the accepting path does no allocation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from jmdesk.catalogue import idno, uscc
from jmdesk.catalogue.json_values import json_fault
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.regions import Regions
from jmdesk.catalogue.types import Catalogue, Field, Record
from jmdesk.catalogue.verdict import Verdict

FieldCheck = Callable[[object, Record, date], Problem | None]
"""Value, the record it stands in, the day of checking → what is wrong, if anything."""

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
DATE = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]")
_TIME = re.compile(r"[12][0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_MONTH = re.compile(r"(?:19|20|21)[0-9]{2}(?:0[1-9]|1[0-2])")
_DOCUMENT = re.compile(r"[0-9A-Z()/·\-]{5,18}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, half a surrogate pair, and the marks that make a text read differently from what it holds."""

_LARGEST_INT = 2**31 - 1
_YEARS = (1850, 2199)
_CITIZEN_DOCUMENTS = frozenset({"111", "112"})
_MAY_BE_NEGATIVE = frozenset({"net_income"})


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What checks look values up in."""

    catalogue: Catalogue
    regions: Regions
    industry_codes: frozenset[str]


def compile_check(field: Field, context: CheckContext) -> FieldCheck:
    """The check of one field."""
    if field.code_list == "CL-IDNO":
        return _id_number(field)
    if field.code_list == "CL-USCC":
        return _verdict(field, uscc.check)
    if field.code_list == "CL-REGION":
        return _region(field, context.regions)
    if field.code_list == "CL-IND":
        return _code(field, context.industry_codes, "field.industry")
    match field.type.kind:
        case "code":
            return _code(field, context.catalogue.code_lists[field.code_list].values, "field.code")
        case "json":
            return _json(field, context.catalogue)
        case "ref":
            return _reference(field, context.catalogue)
        case kind:
            return _SIMPLE[kind](field)


def _problem(field: Field, code: str, **params: object) -> Problem:
    return Problem(field.identifier, code, "error", {"label": field.label, **params})


def _text(field: Field) -> FieldCheck:
    size = field.type.size
    wrong_type = _problem(field, "field.wrong_type")
    empty = _problem(field, "field.empty")
    too_long = _problem(field, "field.too_long", size=size)
    control = _problem(field, "field.control_characters")

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        if type(value) is not str:
            return wrong_type
        if not value or value.isspace():
            return empty
        if len(value) > size:
            return too_long
        # isprintable is quick and strict (no tabs, no full-width space): only what it stops is looked at closely.
        return control if not value.isprintable() and _CONTROL.search(value) else None

    return check


def _pattern(field: Field, pattern: re.Pattern[str], code: str) -> FieldCheck:
    wrong = _problem(field, code)
    matches = pattern.fullmatch

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        return None if type(value) is str and matches(value) else wrong

    return check


def _characters(field: Field) -> FieldCheck:
    if field.identifier == "period":
        return _pattern(field, _MONTH, "field.month")
    if field.identifier.endswith("_digest"):
        return _pattern(field, _DIGEST, "field.digest")
    return _plain(field)


def _plain(field: Field) -> FieldCheck:
    """Letters and digits, so many of them."""
    size = field.type.size
    wrong = _problem(field, "field.length", size=size)

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        return None if type(value) is str and len(value) == size and value.isascii() and value.isalnum() else wrong

    return check


def _integer(field: Field) -> FieldCheck:
    low = field.type.minimum if field.type.minimum is not None else 0
    high = field.type.maximum if field.type.maximum is not None else _LARGEST_INT
    wrong_type = _problem(field, "field.integer")
    outside = _problem(field, "field.range", low=low, high=high)

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        if type(value) is not int:
            return wrong_type
        return None if low <= value <= high else outside

    return check


def _decimal(field: Field) -> FieldCheck:
    places, scale = field.type.size - field.type.scale, field.type.scale
    pattern = re.compile(rf"-?(?:0|[1-9][0-9]{{0,{places - 1}}})\.[0-9]{{{scale}}}")
    matches = pattern.fullmatch
    wrong = _problem(field, "field.decimal", places=places, scale=scale)
    negative = _problem(field, "field.negative")
    percent = _problem(field, "field.range", low=0, high=100) if field.unit == "%" else None
    hundred = f"{100:.{scale}f}"
    signed = field.identifier in _MAY_BE_NEGATIVE

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        if type(value) is not str or not matches(value):
            return wrong
        if value[0] == "-":
            if not value.strip("-0."):
                return wrong
            if not signed:
                return negative
        if percent is None or len(value) < len(hundred):
            return None
        return percent if len(value) > len(hundred) or value > hundred else None

    return check


def _boolean(field: Field) -> FieldCheck:
    wrong = _problem(field, "field.boolean")

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        return None if value is True or value is False else wrong

    return check


def _code(field: Field, codes: Collection[str], code: str) -> FieldCheck:
    known = frozenset(codes)
    wrong = _problem(field, code)

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        return None if type(value) is str and value in known else wrong

    return check


def is_date(value: object) -> bool:
    """Whether a value is a calendar day in wire form (``2026-11-22``)."""
    return type(value) is str and _is_day(value)


@lru_cache(maxsize=40_000)
def _is_day(value: str) -> bool:
    # Remembered: the days of a register repeat, and a century has few of them.
    if not DATE.fullmatch(value):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def _date(field: Field) -> FieldCheck:
    wrong = _problem(field, "field.date")

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        return None if is_date(value) else wrong

    return check


def _time(field: Field) -> FieldCheck:
    wrong = _problem(field, "field.time")

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        if type(value) is not str or not _TIME.fullmatch(value):
            return wrong
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return wrong
        return None

    return check


def _date_range(field: Field) -> FieldCheck:
    wrong = _problem(field, "field.date_range")

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        if type(value) is not list or len(value) != 2 or not all(is_date(day) for day in value):
            return wrong
        return None if value[0] <= value[1] else wrong

    return check


def _year(field: Field) -> FieldCheck:
    low, high = _YEARS
    wrong = _problem(field, "field.year", low=low, high=high)
    future = Problem(field.identifier, "field.year_future", "warn", {"label": field.label})

    def check(value: object, _record: Record, on: date) -> Problem | None:
        if type(value) is not int or not low <= value <= high:
            return wrong
        return future if value > on.year else None

    return check


def _reference(field: Field, catalogue: Catalogue) -> FieldCheck:
    wrong = _problem(field, "field.reference")
    matches = UUID.fullmatch
    if field.type.target:
        return _pattern(field, UUID, "field.reference")
    types = frozenset(catalogue.types)

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        if type(value) is not str:
            return wrong
        type_, _, rid = value.partition(":")
        return None if type_ in types and matches(rid) else wrong

    return check


def _json(field: Field, catalogue: Catalogue) -> FieldCheck:
    wrong = _problem(field, "field.json")
    codes = frozenset(catalogue.code_lists[field.code_list].values) if field.code_list else None
    not_codes = _problem(field, "field.codes")

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        fault = json_fault(value)
        if fault is not None:
            return wrong
        if codes is not None and not (isinstance(value, list) and value and _all_different(value, codes)):
            return not_codes
        return None

    return check


def _all_different(values: list[object], codes: frozenset[str]) -> bool:
    return all(type(v) is str and v in codes for v in values) and len(set(map(str, values))) == len(values)


def _verdict(field: Field, judge: Callable[[str], Verdict]) -> FieldCheck:
    wrong_type = _problem(field, "field.wrong_type")
    not_canonical = _problem(field, "field.not_canonical")

    def check(value: object, _record: Record, _on: date) -> Problem | None:
        if type(value) is not str:
            return wrong_type
        verdict = judge(value)
        if verdict.verdict != "ok":
            return from_verdict(field, verdict)
        return None if verdict.value == value else not_canonical

    return check


def from_verdict(field: Field, verdict: Verdict) -> Problem | None:
    """The problem that a verdict about a field's value is; None when it is ok."""
    if verdict.verdict == "ok":
        return None
    return Problem(field.identifier, verdict.code, verdict.verdict, {"label": field.label, **verdict.params})


def _region(field: Field, regions: Regions) -> FieldCheck:
    codes = regions.codes
    judge = _verdict(field, regions.check)
    length = _problem(field, "region.length")
    defines = field.record_id == "R03"

    def check(value: object, record: Record, on: date) -> Problem | None:
        if type(value) is str and value in codes:
            return None
        problem = judge(value, record, on)
        if problem is None:
            return None
        if problem.code == "region.short":
            return length
        if defines and problem.code in ("region.unknown", "region.village_unknown", "region.county_unknown"):
            # A new village enters the tree through R03 before the next region package knows it.
            return Problem(problem.field, problem.code, "warn", problem.params)
        return problem

    return check


def _id_number(field: Field) -> FieldCheck:
    wrong_type = _problem(field, "field.wrong_type")
    not_canonical = _problem(field, "field.not_canonical")
    document = _problem(field, "idno.document")
    too_long = _problem(field, "field.too_long", size=field.type.size)

    def check(value: object, record: Record, on: date) -> Problem | None:
        if type(value) is not str:
            return wrong_type
        if len(value) > field.type.size:
            return too_long
        id_type = record.get("id_type", "111")
        if id_type not in _CITIZEN_DOCUMENTS and id_type != "113":
            return None if _DOCUMENT.fullmatch(value) else document
        if idno.is_sound(value, on):
            return None
        verdict = idno.check(value, on)
        if verdict.verdict == "ok":
            return not_canonical
        if id_type == "113" and verdict.code in ("idno.length", "idno.alphabet"):
            # Some offices write the household register's own number for a child without a card.
            return Problem(field.identifier, verdict.code, "warn", {"label": field.label, **verdict.params})
        if verdict.verdict == "warn" and verdict.value != value:
            return not_canonical
        return from_verdict(field, verdict)

    return check


_SIMPLE: dict[str, Callable[[Field], FieldCheck]] = {
    "str": _text,
    "char": _characters,
    "int": _integer,
    "dec": _decimal,
    "bool": _boolean,
    "date": _date,
    "datetime": _time,
    "daterange": _date_range,
    "year": _year,
    "uuid": lambda field: _pattern(field, UUID, "field.uuid"),
    "digest": lambda field: _pattern(field, _DIGEST, "field.digest"),
}
