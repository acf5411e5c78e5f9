"""Reading records of any type: by id, by condition, by page, counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, Integer, Select, Table, func, literal_column, or_, select

from jmdesk.catalogue.types import Value
from jmdesk.core.errors import Refused
from jmdesk.store.columns import from_json
from jmdesk.store.statements import by_rid
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import awaiting_consent, codec, incoming, record_tables

__all__ = [
    "Connection",
    "Filter",
    "Sealed",
    "count",
    "count_in_force",
    "find",
    "get",
    "in_force",
    "inside",
    "sealed",
    "theirs",
]

_META = {"region": "rec_region", "sync": "rec_sync", "rid": "rid", "updated_at": "rec_updated_at"}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which records: ``where`` equals field by field (also rid, region, sync), inside a region prefix, of given ids.

    ``within`` are further prefixes, of which one must fit: what the user's account is limited to. ``without`` are
    fields and the values that they must not have, ``not_beginning`` the same for beginnings: what the user keeps away
    from.
    """

    where: Mapping[str, Value] = field(default_factory=dict)
    region_prefix: str = ""
    rids: Sequence[str] | None = None
    voided: bool = False
    within: tuple[str, ...] = ()
    without: tuple[tuple[str, tuple[str, ...]], ...] = ()
    not_beginning: tuple[tuple[str, tuple[str, ...]], ...] = ()


def in_force(table: Table) -> ColumnElement[bool]:
    """The records that are not void, told by the few that are: for whole lists, which indexes answer without rows.

    A query that finds its rows by something else asks them for ``rec_voided`` instead.
    """
    place: ColumnElement[int] = literal_column(f'"{table.name}".rowid', Integer)
    return place.not_in(select(place).select_from(table).where(table.c.rec_voided.is_not(None)).correlate(None))


def count_in_force(connection: Connection, table: Table) -> int:
    """How many records of a table are not void, without looking at one."""
    all_, voided = select(func.count()).select_from(table), table.c.rec_voided.is_not(None)
    return int(connection.execute(select(all_.scalar_subquery() - all_.where(voided).scalar_subquery())).scalar_one())


def inside(table: Table, prefix: str) -> ColumnElement[bool]:
    """The records of a region, or of the regions below a shorter prefix."""
    return table.c.rec_region.between(prefix.ljust(12, "0"), prefix.ljust(12, "9"))


def _conditions(type_id: str, wanted: Filter) -> list[ColumnElement[bool]]:
    table = record_tables[type_id]
    if wanted == Filter():
        return [in_force(table)]
    conditions: list[ColumnElement[bool]] = [
        table.c.rec_voided.is_not(None) if wanted.voided else table.c.rec_voided.is_(None)
    ]
    for name, value in wanted.where.items():
        if name in _META:
            conditions.append(table.c[_META[name]] == value)
            continue
        if name not in table.c:
            raise Refused("store.no_such_field", field=name)
        conditions.append(table.c[name] == codec(type_id).value_to_sql(name, value))
    if wanted.region_prefix:
        conditions.append(inside(table, wanted.region_prefix))
    if wanted.within:
        conditions.append(or_(*(inside(table, prefix) for prefix in wanted.within)))
    for name, values in wanted.without:
        conditions.append(or_(table.c[name].is_(None), table.c[name].not_in(values)))
    for name, heads in wanted.not_beginning:
        conditions += [or_(table.c[name].is_(None), ~table.c[name].startswith(head, autoescape=True)) for head in heads]
    if wanted.rids is not None:
        conditions.append(table.c.rid.in_(list(wanted.rids)))
    return conditions


def find(
    connection: Connection,
    type_id: str,
    wanted: Filter | None = None,
    *,
    order: str = "rid",
    descending: bool = False,
    limit: int = -1,
    offset: int = 0,
) -> list[Stored]:
    """Records of one type in order of a field (default: record id, which is by age)."""
    table = record_tables[type_id]
    column = table.c[_META.get(order, order)]
    conditions = _conditions(type_id, wanted or Filter())
    # By record id alone where that is the order: two columns would be sorted, one is an index.
    order_by = [column.desc() if descending else column, *([] if order == "rid" else [table.c.rid])]
    query: Select[tuple[object, ...]] = select(table).order_by(*order_by)
    if limit >= 0:  # a bound LIMIT of -1 makes SQLite sort what an index already gives in order
        # What is skipped is counted in an index: only the rows of the page are read.
        page = select(table.c.rid).where(*conditions).order_by(*order_by).limit(limit).offset(offset)
        query = query.where(table.c.rid.in_(page.correlate(None)))
    else:
        query = query.where(*conditions)
    return [stored(type_id, row) for row in connection.execute(query).mappings()]


def count(connection: Connection, type_id: str, wanted: Filter | None = None) -> int:
    """How many records match."""
    table = record_tables[type_id]
    if wanted is None or wanted == Filter():
        return count_in_force(connection, table)
    query = select(func.count()).select_from(table).where(*_conditions(type_id, wanted))
    return connection.execute(query).scalar_one()


def get(connection: Connection, type_id: str, rid: str) -> Stored | None:
    """One record, void or not."""
    row = by_rid(record_tables[type_id]).first(connection, rid=rid)
    return stored(type_id, row) if row else None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value that waits for a consent: where it belongs, under which lock, since when."""

    rid: str
    type: str
    field: str
    household: str
    lock: str
    value: Value
    since: str


def sealed(
    connection: Connection, *, household: str | None = None, rid: str | None = None, before: str | None = None
) -> list[Sealed]:
    """Values awaiting consent: of one household, one record, or all; typed ``before`` a time."""
    query = select(awaiting_consent).order_by(awaiting_consent.c.rid)
    if household is not None:
        query = query.where(awaiting_consent.c.household == household)
    if rid is not None:
        query = query.where(awaiting_consent.c.rid == rid)
    if before is not None:
        query = query.where(awaiting_consent.c.since < before)
    return [
        Sealed(r.rid, r.type, r.field, r.household, r.lock, from_json(r.value), r.since)
        for r in connection.execute(query)
    ]


def theirs(connection: Connection, rid: str) -> dict[str, object] | None:
    """The platform's newer version of a record that has unsent edits here, if one has come."""
    text = connection.execute(select(incoming.c.content).where(incoming.c.rid == rid)).scalar()
    return from_json(text) if text else None
