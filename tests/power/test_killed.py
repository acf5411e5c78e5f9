"""``kill -9`` in the middle of saving, importing, applying, sealing, backing up, changing the key, migrating.

``make test`` kills once in each act; ``pytest -m long tests/power/test_killed.py`` 203 times. A desk and a gateway that
are killed while they talk are in ``tests/soak/test_kill.py``.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pytest

from tests.power.acts import ACTS
from tests.power.checks import Said, fault, quickly
from tests.power.scene import Scene
from tests.power.test_power import SEED

SHORT, LONG = 1, 29
"""Kills in each act."""


@dataclass
class Hunter:
    """Starts an act on a copy of the scene's disk and kills it at some moment."""

    scene: Scene
    folder: Path
    speaks: IO[bytes]
    listens: IO[bytes]
    seconds: dict[str, float] = field(default_factory=dict)
    kills: int = 0

    def line(self) -> str:
        """The next thing that is said."""
        said = self.speaks.readline().decode().rstrip("\n")
        assert said, "the victims' program died itself"
        return said

    def run(self, act: str, kill_after: float | None) -> Said:
        """Let it act; kill it so many seconds after it began, when it has not ended by then."""
        disk = shutil.copytree(self.scene.disk, self.folder / "disk")
        self.listens.write(f"{act} {disk}\n".encode())
        self.listens.flush()
        process = int(self.line().split()[1])
        said, began = [], time.monotonic()
        while (line := self.line()) != "ended":
            said.append(line)
            if line == f"begin {act} 0":
                began = time.monotonic()
                if kill_after is not None:
                    self._kill(process, kill_after)
        self.seconds.setdefault(act, time.monotonic() - began)
        return Said(said)

    def _kill(self, process: int, after: float) -> None:
        """By the handle of the process: its number may be another's once it has ended."""
        try:
            handle = os.pidfd_open(process)
        except ProcessLookupError:
            return  # it was done before it was looked for
        if not select.select([handle], [], [], after)[0]:
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            self.kills += 1
        os.close(handle)

    def faults(self, rounds: int, chance: random.Random) -> Iterator[str]:
        """What is wrong after each kill."""
        for act in ACTS:
            for number in range(rounds + 1):
                # The first of each act goes undisturbed: how long does it take?
                said = self.run(act, chance.uniform(0, self.seconds[act]) if number else None)
                said.act = act
                wrong = fault(self.scene, self.folder / "disk", said)
                shutil.rmtree(self.folder / "disk")
                if wrong:
                    yield f"{act} {number}, done {said.done}: {wrong}"


@pytest.fixture
def hunter(scene: Scene, quick: Path) -> Iterator[Hunter]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        program = [sys.executable, "-m", "tests.power.victims", str(scene.folder)]
        victims = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert victims.stdin is not None
    assert victims.stdout is not None
    hunter = Hunter(scene, quick, victims.stdout, victims.stdin)
    while hunter.line() != "ready":
        pass
    yield hunter
    victims.stdin.close()
    assert victims.wait(timeout=60) == 0
    victims.stdout.close()


def hunt(hunter: Hunter, rounds: int) -> None:
    with quickly():
        assert list(hunter.faults(rounds, random.Random(SEED))) == []  # noqa: S311 -- the same moments, as far as may be
    assert hunter.kills, "nobody died: nothing was proved"


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_a_program_that_is_killed_in_any_act_loses_nothing_that_it_said_was_done(hunter: Hunter) -> None:
    hunt(hunter, SHORT)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")
def test_two_hundred_kills_lose_nothing_that_was_said_to_be_done(hunter: Hunter) -> None:
    hunt(hunter, LONG)
    assert hunter.kills > LONG * len(ACTS) / 2
