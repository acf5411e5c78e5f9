"""Records as rows of a list: codes in words, numbers as numbers, masked unless two persons said otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Final

from jmdesk.catalogue.types import Catalogue, Field, RecordType, Value
from jmdesk.exports.sheet import Cell
from jmdesk.records.masking import AWAITING, WITHHELD, masked
from jmdesk.store.stored import Stored

_HIDDEN_KINDS: Final = ("json", "digest", "uuid")


def exported_fields(record_type: RecordType, hidden: Collection[str]) -> tuple[Field, ...]:
    """The fields that a list of the type has, without those that the user may not see."""
    return tuple(
        f
        for f in record_type.fields
        if f.default_on and f.type.kind not in _HIDDEN_KINDS and f.identifier not in hidden
    )


def cells(
    catalogue: Catalogue,
    fields: Sequence[Field],
    record: Stored,
    names: dict[str, str],
    awaiting: Iterable[str],
    *,
    plain: bool,
) -> list[Cell]:
    """One record; ``names`` has what references lead to, ``awaiting`` the fields whose consent is missing."""
    waiting = frozenset(awaiting)
    made: list[Cell] = []
    for field in fields:
        value = record.values.get(field.identifier)
        if field.identifier in waiting:
            made.append(AWAITING)
        elif value is None:
            made.append(None)
        else:
            made.append(_cell(catalogue, field, value if plain else private(field, value), names))
    return made


def private(field: Field, value: Value) -> Value:
    """A value as a masked list shows it: numbers and addresses in part, sensitive values (S4) not at all."""
    found = masked(field, value)
    return WITHHELD if found == value and field.sensitivity == "S4" else found


def _cell(catalogue: Catalogue, field: Field, value: Value, names: dict[str, str]) -> Cell:
    if value == WITHHELD:
        return WITHHELD
    match field.type.kind:
        case "dec" if isinstance(value, str):
            return Decimal(value)
        case "int" | "year" if isinstance(value, int):
            return value
        case "bool" if isinstance(value, bool):
            return value
        case "code" if field.code_list in catalogue.code_lists:
            return catalogue.code_lists[field.code_list].label(str(value))
        case "ref":
            return names.get(str(value), "")
        case "daterange" if isinstance(value, list):
            return " 至 ".join(str(day) for day in value)
    return str(value)
