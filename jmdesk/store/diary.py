"""The diary of exchanges with the platform: one entry for each, read page by page, the newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from jmdesk.store.columns import from_json, json_text
from jmdesk.store.tables import sync_diary


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange: when it ended (UTC), which way, how it ended, counts of records, and its lines by language.

    ``way``: line, stick. ``outcome``: done, waiting, attention (something was refused), stopped, failed.
    """

    at: str
    way: str
    outcome: str
    sent: int
    received: int
    refused: int
    told: Mapping[str, Sequence[str]]
    id: int = 0


def add(connection: Connection, entry: Entry) -> None:
    """Write an entry."""
    row = {
        "at": entry.at,
        "way": entry.way,
        "outcome": entry.outcome,
        "sent": entry.sent,
        "received": entry.received,
        "refused": entry.refused,
        "told": json_text(dict(entry.told)),
    }
    connection.execute(insert(sync_diary), [row])


def count(connection: Connection, outcome: str = "") -> int:
    """How many entries there are; of one outcome where it is named."""
    number: int = connection.execute(_of(select(func.count()).select_from(sync_diary), outcome)).scalar_one()
    return number


def page(connection: Connection, *, outcome: str = "", offset: int = 0, limit: int = 100) -> list[Entry]:
    """Entries, the newest first."""
    query = _of(select(sync_diary), outcome).order_by(sync_diary.c.id.desc()).offset(offset).limit(limit)
    return [
        Entry(row.at, row.way, row.outcome, row.sent, row.received, row.refused, from_json(row.told), row.id)
        for row in connection.execute(query)
    ]


def _of(query: Select[Any], outcome: str) -> Select[Any]:
    return query.where(sync_diary.c.outcome == outcome) if outcome else query
