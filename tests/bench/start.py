"""How long the program takes to show its first window, beside a bare window of the same Qt."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.bench.stopwatch import Table, in_turn

ROUNDS = 7
BARE = """
from PySide6.QtWidgets import QApplication, QLabel
app = QApplication([])
shown = QLabel("jmdesk")
shown.show()
app.processEvents()
"""
OURS = """
from ui.app import Session, prepare
from ui.core.settings import Settings
from ui.core.vaults import VaultsOnDisk
settings = Settings()
app = prepare(settings)
session = Session(VaultsOnDisk(), settings)
session.window.show()
app.processEvents()
session.close()
"""


def bench_start(table: Table, home: Path) -> None:
    """From the start of a process to the unlock page."""
    place = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "XDG_CONFIG_HOME": str(home)}

    def process(script: str) -> None:
        subprocess.run([sys.executable, "-c", script], env=place, check=True, capture_output=True)

    taken = in_turn({"ours": lambda: process(OURS), "bare": lambda: process(BARE)}, ROUNDS)
    table.add("process start to the unlock page", 1, taken["ours"], "s")
    table.add("start / a bare PySide6 window", 1, taken["ours"] / taken["bare"], "times", "<= 1.8")
