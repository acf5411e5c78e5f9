"""Setting up a checkout: what a machine lacks is named, a folder may be called anything, a second run is free."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("LICENSE", "README.md", "pyproject.toml", "requirements.lock", "installer/setup.sh")
PACKAGES = ("jmdesk", "sync", "ui", "resources")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What setting up reads, in a folder as an office might call it."""
    folder = tmp_path / "新 目录 (1)" / "信用 jmdesk"
    for name in NEEDED:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    return folder


def set_up(checkout: Path, *commands: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with some commands of the system replaced by those in the given folders."""
    path = os.pathsep.join(
        [*map(str, commands), "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    )
    return subprocess.run(
        ["bash", str(checkout / "installer" / "setup.sh")],
        env=os.environ | {"PATH": path, "PYTHON": getattr(sys, "_base_executable", sys.executable)},
        cwd="/",
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def command(folder: Path, name: str, script: str) -> None:
    """A command that stands in for one of the system's."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def test_without_an_administrator_the_one_command_to_run_is_printed(checkout: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    command(bare, "id", "echo 1000")
    command(bare, "sudo", "exit 1")
    command(bare, "apt-get", f"touch '{tmp_path}/touched'")
    command(bare, "ldconfig", "echo 'libGL.so.1 (libc6) => /lib/libGL.so.1'")
    command(bare, "fc-list", "exit 0")
    done = set_up(checkout, bare)
    assert done.returncode == 1
    (advice,) = re.findall(r"sudo sh -c '.*'", done.stderr)
    assert "apt-get update && apt-get install -y --no-install-recommends" in advice
    assert {"libegl1", "libxkbcommon0", "libxcb-cursor0", "fonts-noto-cjk"} <= set(advice.strip("'").split())
    assert "libgl1" not in advice.split()
    assert not (tmp_path / "touched").exists()
    assert not (checkout / ".venv").exists()


def test_a_system_without_apt_is_told_what_it_lacks(checkout: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    tools = ("bash", "cat", "dirname", "sha256sum", "xargs", "id", "env", "echo")
    for tool in tools:
        found = shutil.which(tool)
        assert found
        other.mkdir(exist_ok=True)
        (other / tool).symlink_to(found)
    command(other, "ldconfig", "exit 0")
    done = subprocess.run(
        [str(other / "bash"), str(checkout / "installer" / "setup.sh")],
        env={"PATH": str(other)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert "libegl1" in done.stderr
    assert "fonts-noto-cjk" in done.stderr
    assert "sudo" not in done.stderr


@pytest.mark.long
def test_a_checkout_is_set_up_in_any_folder_and_the_second_run_has_nothing_to_do(checkout: Path) -> None:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, checkout / package, ignore=shutil.ignore_patterns("__pycache__"))
    first = set_up(checkout)
    assert first.returncode == 0, first.stderr
    for program in ("jmdesk", "jmdesk-gateway"):
        shown = subprocess.run(
            [checkout / ".venv" / "bin" / program, "--help"], capture_output=True, text=True, check=False
        )
        assert shown.returncode == 0, shown.stderr
    second = set_up(checkout)
    assert second.returncode == 0
    assert second.stderr == ""

    moved = checkout.rename(checkout.with_name("搬家"))
    third = set_up(moved)
    assert third.returncode == 0, third.stderr
    shown = subprocess.run([moved / ".venv" / "bin" / "jmdesk", "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
