"""Applies one verified reply of the platform in one transaction: verdicts on what we sent, changes that others made.

Mine over theirs: the platform's newer version of a record with unsent edits is kept beside mine (``incoming``) and
never moves its base, so that a pull cannot make work look lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jmdesk.catalogue.derived import derive
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date, utc_text
from jmdesk.core.errors import Refused
from jmdesk.store import outbox
from jmdesk.store.store import Store, set_setting
from jmdesk.store.stored import Stored
from jmdesk.store.transaction import Transaction

PLATFORM = "platform"
ACCEPTED = frozenset({"accepted", "merged", "duplicate"})
CURSOR = "sync.cursor"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the platform says of one operation of a batch, by its index.

    ``verdict`` is one of accepted, merged, duplicate, conflict, rejected, forbidden, gone; ``code`` explains a refusal;
    ``version`` is the record's version there; ``values`` and ``versions`` what it holds of the touched fields.
    """

    index: int
    rid: str
    verdict: str
    code: str = ""
    version: int = 0
    values: Record = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record as the platform holds it now; ``versions`` lists fields whose version is lower than ``version``."""

    type: str
    rid: str
    version: int
    region: str
    unit: str
    values: Record
    versions: Mapping[str, int]
    tombstone: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What one page did here: records taken over, kept beside unsent edits, and already known."""

    adopted: int = 0
    beside: int = 0
    known: int = 0


class Inbox:
    """The one door for what the platform says. Its callers have verified signatures and addressed device already."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def custody(self, batch_id: str, envelope: bytes) -> None:
        """Keep the platform's signed word that it holds a batch."""
        with self._store.transaction(PLATFORM, "custody", source=PLATFORM) as transaction:
            outbox.advance(transaction.connection, batch_id, "held", custody=envelope)

    def verdicts(
        self, batch_id: str, outcomes: Sequence[Outcome], *, receipt: bytes, totals: dict[str, int], epoch: str
    ) -> None:
        """Settle a batch: every operation gets exactly one outcome.

        ``Refused`` "sync.receipt_mismatch" when the outcomes are not those of the batch's operations.
        """
        with self._store.transaction(PLATFORM, "verdict", source=PLATFORM) as transaction:
            connection = transaction.connection
            sent = outbox.operations_of(connection, batch_id)
            if [(s.index, s.rid) for s in sent] != [(o.index, o.rid) for o in outcomes]:
                raise Refused("sync.receipt_mismatch")
            at = utc_text(self._store.clock.now())
            rows = []
            for operation, outcome in zip(sent, outcomes, strict=True):
                rows.append(
                    (_state(outcome.verdict), outcome.verdict, outcome.code or outcome.verdict, at, operation.id)
                )
            outbox.settle(connection, rows)
            unsent = outbox.unsent(connection, [s.rid for s in sent])
            here = _records_here(transaction, [(s.type, s.rid) for s in sent])
            for operation, outcome in zip(sent, outcomes, strict=True):
                _note(transaction, operation, outcome, epoch, here.get(operation.rid), operation.rid in unsent)
            outbox.advance(connection, batch_id, "done", receipt=receipt, totals=totals, at=at)

    def page(self, arrivals: Iterable[Arrival], *, cursor: str, epoch: str) -> Applied:
        """Take over one page of changes together with the cursor behind it."""
        adopted = beside = known = 0
        with self._store.transaction(PLATFORM, "pull", source=PLATFORM) as transaction:
            batch = list(arrivals)
            unsent = outbox.unsent(transaction.connection, [a.rid for a in batch])
            here = _records_here(transaction, [(a.type, a.rid) for a in batch])
            for arrival in batch:
                found = here.get(arrival.rid)
                if arrival.rid in unsent:
                    beside += _keep_beside(transaction, arrival, found)
                elif self._adopt(transaction, arrival, found, epoch):
                    adopted += 1
                else:
                    known += 1
            transaction.flush()
            set_setting(transaction.connection, CURSOR, cursor)
        return Applied(adopted, beside, known)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _adopt(self, transaction: Transaction, arrival: Arrival, found: Stored | None, epoch: str) -> bool:
        if found is not None and found.base_version >= arrival.version and found.server_epoch == epoch:
            return False
        values = self._completed(arrival, found)
        transaction.adopt(
            arrival.type,
            arrival.rid,
            values,
            region=arrival.region,
            versions={"*": arrival.version, **arrival.versions},
            version=arrival.version,
            epoch=epoch,
            source=arrival.unit,
            found=found,
            voided=(arrival.reason or "-") if arrival.tombstone else None,
        )
        return True

    def _completed(self, arrival: Arrival, found: Stored | None) -> Record:
        """The platform's values with what never travels (recorded here alone, or computed); a tombstone has none."""
        if arrival.tombstone:
            return found.values if found is not None else {}
        record_type = self._store.catalogue.types[arrival.type]
        own = {f.identifier for f in record_type.fields if not f.on_wire}
        local = {n: v for n, v in found.values.items() if n in own} if found is not None else {}
        values = local | arrival.values
        return values | derive(record_type, values, on=beijing_date(self._store.clock.now()))


def _records_here(transaction: Transaction, named: Sequence[tuple[str, str]]) -> dict[str, Stored]:
    """The records of these types and ids that this desk has, by id."""
    by_type: dict[str, list[str]] = {}
    for type_id, rid in named:
        by_type.setdefault(type_id, []).append(rid)
    found: dict[str, Stored] = {}
    for type_id, rids in by_type.items():
        found |= transaction.get_many(type_id, rids)
    return found


def _note(
    transaction: Transaction,
    operation: outbox.Sent,
    outcome: Outcome,
    epoch: str,
    found: Stored | None,
    still_mine: bool,
) -> None:
    """Note one outcome on its record."""
    if outcome.verdict == "conflict":
        content = {"version": outcome.version, "values": outcome.values, "versions": dict(outcome.versions)}
        transaction.keep_beside(operation.type, operation.rid, content)
    if outcome.verdict not in ACCEPTED:
        transaction.mark_sync(operation.type, operation.rid, _state(outcome.verdict))
        return
    if found is None:
        return
    versions = dict(found.field_versions)
    if outcome.verdict == "merged":
        # Other fields moved on too: the base stays until the pull brings them.
        version = found.base_version
        versions |= dict.fromkeys(operation.fields, outcome.version)
    else:
        version = max(outcome.version, found.base_version)
        if not found.base_version:
            versions = {"*": outcome.version}
        versions |= dict.fromkeys(operation.fields, outcome.version)
        versions = {n: v for n, v in versions.items() if n == "*" or v != versions.get("*")}
    sync = "mine" if still_mine else "confirmed"
    transaction.confirm(operation.type, operation.rid, version=version, versions=versions, epoch=epoch, sync=sync)


def _keep_beside(transaction: Transaction, arrival: Arrival, found: Stored | None) -> bool:
    if found is not None and found.base_version >= arrival.version:
        return False
    content = {
        "version": arrival.version,
        "values": arrival.values,
        "versions": {"*": arrival.version, **arrival.versions},
        "tombstone": arrival.tombstone,
    }
    transaction.keep_beside(arrival.type, arrival.rid, content)
    return True


def _state(verdict: str) -> str:
    """The outbox state that a verdict leads to."""
    if verdict in ACCEPTED:
        return "done"
    return "conflict" if verdict == "conflict" else "refused"
