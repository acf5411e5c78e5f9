"""Read models of member enterprises: the list with its search, what belongs to one, and figures over all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from jmdesk.store import reading, search
from jmdesk.store.columns import json_text
from jmdesk.store.reading import Filter
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import record_tables

FIRM, EVENT, COMPLAINT, STEP = (record_tables[name] for name in ("R20", "R21", "R22", "workflow_event"))
SEARCH_LIMIT = 200
_LEAVES, _REJOINS = "leave", "rejoin"


@dataclass(frozen=True, slots=True)
class EnterpriseFilter:
    """Which enterprises a list shows. ``search`` as typed; ``sealed``: only archives of those that left."""

    search: str = ""
    cluster: str = ""
    region_prefix: str = ""
    above_scale: bool = False
    sealed: bool = False
    within: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterFigures:
    """One cluster: enterprises on record, members that have not left, those above scale, archives that were checked.

    ``complaints`` None: not for the user's eyes.
    """

    cluster: str
    enterprises: int
    above_scale: int
    above_scale_filed: int
    good: int
    bad: int
    complaints: int | None


def sealed(connection: Connection, rids: Iterable[str] | None = None) -> frozenset[str]:
    """The record ids of enterprises that left and did not come back; of those given, or of all."""
    target, step = STEP.c.target_ref, STEP.c.step
    conditions: list[ColumnElement[bool]] = [step.in_((_LEAVES, _REJOINS)), STEP.c.rec_voided.is_(None)]
    if rids is None:
        conditions.append(target.between("R20:", "R20;"))
    else:
        conditions.append(target.in_([f"R20:{rid}" for rid in rids]))
    found: dict[str, str] = {}
    query = select(target, step).where(*conditions).order_by(STEP.c.event_at, STEP.c.rid)
    for name, taken in connection.execute(query):
        found[name.partition(":")[2]] = taken
    return frozenset(rid for rid, taken in found.items() if taken == _LEAVES)


def _conditions(connection: Connection, wanted: EnterpriseFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [FIRM.c.rec_voided.is_(None)]
    left = func.json_each(json_text(sorted(sealed(connection)))).table_valued("value")
    among = FIRM.c.rid.in_(select(left.c.value))
    conditions.append(among if wanted.sealed else ~among)
    if wanted.cluster:
        conditions.append(FIRM.c.cluster == wanted.cluster)
    if wanted.region_prefix:
        conditions.append(reading.inside(FIRM, wanted.region_prefix))
    if wanted.within:
        conditions.append(or_(*(reading.inside(FIRM, prefix) for prefix in wanted.within)))
    if wanted.above_scale:
        conditions.append(FIRM.c.above_scale.is_(True))
    if wanted.search.strip():
        found = search.subjects(connection, wanted.search, types=("R20",), limit=SEARCH_LIMIT)
        each = func.json_each(json_text(found)).table_valued("value")
        conditions.append(FIRM.c.rid.in_(select(each.c.value)))
    return conditions


def page(connection: Connection, wanted: EnterpriseFilter, offset: int, limit: int) -> list[Stored]:
    """A page of the list in order of unified code."""
    query = select(FIRM).where(*_conditions(connection, wanted)).order_by(FIRM.c.uscc, FIRM.c.rid)
    return [stored("R20", row) for row in connection.execute(query.limit(limit).offset(offset)).mappings()]


def count(connection: Connection, wanted: EnterpriseFilter) -> int:
    """How many enterprises the list has; a search finds at most 200."""
    query = select(func.count()).select_from(FIRM).where(*_conditions(connection, wanted))
    return connection.execute(query).scalar_one()


def members(connection: Connection) -> int:
    """How many enterprises are members: with a number or a day of entry, and not left."""
    left = func.json_each(json_text(sorted(sealed(connection)))).table_valued("value")
    belongs = or_(FIRM.c.member_no.is_not(None), FIRM.c.member_since.is_not(None))
    where = (FIRM.c.rec_voided.is_(None), belongs, FIRM.c.rid.not_in(select(left.c.value)))
    return connection.execute(select(func.count()).select_from(FIRM).where(*where)).scalar_one()


def by_code(connection: Connection, codes: Iterable[str]) -> dict[str, Stored]:
    """The enterprises that have one of these unified codes."""
    each = func.json_each(json_text(sorted(set(codes)))).table_valued("value")
    query = select(FIRM).where(FIRM.c.uscc.in_(select(each.c.value)), FIRM.c.rec_voided.is_(None))
    return {str(row["uscc"]): stored("R20", row) for row in connection.execute(query).mappings()}


def by_name(connection: Connection, names: Iterable[str]) -> dict[str, list[Stored]]:
    """The enterprises that bear one of these names exactly."""
    each = func.json_each(json_text(sorted(set(names)))).table_valued("value")
    query = select(FIRM).where(FIRM.c.ent_name.in_(select(each.c.value)), FIRM.c.rec_voided.is_(None))
    found: dict[str, list[Stored]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(str(row["ent_name"]), []).append(stored("R20", row))
    return found


def sources_of(connection: Connection, rid: str) -> list[Stored]:
    """What was written down about where a number of the archive comes from (assessments), oldest first."""
    return reading.find(connection, "assessment", Filter(where={"subject_id": f"R20:{rid}"}))


def figures(connection: Connection) -> list[ClusterFigures]:
    """The clusters with their enterprises, events and complaints; one pass over each table."""
    left = func.json_each(json_text(sorted(sealed(connection)))).table_valued("value")
    members = (FIRM.c.rec_voided.is_(None), FIRM.c.rid.not_in(select(left.c.value)))
    filed = FIRM.c.above_scale & FIRM.c.legal_rep.is_not(None) & FIRM.c.industry_code.is_not(None)
    firms = connection.execute(
        select(
            FIRM.c.cluster,
            func.count(),
            func.sum(case((FIRM.c.above_scale.is_(True), 1), else_=0)),
            func.sum(case((filed, 1), else_=0)),
        )
        .where(*members)
        .group_by(FIRM.c.cluster)
    )
    events = connection.execute(
        select(FIRM.c.cluster, EVENT.c.polarity, func.count())
        .join(FIRM, FIRM.c.rid == EVENT.c.uscc)
        .where(EVENT.c.rec_voided.is_(None), *members)
        .group_by(FIRM.c.cluster, EVENT.c.polarity)
    )
    complaints = connection.execute(
        select(FIRM.c.cluster, func.count())
        .join(FIRM, FIRM.c.rid == COMPLAINT.c.uscc)
        .where(COMPLAINT.c.rec_voided.is_(None), *members)
        .group_by(FIRM.c.cluster)
    )
    good: dict[str | None, int] = {}
    bad: dict[str | None, int] = {}
    for cluster, polarity, number in events:
        kind = good if polarity == "1" else bad if polarity in ("3", "4", "5") else None
        if kind is not None:
            kind[cluster] = kind.get(cluster, 0) + number
    complained = {row[0]: row[1] for row in complaints}
    return sorted(
        (
            ClusterFigures(c or "", n, big or 0, full or 0, good.get(c, 0), bad.get(c, 0), complained.get(c, 0))
            for c, n, big, full in firms
        ),
        key=lambda line: line.cluster,
    )
