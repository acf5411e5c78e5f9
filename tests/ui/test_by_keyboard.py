"""A clerk's morning without a mouse: unlock, find, open, mend, save, undo, rate, and on to the reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from jmdesk.vault.kdf import FLOOR
from tests.ui.desks import PASSPHRASE
from tests.ui.keys import press, write
from ui.core.context import Context
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.households.page import HouseholdsPage
from ui.pages.ratings.page import RatingsPage
from ui.pages.sync.page import SyncPage
from ui.pages.unlock.page import UnlockPage

Settle = Callable[[], None]
CONTROL = Qt.KeyboardModifier.ControlModifier


def focused() -> QWidget:
    found = QApplication.focusWidget()
    assert found is not None
    return found


def tab_to(text: str, most: int = 12) -> QPushButton:
    """Press Tab until a button with this text has the focus."""
    for _ in range(most):
        here = focused()
        if isinstance(here, QPushButton) and here.text() == text:
            return here
        press(here, Qt.Key.Key_Tab)
    pytest.fail(f"{text} is not reached within {most} steps")


def shown(window: MainWindow) -> QWidget:
    assert window.page is not None
    return window.page


@pytest.fixture
def window(qtbot: QtBot, context: Context, vault: Path, settled: Settle) -> Iterator[MainWindow]:
    """The window as it stands when the program was just started on a computer with a vault."""
    assert vault.is_dir()
    front = UnlockPage(context, VaultsOnDisk(FLOOR))
    made = MainWindow(context, front)
    front.unlocked.connect(made.enter)
    qtbot.addWidget(made)
    made.show()
    with qtbot.waitActive(made):
        made.activateWindow()
    yield made
    settled()
    context.runner.close()
    desk = context.desk
    if desk is not None:
        desk.close()


def test_the_main_work_is_done_by_keyboard_alone(
    qtbot: QtBot, window: MainWindow, context: Context, settled: Settle
) -> None:
    write(focused(), PASSPHRASE)
    press(focused(), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.page_id == "home", timeout=15_000)
    settled()

    press(window, Qt.Key.Key_2, CONTROL)
    press(window, Qt.Key.Key_F, CONTROL)
    settled()
    page = window.page
    assert isinstance(page, HouseholdsPage)
    assert focused() is page.list.search
    write(focused(), "hgf")
    press(focused(), Qt.Key.Key_Return)
    settled()
    assert page.list.table.rows.rowCount() == 1
    press(focused(), Qt.Key.Key_Return)
    settled()
    assert page.shown is not None
    assert page.shown.title == "黄桂芳"
    rid = page.rid

    press(tab_to("修改"), Qt.Key.Key_Space)
    settled()
    editor = page.in_place.editor
    assert editor is not None
    phone = editor.form.rows["phone"].field
    for _ in range(40):
        if phone.isAncestorOf(focused()):
            break
        press(focused(), Qt.Key.Key_Tab)
    assert phone.isAncestorOf(focused())
    press(tab_to("修改", 3), Qt.Key.Key_Space)
    write(focused(), "13900001111")
    press(window, Qt.Key.Key_S, CONTROL)
    settled()
    desk = context.desk
    assert isinstance(desk, OpenDesk)
    stored = desk.services.records
    assert stored.get("R05", rid).record.values["phone"] == "13900001111"
    press(window, Qt.Key.Key_Z, CONTROL)
    settled()
    assert stored.get("R05", rid).record.values["phone"] != "13900001111"

    press(window, Qt.Key.Key_5, CONTROL)
    settled()
    assert isinstance(shown(window), RatingsPage)
    press(tab_to("评定全部农户"), Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: stored.count("R16") == 12)
    settled()
    press(window, Qt.Key.Key_6, CONTROL)
    settled()
    assert isinstance(shown(window), SyncPage)
    assert isinstance(focused(), QLineEdit)
