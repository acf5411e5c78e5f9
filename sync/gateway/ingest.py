"""Ingest: opens a batch in custody, judges every operation, writes in sets, and answers with a signed receipt.

A run is up to ``RUN`` records in one transaction. A crash between runs loses nothing and doubles nothing: the verdicts
of a run are committed with its records, and what has verdicts is not judged again (I5).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from jmdesk.core.clock import Clock, beijing_date
from sync.gateway.database import Access, Connection, Database, Role, one
from sync.gateway.enrol import Device, find_device
from sync.gateway.judge import Judge, Known, parent_of, said_region
from sync.gateway.keys import PlatformKeys
from sync.gateway.ledger import BatchKey, Step, lock_heads, read_consents, read_held, read_regions, write
from sync.gateway.receipts import write_receipt
from sync.protocol.batch import BatchOpener, SignedManifest, open_manifest
from sync.protocol.errors import RemoteProtocolError
from sync.protocol.manifest import PartEntry
from sync.protocol.records import BadLine, Operation, Verdict, VerdictLine, op_id
from sync.protocol.suites import KeySet

RUN = 5_000
"""Records in one transaction: fewer cost throughput, more hold the county's head longer."""


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

    def process(self, key: BatchKey) -> None:
        """Bring one batch from custody to its receipt; again after a crash, from where it stopped."""
        batch = self._load(key)
        judge = Judge(
            batch.device.grant,
            on=beijing_date(self._clock.now()),
            same_epoch=batch.signed.manifest.server_epoch in ("", self._keys.server_epoch),
        )
        done = self._done(batch)
        runs = list(_runs(batch.signed.manifest.parts, done))
        # The next run is opened while the database writes this one.
        with ThreadPoolExecutor(1) as ahead:
            opened = [ahead.submit(self._opened, batch, runs[0])] if runs else []
            for number in range(len(runs)):
                lines = opened.pop().result()
                if number + 1 < len(runs):
                    opened.append(ahead.submit(self._opened, batch, runs[number + 1]))
                self._database.run(batch.access, partial(_apply, batch, judge, lines))
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

    def _done(self, batch: _Batch) -> int:
        """How many operations have their verdicts already."""
        return int(
            self._database.run(
                batch.access,
                lambda connection: one(
                    connection,
                    "SELECT count(*) FROM operations WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)",
                    batch.key,
                ),
            )[0]
        )

    def _opened(self, batch: _Batch, parts: Sequence[PartEntry]) -> list[Operation | BadLine]:
        """The lines of some parts; a part that does not open is so many bad lines."""
        rows = self._database.run(
            batch.access,
            lambda connection: connection.execute(
                "SELECT ciphertext FROM batch_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)"
                " AND n BETWEEN %s AND %s ORDER BY n",
                (*batch.key, parts[0].n, parts[-1].n),
            ).fetchall(),
        )
        lines: list[Operation | BadLine] = []
        for part, (ciphertext,) in zip(parts, rows, strict=True):
            try:
                opener = BatchOpener(batch.signed.manifest, self._keys.opening)
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


def _runs(parts: Sequence[PartEntry], done: int) -> Iterator[list[PartEntry]]:
    """Parts that are still to be judged, in runs of at most ``RUN`` records; runs always end where parts end."""
    run: list[PartEntry] = []
    size = before = 0
    for part in parts:
        before += part.records
        if before <= done:
            continue
        if run and size + part.records > RUN:
            yield run
            run, size = [], 0
        run.append(part)
        size += part.records
    if run:
        yield run


def _apply(batch: _Batch, judge: Judge, lines: Sequence[Operation | BadLine], connection: Connection) -> None:
    """Judge a run of lines against the records as they are, and write what becomes of them.

    Where records of this run say they lie is known beforehand, so that a consent may come before its household.
    """
    grant = batch.device.grant
    heads = lock_heads(connection, grant.counties)
    operations = [line for line in lines if isinstance(line, Operation)]
    known = Known(
        held=read_held(connection, grant.counties, [(o.type, o.rid) for o in operations]),
        consents=read_consents(connection, grant.counties, [rid for o in operations for rid in o.consent]),
    )
    homeless: list[Operation] = []
    for operation in operations:
        if region := said_region(operation):
            known.regions[operation.type, operation.rid] = region
        else:
            homeless.append(operation)
    parents = {p for o in homeless if (p := parent_of(o)) and p not in known.regions}
    known.regions |= read_regions(connection, grant.counties, parents)
    steps: list[Step] = []
    for line in lines:
        index = int(line.op_id.rpartition(".")[2])
        if isinstance(line, BadLine):
            verdict = VerdictLine(line.op_id, "", Verdict.REJECTED, code=line.code, path=line.path)
            steps.append(Step(index, verdict, ("", "")))
        else:
            judgement = judge.judge(line, known)
            steps.append(Step(index, judgement.line, (line.type, line.rid), judgement.held))
    write(connection, batch.key, steps, heads)
