"""The recorded steps of cases, read for one case or for many."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, select

from jmdesk.store.columns import from_json
from jmdesk.store.tables import record_tables
from jmdesk.workflows.standing import Event

_TABLE = record_tables["workflow_event"]
_COLUMNS = ("rid", "target_ref", "step", "event_at", "actor_id", "org_uscc", "reason", "details")
_CHUNK = 500


def events_about(connection: Connection, targets: Iterable[str]) -> dict[str, list[Event]]:
    """The steps of each case, named as ``R22:<rid>``; a case without steps is absent."""
    found: dict[str, list[Event]] = {}
    names = sorted(set(targets))
    for chunk in (names[i : i + _CHUNK] for i in range(0, len(names), _CHUNK)):
        _collect(connection, chunk, found)
    return found


def _collect(connection: Connection, targets: Sequence[str], found: dict[str, list[Event]]) -> None:
    table = _TABLE.c
    query = select(*(table[name] for name in _COLUMNS)).where(table.target_ref.in_(targets), table.rec_voided.is_(None))
    for row in connection.execute(query).mappings():
        details = from_json(row["details"]) if row["details"] else {}
        found.setdefault(row["target_ref"], []).append(
            Event(
                row["rid"],
                row["step"],
                row["event_at"],
                row["actor_id"],
                row["org_uscc"],
                row["reason"] or "",
                details if isinstance(details, dict) else {},
            )
        )


def cases_under_way(connection: Connection, type_id: str, ending: Iterable[str]) -> list[str]:
    """The record ids of a type's cases whose latest step is none of those that end a case; not of void records."""
    begun = select(_TABLE.c.target_ref).where(_TABLE.c.target_ref.between(f"{type_id}:", f"{type_id};")).distinct()
    case, step = begun.cte("cases").c, _TABLE.alias("step").c
    latest = (
        select(step.step)
        .where(step.target_ref == case.target_ref, step.rec_voided.is_(None))
        .order_by(step.event_at.desc(), step.rid.desc())
        .limit(1)
        .scalar_subquery()
    )
    # Cases are told apart by the index alone, and only the few steps of each are read: most cases are over.
    query = select(case.target_ref).where(latest.not_in(list(ending)))
    subject = record_tables[type_id].c
    void = set(connection.execute(select(subject.rid).where(subject.rec_voided.is_not(None))).scalars())
    found = {str(target).partition(":")[2] for (target,) in connection.execute(query)}
    return sorted(found - void)
