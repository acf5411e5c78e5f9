"""Reads the change log for people who look after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from jmdesk.store.columns import from_json
from jmdesk.store.tables import change_log, change_values

_DETAILS = frozenset(
    {"backup", "export", "failed_attempts", "key", "login", "loss", "print", "query", "restore", "sync"}
)
"""Verbs whose content is written by the program and names nobody: shown in full, unless it is about one record."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of one user, of these verbs, one type, one record; ``since`` and ``until`` are UTC texts."""

    actor: str = ""
    verbs: tuple[str, ...] = ()
    type: str = ""
    rid: str = ""
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: number, when (UTC), who, what, about what, why, which fields; ``told`` of events that name nobody."""

    seq: int
    at: str
    actor: str
    verb: str
    type: str
    rid: str
    reason: str
    fields: tuple[str, ...]
    told: dict[str, Any]
    erased: bool


def page(connection: Connection, wanted: Wanted, *, limit: int, offset: int) -> list[Entry]:
    """Entries, the newest first."""
    columns = select(change_log, change_values.c.content).join(
        change_values, change_values.c.seq == change_log.c.seq, isouter=True
    )
    query = _of(columns, wanted).order_by(change_log.c.seq.desc()).limit(limit).offset(offset)
    return [_entry(row) for row in connection.execute(query)]


def count(connection: Connection, wanted: Wanted) -> int:
    """How many entries match."""
    number: int = connection.execute(_of(select(func.count()).select_from(change_log), wanted)).scalar_one()
    return number


def commands(connection: Connection, actor: str, verb: str, since: str) -> int:
    """How many commands of one user had a verb since a time."""
    log = change_log.c
    query = select(func.count(log.command.distinct())).where(log.actor == actor, log.verb == verb, log.at >= since)
    number: int = connection.execute(query).scalar_one()
    return number


def verbs(connection: Connection) -> list[str]:
    """The verbs that occur."""
    return list(connection.execute(select(change_log.c.verb).distinct().order_by(change_log.c.verb)).scalars())


def _of(query: Select[Any], wanted: Wanted) -> Select[Any]:
    log = change_log.c
    if wanted.verbs:
        query = query.where(log.verb.in_(wanted.verbs))
    for column, value in ((log.actor, wanted.actor), (log.type, wanted.type), (log.rid, wanted.rid)):
        if value:
            query = query.where(column == value)
    if wanted.since:
        query = query.where(log.at >= wanted.since)
    return query.where(log.at <= wanted.until) if wanted.until else query


def _entry(row: Any) -> Entry:
    reason, before, after = from_json(row.content) if row.content else ("", {}, {})
    # Of one record only what says that a paper left: a lookup's own entry (R26) names whom it was about.
    plain = row.type == "R02" or not row.rid or "paper" in after
    told = after if row.verb in _DETAILS and plain else {}
    fields = () if told else tuple(sorted(before.keys() | after.keys()))
    return Entry(
        row.seq, row.at, row.actor, row.verb, row.type, row.rid, reason, fields, told, erased=row.content is None
    )
