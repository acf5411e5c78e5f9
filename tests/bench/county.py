"""``make bench-desk``: the officer's desk at the size of a county; leaves ``build/bench/bench-desk.json``.

Search, list and its filters, dossier, saving and the scoreboard over 201,600 households, and an imported register
of 30,000 rated with the explanation stored, beside loading and writing the same rows without scoring. Asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench.desk import bench_desk, bench_stock
from tests.bench.stopwatch import Table

REGISTER = 400  # what the county is made of


def main() -> None:
    """Measure at the sizes given."""
    arguments = argparse.ArgumentParser(prog="make bench-desk", description=__doc__)
    arguments.add_argument("--county", type=int, default=201_600, metavar="N", help="households of the store")
    arguments.add_argument("--rated", type=int, default=30_000, metavar="N", help="households imported and rated")
    arguments.add_argument("--out", type=Path, default=Path("build/bench/bench-desk.json"))
    args = arguments.parse_args()
    table = Table()
    print(f"{'bench':<58}{'rows':>8}{'figure':>12} unit    goal")
    with tempfile.TemporaryDirectory(prefix="jmdesk-bench-") as folder:
        bench_stock(table, Path(folder), min(args.county, REGISTER), args.county)
        if args.rated:
            bench_desk(table, Path(folder), args.rated)
    table.write(args.out)


if __name__ == "__main__":
    main()
