"""What a package lays over the catalogue, the regions and the calendar that came with the program.

Files of a catalogue package (each may be left out, one at least is there): ``catalogue.csv`` in the columns of the
program's own table holds whole record types: all their base fields as they are (label, section, order and whether an
optional field is switched on may differ) and optional fields of the city's own, named ``x_…``; ``codes.json`` adds code
values and lists, or words them anew; ``templates.json`` gives regions import templates of their own; ``locks.json``
says whose signatures open a consent lock (``{"written": {"signers": "head"}}``), which kinds stay the program's.
A regions package is a whole table ``regions.csv`` with ``moves.csv`` (``old,new``); a calendar package ``calendar.csv``
with ``calendar.json`` (``first_year``, ``last_year``).
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from jmdesk.catalogue.calendar import WorkCalendar, read_calendar
from jmdesk.catalogue.loader import read_field
from jmdesk.catalogue.regions import Region, Regions, read_regions, significant
from jmdesk.catalogue.types import Catalogue, CodeList, ConsentLock, Field, RecordType, Template
from jmdesk.core.errors import Refused

LOCKS: Final = "locks.json"
_SIGNERS: Final = ("head", "every_adult")
_OWN: Final = re.compile(r"x_[a-z][a-z0-9_]{0,60}")
_MAY_DIFFER: Final = {"label", "section", "default_on"}
_KINDS: Final = {"str", "int", "dec", "bool", "code", "date", "year", "json"}
"""Types that a city's own field may have: those that need no column and no target of their own."""


def extended(base: Catalogue, version: str, files: Mapping[str, str]) -> Catalogue:
    """The base with a catalogue package laid over it.

    ``Refused``: "packages.empty", "packages.file" (a file cannot be read), "packages.type_unknown",
    "packages.field_removed", "packages.field_changed", "packages.field_added" (not ``x_…``, required, or of a type that
    needs a release), "packages.codes", "packages.template", "packages.locks".
    """
    if not files.keys() & {"catalogue.csv", "codes.json", "templates.json", LOCKS}:
        raise Refused("packages.empty", file="catalogue.csv")
    lists = dict(base.code_lists)
    if "codes.json" in files:
        lists |= _code_lists(base, _json(files, "codes.json"))
    types = dict(base.types)
    if "catalogue.csv" in files:
        for type_id, rows in _rows(files).items():
            types[type_id] = _record_type(base, lists, type_id, rows)
    made = replace(base, version=version, types=types, code_lists=lists)
    if LOCKS in files:
        made = replace(made, locks=_locks(base, _json(files, LOCKS)))
    if "templates.json" in files:
        made = replace(made, templates=_templates(made, _json(files, "templates.json")))
    return made


def regions_of(version: str, files: Mapping[str, str]) -> Regions:
    """The regions of a package. ``Refused``: "packages.empty", "packages.file", "packages.region_moves"."""
    try:
        rows = read_regions(_file(files, "regions.csv"))
    except ValueError as error:
        raise Refused("packages.file", file="regions.csv", reason=str(error)) from None
    _check_tree(rows)
    try:
        moves = [(row["old"], row["new"]) for row in csv.DictReader(io.StringIO(files.get("moves.csv", "old,new\n")))]
    except KeyError as error:
        raise Refused("packages.file", file="moves.csv", reason=f"column {error}") from None
    codes = {row.code for row in rows}
    made = Regions(rows, version, files.get("as_of.txt", "").strip(), dict(moves))
    for old, _ in moves:
        if len(old) != 12 or not old.isdigit() or old in codes or made.current(old) not in codes:
            raise Refused("packages.region_moves", old=old)
    return made


def _check_tree(rows: Sequence[Region]) -> None:
    codes = {row.code for row in rows}
    for row in rows:
        whole = len(row.code) == 12 and row.code.isdigit()
        if not whole or (row.parent and row.parent not in codes) or (not row.parent and row.level != "province"):
            raise Refused("packages.file", file="regions.csv", reason=row.code)
    if not any(row.level == "county" for row in rows) or len(codes) != len(rows):
        raise Refused("packages.file", file="regions.csv", reason="tree")


