"""``make bench``: prints a table and leaves it in ``build/bench/desk.json``. Asserts nothing."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.desk import bench_desk
from tests.bench.start import bench_start
from tests.bench.stopwatch import Table

SIZES = (400, 4000)  # a village, a small town


def main() -> None:
    """Measure at the sizes given, smallest first."""
    arguments = argparse.ArgumentParser(prog="make bench", description=__doc__)
    arguments.add_argument("--households", type=int, nargs="+", default=SIZES, metavar="N")
    arguments.add_argument("--out", type=Path, default=Path("build/bench/desk.json"))
    args = arguments.parse_args()
    table = Table()
    print(f"{'bench':<58}{'rows':>8}{'figure':>12} unit    goal")
    with tempfile.TemporaryDirectory(prefix="jmdesk-bench-") as folder:
        bench_start(table, Path(folder))
        for households in sorted(args.households):
            bench_desk(table, Path(folder), households)
    table.grow()
    table.write(args.out)


if __name__ == "__main__":
    main()
