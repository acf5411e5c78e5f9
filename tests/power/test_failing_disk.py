"""The disk says EIO or that it is full, once or from then on, at any call of any act: for real, injected by strace.

What was said to be done is there, nothing is half done, and the program ends with an error that it can explain.
``make power`` has the suite: ``pytest -m long tests/power/test_failing_disk.py``. What ``make test`` tries of it is in
``tests/jmdesk/store/test_full_disk.py``.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jmdesk.core.messages import table
from tests.power.acts import ACTS
from tests.power.checks import Said, fault, quickly
from tests.power.scene import Scene
from tests.power.test_power import SEED, can_trace

ROUNDS = 10
CALLS = {"EIO": ("pwrite64", "fdatasync", "fsync", "ftruncate", "rename"), "ENOSPC": ("pwrite64", "ftruncate")}
"""Plain ``write`` is left out: the program also speaks by it."""
TOLD = re.compile(r"^jmdesk\.core\.errors\.\w+: ([\w.]+)", re.MULTILINE)

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not can_trace(), reason="making a disk fail needs strace"),
]


@dataclass(frozen=True)
class Workbench:
    """Runs one act on a copy of the scene's disk, under strace."""

    scene: Scene
    folder: Path

    def run(self, act: str, *options: str) -> subprocess.CompletedProcess[str]:
        """The act with these options of strace; the disk is left in ``folder/disk``."""
        disk = shutil.copytree(self.scene.disk, self.folder / "disk")
        program = [sys.executable, "-m", "tests.power.acts", str(self.scene.folder), str(disk), "FULL", act]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        command = ["strace", "-qq", *options, *program]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def calls(self, act: str) -> Counter[str]:
        """How often an undisturbed act makes each call."""
        trace = self.folder / "trace"
        every = sorted({call for calls in CALLS.values() for call in calls})
        assert self.run(act, "-o", str(trace), "-e", f"trace={','.join(every)}").returncode == 0
        shutil.rmtree(self.folder / "disk")
        return Counter(line.partition("(")[0] for line in trace.read_text("utf-8", errors="replace").splitlines())


def faults(bench: Workbench, act: str, error: str, rounds: int) -> Iterator[str]:
    """What is wrong after each failure of the disk."""
    made = bench.calls(act)
    chance = random.Random(f"{SEED} {act} {error}")  # noqa: S311 -- the same failures each time
    possible = [call for call in CALLS[error] if made[call]]
    for number in range(rounds):
        call = possible[number % len(possible)]
        when = f"{chance.randint(1, made[call])}{chance.choice(('', '+'))}"
        what = f"{act}: {error} at {call} {when} of {made[call]}"
        ended = bench.run(act, "-o", os.devnull, "-e", f"inject={call}:error={error}:when={when}")
        told = TOLD.findall(ended.stderr)
        if ended.returncode and not (told and told[-1] in table()):
            yield f"{what}: ended without a known error: {ended.stderr[-600:]}"
        said = Said(ended.stdout.splitlines())
        wrong = fault(bench.scene, bench.folder / "disk", said)
        shutil.rmtree(bench.folder / "disk")
        if wrong:
            yield f"{what}, done {said.done}, told {told}: {wrong}"


@pytest.mark.parametrize("error", CALLS)
@pytest.mark.parametrize("act", ACTS)
def test_a_disk_that_fails_anywhere_is_told_and_loses_nothing(act: str, error: str, scene: Scene, quick: Path) -> None:
    with quickly():
        assert list(faults(Workbench(scene, quick), act, error, ROUNDS)) == []
