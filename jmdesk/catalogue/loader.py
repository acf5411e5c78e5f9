"""Reads the catalogue package from ``resources/catalogue``; about 20 ms, once per process."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from jmdesk.catalogue.calendar import work_calendar
from jmdesk.catalogue.regions import regions
from jmdesk.catalogue.types import Catalogue, CodeList, ConsentLock, ContentLock, Field, FieldType, Kind, RecordType
from jmdesk.core.resources import resource

_TYPE = re.compile(
    r"(?P<kind>str|char|int|dec|bool|code|datetime|daterange|date|year|uuid|digest|json|ref)"
    r"(?:(?P<low>\d+)-(?P<high>\d+)|(?P<size>\d+)(?:\.(?P<scale>\d+))?|:(?P<target>R\d\d))?"
)


def parse_type(text: str) -> FieldType:
    """A type cell of the catalogue. ``ValueError`` for one that its schema does not know."""
    match = _TYPE.fullmatch(text)
    if match is None:
        raise ValueError(f"unknown field type: {text}")
    part = match.groupdict()
    return FieldType(
        cast("Kind", part["kind"]),
        int(part["size"] or 0),
        int(part["scale"] or 0),
        part["target"] or "",
        int(part["low"]) if part["low"] else None,
        int(part["high"]) if part["high"] else None,
    )


def read_field(row: Mapping[str, str]) -> Field:
    """A row of the catalogue's table. ``ValueError`` for an unknown type, ``KeyError`` for a missing column."""
    return Field(
        record_id=row["record_id"],
        identifier=row["identifier"],
        label=row["label_cn"],
        type=parse_type(row["type"]),
        unit=row["unit"],
        code_list=row["code_list"],
        required=row["required"] == "1",
        sensitivity=row["sensitivity"],
        disclosure=row["disclosure"],
        source=row["source"],
        section=row["section"],
        merge_group=row["merge_group"],
        lock=row["consent_lock"],
        key=int(row["key"] or 0),
        derived=row["derived"],
        default_on=row["default_on"] == "1",
        searchable=row["searchable"] == "1",
    )


def _types(package: dict[str, Any]) -> dict[str, RecordType]:
    rows: dict[str, list[dict[str, str]]] = {}
    for file in ("catalogue.csv", "side_types.csv"):
        text = resource(f"catalogue/{file}").read_text(encoding="utf-8")
        for row in csv.DictReader(io.StringIO(text)):
            rows.setdefault(row["record_id"], []).append(row)
    return {
        record_id: RecordType(
            record_id,
            of_type[0]["record_en"],
            of_type[0]["record_cn"],
            tuple(read_field(row) for row in of_type),
            record_id in package["bookkeeping"],
            record_id in package["local_only"],
        )
        for record_id, of_type in rows.items()
    }


def _content_lock(entry: dict[str, Any]) -> ContentLock:
    paths = tuple((name, tuple(found)) for name, found in entry.items() if name != "otherwise")
    return ContentLock(paths, entry["otherwise"])


@cache
def catalogue() -> Catalogue:
    """The catalogue that ships with this program."""
    package = json.loads(resource("catalogue/package.json").read_text(encoding="utf-8"))
    codes = json.loads(resource("catalogue/codes.json").read_text(encoding="utf-8"))
    return Catalogue(
        version=package["version"],
        types=_types(package),
        code_lists={name: CodeList(name, entry["source"], entry["values"]) for name, entry in codes.items()},
        locks={
            name: ConsentLock(name, lock["label"], tuple(lock["kinds"]), lock["signers"], lock["effect"])
            for name, lock in package["consent_locks"].items()
        },
        content_locks={name: _content_lock(entry) for name, entry in package["content_locks"].items()},
        awaiting_consent_days=package["awaiting_consent_days"],
        read_regions=regions,
        read_calendar=work_calendar,
    )
