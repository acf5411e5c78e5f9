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
