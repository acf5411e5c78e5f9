"""The PIN at the counter, in the real window: set, locked, opened again with it, and with a wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from jmdesk.audit.queries import Wanted
from jmdesk.permissions.guard import EVERYTHING
from jmdesk.vault.folder import peek
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.keeper import dismiss, waiting
from tests.ui.desks import PASSPHRASE
from tests.ui.keys import press
from ui.app import Session
from ui.core.context import Target
from ui.core.settings import Settings
from ui.core.vaults import VaultsOnDisk
from ui.pages.users.page import UsersPage

PIN = "4071"


@pytest.fixture
def user(vault: Path) -> str:
    return peek(vault).nameplates[0].user


@pytest.fixture
def program(
    qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch, vault: Path, user: str
) -> Iterator[Callable[[], Session]]:
    """Starts the program; locking ends one run, as the process would."""
    monkeypatch.setattr(QApplication, "quit", lambda *_: None)
    runs: list[Session] = []

    def start() -> Session:
        made = Session(VaultsOnDisk(FLOOR), settings, lambda *_: None)
        runs.append(made)
        qtbot.addWidget(made.window)
        made.window.show()
        qtbot.waitUntil(lambda: made.context.runner.idle)
        return made

    yield start
    for one in runs:
        one.close()
    dismiss(vault, user)


def unlock(qtbot: QtBot, session: Session, secret: str) -> None:
    session.front.passphrase.setText(secret)
    press(session.front.passphrase, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.context.desk is not None or bool(session.front.problem.text()))
    qtbot.waitUntil(lambda: session.context.runner.idle)


def test_the_pin_opens_the_locked_window_once_and_the_passphrase_after_that(
    qtbot: QtBot, program: Callable[[], Session], vault: Path, user: str
) -> None:
    first = program()
    assert first.front.passphrase.placeholderText() == ""
    unlock(qtbot, first, PASSPHRASE)
    first.window.go(Target("users"))
    page = first.window.page
    assert isinstance(page, UsersPage)
    page.own.pin.setText(PIN)
    page.own.set_pin()
    qtbot.waitUntil(lambda: first.context.runner.idle)
    assert waiting(vault, user)
    (noted, *_) = first.context.services.audit.page(EVERYTHING, Wanted(verbs=("key",)))
    assert noted.told == {"kind": "pin"}
    first.lock()

    second = program()
    assert second.front.passphrase.placeholderText() == "今天可用快捷码"
    unlock(qtbot, second, "9036")
    assert second.window.page_id == ""
    assert "2" in second.front.problem.text() + second.front.advice.text()
    unlock(qtbot, second, PIN)
    assert second.window.page_id == "home"
    assert second.window.user.text() == "林小燕"
    second.lock()

    third = program()
    assert third.front.passphrase.placeholderText() == ""
    unlock(qtbot, third, PIN)
    assert third.window.page_id == ""
    unlock(qtbot, third, PASSPHRASE)
    assert third.window.page_id == "home"
