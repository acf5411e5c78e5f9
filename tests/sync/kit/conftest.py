"""The Java verifier, compiled once; and the golden files that it is tried on."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from tests.postgres import new_database, postgres
from tests.sync.gateway.conftest import platform

__all__ = ["new_database", "platform", "postgres"]

VERIFIER: Final = Path(__file__).parents[3] / "sync" / "kit" / "verifier"
GOLDEN: Final = Path(__file__).parents[2] / "golden" / "jm1"
_JAVA: Final = 17
_NO_JDK: Final = "no JDK 17 (javac and java) on this computer: on Debian, install openjdk-17-jdk-headless"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of the verifier said: exit status, a report for each file by its name, and standard error."""

    status: int
    reports: dict[str, dict[str, Any]]
    stderr: str


@dataclass(frozen=True, slots=True)
class Verifier:
    """The compiled verifier. It runs with 128 MiB of heap, so that a test shows that its memory is bounded."""

    classes: Path

    def run(self, *arguments: str | Path) -> Run:
        """The verifier on a command line."""
        command = ["java", "-Xmx128m", "-cp", self.classes, "JmVerify", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        return Run(done.returncode, {report["file"]: report for report in reports}, done.stderr)

    def check(self, files: Sequence[Path], keys: Path = GOLDEN / "keys.json") -> Run:
        """The verifier on files."""
        return self.run(*files, "--keys", keys)


def _has_jdk() -> bool:
    if not (shutil.which("javac") and shutil.which("java")):
        return False
    said = subprocess.run(["javac", "-version"], capture_output=True, text=True, check=False)
    version = re.search(r"javac (\d+)", said.stdout + said.stderr)
    return version is not None and int(version[1]) >= _JAVA


@pytest.fixture(scope="session")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    """Compiled as README.md says, with every warning an error. A computer of an office or a plain CI has no JDK."""
    if not _has_jdk():
        pytest.skip(_NO_JDK)
    classes = tmp_path_factory.mktemp("verifier")
    command: list[str | Path] = [
        "javac",
        "--release",
        str(_JAVA),
        "-Xlint:all",
        "-Werror",
        "-d",
        classes,
        *sorted(VERIFIER.glob("*.java")),
    ]
    compiled = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert compiled.returncode == 0, compiled.stderr
    return Verifier(classes)
