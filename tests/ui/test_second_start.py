"""Starting the program again on a vault whose window is open brings that window forward; two real processes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.desks import PASSPHRASE
from ui.core import doorbell

PATIENCE = 120


@pytest.fixture
def home() -> Iterator[Path]:
    """A user's own folder, of a short name: the path of a socket has few bytes."""
    with tempfile.TemporaryDirectory(prefix="jm") as folder:
        yield Path(folder)


@pytest.fixture
def computer(home: Path) -> dict[str, str]:
    """The environment of a user who has folders of his own."""
    own = {"XDG_CONFIG_HOME": str(home / "config"), "XDG_DATA_HOME": str(home / "data")}
    return {**os.environ, **own, "QT_QPA_PLATFORM": "offscreen", "HOME": str(home)}


@pytest.fixture
def first(vault: Path, computer: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The window that has the vault open."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.ui.first_window", str(vault), PASSPHRASE],
        env=computer,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    assert started.stdout is not None
    assert started.stdin is not None
    assert started.stdout.readline() == "open\n"
    yield started
    started.stdin.close()
    assert started.wait(PATIENCE) == 0
    started.stdout.close()


def start_again(computer: dict[str, str], *arguments: str) -> int:
    """The program itself, started by the user; its exit status. It ends by itself only when it has nothing to show."""
    return subprocess.run(
        [sys.executable, "-m", "jmdesk", *arguments], env=computer, timeout=PATIENCE, check=False, capture_output=True
    ).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="sockets lie in a folder on Unix only")
def test_a_second_start_brings_the_first_window_forward_and_ends(
    first: subprocess.Popen[str], vault: Path, computer: dict[str, str], home: Path
) -> None:
    assert first.stdout is not None
    assert start_again(computer, "window", "--vault", str(vault)) == 0
    assert first.stdout.readline() == "raised\n"
    folder = home / "config" / "jmdesk" / "run"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert start_again(computer) == 0, "the only vault of this computer needs no naming"
    assert first.stdout.readline() == "raised\n"


@pytest.fixture
def bells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Bells hang in a folder of the test's own."""
    folder = tmp_path / "bells"
    folder.mkdir()
    monkeypatch.setattr(doorbell, "bell_of", lambda vault: str(folder / vault.name))
    return folder


@pytest.mark.usefixtures("qapp")
def test_nobody_answers_for_a_vault_that_is_closed(bells: Path, tmp_path: Path) -> None:
    vault = tmp_path / "v"
    assert not doorbell.ring(vault)
    bell = doorbell.Doorbell()
    assert bell.hang(vault)
    bell.take_down()
    assert not doorbell.ring(vault)
    (bells / "v").write_bytes(b"")
    assert not doorbell.ring(vault), "what a dead process left behind is no bell"
    assert bell.hang(vault)
    bell.take_down()
