"""The power goes anywhere in saving, importing, backing up and changing the key: what was said to be saved is there.

``make test`` tries a dozen disks; ``pytest -m long tests/jmdesk/power`` 3,000. ``synchronous=OFF`` loses some.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jmdesk.backups.opening import open_backup
from jmdesk.backups.service import present
from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from jmdesk.store import change_log
from jmdesk.store.verification import check_pages
from tests.desks import NOW, PASSPHRASE, Family
from tests.jmdesk.power.recorder import Event, disk_after, record

SHORT, LONG = 12, 3000
NUMBERS = "一二三四五六七八"


def can_trace() -> bool:
    """Whether this computer lets one program watch another's system calls."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-o", os.devnull, "true"], check=False).returncode == 0


pytestmark = pytest.mark.skipif(not can_trace(), reason="recording what a program tells the disk needs strace")


@pytest.fixture
def recorded(desk: Desk, family: Family, tmp_path: Path) -> Callable[[str], tuple[Path, str, list[Event]]]:
    """Runs the acts on a copy of a vault and gives the vault before, the folder, and what the disk was told."""
    assert family.head
    desk.close()

    def run(flushing: str) -> tuple[Path, str, list[Event]]:
        folder = Path(shutil.copytree(desk.vault.folder, tmp_path / "vault"))
        program = [sys.executable, "-m", "tests.jmdesk.power.acts", str(folder), flushing]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("POWER_PASSPHRASE", PASSPHRASE)
            patch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
            return desk.vault.folder, str(folder), record(program, folder, tmp_path / "trace")

    return run


def fault(folder: Path, acknowledged: list[str]) -> str:
    """What is wrong with a disk after a power cut; empty when everything acknowledged is there and whole."""
    try:
        with Desk.open(folder, PASSPHRASE, clock=FixedClock(NOW)) as desk:
            desk.store.fold_log()
            with desk.store.reading() as connection:
                check_pages(connection)
                if next(change_log.verify(connection), None) is not None:
                    return "chain"
            saved = max((int(said.split()[1]) for said in acknowledged if said.startswith("save")), default=0)
            names = [str(one.values["person_name"]) for one in desk.records.find("R06")]
            now = max((NUMBERS.find(name[-1]) + 1 for name in names if name[-1] in NUMBERS), default=0)
            if now < saved:
                return f"save {now} < {saved}"
            if "import 21" in acknowledged and desk.records.count("R05") != 21:
                return "import"
            if desk.records.count("R05") not in (1, 21):
                return "half an import"
    except KnownError as error:
        return error.code
    if "backup 1" in acknowledged:
        kept = present(folder / "backups")
        if not kept or open_backup(kept[-1].folder, PASSPHRASE).kept.card.entries == 0:
            return "backup"
    return ""


def faults(recording: tuple[Path, str, list[Event]], rounds: int, tmp_path: Path) -> Iterator[str]:
    before, folder, events = recording
    chance = random.Random(20261122)  # noqa: S311 -- the same cuts each time
    for number in range(rounds):
        cut = chance.randrange(1, len(events) + 1)
        target = tmp_path / "after"
        disk_after(events[:cut], before, folder, target, chance)
        acknowledged = [event.data.decode() for event in events[:cut] if event.kind == "ack"]
        wrong = fault(target, acknowledged)
        shutil.rmtree(target)
        if wrong:
            yield f"round {number}, cut at {cut} of {len(events)} after {acknowledged[-1:]}: {wrong}"


def test_a_power_cut_loses_nothing_that_was_said_to_be_saved(
    recorded: Callable[[str], tuple[Path, str, list[Event]]], tmp_path: Path
) -> None:
    recording = recorded("FULL")
    assert [event.data for event in recording[2] if event.kind == "ack"][-1] == b"key 1"
    assert list(faults(recording, SHORT, tmp_path)) == []


def test_the_same_cuts_bite_where_nothing_is_flushed(
    recorded: Callable[[str], tuple[Path, str, list[Event]]], tmp_path: Path
) -> None:
    assert next(faults(recorded("OFF"), LONG, tmp_path), None) is not None


@pytest.mark.long
def test_three_thousand_power_cuts_lose_nothing(
    recorded: Callable[[str], tuple[Path, str, list[Event]]], tmp_path: Path
) -> None:
    assert list(faults(recorded("FULL"), LONG, tmp_path)) == []
