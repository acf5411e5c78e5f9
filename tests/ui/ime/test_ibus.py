"""Chinese typed through ibus, the input method of Debian's desktops, into every kind of field of the real window.

Needs Xvfb, a D-Bus session, ibus with libpinyin and xdotool: ``make ime`` installs them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ui.ime.clerk import WANTED

ROOT = Path(__file__).resolve().parents[3]
SESSION = Path(__file__).with_name("session.sh")
PAGES = {"unlock", "passphrase", "households", "household", "records", "R06", "R07", "R13", "R22", "R24", "R27"}


@pytest.mark.long
def test_chinese_typed_through_ibus_arrives_in_every_kind_of_field(tmp_path: Path) -> None:
    screen = ["xvfb-run", "-a", "-s", "-screen 0 1366x768x24"]
    done = subprocess.run(
        [*screen, "dbus-run-session", "--", "bash", str(SESSION), sys.executable, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    log = tmp_path / "clerk.log"
    assert done.returncode == 0, f"{done.stderr}\n{log.read_text(encoding='utf-8') if log.exists() else ''}"
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert {line["page"] for line in lines} == PAGES
    assert {(line["page"], line["field"]): line["text"] for line in lines if WANTED not in line["text"]} == {}
