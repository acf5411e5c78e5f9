"""``python -m tests.mutation [FILE …]``: takes each check out of protocol and vault and sees whether a test notices.

A check is a ``raise``, a condition that leads to one and each part of it, a call that only checks, and the answer of a
function that judges. What no test notices is printed; those of the ledger (``equivalent.toml``) change nothing that
anybody could see and say why. The exit status is 1 when others live, or when one of the ledger is noticed after all.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from tests.mutation.hunt import ENDLESS, LIVES, NOTICED, UNREACHED, Hunt, named_from_root
from tests.mutation.mutants import ROOT, Mutant, mutants

ROOMS: Final = {
    Path("sync/protocol"): ("tests/sync/protocol", "tests/hostile/test_hostile_containers.py"),
    Path("jmdesk/vault"): ("tests/jmdesk/vault",),
}
"""The rooms whose checks are tried, and the tests of each."""
DEAR: Final = tuple(Path("jmdesk/vault", name) for name in ("kdf.py", "keeper.py", "process.py"))
"""Files that are about Argon2id, or about processes that this one only starts: tried with the real one."""


def ledger() -> dict[str, str]:
    """Mutants that change nothing, each with the reason."""
    text = Path(__file__).with_name("equivalent.toml").read_text(encoding="utf-8")
    return {f"{file}::{mutant}": why for file, found in tomllib.loads(text).items() for mutant, why in found.items()}


class Tally:
    """What became of the mutants."""

    def __init__(self) -> None:
        self.fates: Counter[str] = Counter()
        self.wrong = 0
        self._known = ledger()
        self._began = time.monotonic()

    def note(self, mutant: Mutant, fate: str) -> None:
        """Count one, and print it where it calls for somebody."""
        excused, seen = mutant.name in self._known, fate in (NOTICED, ENDLESS)
        self.fates["equivalent" if excused and not seen else fate] += 1
        if excused == seen:
            self.wrong += 1
            comment = "is in the ledger, but noticed" if excused else fate
            print(f"{mutant.file}:{mutant.line}: {mutant.function}: {mutant.what}: {comment}", flush=True)

    def __str__(self) -> str:
        shown = ", ".join(f"{self.fates[fate]} {fate}" for fate in (NOTICED, ENDLESS, "equivalent", LIVES, UNREACHED))
        return f"{self.fates.total()} mutants: {shown}; {time.monotonic() - self._began:.0f} s"


def hunted(room: Path, files: list[Path], jobs: int, tally: Tally, *, quick: bool) -> int:
    """Try every mutant of some files of a room; the exit status of pytest, 0 when it came to its end."""
    options = ["-qq", "-m", "not long", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=0"]
    found = [mutant for file in files for mutant in mutants(file)]
    status = pytest.main([*options, *ROOMS[room]], plugins=[Hunt(found, jobs, tally.note, quick=quick)])
    return 0 if status == pytest.ExitCode.NO_TESTS_COLLECTED else int(status)


def main() -> int:
    """Try every mutant; 1 when some live that the ledger does not know."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("files", nargs="*", help="files of sync/protocol or jmdesk/vault; all unless said")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    os.chdir(ROOT)
    tally = Tally()
    for room in ROOMS:
        asked = [named_from_root(file) for file in options.files]
        files = [file for file in asked if file.parent == room] if asked else _all_of(room)
        for quick in (True, False):
            chosen = [file for file in files if (file not in DEAR) is quick]
            if chosen and (status := hunted(room, chosen, options.jobs, tally, quick=quick)):
                return status
    print(tally)
    return 1 if tally.wrong else 0


def _all_of(room: Path) -> list[Path]:
    return sorted(file.relative_to(ROOT) for file in (ROOT / room).glob("*.py"))


if __name__ == "__main__":
    sys.exit(main())
