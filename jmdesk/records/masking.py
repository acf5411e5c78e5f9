"""What a record looks like to somebody who has not asked to see its numbers."""

from __future__ import annotations

from collections.abc import Iterable

from jmdesk.catalogue.types import Catalogue, Field, Record, RecordType, Value
from jmdesk.core.text import masked_number

AWAITING = "〔待授权〕"
"""Stands where a value is kept until its consent is recorded."""

WITHHELD = "＊＊＊"
"""Stands for a value of which nothing is shown."""

_PHONES = {"phone", "contact_phone", "complainant_phone"}
_PLACES = {"address", "complainant_addr"}
_BEGINNING = 3
"""Characters of an address that tell the village or the town, and nobody's door."""


def is_number(field: Field) -> bool:
    """Whether a field holds an identity number or a phone."""
    return field.code_list == "CL-IDNO" or field.identifier in _PHONES


def is_income(field: Field) -> bool:
    """Whether a field is an amount of a household's yearly income and spending."""
    return field.merge_group == "income" and field.type.kind == "dec"


def is_masked(field: Field) -> bool:
    """Whether a field is covered until a reason is given: identity numbers, phones, addresses of people, incomes."""
    return is_number(field) or field.identifier in _PLACES or is_income(field)


def masked(field: Field, value: Value) -> Value:
    """A value as lists, forms, exports and the command line show it."""
    if is_income(field):
        return WITHHELD
    if field.identifier in _PLACES and isinstance(value, str):
        return value[:_BEGINNING] + "…" if len(value) > _BEGINNING else WITHHELD
    return numbers_masked(field, value)


def numbers_masked(field: Field, value: Value) -> Value:
    """The same of identity numbers and phones alone: where a person has to compare what two sides say, or is to check
    the household's own answers, the rest must be readable.
    """
    if not isinstance(value, str) or not is_number(field):
        return value
    return masked_number(value, 6, 4) if field.code_list == "CL-IDNO" else masked_number(value, 3, 4)


def masked_record(record_type: RecordType, values: Record, awaiting: Iterable[str] = ()) -> Record:
    """A record with its numbers masked and a mark where a value awaits consent."""
    shown = {
        name: masked(record_type.by_identifier[name], value) if name in record_type.by_identifier else value
        for name, value in values.items()
    }
    return shown | dict.fromkeys(awaiting, AWAITING)


def shown_value(catalogue: Catalogue, field: Field, value: Value) -> str:
    """A value in words: code labels, units, yes and no, thousands."""
    if value == WITHHELD:
        return WITHHELD
    if isinstance(value, bool):
        return "是" if value else "否"
    if field.type.kind == "code" and field.code_list in catalogue.code_lists:
        return catalogue.code_lists[field.code_list].label(str(value))
    if field.type.kind == "dec" and isinstance(value, str):
        whole, _, rest = value.partition(".")
        sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
        return f"{sign}{int(digits):,}{'.' + rest if rest else ''}{field.unit}"
    if field.type.kind in ("int", "year") and isinstance(value, int):
        return f"{value}{field.unit}"
    if field.type.kind == "daterange" and isinstance(value, list):
        return " 至 ".join(str(day) for day in value)
    return str(value)
