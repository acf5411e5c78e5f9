"""A person who was typed, imported, searched, exported, sealed, sent and crashed over stands nowhere in plain.

Only what the clerk brought (``given``), took out on purpose (``exported``) or asked to see (``shown``: the output of
commands, names as the office may see them, numbers, addresses and incomes covered) may tell of her.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jmdesk.desk import Desk
from tests.leaks import canary
from tests.leaks.walk import PASSPHRASE
from tests.sync.client.conftest import Platform, platform

__all__ = ["platform"]

ROOT = Path(__file__).parents[2]
ON_PURPOSE = ("given", "exported", "shown")
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


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, platform: Platform) -> Path:
    """A computer after all of it."""
    root = tmp_path_factory.mktemp("leaks")
    ca = tmp_path_factory.mktemp("platform") / "ca.pem"
    ca.write_text(platform.ca, encoding="ascii")
    for stage, more in {"office": (), "platform": (platform.url, platform.code(), str(ca)), "window": ()}.items():
        assert walk(stage, root, *more) == 0, (root / f"said-{stage}.log").read_text("utf-8")[-3000:]
    assert walk("crash", root) == -signal.SIGKILL, (root / "said-crash.log").read_text("utf-8")[-3000:]
    return root


@pytest.mark.slow
def test_nothing_that_was_written_anywhere_tells_of_her(walked: Path) -> None:
    assert found(walked) == []


def test_what_was_taken_out_on_purpose_tells_of_her(walked: Path) -> None:
    """Else she was never there, and nothing was proved."""
    assert list(canary.leaks(walked / "exported"))
    assert list(walked.glob("vault/*.db"))
    assert list(walked.glob("stick/*.jmb"))
    assert "ValueError" in (walked / "said-window.log").read_text("utf-8"), "the error was told, without its message"
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