def calendar_of(version: str, files: Mapping[str, str]) -> WorkCalendar:
    """The calendar of a package. ``Refused``: "packages.empty", "packages.file"."""
    table, about = _file(files, "calendar.csv"), _json(files, "calendar.json")
    try:
        return read_calendar(table, version, int(about["first_year"]), int(about["last_year"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("packages.file", file="calendar.csv", reason=str(error)) from None


# -- reading -----------------------------------------------------------------------------------------------------------


def _file(files: Mapping[str, str], name: str) -> str:
    if name not in files:
        raise Refused("packages.empty", file=name)
    return files[name]


def _json(files: Mapping[str, str], name: str) -> dict[str, Any]:
    try:
        found = json.loads(_file(files, name))
    except ValueError as error:
        raise Refused("packages.file", file=name, reason=str(error)) from None
    if not isinstance(found, dict):
        raise Refused("packages.file", file=name, reason="object")
    return found


def _rows(files: Mapping[str, str]) -> dict[str, list[Field]]:
    found: dict[str, list[Field]] = {}
    try:
        for row in csv.DictReader(io.StringIO(files["catalogue.csv"].removeprefix("\ufeff"))):
            found.setdefault(row["record_id"], []).append(read_field(row))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("packages.file", file="catalogue.csv", reason=str(error)) from None
    if not found:
        raise Refused("packages.file", file="catalogue.csv", reason="0")
    return found


def _record_type(base: Catalogue, lists: Mapping[str, CodeList], type_id: str, fields: Sequence[Field]) -> RecordType:
    known = base.types.get(type_id)
    if known is None:
        raise Refused("packages.type_unknown", type=type_id)
    names = [field.identifier for field in fields]
    for own in known.fields:
        if own.identifier not in names:
            raise Refused("packages.field_removed", type=known.label, field=own.label)
    for given in fields:
        place = f"{type_id}.{given.identifier}"
        before = known.by_identifier.get(given.identifier)
        if before is not None:
            same = (
                {name: getattr(before, name) for name in _MAY_DIFFER} if given.default_on or not before.required else {}
            )
            if replace(given, **same) != before:
                raise Refused("packages.field_changed", type=known.label, field=before.label)
        elif not _may_be_added(given, base, lists) or names.count(given.identifier) > 1:
            raise Refused("packages.field_added", type=known.label, field=place)
    return replace(known, fields=tuple(fields))


def _may_be_added(given: Field, base: Catalogue, lists: Mapping[str, CodeList]) -> bool:
    """Whether a city's own field can live without a release: optional, of a plain type, opened by known consents."""
    coded = given.type.kind == "code"
    return (
        _OWN.fullmatch(given.identifier) is not None
        and given.type.kind in _KINDS
        and not (given.required or given.key or given.derived)
        and bool(given.label.strip())
        and (not given.lock or given.lock in base.locks)
        and (not given.code_list or given.code_list in lists)
        and not (coded and not given.code_list)
    )


def _code_lists(base: Catalogue, given: Mapping[str, Any]) -> dict[str, CodeList]:
    found: dict[str, CodeList] = {}
    for name, values in given.items():
        whole = isinstance(values, dict) and all(
            isinstance(code, str) and isinstance(label, str) and code and label.strip()
            for code, label in values.items()
        )
        known = base.code_lists.get(name)
        if not whole or not name.startswith("CL-") or (known is not None and not known.values):
            raise Refused("packages.codes", list=name)
        source = known.source if known is not None else "城市扩展"
        found[name] = CodeList(name, source, {**(known.values if known is not None else {}), **values})
    return found


def _locks(base: Catalogue, given: Mapping[str, Any]) -> dict[str, ConsentLock]:
    """The locks with other signers. What has to be signed, and what an open lock keeps apart, is the law's."""
    found = dict(base.locks)
    for name, told in given.items():
        whole = isinstance(told, dict) and told.keys() == {"signers"} and told["signers"] in _SIGNERS
        if name not in found or not whole:
            raise Refused("packages.locks", lock=name)
        found[name] = replace(found[name], signers=told["signers"])
    return found


def _templates(made: Catalogue, given: Mapping[str, Any]) -> tuple[Template, ...]:
    found = []
    for entry in given.get("templates", ()):
        try:
            template = Template(
                entry["type"], significant(entry["region"]), entry["title"], tuple(map(str, entry["fields"]))
            )
            known = made.types[template.type].by_identifier
        except (KeyError, TypeError, AttributeError):
            raise Refused("packages.template", field=str(entry)[:40]) from None
        for name in template.fields:
            if name not in known:
                raise Refused("packages.template", field=f"{template.type}.{name}")
        found.append(template)
    return tuple(found)
