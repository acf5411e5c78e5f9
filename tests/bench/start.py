"""How long the program takes to show its first window, beside a bare window of the same Qt; and its first list."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from pathlib import Path

from jmdesk.desk import Desk
from jmdesk.registers.samples import write_register
from jmdesk.registers.service import import_households
from jmdesk.vault.kdf import FLOOR
from tests.bench.stopwatch import Table, in_turn

ROUNDS = 9
TOWN = "440785104"
UNIT = "11440785MF10001032"
PASSPHRASE = "量时间 口令 2026 年"
HOUSEHOLDS = 400
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
UNLOCKED = """
import sys, time
from pathlib import Path
from jmdesk.vault import slots
from ui.app import Session, prepare
from ui.core.context import Target
from ui.core.settings import Settings
from ui.core.vaults import VaultsOnDisk
settings = Settings()
app = prepare(settings)
vaults = VaultsOnDisk()
session = Session(vaults, settings)
session.window.show()
while not session.ready:  # somebody types the passphrase
    app.processEvents()
kdf, derive = [], slots.derive
def timed(*args, **named):
    began = time.perf_counter()
    try:
        return derive(*args, **named)
    finally:
        kdf.append(time.perf_counter() - began)
slots.derive = timed
began = time.perf_counter()
desk = vaults.open(Path(sys.argv[1]), sys.argv[2], "")
opened = time.perf_counter()
session.front.unlocked.emit(desk)
app.processEvents()
home = time.perf_counter()
session.window.go(Target("households"))
app.processEvents()
assert session.window.page.list.table.rows.row_at(0)
shown = time.perf_counter()
print(opened - began - sum(kdf), home - opened, shown - home)
session.close()
"""


def bench_start(table: Table, home: Path) -> None:
    """From the start of a process to the unlock page; from the passphrase to the list of households."""
    place = os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(home), "XDG_CONFIG_HOME": str(home)}

    def process(script: str, *arguments: str) -> str:
        command = [sys.executable, "-c", script, *arguments]
        return subprocess.run(command, env=place, check=True, capture_output=True, text=True).stdout

    taken = in_turn({"ours": lambda: process(OURS), "bare": lambda: process(BARE)}, ROUNDS)
    table.add("process start to the unlock page", 1, taken["ours"], "s")
    table.add("start / a bare PySide6 window", 1, taken["ours"] / taken["bare"], "times", "<= 1.8")
    vault = _vault(home)
    parts = [[float(part) for part in process(UNLOCKED, str(vault), PASSPHRASE).split()] for _ in range(ROUNDS)]
    opening, first, listed = (statistics.median(part) * 1000 for part in zip(*parts, strict=True))
    table.add("open the vault, without the KDF", HOUSEHOLDS, opening, "ms")
    table.add("... to the home page", HOUSEHOLDS, first, "ms")
    table.add("... to the list of households", HOUSEHOLDS, listed, "ms")
    table.add("unlock to the first list, without the KDF", HOUSEHOLDS, opening + first + listed, "ms", "< 150")


def _vault(home: Path) -> Path:
    """A village's vault, as the office left it yesterday."""
    vault, register = home / "start-vault", home / "start.xlsx"
    write_register(register, TOWN, "a", HOUSEHOLDS)
    with Desk.create(vault, PASSPHRASE, unit=UNIT, regions=(TOWN,), cost=FLOOR) as desk:
        import_households(desk, register)
    return vault
