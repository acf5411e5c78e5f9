"""SQL columns of catalogue types, and the way between a row and a record in wire form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Boolean, Integer, RowMapping, String, Text
from sqlalchemy.types import TypeEngine

from jmdesk.catalogue.types import Field, FieldType, Record, RecordType, Value
from jmdesk.core.numbers import scaled, unscaled

Row = RowMapping | Mapping[str, Any]
"""One row by column names, whoever read it."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


def json_text(value: object) -> str:
    """A value as compact JSON text."""
    return _encode(value).decode()


def from_json(text: str | bytes) -> Any:
    """The value of JSON text written by us."""
    return _decode(text)


def sql_type(type_: FieldType) -> TypeEngine[Any]:
    """The SQL type of a catalogue type: decimals are scaled integers; dates, times, json and ranges are text."""
    match type_.kind:
        case "int" | "year" | "dec":
            return Integer()
        case "bool":
            return Boolean(create_constraint=False)
        case "str" | "char":
            return String(type_.size)
        case _:
            return Text()


def to_sql(field: Field) -> Callable[[Any], Any] | None:
    """What turns a wire value into an SQL value; None where they are the same."""
    if field.type.kind == "dec":
        scale = field.type.scale
        return lambda value: scaled(value, scale)
    if field.type.kind in ("json", "daterange"):
        return json_text
    return None


def from_sql(field: Field) -> Callable[[Any], Any] | None:
    """What turns an SQL value into a wire value; None where they are the same."""
    if field.type.kind == "dec":
        scale = field.type.scale
        return lambda number: unscaled(number, scale)
    if field.type.kind in ("json", "daterange"):
        return from_json
    if field.type.kind == "bool":
        return bool
    return None


class RowCodec:
    """Converts records of one type; extension fields (``x_…``) share one JSON column."""

    def __init__(self, record_type: RecordType) -> None:
        self._writers = {f.identifier: to_sql(f) for f in record_type.fields}
        self._converted = {name: convert for name, convert in self._writers.items() if convert is not None}
        self._empty: dict[str, Any] = {**dict.fromkeys(self._writers), "extension": None}
        self._readers = [(f.identifier, from_sql(f)) for f in record_type.fields]

    def to_row(self, record: Mapping[str, Value]) -> dict[str, Any]:
        """Column values of a whole record; absent fields are NULL."""
        row: dict[str, Any] = {**self._empty, **record}
        if len(row) > len(self._empty):
            extension = {name: row.pop(name) for name in record if name.startswith("x_")}
            row["extension"] = json_text(extension)
        for name in self._converted.keys() & record.keys():
            row[name] = self._converted[name](record[name])
        if len(row) > len(self._empty):
            raise KeyError(*row.keys() - self._empty.keys())
        return row

    def changes(self, before: Mapping[str, Value], after: Mapping[str, Value]) -> dict[str, Any]:
        """The columns that differ between two states of a record: an index is only written where its column is."""
        old, new = self.to_row(before), self.to_row(after)
        return {name: value for name, value in new.items() if old[name] != value}

    def to_record(self, row: Row) -> Record:
        """The wire form of a row; NULL columns are absent."""
        record: Record = {}
        for name, convert in self._readers:
            value = row[name]
            if value is not None:
                record[name] = value if convert is None else convert(value)
        if row["extension"]:
            record.update(from_json(row["extension"]))
        return record

    def value_to_sql(self, name: str, value: Value) -> Any:
        """One field's SQL value, for a WHERE clause. ``KeyError`` for a field the type does not have."""
        convert = self._writers[name]
        return value if convert is None else convert(value)
