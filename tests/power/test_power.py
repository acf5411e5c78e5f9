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
from itertools import islice, pairwise
from pathlib import Path

import pytest

from tests.power.acts import ACTS
from tests.power.checks import Said, fault, quickly
from tests.power.disk import Disk, lay_out, relative
from tests.power.recorder import Event, record
from tests.power.scene import Scene

SHORT, LONG = 4, 3000
SEED = 20261123


def can_trace() -> bool:
    """Whether this computer lets one program watch another's system calls."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-o", os.devnull, "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_trace(), reason="recording what a program tells the disk needs strace")

Recording = Callable[[str, Sequence[str]], list[Event]]


@pytest.fixture(scope="module")
def recorded(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Runs the acts on a copy of the scene's disk, once, and gives what the disk was told."""
    known: dict[tuple[str, ...], list[Event]] = {}

    def run(flushing: str, acts: Sequence[str]) -> list[Event]:
        if (flushing, *acts) not in known:
            known[(flushing, *acts)] = traced(flushing, acts)
        return known[(flushing, *acts)]

    def traced(flushing: str, acts: Sequence[str]) -> list[Event]:
        folder = tmp_path_factory.mktemp("recorded")
        disk = Path(shutil.copytree(scene.disk, folder / "disk"))
        program = [sys.executable, "-m", "tests.power.acts", str(scene.folder), str(disk), flushing, *acts]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
            events = relative(record(program, disk, folder / "trace"), disk)
        shutil.rmtree(disk)
        return events

    return run


def cuts(events: Sequence[Event], acts: Sequence[str], rounds: int, chance: random.Random) -> list[int]:
    """So many moments of each act, in order of time; every third is just after something was said to be done."""
    begins = [number for number, event in enumerate(events) if event.data.startswith(b"begin")] + [len(events)]
    sections = {events[first].data.decode().split()[1]: (first, last) for first, last in pairwise(begins)}
    found = list[int]()
    for first, last in (sections[act] for act in acts):
        done = [number + 1 for number in range(first, last) if events[number].data.startswith(b"done")]
        found += (chance.choice(done) if n % 3 == 0 else chance.randint(first + 1, last) for n in range(rounds))
    return sorted(found)


def faults(scene: Scene, events: Sequence[Event], moments: Sequence[int], folder: Path) -> Iterator[str]:
    """What is wrong with the disks that cuts at these moments may leave."""
    chance = random.Random(SEED)  # noqa: S311 -- the same disks each time
    disk, told = Disk(scene.disk), 0
    lines: list[str] = []
    known: set[int] = set()
    for cut in moments:
        for event in events[told:cut]:
            if event.kind == "ack":
                lines += event.data.decode().split("\n")[:-1]
            else:
                disk.tell(event)
        told, left = cut, disk.left(chance)
        mark = hash((len(lines), frozenset(left.items())))
        if mark in known:
            continue
        known.add(mark)
        lay_out(left, folder / "left")
        wrong = fault(scene, folder / "left", Said(lines))
        shutil.rmtree(folder / "left")
        if wrong:
            yield f"cut at {cut} of {len(events)} after {lines[-1]}: {wrong}"


def wrong_after(scene: Scene, events: Sequence[Event], acts: Sequence[str], rounds: int, folder: Path) -> list[str]:
    """The first things that are wrong after so many cuts in each of the acts."""
    moments = cuts(events, acts, rounds, random.Random(SEED))  # noqa: S311
    with quickly():
        return list(islice(faults(scene, events, moments, folder), 5))


def test_a_power_cut_in_any_act_loses_nothing_that_was_said_to_be_done(
    scene: Scene, recorded: Recording, quick: Path
) -> None:
    assert wrong_after(scene, recorded("FULL", ACTS), ACTS, SHORT, quick) == []


def test_the_same_cuts_bite_where_the_store_does_not_flush(scene: Scene, recorded: Recording, quick: Path) -> None:
    assert wrong_after(scene, recorded("OFF", ["save"]), ["save"], 15 * SHORT, quick)


@pytest.mark.long
@pytest.mark.parametrize("act", ["import", "apply", "seal", "migrate"])
def test_the_same_cuts_bite_in_each_act_where_the_store_does_not_flush(
    act: str, scene: Scene, recorded: Recording, quick: Path
) -> None:
    assert wrong_after(scene, recorded("OFF", [act]), [act], 15 * SHORT, quick)


@pytest.mark.long
@pytest.mark.parametrize("act", ["backup", "key"])
def test_the_same_cuts_bite_where_copies_are_not_flushed(
    act: str, scene: Scene, recorded: Recording, quick: Path
) -> None:
    """Copies are flushed by the program itself, whatever the store does."""
    events = [event for event in recorded("FULL", [act]) if event.kind != "sync"]
    assert wrong_after(scene, events, [act], 15 * SHORT, quick)


@pytest.mark.long
@pytest.mark.parametrize("act", ACTS)
def test_three_thousand_power_cuts_lose_nothing(act: str, scene: Scene, recorded: Recording, quick: Path) -> None:
    assert wrong_after(scene, recorded("FULL", ACTS), [act], LONG, quick) == []
