"""Batches that break the program: tried a few times, then set aside, in custody, until a person has them tried again.

Nothing is dropped: the platform signed for the bytes and keeps them. What follows such a batch in its device's chain
waits behind it, since it may build on what is in it; every other device's batches go on.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

from psycopg.rows import TupleRow

from jmdesk.core.errors import Refused
from sync.gateway.database import OWNER, Connection, Database
from sync.gateway.ledger import BatchKey
from sync.protocol.states import PlatformBatch

MOST_FAULTS: Final = 3
"""Tries that end in an error of the program before a batch is set aside."""
MOST_DEATHS: Final = 20
"""Starts with the same batch in hand before it is set aside: something ends the whole process, such as its memory."""
ALARM: Final = "set_aside"


def next_batch(connection: Connection, resting: Collection[str]) -> BatchKey | None:
    """The batch in custody that came first, of a device that neither rests nor has one set aside."""
    row = connection.execute(
        "SELECT county, device, epoch, seq FROM batches WHERE state = %s AND NOT device = ANY(%s) AND NOT EXISTS"
        " (SELECT FROM batches AS earlier WHERE earlier.county = batches.county AND earlier.device = batches.device"
        " AND earlier.state = batches.state AND earlier.aside IS NOT NULL)"
        " ORDER BY received, epoch, seq LIMIT 1",
        (PlatformBatch.IN_CUSTODY.value, list(resting)),
    ).fetchone()
    return (row[0], row[1], row[2], row[3]) if row else None


def count_start(connection: Connection, key: BatchKey, now: datetime) -> bool:
    """Count that a process began with this batch; whether it may go on. Too often, and the batch is set aside."""
    row = connection.execute(
        "UPDATE batches SET starts = starts + 1, aside = CASE WHEN starts + 1 >= %s THEN %s::timestamptz END"
        " WHERE (county, device, epoch, seq) = (%s, %s, %s, %s) RETURNING aside IS NOT NULL",
        (MOST_DEATHS, now, *key),
    ).fetchone()
    return not _raised(connection, key, row)


def count_fault(connection: Connection, key: BatchKey, now: datetime, fault: str) -> bool:
    """Count that processing failed, with the place of the error; whether the batch is set aside now."""
    row = connection.execute(
        "UPDATE batches SET tries = tries + 1, fault = %s, aside = CASE WHEN tries + 1 >= %s THEN %s::timestamptz END"
        " WHERE (county, device, epoch, seq) = (%s, %s, %s, %s) RETURNING aside IS NOT NULL",
        (fault, MOST_FAULTS, now, *key),
    ).fetchone()
    return _raised(connection, key, row)


def _raised(connection: Connection, key: BatchKey, row: TupleRow | None) -> bool:
    """Raise the alarm for a batch that was set aside just now."""
    aside = bool(row and row[0])
    if aside:
        connection.execute(
            "INSERT INTO alarms (county, device, kind, epoch, seq) VALUES (%s, %s, %s, %s, %s)",
            (key[0], key[1], ALARM, key[2], key[3]),
        )
    return aside


def retry(database: Database, batch_id: str) -> None:
    """Have a batch that was set aside tried again. ``Refused`` ``gateway.not_aside``."""

    def work(connection: Connection) -> None:
        changed = connection.execute(
            "UPDATE batches SET aside = NULL, tries = 0, starts = 0, fault = ''"
            " WHERE batch_id::text = %s AND aside IS NOT NULL",
            (batch_id,),
        )
        if not changed.rowcount:
            raise Refused("gateway.not_aside", batch=batch_id)

    database.run(OWNER, work)
