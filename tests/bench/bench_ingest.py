"""Ingest against plain COPY: ``python -m tests.bench.bench_ingest``. Asserts nothing.

The work: a batch in custody is opened, validated, merged, written and answered with its sealed receipt. The measure:
COPY of exactly the rows that this left in records, changes and operations, into the same tables (goal 0.6 of it).
Beside the time on the wall stands the processors' (ours and PostgreSQL's), which neighbours on the machine do not move.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import pstats
import shutil
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from jmdesk.core.clock import SystemClock
from sync.gateway.batches import Batches
from sync.gateway.database import OWNER, READ, Access, Database, Role, Storage
from sync.gateway.enrol import enrol, find_device, issue_code
from sync.gateway.ingest import Ingest
from sync.gateway.keys import load_keys
from sync.gateway.units import read_units, store_regions, store_units
from sync.protocol.codes import EnrolmentCode
from sync.protocol.enrolment import request_enrolment
from tests.bench.processor import Meter, Spent
from tests.bench.stopwatch import Table
from tests.sync.gateway.desk import Batch, Desk, draft, household

TABLES = ("records", "changes", "operations")
UNIT = "54440785MF1000111F"
SAMPLE = Path(__file__).parents[2] / "resources" / "samples" / "units.csv"


class Bench:
    """One gateway without its HTTP face, one device, and batches of new households."""

    def __init__(self, storage: Storage, data: Path) -> None:
        clock = SystemClock()
        self.database: Database = storage.database
        self.keys = load_keys(self.database, data, clock)
        self.database.run(OWNER, store_regions)
        self.database.run(OWNER, lambda c: store_units(c, read_units(SAMPLE.read_bytes())))
        code = EnrolmentCode.parse(issue_code(self.database, self.keys, clock, UNIT, (), ()).text)
        self.desk = Desk("", "", unit=UNIT)
        self.desk.trust, self.desk.server_epoch = self.keys.trust, self.keys.server_epoch
        request = request_enrolment(
            self.desk.signing, self.desk.opening.public, code, unit=UNIT, client="b", created="2026-01-01T00:00:00Z"
        )
        enrol(self.database, self.keys, clock, request.envelope)
        self.batches = Batches(self.database, self.keys, clock)
        self.ingest = Ingest(self.database, self.keys, clock)
        with self.database.transaction(Access(Role.API)) as connection:
            self.device = find_device(connection, self.desk.device)

    def take(self, batch: Batch) -> None:
        """The batch into custody."""
        assert self.device is not None
        self.batches.announce(self.device, batch.signed.envelope)
        for part in batch.parts:
            self.batches.put_part(self.device, batch.id, part.entry.n, part.ciphertext)
        self.batches.commit(self.device, batch.id)

    def process(self, batch: Batch) -> None:
        self.ingest.process(("440785", self.desk.device, 1, batch.signed.manifest.seq))

    def rows(self) -> dict[str, bytes]:
        """What the tables hold, as COPY gives it."""
        found = {}
        with self.database.transaction(OWNER) as connection:
            for table in TABLES:
                with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
                    found[table] = b"".join(bytes(block) for block in copy)
        return found

    def clear(self) -> None:
        with self.database.transaction(OWNER) as connection:
            connection.execute(f"TRUNCATE {', '.join(TABLES)}".encode())
        with self.database.connect() as connection:
            connection.execute("CHECKPOINT")

    def copy(self, rows: dict[str, bytes]) -> None:
        for table, block in rows.items():
            with (
                self.database.transaction(OWNER) as connection,
                connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy,
            ):
                copy.write(block)

    def count(self) -> Any:
        with self.database.transaction(READ) as connection:
            return connection.execute("SELECT count(*) FROM records").fetchone()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--records", type=int, default=100_000)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--profile", action="store_true", help="where the time of one ingest goes")
    arguments.add_argument("--out", type=Path, default=Path("build/bench/ingest.json"))
    options = arguments.parse_args()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as the server does
    sys.setswitchinterval(0.0005)
    data = Path(tempfile.mkdtemp(prefix="jmdesk-bench-"))
    data.chmod(0o755)
    try:
        with Storage(data) as storage:
            _measure(Bench(storage, data), options)
    finally:
        shutil.rmtree(data, ignore_errors=True)


def _measure(bench: Bench, options: argparse.Namespace) -> None:
    table, n, meter = Table(), options.records, Meter(bench.database)
    taken: defaultdict[str, list[Spent]] = defaultdict(list)
    for _ in range(options.rounds):
        drafts = [draft("R05", *household()) for _ in range(n)]
        sealed: list[Batch] = []
        taken["seal"].append(meter.spent(lambda drafts=drafts, sealed=sealed: sealed.append(bench.desk.seal(*drafts))))  # type: ignore[misc]
        (batch,) = sealed
        bench.clear()
        taken["custody"].append(meter.spent(lambda batch=batch: bench.take(batch)))  # type: ignore[misc]
        if options.profile:
            with cProfile.Profile() as profile:
                bench.process(batch)
            pstats.Stats(profile).sort_stats("cumulative").print_stats(35)
            return
        taken["ingest"].append(meter.spent(lambda batch=batch: bench.process(batch)))  # type: ignore[misc]
        rows = bench.rows()
        bench.clear()
        taken["COPY"].append(meter.spent(lambda rows=rows: bench.copy(rows)))  # type: ignore[misc]
        assert bench.count() == (n,)
    for name, spent in taken.items():
        table.add(f"gateway: {name}", n, statistics.median(one.wall for one in spent), "s")
        for where in ("here", "server"):
            each = statistics.median(getattr(one, where) for one in spent) / n * 1e6
            table.add(f"gateway: {name}, processor time of a record, {where}", n, each, "us")
    for name, parts in (("ingest alone", ["ingest"]), ("seal to receipt", ["seal", "custody", "ingest"])):
        for clock, goal in (("wall", ">= 0.6" if len(parts) > 1 else ""), ("processor", "")):
            whole = [sum(getattr(one, clock) for one in turn) for turn in zip(*(taken[p] for p in parts), strict=True)]
            copied = [getattr(one, clock) for one in taken["COPY"]]
            ratio = statistics.median([copy / took for copy, took in zip(copied, whole, strict=True)])
            table.add(f"gateway: COPY of the same rows / {name}, {clock}", n, ratio, "ratio", goal)
    table.write(options.out)


if __name__ == "__main__":
    main()
