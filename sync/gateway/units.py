"""The units that may enrol desks, and the regions they lie in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from jmdesk.catalogue import uscc
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import Regions, regions
from jmdesk.core.errors import Refused
from jmdesk.core.text import folded
from sync.gateway.database import Connection

COLUMNS = ("uscc", "name", "kind", "region_code")
"""The header of a units file; kind is a code of CL-ORG."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A village committee, town, county office, association or bank branch; ``region`` has 12 digits."""

    code: str
    name: str
    kind: str
    region: str


def read_units(content: bytes) -> list[Unit]:
    """The units of a CSV file (UTF-8 or GBK, header as in ``COLUMNS``).

    All or nothing. ``Refused``: ``gateway.units_file`` (not such a file), ``gateway.units_row`` (with line and column).
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError:
            raise Refused("gateway.units_file", columns=",".join(COLUMNS)) from None
    rows = csv.DictReader(io.StringIO(text))
    if not set(COLUMNS) <= set(rows.fieldnames or ()):
        raise Refused("gateway.units_file", columns=",".join(COLUMNS))
    units = list(_checked(rows))
    if not units:
        raise Refused("gateway.units_file", columns=",".join(COLUMNS))
    return units


def _checked(rows: csv.DictReader[str]) -> Iterator[Unit]:
    kinds = catalogue().code_lists["CL-ORG"].values
    seen: set[str] = set()
    for row in rows:
        value = {column: folded(row[column] or "") for column in COLUMNS}
        line = rows.line_num
        code = uscc.check(value["uscc"])
        if code.verdict == "error" or code.value in seen:
            raise Refused("gateway.units_row", line=line, column="uscc")
        seen.add(code.value)
        if not value["name"]:
            raise Refused("gateway.units_row", line=line, column="name")
        if value["kind"] not in kinds:
            raise Refused("gateway.units_row", line=line, column="kind")
        region = regions().get(value["region_code"])
        if region is None:
            raise Refused("gateway.units_row", line=line, column="region_code")
        yield Unit(code.value, value["name"], value["kind"], region.code)


def store_units(connection: Connection, units: list[Unit]) -> None:
    """Add the units, or bring those that are there up to date."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO units (unit, name, kind, region) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (unit) DO UPDATE SET name = excluded.name, kind = excluded.kind, region = excluded.region",
            [(unit.code, unit.name, unit.kind, unit.region) for unit in units],
        )


def find_unit(connection: Connection, code: str) -> Unit:
    """A unit by its code. ``Refused`` ``gateway.unit_unknown``."""
    row = connection.execute(
        "SELECT unit, name, kind, region FROM units WHERE unit = %s AND active", (uscc.normalised(code),)
    ).fetchone()
    if row is None:
        raise Refused("gateway.unit_unknown", unit=uscc.normalised(code))
    return Unit(*row)


def add_regions(connection: Connection, known: Regions) -> None:
    """Add the regions of a package that this program's edition lacks, with who lies in whom."""
    have = {code for (code,) in connection.execute("SELECT code FROM regions")}
    fresh = [region for region in known.within("44", quasi=True) if region.code not in have]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO regions (code, name, level, parent) VALUES (%s, %s, %s, %s)",
            [(region.code, region.name, region.level, region.parent or None) for region in fresh],
        )
        cursor.executemany(
            "INSERT INTO region_closure (ancestor, descendant, depth) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [
                (above.code, region.code, depth)
                for region in fresh
                for depth, above in enumerate(reversed([*known.ancestors(region.code), region]))
            ],
        )


def store_regions(connection: Connection) -> None:
    """Bring the reference table of regions, and the closure of who lies in whom, to this program's edition.

    Every county gets its head before anybody reads or writes: one that came later would begin behind the others.
    """
    known = regions()
    row = connection.execute("SELECT edition FROM region_edition FOR UPDATE").fetchone()
    if row is not None and row[0] == known.edition:
        return
    connection.execute("TRUNCATE regions, region_closure, region_edition")
    everything = known.within("44", quasi=True)
    with connection.cursor() as cursor:
        with cursor.copy("COPY regions (code, name, level, parent) FROM STDIN") as copy:
            for region in everything:
                copy.write_row((region.code, region.name, region.level, region.parent or None))
        with cursor.copy("COPY region_closure (ancestor, descendant, depth) FROM STDIN") as copy:
            for region in everything:
                path = [*known.ancestors(region.code), region]
                for depth, above in enumerate(reversed(path)):
                    copy.write_row((above.code, region.code, depth))
    connection.execute("INSERT INTO region_edition (edition) VALUES (%s)", (known.edition,))
    connection.execute(
        "INSERT INTO counties (county, head) SELECT left(code, 6), (SELECT coalesce(max(head), 0) FROM counties)"
        " FROM regions WHERE level IN ('city', 'county') ON CONFLICT DO NOTHING"
    )
