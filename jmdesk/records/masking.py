"""What a record looks like to somebody who has not asked to see its numbers."""

from __future__ import annotations

from collections.abc import Iterable

from jmdesk.catalogue.types import Catalogue, Field, Record, RecordType, Value
from jmdesk.core.text import masked_number

AWAITING = "〔待授权〕"
"""Stands where a value is kept until its consent is recorded."""

_PHONES = {"phone", "contact_phone", "complainant_phone"}


def is_masked(field: Field) -> bool:
    """Whether a field is shown with its middle hidden until a reason is given: identity numbers and phones."""
    return field.code_list == "CL-IDNO" or field.identifier in _PHONES


def masked(field: Field, value: Value) -> Value:
    """A value as lists, exports and the command line show it."""
    if not isinstance(value, str) or not is_masked(field):
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
