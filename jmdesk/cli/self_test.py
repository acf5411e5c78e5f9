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
    from jmdesk.desk import Desk
    from ui.core.settings import Settings
    from ui.core.vaults import OpenDesk

HOUSEHOLDS = 12
VILLAGE = "440785104200"
UNIT = "54440785MF1000111F"
PASSPHRASE = "自检 口令 只用一次 2026"  # noqa: S105 -- of a vault with invented people that is gone in seconds
SIZE = (1366, 768)
LEAST_COLOURS = 16


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
            _rate(desk.services)
            _draw(desk, folder)
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
    _check(result.new == desk.records.count("R05") == HOUSEHOLDS, "not every household was imported")
    _say(f"{result.new} households imported, {result.refused} refused")


def _rate(desk: Desk) -> None:
    tally = desk.ratings.rate_all()
    _check(tally.done == HOUSEHOLDS and not tally.failures, "not every household was rated")
    _say(f"{tally.done} households rated")


def _print(desk: Desk, explanation: Path) -> None:
    from ui.core.printing import write_pdf

    (first, *_) = desk.ratings.page(desk.ratings.this_year(), limit=1)
    write_pdf(desk.ratings.explanation(first.household).as_html(), explanation)
    _check(explanation.read_bytes().startswith(b"%PDF-"), "the explanation is not a PDF")
    _say("explanation printed")


def _draw(desk: OpenDesk, folder: Path) -> None:
    from ui.app import prepare
    from ui.core.settings import Settings
    from ui.core.touring import complaints

    settings = Settings(folder / "settings.ini")
    _application = prepare(settings)
    with complaints() as heard:
        _paint(desk, settings, heard)
        _print(desk.services, folder / "explanation.pdf")
        _check(not heard, str(heard))


def _paint(desk: OpenDesk, settings: Settings, heard: list[str]) -> None:
    from ui.core.context import Context, Target
    from ui.core.touring import colours, work_until
    from ui.core.vaults import VaultsOnDisk
    from ui.main_window import MainWindow
    from ui.page_table import RAIL
    from ui.pages.unlock.page import UnlockPage

    context = Context(settings)
    context.notices.posted.connect(lambda notice: heard.append(notice.text) if notice.lasting else None)
    context.notices.bug.connect(lambda error: heard.append(repr(error)))
    window = MainWindow(context, UnlockPage(context, VaultsOnDisk()))
    window.resize(*SIZE)
    window.show()
    window.enter(desk)
    for page in RAIL:
        window.go(Target(page.id))
        _check(work_until(lambda: context.runner.idle), f"page {page.id} did not finish reading")
        _check(window.page_id == page.id and colours(window) >= LEAST_COLOURS, f"page {page.id} was not painted")
        _check(not heard, f"page {page.id}: {heard}")
    context.runner.close()
    window.close()
    _say(f"pages painted: {' '.join(page.id for page in RAIL)}")
