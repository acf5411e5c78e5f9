"""``make bench``: prints a table and leaves it in ``build/bench/desk.json``. Asserts nothing."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.association import COMPLAINTS, ENTERPRISES, bench_association
from tests.bench.desk import bench_desk, bench_stock
from tests.bench.start import bench_start
from tests.bench.stopwatch import Table
from tests.bench.sync import bench_sync
from tests.bench.vault import bench_vault

SIZES = (400, 4000)  # a village, a small town
STOCK = (400, 4000, 40_000)  # the lists of a county have 300,000: --stock 300000 takes some minutes and 3 GB


def main() -> None:
    """Measure at the sizes given, smallest first."""
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument("--households", type=int, nargs="+", default=SIZES, metavar="N")
    arguments.add_argument("--stock", type=int, nargs="*", default=STOCK, metavar="N")
    arguments.add_argument("--out", type=Path, default=Path("build/bench/desk.json"))
    args = arguments.parse_args()
    table = Table()
    print(f"{'bench':<58}{'rows':>8}{'figure':>12} unit    goal")
    with tempfile.TemporaryDirectory(prefix="jmdesk-bench-") as folder:
        bench_start(table, Path(folder))
        for households in sorted(args.households):
            bench_desk(table, Path(folder), households)
            bench_sync(table, Path(folder), households)
        for households in sorted(args.stock):
            bench_stock(table, Path(folder), min(households, SIZES[0]), households)
        bench_association(table, Path(folder), ENTERPRISES, COMPLAINTS)
        bench_vault(table, Path(folder))
    table.grow()
    table.write(args.out)


if __name__ == "__main__":
    main()
