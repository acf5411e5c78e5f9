"""Ingest: opens a batch in custody, judges every operation, writes in sets, and answers with a signed receipt.

Up to ``STRETCH`` records become durable in one transaction. A crash between stretches loses nothing and doubles
nothing: verdicts are committed with their records, and what has verdicts is not judged again (I5). Within a stretch
one run of ``RUN`` records is opened and judged while the database writes the one before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TypeVar

from jmdesk.core.clock import Clock, beijing_date
from sync.gateway.database import Access, Connection, Database, Role, one
from sync.gateway.editions import Editioning
from sync.gateway.enrol import Device, find_device
from sync.gateway.evidence import Named, keep_attachments, named, note
from sync.gateway.judge import Judge, Known, place_of
from sync.gateway.keys import PlatformKeys
from sync.gateway.ledger import (
    BatchKey,
    RecordKey,
    Step,
    lock_heads,
    move_heads,
    read_consents,
    read_held,
    read_regions,
    staged,
    write,
)
from sync.gateway.receipts import write_receipt
from sync.gateway.relocation import follow
from sync.protocol.batch import BatchOpener, SignedManifest, open_manifest
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.manifest import PartEntry
from sync.protocol.records import BadLine, Operation, Verdict, op_id
from sync.protocol.suites import KeySet

RUN = 2_000
"""Records that are judged and written at once: fewer cost throughput, more cost memory."""
STRETCH = 20_000
"""Records in one transaction: fewer cost throughput, more hold the county's head longer."""

_Result = TypeVar("_Result")
_Line = Operation | BadLine


@dataclass(frozen=True)
class _Batch:
    """One batch under way."""

    key: BatchKey
    device: Device
    signed: SignedManifest

    @property
    def access(self) -> Access:
        return self.device.grant.access(Role.INGEST)


class Ingest:
    """Processes batches in custody, one at a time."""

    def __init__(self, database: Database, keys: PlatformKeys, clock: Clock) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock
        self._editioning = Editioning(database, keys)

    def process(self, key: BatchKey) -> None:
        """Bring one batch from custody to its receipt; again after a crash, from where it stopped."""
        batch = self._load(key)
        today = beijing_date(self._clock.now())
        judge = Judge(
            batch.device.grant,
            on=today,
            same_epoch=batch.signed.manifest.server_epoch in ("", self._keys.server_epoch),
            editions=self._editioning.on(today),
        )
        for stretch in _cut(self._left(batch), STRETCH):
            self._database.run(batch.access, partial(self._apply, batch, judge, stretch))
        keep_attachments(
            *(self._database, batch.access, self._keys.opener(batch.signed.manifest.enc.recipients), self._clock),
            *(batch.key, batch.signed.manifest, batch.device.grant),
        )
        write_receipt(self._database, self._keys, self._clock, batch.device, batch.key, batch.signed)

    def _load(self, key: BatchKey) -> _Batch:
        def work(connection: Connection) -> _Batch:
            (envelope,) = one(
                connection,
                "SELECT envelope FROM batches WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
                key,
            )
            device = find_device(connection, key[1])
            if device is None:
                raise LookupError(key[1])
            return _Batch(key, device, open_manifest(bytes(envelope), KeySet.of(device.public)))

        return self._database.run(Access(Role.INGEST, (key[0],)), work)

    def _left(self, batch: _Batch) -> Sequence[PartEntry]:
        """The parts whose operations have no verdicts yet; a transaction always ends where a part ends."""
        (done,) = self._database.run(
            batch.access,
            lambda connection: one(
                connection,
                "SELECT count(*) FROM operations WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
                batch.key,
            ),
        )
        parts = batch.signed.manifest.parts
        behind = accumulate(part.records for part in parts)
        return [part for part, upto in zip(parts, behind, strict=True) if upto > done]

    def _apply(self, batch: _Batch, judge: Judge, stretch: Sequence[PartEntry], connection: Connection) -> None:
        """Judge a stretch against the records as they are, and write what becomes of them.

        The other thread asks the database for one thing after the other: what a run must know is read before the run
        ahead of it is written, so that one's outcomes are told to the judge by themselves.
        """
        counties = batch.device.grant.counties
        heads = lock_heads(connection, counties)
        with ThreadPoolExecutor(1) as asking:
            opened = (self._opened(batch, run) for run in _cut(stretch, RUN))
            runs = _ahead(asking, (partial(_looked_up, connection, counties, lines) for lines in opened))
            written: Future[None] | None = None
            steps: list[Step] = []
            for lines, known in runs:
                known.learn(steps)
                steps, rows = staged(_judged(judge, lines, known), heads)
                evidence, first = named(lines, steps, known), written is None
                if written is not None:
                    written.result()
                written = asking.submit(_written, connection, batch.key, rows, first, evidence)
            if written is not None:
                written.result()
        follow(connection, heads, batch.signed.manifest.batch_id)
        move_heads(connection, heads)

    def _opened(self, batch: _Batch, parts: Sequence[PartEntry]) -> list[_Line]:
        """The lines of some parts; a part that does not open is so many bad lines."""
        rows = self._database.run(
            batch.access,
            lambda connection: connection.execute(
                "SELECT ciphertext FROM batch_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)"
                " AND n BETWEEN %s AND %s ORDER BY n",
                (*batch.key, parts[0].n, parts[-1].n),
            ).fetchall(),
        )
        lines: list[_Line] = []
        for part, (ciphertext,) in zip(parts, rows, strict=True):
            try:
                key = self._keys.opener(batch.signed.manifest.enc.recipients)
                opener = BatchOpener(batch.signed.manifest, key)
                lines.extend(opener.operations(part, bytes(ciphertext)))
            except RemoteProtocolError as error:
                lines.extend(_unreadable(batch, part, error))
        return lines


