"""The spool: what was announced and is not processed yet. Quotas bound it, and what never came in full is let go."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import TupleRow

from sync.gateway.database import Access, Connection, Database, Role, one, widen
from sync.gateway.journal import event
from sync.gateway.problem import Declined
from sync.protocol.errors import Problem
from sync.protocol.limits import MIB
from sync.protocol.manifest import Manifest
from sync.protocol.states import PlatformBatch

log = logging.getLogger("jmdesk.gateway.spool")

EXPIRES: Final = timedelta(days=30)
"""A batch that was announced and is not complete after this is let go; the desk still has it and may announce again."""
WAITING: Final = (
    PlatformBatch.ANNOUNCED.value,
    PlatformBatch.IN_CUSTODY.value,
    PlatformBatch.AWAITING_RELEASE.value,
)
"""States in which the sealed parts are kept."""


@dataclass(frozen=True, slots=True)
class Quotas:
    """How many bytes may wait: of one device, of one unit, and of all. A batch always fits into an empty spool."""

    device: int = 4096 * MIB
    unit: int = 16_384 * MIB
    total: int = 262_144 * MIB


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits at the moment; ``oldest`` is when the batch in custody came that has waited longest."""

    states: dict[str, int]
    bytes: int
    aside: int
    oldest: datetime | None


def weight(manifest: Manifest) -> int:
    """Bytes of a batch's parts and attachments, as its manifest promises them."""
    return sum(part.size for part in manifest.parts) + sum(attached.size for attached in manifest.attachments)


def check_quota(database: Database, quotas: Quotas, device: str, manifest: Manifest) -> None:
    """Whether there is room for a new batch; the same batch again never asks for more.

    ``Declined`` ``spool_full`` with ``scope`` device, unit or total: nothing changed, the desk comes again later.
    """

    def work(connection: Connection) -> TupleRow:
        widen(connection, _counties(connection))
        return one(
            connection,
            "SELECT coalesce(sum(bytes) FILTER (WHERE device = %s), 0),"
            " coalesce(sum(bytes) FILTER (WHERE unit = %s), 0), coalesce(sum(bytes), 0),"
            " count(*) FILTER (WHERE batch_id::text = %s)"
            " FROM batches WHERE state = ANY(%s)",
            (device, manifest.unit, manifest.batch_id, list(WAITING)),
        )

    own, unit, total, known = database.run(Access(Role.API), work)
    if known:
        return
    bounds = (("device", own, quotas.device), ("unit", unit, quotas.unit), ("total", total, quotas.total))
    for scope, used, most in bounds:
        if used and used + weight(manifest) > most:
            event(log, logging.WARNING, "spool is full", scope=scope, used=used, limit=most)
            raise Declined(Problem.SPOOL_FULL, scope=scope, limit=most)


def everywhere(database: Database, role: Role) -> Access:
    """A role over every county that there is."""
    return Access(role, database.run(Access(role), _counties))


def _counties(connection: Connection) -> tuple[str, ...]:
    return tuple(county for (county,) in connection.execute("SELECT county FROM counties ORDER BY county"))


def backlog(connection: Connection) -> Backlog:
    """What waits in the counties that the transaction sees."""
    rows = connection.execute(
        "SELECT state, count(*), sum(bytes)::bigint, count(aside), min(received) FILTER (WHERE aside IS NULL)"
        " FROM batches WHERE state = ANY(%s) GROUP BY state",
        (list(WAITING),),
    ).fetchall()
    waiting = [at for state, _, _, _, at in rows if at is not None and state == PlatformBatch.IN_CUSTODY.value]
    return Backlog(
        {state: count for state, count, _, _, _ in rows},
        sum(size for _, _, size, _, _ in rows),
        sum(aside for _, _, _, aside, _ in rows),
        min(waiting, default=None),
    )


def expire(connection: Connection, now: datetime, after: timedelta = EXPIRES) -> int:
    """Let go of the parts of batches that never came in full; how many. Their place in the chain stays theirs."""
    rows = connection.execute(
        "UPDATE batches SET state = %s WHERE state = %s AND announced < %s RETURNING county, device, epoch, seq",
        (PlatformBatch.EXPIRED.value, PlatformBatch.ANNOUNCED.value, now - after),
    ).fetchall()
    for key in rows:
        connection.execute("DELETE FROM batch_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", key)
        connection.execute("DELETE FROM batch_attachments WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", key)
        connection.execute("DELETE FROM batch_attachments WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", key)
    if rows:
        event(log, logging.INFO, "batches expired", batches=len(rows))
    return len(rows)
