"""``make bench-sync``: prints a table and leaves it in ``build/bench/sync.json``. Asserts nothing.

Desk → gateway → second desk, beside COPY and bulk inserts of the same rows, one request per record, Anki and PouchDB.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sync.gateway.database import Storage
from tests.bench import peers
from tests.bench.bench_ingest import Bench
from tests.bench.crowd import DESKS, bench_crowd
from tests.bench.one_by_one import OneByOne
from tests.bench.stopwatch import Table
from tests.bench.sync import bench_sync
from tests.sync.gateway.desk import draft, household

SIZES = (10_000, 100_000)
SINGLE = 2_000
"""Records that go one by one: their rate does not change with their number."""
_BUILD = Path("build")


def main() -> None:
    """Measure at the sizes given, smallest first."""
    arguments = argparse.ArgumentParser(prog="make bench-sync", description=__doc__)
    arguments.add_argument("--records", type=int, nargs="+", default=SIZES, metavar="N")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--no-peers", action="store_true", help="leave out Anki and PouchDB")
    arguments.add_argument("--desks", type=int, nargs="*", default=DESKS, metavar="N", help="at once; none: leave out")
    arguments.add_argument("--out", type=Path, default=_BUILD / "bench" / "sync.json")
    options = arguments.parse_args()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)  # as the server does
    sys.setswitchinterval(0.0005)
    table = Table()
    print(f"{'bench':<58}{'rows':>8}{'figure':>12} unit    goal")
    with tempfile.TemporaryDirectory(prefix="jmdesk-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL may run as another account
        single = _one_by_one(table, folder)
        for records in sorted(options.records):
            rates = bench_sync(table, folder, records, options.rounds)
            table.add("upload / one request per record", records, rates.up / single, "times", ">= 40")
            if not options.no_peers:
                _peer(table, "Anki", peers.anki, records, rates.up, ">= 3")
                _peer(table, "PouchDB", peers.pouchdb, records, rates.up, ">= 15")
        if options.desks:
            bench_crowd(table, folder, options.desks)
    table.grow()
    table.write(options.out)


def _one_by_one(table: Table, folder: Path) -> float:
    """Records per second where each is a request of its own."""
    data = folder / "single"
    data.mkdir(mode=0o755)
    with Storage(data) as storage:
        bench = Bench(storage, data)
        assert bench.device is not None
        endpoint = OneByOne(bench.database, bench.device)
        try:
            rate = SINGLE / endpoint.send([draft("R05", *household()) for _ in range(SINGLE)])
        finally:
            endpoint.close()
    table.add("one request per record, 1 connection", SINGLE, rate, "rec/s")
    return rate


def _peer(
    table: Table, name: str, measure: Callable[[Path, int], peers.Taken], records: int, ours: float, goal: str
) -> None:
    try:
        taken = measure(_BUILD, records)
    except peers.PeerMissing as missing:
        print(f"{name}: not measured ({missing})", flush=True)
        return
    table.add(f"{name}: up", records, records / taken["up"], "rec/s")
    table.add(f"{name}: down", records, records / taken["down"], "rec/s")
    table.add(f"upload / {name}", records, ours * taken["up"] / records, "times", goal)


if __name__ == "__main__":
    main()
