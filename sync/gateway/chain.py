"""The chain of a device: which batch may follow which, and what is said when one does not."""

from __future__ import annotations

from typing import Final

from sync.gateway.database import Connection
from sync.gateway.enrol import Device
from sync.gateway.ledger import BatchKey
from sync.gateway.problem import Declined
from sync.protocol.errors import Problem
from sync.protocol.manifest import NO_PREVIOUS
from sync.protocol.states import PlatformEvent

MOST_NAMED: Final = 1_000
"""How many missing numbers an answer lists at most."""


def out_of_chain(connection: Connection, key: BatchKey, epoch: int, prev: str) -> Declined | None:
    """Why a new manifest does not continue its device's chain, if so; one of an epoch that was closed may still."""
    if key[2] > epoch:
        return alarm(connection, key, Problem.CHAIN_FORK)
    head = connection.execute(
        "SELECT seq, digest FROM batches WHERE county = %s AND device = %s AND epoch = %s ORDER BY seq DESC LIMIT 1",
        key[:3],
    ).fetchone()
    last, digest = head or (0, NO_PREVIOUS)
    if key[3] > last + 1:
        return Declined(Problem.SEQ_GAP, missing=list(range(last + 1, min(key[3], last + 1 + MOST_NAMED))))
    if prev != digest:
        return alarm(connection, key, Problem.CHAIN_FORK)
    return None


def closing_event(owner: Device | None, key: BatchKey, digest: str) -> PlatformEvent:
    """Whether a batch goes into custody as usual, or to be held for a person."""
    waits = owner is None or owner.must_wait(key[2], key[3], digest)
    return PlatformEvent.COMMIT_CLOSED if waits else PlatformEvent.COMMIT


def after_its_predecessor(connection: Connection, key: BatchKey) -> None:
    """``Declined`` ``seq_gap`` unless the batch before this one is in custody."""
    county, device, epoch, seq = key
    if seq == 1:
        return
    earlier = connection.execute(
        "SELECT custody IS NOT NULL FROM batches WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
        (county, device, epoch, seq - 1),
    ).fetchone()
    if earlier is None or not earlier[0]:
        raise Declined(Problem.SEQ_GAP, missing=[seq - 1])


def alarm(connection: Connection, key: BatchKey, problem: Problem) -> Declined:
    """Note for the administrators that a chain was broken; the refusal that goes with it, raised once that is kept."""
    county, device, epoch, seq = key
    connection.execute(
        "INSERT INTO alarms (county, device, kind, epoch, seq) VALUES (%s, %s, %s, %s, %s)",
        (county, device, problem.value, epoch, seq),
    )
    return Declined(problem)
