"""Read models of complaints: the list, what is related to one, and the figures of a year."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from jmdesk.store import reading, search
from jmdesk.store.columns import json_text
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import record_tables

_TABLE, _FIRM = record_tables["R22"], record_tables["R20"]
SEARCH_LIMIT = 200
_MOST_RELATED = 20


@dataclass(frozen=True, slots=True)
class ComplaintFilter:
    """Which complaints a list shows; ``hidden_firms`` and ``hidden_names`` are those that the user must not see."""

    search: str = ""
    problem: str = ""
    year: int = 0
    hidden_firms: frozenset[str] = frozenset()
    hidden_names: frozenset[str] = frozenset()


def _conditions(connection: Connection, wanted: ComplaintFilter) -> list[ColumnElement[bool]]:
    if wanted == ComplaintFilter():
        return [reading.in_force(_TABLE)]
    table = _TABLE.c
    found: list[ColumnElement[bool]] = [table.rec_voided.is_(None)]
    if wanted.hidden_firms:
        found.append(or_(table.uscc.is_(None), table.uscc.not_in(sorted(wanted.hidden_firms))))
    if wanted.hidden_names:
        found.append(or_(table.respondent_name.is_(None), table.respondent_name.not_in(sorted(wanted.hidden_names))))
    if wanted.problem:
        found.append(table.problem_class == wanted.problem)
    if wanted.year:
        found.append(table.received_at.between(*_year(wanted.year)))
    if wanted.search.strip():
        subjects = search.subjects(connection, wanted.search, types=("R22",), limit=SEARCH_LIMIT)
        each = func.json_each(json_text(subjects)).table_valued("value")
        found.append(table.rid.in_(select(each.c.value)))
    return found


def _year(year: int) -> tuple[str, str]:
    """The first and the last second of a year in Beijing, in wire form."""
    return f"{year - 1}-12-31T16:00:00Z", f"{year}-12-31T15:59:59Z"


def count(connection: Connection, wanted: ComplaintFilter) -> int:
    """How many complaints a list shows."""
    if wanted == ComplaintFilter():
        return reading.count_in_force(connection, _TABLE)
    query = select(func.count()).select_from(_TABLE).where(*_conditions(connection, wanted))
    return connection.execute(query).scalar_one()


def page(connection: Connection, wanted: ComplaintFilter, offset: int, limit: int) -> list[Stored]:
    """A page of complaints, the newest first."""
    rids = select(_TABLE.c.rid).where(*_conditions(connection, wanted))
    rids = rids.order_by(_TABLE.c.rid.desc()).limit(limit).offset(offset)
    query = select(_TABLE).where(_TABLE.c.rid.in_(rids.correlate(None))).order_by(_TABLE.c.rid.desc())
    return [stored("R22", row) for row in connection.execute(query).mappings()]


@dataclass(frozen=True, slots=True)
class Related:
    """Another complaint about the same thing; ``same_order``: very likely the same complaint again."""

    rid: str
    number: str
    product: str
    received_at: str
    outcome: str
    same_order: bool
    same_product: bool


def related(
    connection: Connection, *, firm: str, name: str, product: str, order_no: str = "", besides: str = ""
) -> list[Related]:
    """Complaints about one firm: the same order first, then the same product, then the rest; the newest first.

    A firm that is no member is known by its name alone. Products are compared without regard to spaces and case.
    """
    if not firm and not name.strip():
        return []
    table = _TABLE.c
    about = table.uscc == firm if firm else and_(table.uscc.is_(None), table.respondent_name == name.strip())
    wanted = product.replace(" ", "").lower()
    same_product = and_(
        func.replace(func.lower(func.coalesce(table.product, "")), " ", "") == wanted, func.length(wanted) > 0
    )
    same_order = and_(table.order_no == order_no.strip(), func.length(order_no.strip()) > 0)
    query = (
        select(
            table.rid, table.complaint_no, table.product, table.received_at, table.outcome,
            func.coalesce(same_order, 0), func.coalesce(same_product, 0),
        )
        .where(about, table.rec_voided.is_(None), table.rid != besides)
        .order_by(func.coalesce(same_order, 0).desc(), func.coalesce(same_product, 0).desc(), table.rid.desc())
        .limit(_MOST_RELATED)
    )  # fmt: skip
    return [
        Related(rid, number or "", thing or "", at or "", outcome or "", bool(order), bool(alike))
        for rid, number, thing, at, outcome, order, alike in connection.execute(query)
    ]


def numbered(connection: Connection, numbers: Iterable[str]) -> list[Stored]:
    """The complaints that bear one of these numbers."""
    each = func.json_each(json_text(sorted(set(numbers)))).table_valued("value")
    query = select(_TABLE).where(_TABLE.c.complaint_no.in_(select(each.c.value)), _TABLE.c.rec_voided.is_(None))
    return [stored("R22", row) for row in connection.execute(query).mappings()]


def firms_by_code(connection: Connection, codes: Sequence[str]) -> list[tuple[str, str, str]]:
    """Record id, unified code and name of the enterprises with these codes."""
    query = select(_FIRM.c.rid, _FIRM.c.uscc, _FIRM.c.ent_name).where(_FIRM.c.uscc.in_(list(codes)))
    return [(rid, code, name or "") for rid, code, name in connection.execute(query)]


def of_year(connection: Connection, year: int) -> list[tuple[Stored, str, str]]:
    """The complaints received in a year, with the cluster (CL-CLUSTER) and the name of the firm; "" where unknown."""
    query = (
        select(_TABLE, _FIRM.c.cluster.label("firm_cluster"), _FIRM.c.ent_name.label("firm_name"))
        .join(_FIRM, _FIRM.c.rid == _TABLE.c.uscc, isouter=True)
        .where(_TABLE.c.rec_voided.is_(None), _TABLE.c.received_at.between(*_year(year)))
        .order_by(_TABLE.c.rid)
    )
    return [
        (stored("R22", row), row["firm_cluster"] or "", row["firm_name"] or "")
        for row in connection.execute(query).mappings()
    ]
