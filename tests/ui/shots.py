"""Grabs pages and widgets to PNG so that a person can look at them: ``python -m tests.ui.shots [FOLDER]``."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtWidgets import QApplication, QWidget

from tests.ui import gallery
from tests.ui.desks import make_desk
from ui.app import prepare
from ui.core.context import Context, Target
from ui.core.messages import BAD, Notice
from ui.core.settings import Settings
from ui.core.theme import look, theme
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.page_table import RAIL
from ui.pages.unlock.page import UnlockPage


def grab(widget: QWidget, file: Path, size: tuple[int, int] = (1366, 768)) -> None:
    """Show a widget at a size and save what is painted."""
    widget.resize(*size)
    widget.show()
    for _ in range(20):
        QApplication.processEvents()
    widget.grab().save(str(file))


def settle(context: Context) -> None:
    """Let work under way come to its end."""
    while not context.runner.idle:
        QApplication.processEvents()


def windows(folder: Path, tag: str, desk: OpenDesk) -> None:
    """The unlock page and every page of the window."""
    settings = Settings(folder / "shots.ini")
    settings.remember_vault(desk.services.vault.folder)
    context = Context(settings)
    front = UnlockPage(context, VaultsOnDisk())
    window = MainWindow(context, front)
    grab(window, folder / f"unlock_{tag}.png")
    front.start_create()
    grab(window, folder / f"create_{tag}.png")
    window.enter(desk)
    settle(context)
    context.notices.done_with_undo("已保存“陈建明”户的修改。", lambda: None)
    for spec in RAIL:
        window.go(Target(spec.id))
        settle(context)
        grab(window, folder / f"{spec.id}_{tag}.png")
        context.notices.post(Notice("平台没有答复。", BAD, "已保存的修改都在待报送里，联网后再试。"))
    details(context, window, folder, tag, desk)
    context.runner.close()
    window.close()


def details(context: Context, window: MainWindow, folder: Path, tag: str, desk: OpenDesk) -> None:
    """A dossier, a form, a history, the form of a new household."""
    window.notices.dismiss()
    household = desk.services.records.find("R05", limit=1)[0].rid
    member = desk.services.records.find("R06", limit=1)[0].rid
    places = {
        "dossier": Target("households", "R05", household),
        "new": Target("households", "R05", new={}),
        "member": Target("records", "R06", member),
        "income": Target("records", "R07", new={"household_id": household}),
        "complaint": Target("records", "R22", new={}),
    }
    for name, target in places.items():
        if window.page is not None:
            window.page.discard()
        window.go(target)
        settle(context)
        grab(window, folder / f"{name}_{tag}.png")


def main(folder: Path) -> None:
    """Everything, light and dark, at 100 % and 150 %."""
    folder.mkdir(parents=True, exist_ok=True)
    prepare(Settings(folder / "shots.ini"))
    with tempfile.TemporaryDirectory() as place:
        desk = make_desk(Path(place) / "信用资料库", 300)
        for tag, name, scale in (("light", "light", 100), ("dark", "dark", 100), ("150", "light", 150)):
            look().apply(theme(name, scale))
            made = gallery.fields()
            grab(made, folder / f"fields_{tag}.png")
            grab(gallery.lists(), folder / f"lists_{tag}.png")
            windows(folder, tag, desk)
        desk.close()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/shots"))
