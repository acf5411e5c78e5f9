"""A person who was typed, imported, searched, exported, sealed, sent and crashed over stands nowhere in plain.

Only what the clerk brought (``given``), took out on purpose (``exported``) or asked to see (``shown``: the output of
commands, names as the office may see them, numbers, addresses and incomes covered) may tell of her. ``make test`` opens
every page; ``pytest -m long tests/leaks`` every view of each, and searches the memory of what runs after the lock.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jmdesk.desk import Desk
from jmdesk.vault.keeper import COMMAND
from tests.leaks import canary
from tests.leaks.rooms import ROOMS, VIEWS_ELSEWHERE, views
from tests.leaks.walk import PASSPHRASE
from tests.memory import found_in, processes_of
from tests.sync.client.conftest import Platform, platform
from ui.page_table import PAGES

__all__ = ["platform"]

ROOT = Path(__file__).parents[2]
ON_PURPOSE = ("given", "exported", "shown")
MUCH = 12
"""Files that the whole walk takes out at least."""
_FOLDERS = {
    "HOME": "home",
    "TMPDIR": "tmp",
    "XDG_CONFIG_HOME": "home/.config",
    "XDG_DATA_HOME": "home/.local/share",
    "XDG_CACHE_HOME": "home/.cache",
    "XDG_STATE_HOME": "home/.local/state",
    "XDG_RUNTIME_DIR": "run",
}


def walk(stage: str, root: Path, *more: str) -> int:
    """One sitting in a process of its own; what it says is kept beside what it writes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen", "PYTHONFAULTHANDLER": "1"}
    for name, folder in _FOLDERS.items():
        (root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        environment[name] = str(root / folder)
    (root / "here").mkdir(exist_ok=True)
    command = [sys.executable, "-m", "tests.leaks.walk", stage, str(root), *more]
    (root / "shown").mkdir(exist_ok=True)
    with (root / f"said-{stage}.log").open("wb") as said, (root / "shown" / stage).open("wb") as shown:
        done = subprocess.run(command, cwd=root / "here", env=environment, stdout=shown, stderr=said, check=False)
    return done.returncode


def found(root: Path) -> list[str]:
    """What tells of her below a folder, but for what was brought and taken out on purpose."""
    return [leak for part in sorted(root.iterdir()) if part.name not in ON_PURPOSE for leak in _of(part)]


def _of(part: Path) -> list[str]:
    return list(canary.leaks(part)) if part.is_dir() else list(canary.told(str(part), part.read_bytes()))


@contextmanager
def computer(folders: pytest.TempPathFactory, platform: Platform, window: str) -> Iterator[Path]:
    """A computer after all of it; the locked program and the keeper of the PIN still run."""
    root = folders.mktemp("leaks")
    ca = folders.mktemp("platform") / "ca.pem"
    ca.write_text(platform.ca, encoding="ascii")
    codes = (platform.code(), platform.code())
    for stage, more in {"office": (), "platform": (platform.url, *codes, str(ca)), window: ()}.items():
        assert walk(stage, root, *more) == 0, (root / f"said-{stage}.log").read_text("utf-8")[-3000:]
    assert walk("crash", root) == -signal.SIGKILL, (root / "said-crash.log").read_text("utf-8")[-3000:]
    yield root
    for process in processes_of(root / "home"):
        os.kill(process, signal.SIGKILL)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Iterator[Path]:
    """Every page was opened."""
    with computer(tmp_path_factory, platform, "glance") as root:
        yield root


@pytest.fixture(scope="module")
def walked_through(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Iterator[Path]:
    """Every view of every page was opened, too, and what can be taken out there was."""
    with computer(tmp_path_factory, platform, "window") as root:
        yield root


def test_every_page_of_the_window_is_walked() -> None:
    """Whoever adds a page adds a way through it to ``tests/leaks/rooms.py``."""
    assert sorted(ROOMS) == sorted(spec.id for spec in PAGES)


@pytest.mark.long
def test_every_view_of_the_pages_was_on_screen(walked_through: Path) -> None:
    seen = set((walked_through / "shown" / "views").read_text("utf-8").split("\n"))
    assert sorted(views() - seen) == sorted(VIEWS_ELSEWHERE)


@pytest.mark.slow
def test_nothing_that_was_written_anywhere_tells_of_her(walked: Path) -> None:
    assert found(walked) == []


@pytest.mark.long
def test_nothing_that_was_written_on_the_whole_walk_tells_of_her(walked_through: Path) -> None:
    assert found(walked_through) == []
    assert len(list((walked_through / "exported").iterdir())) > MUCH, "little was taken out"


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs Linux")
def test_no_process_of_ours_remembers_her_after_the_lock(walked_through: Path) -> None:
    """The memory of the locked program, and of the one that keeps the PIN."""
    running = processes_of(walked_through / "home")
    assert any(COMMAND in command for command in running.values()), "the PIN has no keeper"
    assert int((walked_through / "shown" / "locked").read_text("ascii")) in running, "the locked program is not there"
    wanted = [text.encode(how) for text in (*canary.CANARIES.values(), PASSPHRASE) for how in ("utf-8", "utf-16-le")]
    assert {command: found for pid, command in running.items() if (found := found_in(pid, wanted))} == {}


def test_what_was_taken_out_on_purpose_tells_of_her(walked: Path) -> None:
    """Else she was never there, and nothing was proved."""
    assert list(canary.leaks(walked / "exported"))
    assert list(walked.glob("vault/*.db"))
    assert list(walked.glob("stick/*.jmb"))
    assert "ValueError" in (walked / "said-glance.log").read_text("utf-8"), "the error was told, without its message"
    with Desk.open(walked / "vault", PASSPHRASE) as desk, desk.store.reading() as connection:
        assert canary.TYPED in str(connection.exec_driver_sql("SELECT * FROM drafts").fetchall())


def test_what_a_command_shows_has_its_numbers_masked(walked: Path) -> None:
    shown = (walked / "shown" / "office").read_text("utf-8")
    assert canary.ADDRESS[:3] in shown
    for covered in (canary.ADDRESS, canary.ID_NO, canary.PHONE, canary.INCOME):
        assert covered not in shown


@pytest.mark.parametrize("how", canary.spellings(canary.NAME))
def test_the_search_finds_each_spelling(how: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\x07before " + canary.spellings(canary.NAME)[how] + b" after")
    assert any(how in leak for leak in canary.leaks(tmp_path))


@pytest.mark.parametrize("shift", range(3))
def test_the_search_finds_base64_at_any_offset(shift: int, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(base64.b64encode(b"x" * shift + canary.NAME.encode() + "后文".encode()))
    assert list(canary.leaks(tmp_path))


def test_the_search_looks_at_names(tmp_path: Path) -> None:
    (tmp_path / f"{canary.NAME}.txt").touch()
    assert list(canary.leaks(tmp_path))
