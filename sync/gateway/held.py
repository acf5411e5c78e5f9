"""Batches that wait for a person: released into the usual course, or refused with a verdict for every record (I9).

Refusing opens nothing. It writes the verdicts; the worker, which finds no record left to judge, signs the receipt.
"""

from __future__ import annotations

from collections.abc import Sequence

from jmdesk.core.errors import Refused
from sync.gateway.database import Connection
from sync.gateway.ledger import BatchKey
from sync.protocol.records import Verdict
from sync.protocol.states import PlatformBatch, PlatformEvent, next_platform_state

REFUSED = "verdict.not_released"
"""The code of every record's verdict in a batch that was refused."""


def held_batches(connection: Connection, device: str) -> list[str]:
    """The ids of a device's held batches in the order of its chain."""
    rows = connection.execute(
        "SELECT batch_id::text FROM batches WHERE device = %s AND state = %s ORDER BY epoch, seq",
        (device, PlatformBatch.AWAITING_RELEASE.value),
    )
    return [batch_id for (batch_id,) in rows]


def release(connection: Connection, batch_ids: Sequence[str]) -> None:
    """Let held batches be processed. ``Refused``: ``admin.not_held``, ``admin.held_before``."""
    for key, _ in _locked(connection, batch_ids):
        _move(connection, key, PlatformEvent.RELEASE)


def refuse(connection: Connection, batch_ids: Sequence[str]) -> None:
    """Give every record of held batches the verdict that nobody released them. Errors as `release`."""
    for key, records in _locked(connection, batch_ids):
        connection.execute(
            "INSERT INTO operations (county, device, epoch, seq, idx, rid, verdict, version, detail)"
            " SELECT %s, %s, %s, %s, idx, '', %s, 0, jsonb_build_object('code', %s::text)"
            " FROM generate_series(0, %s) AS idx",
            (*key, Verdict.REJECTED.value, REFUSED, records - 1),
        )
        _move(connection, key, PlatformEvent.REJECT)


def _locked(connection: Connection, batch_ids: Sequence[str]) -> list[tuple[BatchKey, int]]:
    """Held batches with their record counts, in chain order; with each of them every held one before it."""
    rows = connection.execute(
        "SELECT county, device, epoch, seq, records, batch_id::text FROM batches"
        " WHERE device IN (SELECT device FROM batches WHERE batch_id = ANY(%s::uuid[])) AND state = %s"
        " ORDER BY device, epoch, seq FOR UPDATE",
        (list(batch_ids), PlatformBatch.AWAITING_RELEASE.value),
    ).fetchall()
    wanted = set(batch_ids)
    if not wanted <= {row[5] for row in rows}:
        raise Refused("admin.not_held")
    found: list[tuple[BatchKey, int]] = []
    left_out: set[str] = set()
    for county, device, epoch, seq, records, batch_id in rows:
        if batch_id not in wanted:
            left_out.add(device)
        elif device in left_out:
            raise Refused("admin.held_before")
        else:
            found.append(((county, device, epoch, seq), records))
    return found


def _move(connection: Connection, key: BatchKey, event: PlatformEvent) -> None:
    state = next_platform_state(PlatformBatch.AWAITING_RELEASE, event)
    connection.execute(
        "UPDATE batches SET state = %s WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", (state.value, *key)
    )
