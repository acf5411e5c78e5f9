"""A small model of the city's platform: the real merge rules on records in memory, and desks that exchange with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.clock import FixedClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.inbox import Arrival, Outcome
from jmdesk.records.readiness import SEND_ORDER
from jmdesk.store import outbox
from jmdesk.store.outbox import Batch, Waiting
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.instance import locked
from sync.gateway.merge import Held, merge
from sync.protocol.records import Op, Operation, Verdict
from tests.desks import NOW, UNIT, VILLAGE

EPOCH = "e1"
TYPES = catalogue().types


@dataclass
class Batched:
    """Operations that a desk has sealed, and what the platform made of them once it has."""

    batch_id: str
    operations: list[tuple[outbox.Sent, Operation]]
    outcomes: list[Outcome] | None = None


class City:
    """Every record that the platform holds; ``changes`` names them in the order in which they changed.

    Operations on the records ``refusing`` are refused.
    """

    def __init__(self) -> None:
        self.held: dict[str, Held] = {}
        self.types: dict[str, str] = {}
        self.changes: list[str] = []
        self.refusing: set[str] = set()

    def take(self, batch: Batched) -> None:
        """Judge a batch."""
        batch.outcomes = [self._judge(sent, operation) for sent, operation in batch.operations]

    def _judge(self, sent: outbox.Sent, operation: Operation) -> Outcome:
        rid, held = operation.rid, self.held.get(operation.rid)
        if rid in self.refusing:
            return Outcome(sent.index, rid, "rejected", code="field.required")
        made = merge(held, operation, TYPES[operation.type])
        if made.fields is not None:
            for name in operation.set:
                # I7: whoever overwrites a value of another desk has seen it.
                if held is not None and held.version_of(name) > 0 and not self._own(held, name, operation):
                    assert operation.seen[name] >= held.version_of(name)
            self.held[rid] = Held(
                county="440785",
                region=VILLAGE,
                unit=UNIT,
                version=made.version,
                tombstone=operation.op is Op.TOMBSTONE,
                fields=made.fields,
                versions=made.versions,
                writers=made.writers,
                writer=operation.op_id,
                at=operation.at,
                reason=operation.reason,
            )
            self.types[rid] = operation.type
            self.changes.append(rid)
        if made.verdict is Verdict.CONFLICT and held is not None:
            shown = {n: held.fields[n] for n in made.conflicting if n in held.fields}
            versions = {n: held.version_of(n) for n in made.conflicting}
            return Outcome(sent.index, rid, "conflict", "", made.version, shown, versions)
        return Outcome(sent.index, rid, made.verdict.value, version=made.version)

    @staticmethod
    def _own(held: Held, name: str, operation: Operation) -> bool:
        return held.writer_of(held.version_of(name)).partition(".")[0] == operation.op_id.partition(".")[0]

    def since(self, cursor: int) -> list[Arrival]:
        """What changed after a cursor, each record once as it is now."""
        found = []
        for rid in dict.fromkeys(self.changes[cursor:]):
            held = self.held[rid]
            found.append(
                Arrival(
                    *(self.types[rid], rid, held.version, VILLAGE, UNIT),
                    values={} if held.tombstone else dict(held.fields),
                    versions={} if held.tombstone else dict(held.versions),
                    tombstone=held.tombstone,
                    reason=held.reason,
                    at=held.at,
                    origin=held.writer,
                )
            )
        return found


class Office:
    """A desk and its line to the city; every step of an exchange may be left out or come late."""

    def __init__(self, desk: Desk, city: City, device: str) -> None:
        self.desk, self._city, self._device = desk, city, device
        self._cursor = self._batches = 0
        self._open: list[Batched] = []

    def seal(self, rids: Collection[str]) -> None:
        """Seal the drafts of these records."""
        with self.desk.store.transaction(self.desk.actor, "seal") as transaction:
            connection = transaction.connection
            drafts = [w for w in outbox.drafts(connection, types=SEND_ORDER) if w.record.rid in rids]
            if not drafts:
                return
            self._batches += 1
            batch_id = f"{self._device}-{self._batches}"
            outbox.seal(
                connection,
                Batch(
                    *(batch_id, 1, self._batches, "sealed", len(drafts), f"{batch_id}.jmb", "0" * 64, transaction.at),
                    custody=None,
                    receipt=None,
                    totals={},
                    settled_at=None,
                ),
                [(waiting.id, index) for index, waiting in enumerate(drafts)],
            )
            operations = [self._operation(waiting, index) for index, waiting in enumerate(drafts)]
            sent = outbox.operations_of(connection, batch_id)
        self._open.append(Batched(batch_id, list(zip(sent, operations, strict=True))))

    def _operation(self, waiting: Waiting, index: int) -> Operation:
        record = waiting.record
        names = () if waiting.op == "tombstone" else waiting.fields
        return Operation(
            op_id=f"{self._device}.1.{self._batches}.{index}",
            op=Op(waiting.op),
            rid=record.rid,
            type=record.type,
            base_version=record.base_version,
            set={name: record.values[name] for name in names if name in record.values},
            unset=[name for name in names if name not in record.values],
            seen={name: record.version_of(name) for name in names},
            at=record.updated_at,
            by=record.updated_by,
            catalogue="1",
            evidence=[],
            consent=[],
            reason=(record.voided or "-") if waiting.op == "tombstone" else "",
        )

    def send(self) -> None:
        """Have the city judge what was sealed."""
        for batch in self._open:
            if batch.outcomes is None:
                self._city.take(batch)

    def receive(self) -> None:
        """Take over the receipts that are there."""
        for batch in self._open:
            if batch.outcomes is not None:
                self.desk.inbox.verdicts(batch.batch_id, batch.outcomes, receipt=b"signed", totals={}, epoch=EPOCH)
        self._open = [batch for batch in self._open if batch.outcomes is None]

    def pull(self) -> None:
        """Take over what changed."""
        arrivals, head = self._city.since(self._cursor), len(self._city.changes)
        self.desk.inbox.page(arrivals, cursor=str(head), epoch=EPOCH)
        self._cursor = head

    def wait_a_minute(self) -> None:
        """Move this desk's clock on."""
        assert isinstance(self.desk.clock, FixedClock)
        self.desk.clock.advance(minutes=1)

    def exchange(self, rids: Collection[str]) -> None:
        """A whole exchange, in the order in which the client does it."""
        self.seal(rids)
        self.send()
        self.receive()
        self.pull()


@contextmanager
def copied(template: Unlocked, folder: Path) -> Iterator[Desk]:
    """An open desk on a copy of a closed vault."""
    copytree(template.folder, folder)
    clock = FixedClock(NOW)
    with Desk(replace(template, folder=folder, lock=locked(folder)), clock, TimeOrderedIds(clock)) as desk:
        yield desk