def _unreadable(batch: _Batch, part: PartEntry, error: RemoteProtocolError) -> Iterator[BadLine]:
    manifest = batch.signed.manifest
    first = sum(earlier.records for earlier in manifest.parts[: part.n])
    for index in range(first, first + part.records):
        name = op_id(manifest.device, manifest.epoch, manifest.seq, index)
        yield BadLine(name, error.code, "")


def _cut(parts: Iterable[PartEntry], size: int) -> Iterator[list[PartEntry]]:
    """Parts in pieces of at most ``size`` records; a part is never cut."""
    piece: list[PartEntry] = []
    records = 0
    for part in parts:
        if piece and records + part.records > size:
            yield piece
            piece, records = [], 0
        piece.append(part)
        records += part.records
    if piece:
        yield piece


def _ahead(pool: ThreadPoolExecutor, works: Iterable[Callable[[], _Result]]) -> Iterator[_Result]:
    """The results of works in order; while one is looked at, the next is under way."""
    waiting: deque[Future[_Result]] = deque()
    for work in works:
        waiting.append(pool.submit(work))
        if len(waiting) > 1:
            yield waiting.popleft().result()
    if waiting:
        yield waiting.popleft().result()


def _written(connection: Connection, batch: BatchKey, rows: bytes, first: bool, evidence: Sequence[Named]) -> None:
    """Write a run, the first of its transaction or another, and which documents its operations name."""
    write(connection, batch, rows, first)
    note(connection, evidence)


def _looked_up(connection: Connection, counties: Sequence[str], lines: list[_Line]) -> tuple[list[_Line], Known]:
    """Some lines with what has to be known to judge them.

    Where their own records say they lie is known beforehand, so that a consent may come before its household without
    being moved afterwards, and also before the member of it whom it is about.
    """
    operations = [line for line in lines if isinstance(line, Operation)]
    known = Known(
        held=read_held(connection, counties, [(o.type, o.rid) for o in operations]),
        consents=read_consents(connection, counties, [rid for o in operations for rid in o.consent]),
    )
    parents: dict[RecordKey, RecordKey] = {}
    for operation in operations:
        region, parent = place_of(operation)
        if region:
            known.regions[operation.type, operation.rid] = region
        elif parent:
            parents[operation.type, operation.rid] = parent
    places = known.regions
    places |= read_regions(connection, counties, {parent for parent in parents.values() if parent not in places})
    while placed := {key: places[p] for key, p in parents.items() if p in places and key not in places}:
        places |= placed
    return lines, known


def _judged(judge: Judge, lines: Sequence[_Line], known: Known) -> Iterator[Step]:
    """The outcome of every line of a run, in order."""
    first = int(lines[0].op_id.rpartition(".")[2])
    for index, line in enumerate(lines, first):
        if isinstance(line, BadLine):
            step = Step(("", ""), Verdict.REJECTED, said={"code": line.code, "path": line.path})
        else:
            step = judge.judge(line, known)
        step.index = index
        yield step
