"""Pictures of the real window: unlocked with the real passphrase, each page shown, grabbed to PNG."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.core.errors import Environment

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from ui.core.context import Target

SIZE = (1366, 768)
_PATIENCE_SECONDS = 60


def take(vault: Path, passphrase: str, out: Path) -> list[Path]:
    """Open the window on a vault and save a picture of every page; returns the files.

    Without a display the window is painted offscreen. ``Environment`` "demo.window_stuck" when a page does not settle.
    """
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from ui.app import Session, prepare
    from ui.core.context import Target
    from ui.core.settings import Settings
    from ui.core.vaults import VaultsOnDisk
    from ui.page_table import RAIL

    settings_file = out / "window.ini"
    settings = Settings(settings_file)
    settings.remember_vault(vault)
    prepare(settings)
    session = Session(VaultsOnDisk(), settings)
    window, taken = session.window, list[Path]()

    def shoot(name: str) -> None:
        _until(lambda: session.context.runner.idle)
        file = out / f"{len(taken) + 1:02}-{name}.png"
        window.grab().save(str(file))
        taken.append(file)

    try:
        window.resize(*SIZE)
        window.show()
        shoot("开库")
        session.front.passphrase.setText(passphrase)
        session.front.unlock()
        _until(lambda: session.context.desk is not None)
        for spec in RAIL:
            window.go(Target(spec.id))
            shoot(spec.title)
        opened = session.context.desk
        for name, target in _inner(opened.services) if opened else ():
            window.go(target)
            shoot(name)
    finally:
        session.close()
        window.close()
        settings_file.unlink(missing_ok=True)
    return taken


def _inner(desk: Desk) -> list[tuple[str, Target]]:
    """Places inside pages that are worth a picture: a dossier, a rating, a form."""
    from ui.core.context import Target

    rated = desk.ratings.page(desk.ratings.this_year(), limit=1)
    household = rated[0].household if rated else ""
    return [
        ("信用信息档案", Target("households", "R05", household)),
        ("评级说明", Target("ratings", "R16", household)),
        ("登记表单", Target("records", "R05", household)),
    ]


def _until(settled: Callable[[], bool]) -> None:
    """Let the window work until ``settled``, and once more so that what arrived is painted."""
    from ui.core.touring import work_until

    if not work_until(settled, _PATIENCE_SECONDS):
        raise Environment("demo.window_stuck")
