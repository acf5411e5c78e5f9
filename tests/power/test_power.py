"""The power goes anywhere in saving, importing, applying, sealing, backing up, changing the key, migrating.

What was said to be done is there, and nothing is half done. ``make test`` tries some disks of each act;
``pytest -m long tests/power`` 3,000 of each. Where nothing is flushed, the same cuts lose something.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path

import pytest

from tests.power.acts import ACTS
from tests.power.checks import Said, fault, quickly
from tests.power.disk import Disk, lay_out, relative
from tests.power.recorder import Event, record
from tests.power.scene import Scene

SHORT, LONG = 6, 3000
SEED = 20261123


def can_trace() -> bool:
    """Whether this computer lets one program watch another's system calls."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-o", os.devnull, "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_trace(), reason="recording what a program tells the disk needs strace")

Recording = Callable[[str, Sequence[str]], list[Event]]


@pytest.fixture(scope="module")
def recorded(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Runs the acts on a copy of the scene's disk and gives what the disk was told."""

    def run(flushing: str, acts: Sequence[str]) -> list[Event]:
        folder = tmp_path_factory.mktemp("recorded")
        disk = Path(shutil.copytree(scene.disk, folder / "disk"))
        program = [sys.executable, "-m", "tests.power.acts", str(scene.folder), str(disk), flushing, *acts]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
            events = relative(record(program, disk, folder / "trace"), disk)
        shutil.rmtree(disk)
        return events

    return run


def cuts(events: Sequence[Event], rounds: int, chance: random.Random) -> list[int]:
    """So many moments of each act, in order of time; every third is just after something was said to be done."""
    begins = [number for number, event in enumerate(events) if event.data.startswith(b"begin")] + [len(events)]
    names = [events[at].data.decode().split()[1] for at in begins[:-1]]
    sections = [(begins[n], begins[n + 1]) for n, name in enumerate(names) if name in ACTS]
    found = list[int]()
    for first, last in sections:
        done = [number + 1 for number in range(first, last) if events[number].data.startswith(b"done")]
        found += (chance.choice(done) if n % 3 == 0 else chance.randint(first + 1, last) for n in range(rounds))
    return sorted(found)


def faults(scene: Scene, events: Sequence[Event], rounds: int, folder: Path, seen: dict[str, int]) -> Iterator[str]:
    """What is wrong with the disks that cuts leave; ``seen`` counts them, and under "distinct" each once."""
    chance = random.Random(SEED)  # noqa: S311 -- the same cuts each time
    disk, told = Disk(scene.disk), 0
    lines: list[str] = []
    known: set[bytes] = set()
    for cut in cuts(events, rounds, chance):
        for event in events[told:cut]:
            if event.kind == "ack":
                lines += event.data.decode().split("\n")[:-1]
            else:
                disk.tell(event)
        told, said = cut, Said(lines)
        left = disk.left(chance)
        seen[said.act] = seen.get(said.act, 0) + 1
        mark = blake2b(repr((lines, sorted((name, data) for name, data in left.items() if data))).encode()).digest()
        if mark in known:
            continue
        known.add(mark)
        seen["distinct"] = len(known)
        lay_out(left, folder / "left")
        wrong = fault(scene, folder / "left", said)
        shutil.rmtree(folder / "left")
        if wrong:
            yield f"cut at {cut} of {len(events)}, in {said.act} after {lines[-1]}: {wrong}"


def test_a_power_cut_in_any_act_loses_nothing_that_was_said_to_be_done(
    scene: Scene, recorded: Recording, quick: Path
) -> None:
    with quickly():
        assert list(faults(scene, recorded("FULL", ACTS), SHORT, quick, {})) == []


def bites(scene: Scene, events: Sequence[Event], folder: Path) -> bool:
    with quickly():
        return next(faults(scene, events, 10 * SHORT, folder, {}), None) is not None


def test_the_same_cuts_bite_where_the_store_does_not_flush(scene: Scene, recorded: Recording, quick: Path) -> None:
    assert bites(scene, recorded("OFF", ["save"]), quick)


@pytest.mark.long
@pytest.mark.parametrize("act", ["import", "apply", "seal", "migrate"])
def test_the_same_cuts_bite_in_each_act_where_the_store_does_not_flush(
    act: str, scene: Scene, recorded: Recording, quick: Path
) -> None:
    assert bites(scene, recorded("OFF", [act]), quick)


@pytest.mark.long
@pytest.mark.parametrize("act", ["backup", "key"])
def test_the_same_cuts_bite_where_copies_are_not_flushed(
    act: str, scene: Scene, recorded: Recording, quick: Path
) -> None:
    """Copies are flushed by the program itself, whatever the store does."""
    assert bites(scene, [event for event in recorded("FULL", [act]) if event.kind != "sync"], quick)


@pytest.mark.long
def test_three_thousand_power_cuts_in_each_act_lose_nothing(
    scene: Scene, recorded: Recording, quick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, int] = {}
    with quickly():
        assert list(faults(scene, recorded("FULL", ACTS), LONG, quick, seen)) == []
    with capsys.disabled():
        print(seen)
    assert all(seen[act] == LONG for act in ACTS)
