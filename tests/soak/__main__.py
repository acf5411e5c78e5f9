"""``python -m tests.soak [SEEDS] [--seed N] [--from N] [--steps N]``: games by command, or one seed and its trace.

Two runs side by side share a computer well: ``python -m tests.soak 250`` and ``python -m tests.soak 250 --from 251``.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import time
from collections import Counter

import tests.conftest  # noqa: F401 - a home of its own, no network
from sync.gateway.embedded import EmbeddedPostgres
from tests.soak.blueprint import Blueprint, new_folder
from tests.soak.game import STEPS, play

HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


def main() -> int:
    """Play; the first seed that fails ends the run and is named."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("seeds", nargs="?", type=int, default=500)
    parser.add_argument("--seed", type=int, help="this one alone, and print what happened in it")
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--keep-going", action="store_true", help="name every seed that fails")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends a run ends its server too
    home = new_folder()
    server = EmbeddedPostgres(home, HASTE)
    try:
        with Blueprint.make(server.url, home / "desks") as blueprint:
            return _play(blueprint, options)
    finally:
        server.close()
        shutil.rmtree(home, ignore_errors=True)


def _play(blueprint: Blueprint, options: argparse.Namespace) -> int:
    if options.seed is not None:
        print("\n".join(play(blueprint, options.seed, options.steps).trace))
        return 0
    began, failed, happened = time.monotonic(), 0, Counter[str]()
    for number, seed in enumerate(range(options.first, options.first + options.seeds), 1):
        try:
            happened += play(blueprint, seed, options.steps).happened
        except Exception as error:
            failed += 1
            print(f"seed {seed} failed: {error!r}\n  again: python -m tests.soak --seed {seed}", flush=True)
            if not options.keep_going:
                raise
        if not number % 100:
            print(
                f"{number} seeds, {failed} failed, {(time.monotonic() - began) / number * 1000:.0f} ms each", flush=True
            )
    print(f"{options.seeds} seeds, {failed} failed, {time.monotonic() - began:.0f} s")
    print(", ".join(f"{count} {what}" for what, count in happened.items()))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
