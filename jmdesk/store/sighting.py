"""A snapshot under way: which records it has shown so far, so that the last page tells which ones it lacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, Table, delete, exists, or_, select

from jmdesk.store.columns import from_json, json_text
from jmdesk.store.statements import driver
from jmdesk.store.store import get_setting, set_setting
from jmdesk.store.tables import record_tables, settings, sighted

_RUNNING: Final = "sync.snapshot"
_BEYOND: Final = "sync.beyond"


def begin(connection: Connection, epoch: str) -> None:
    """Start a snapshot of the platform's history ``epoch``; one that was under way is forgotten.

    A desk that holds nothing that could be missed yet keeps no list.
    """
    forget(connection)
    if any(connection.execute(select(exists(_missable(table)))).scalar() for table in record_tables.values()):
        set_setting(connection, _RUNNING, epoch)


def running(connection: Connection, epoch: str) -> bool:
    """Whether a snapshot of this history is under way here."""
    return get_setting(connection, _RUNNING) == epoch


def note(connection: Connection, rids: Iterable[str]) -> None:
    """Remember what a page of the snapshot has shown."""
    driver(connection).executemany("INSERT OR IGNORE INTO sighted (rid) VALUES (?)", [(rid,) for rid in rids])


def missing(connection: Connection) -> list[tuple[str, str]]:
    """(type, record id) of what this snapshot did not show, though the platform confirmed it once or it is void here.

    What is new here and not void is still to be sent.
    """
    found: list[tuple[str, str]] = []
    for type_id, table in record_tables.items():
        unseen = table.c.rid.not_in(select(sighted.c.rid))
        rows = connection.execute(_missable(table).where(unseen).order_by(table.c.rid))
        found += [(type_id, rid) for rid in rows.scalars()]
    return found


def forget(connection: Connection) -> None:
    """The snapshot is over."""
    connection.execute(delete(sighted))
    connection.execute(delete(settings).where(settings.c.name == _RUNNING))


def watched(connection: Connection) -> list[tuple[str, str]]:
    """(type, record id) of what lies outside of the scope and is here only until its unsettled work is settled."""
    return [(type_id, rid) for type_id, rid in from_json(get_setting(connection, _BEYOND) or "[]")]


def watch(connection: Connection, records: Sequence[tuple[str, str]]) -> None:
    """Remember what ``watched`` tells."""
    set_setting(connection, _BEYOND, json_text(records))


def _missable(table: Table) -> Select[Any]:
    return select(table.c.rid).where(or_(table.c.server_epoch != "", table.c.rec_voided.is_not(None)))
