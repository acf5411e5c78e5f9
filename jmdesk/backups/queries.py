"""What the present store has that a backup has not, told by the change log."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from jmdesk.store.change_log import EVENTS
from jmdesk.store.tables import change_log


@dataclass(frozen=True, slots=True)
class Lost:
    """Changes of one verb to one type since a backup: how many, and when the last was (UTC)."""

    verb: str
    type: str
    number: int
    last: str


def since(connection: Connection, seq: int) -> list[Lost]:
    """Changes after a log entry, by verb and type, the most frequent first; events do not count."""
    log, number = change_log.c, func.count()
    query = (
        select(log.verb, log.type, number, func.max(log.at))
        .where(log.seq > seq, log.verb.not_in(EVENTS))
        .group_by(log.verb, log.type)
        .order_by(number.desc(), log.verb, log.type)
    )
    return [Lost(*row) for row in connection.execute(query)]
