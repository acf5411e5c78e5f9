"""The whole program once, in a folder of its own: an installer runs it after installing, a test after freezing.

Says one line for each part that works and ends with ``self-test: ok``; the lines are always the same. Anything else, on
either stream, means that something is wrong. Needs no display, no network and no vault of the user's.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from jmdesk.desk import Desk
    from ui.core.context import Context
    from ui.core.vaults import OpenDesk

HOUSEHOLDS = 12
VILLAGE = "440785104200"
UNIT = "54440785MF1000111F"
PASSPHRASE = "自检 口令 只用一次 2026"  # noqa: S105 -- of a vault with invented people that is gone in seconds
SIZE = (1366, 768)
PATIENCE_MS = 30_000
LEAST_COLOURS = 16  # a page that was not drawn has one or two


class Broken(Exception):
    """A part of the program did not do what it must."""


def self_test() -> int:
    """Try every part; 0 when all work. What fails escapes as an exception, for whoever looks at it."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory(prefix="jmdesk-self-test-") as name:
        folder = Path(name)
        _make_vault(folder / "vault")
        desk = _open_vault(folder / "vault")
        try:
            _import(desk.services, folder / "register.xlsx")
            _rate(desk.services, folder / "explanation.pdf")
            _paint(desk, folder / "settings.ini")
        finally:
            desk.close()
    _say("ok")
    return 0


def _say(text: str) -> None:
    print(f"self-test: {text}", flush=True)


def _check(fact: object, what: str) -> None:
    if not fact:
        raise Broken(what)


def _make_vault(folder: Path) -> None:
    from ui.core.ports import NewVault
    from ui.core.vaults import VaultsOnDisk

    VaultsOnDisk().create(NewVault(folder, PASSPHRASE, UNIT, "自检单位", VILLAGE, "自检员")).close()
    _say("vault made, schema migrated")


def _open_vault(folder: Path) -> OpenDesk:
    from ui.core.vaults import VaultsOnDisk

    desk = VaultsOnDisk().open(folder, PASSPHRASE, "")
    _check(desk.unit_name == "自检单位", "the vault does not hold what was put in")
    _say("vault opened")
    return desk


def _import(desk: Desk, register: Path) -> None:
    from jmdesk.registers.samples import write_register
    from jmdesk.registers.service import import_households

    write_register(register, VILLAGE, "a", HOUSEHOLDS)
    result = import_households(desk, register)
    _check(desk.records.count("R05") == HOUSEHOLDS, "not every household was imported")
    _say(f"{result.imported} households imported, {result.refused} refused")


def _rate(desk: Desk, explanation: Path) -> None:
    from ui.core.printing import write_pdf

    tally = desk.ratings.rate_all()
    _check(tally.done == HOUSEHOLDS and not tally.failures, "not every household was rated")
    _say(f"{tally.done} households rated")
    (first, *_) = desk.ratings.page(desk.ratings.this_year(), limit=1)
    write_pdf(desk.ratings.explanation(first.household).as_html(), explanation)
    _check(explanation.read_bytes().startswith(b"%PDF-"), "the explanation is not a PDF")
    _say("explanation printed")


def _paint(desk: OpenDesk, settings_file: Path) -> None:
    from PySide6.QtWidgets import QWidget

    from ui.app import prepare
    from ui.core.context import Context, Target
    from ui.core.settings import Settings
    from ui.main_window import PAGES, MainWindow

    settings = Settings(settings_file)
    app = prepare(settings)
    context = Context(settings)
    troubles: list[object] = []
    context.notices.posted.connect(lambda notice: troubles.append(notice.text) if notice.lasting else None)
    context.notices.bug.connect(troubles.append)
    window = MainWindow(context, QWidget())
    window.resize(*SIZE)
    window.show()
    window.enter(desk)
    for page in PAGES:
        window.go(Target(page.id))
        _settle(app, context)
        picture = window.grab().toImage()
        colours = {picture.pixel(x, y) for x in range(0, SIZE[0], 5) for y in range(0, SIZE[1], 5)}
        _check(window.page_id == page.id and len(colours) >= LEAST_COLOURS, f"page {page.id} was not painted")
        _check(not troubles, f"page {page.id}: {troubles}")
    context.runner.close()
    window.close()
    _say(f"pages painted: {' '.join(page.id for page in PAGES)}")


def _settle(app: QApplication, context: Context) -> None:
    """Let the page read what it shows and draw it."""
    from PySide6.QtCore import QDeadlineTimer, QEventLoop, QTimer

    limit = QDeadlineTimer(PATIENCE_MS)
    pulse = QTimer()  # an event now and then, so that waiting for one ends
    pulse.start(20)
    app.processEvents()
    while not context.runner.idle:
        _check(not limit.hasExpired(), "a page did not finish reading")
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    app.processEvents()
