"""The real window on a real vault, worked by keyboard alone, on days that the test moves on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from jmdesk.core.clock import FixedClock
from tests.desks import NOW
from tests.ui.workflows.hands import Hands
from ui.core.context import Context
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.main_window import MainWindow
from ui.pages.unlock.page import UnlockPage


@pytest.fixture
def clock(desk: OpenDesk) -> FixedClock:
    """A day that the test moves on."""
    made = FixedClock(NOW)
    desk.services.clock = made
    desk.services.store.clock = made
    return made


@pytest.fixture
def settled(qtbot: QtBot, context: Context) -> Callable[[], None]:
    """Waits until no work is under way; a whole workflow on a busy machine has many waits, so each may be long."""

    def wait() -> None:
        qtbot.waitUntil(lambda: context.runner.idle, timeout=30_000)

    return wait


@pytest.fixture
def hands(
    qtbot: QtBot, context: Context, desk: OpenDesk, clock: FixedClock, settled: Callable[[], None]
) -> Iterator[Hands]:
    """Hands at the keyboard of the window, at the home page."""
    assert clock.now() == NOW
    window = MainWindow(context, UnlockPage(context, VaultsOnDisk()))
    qtbot.addWidget(window)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    window.enter(desk)
    settled()
    yield Hands(window, settled)
    settled()


@pytest.fixture
def sit_down(desk: OpenDesk) -> Callable[[str], str]:
    """Lets somebody sit down at the desk (an empty name: somebody new); gives who they are."""

    def become(actor: str = "") -> str:
        services = desk.services
        actor = actor or services.ids.new()
        services.vault = replace(services.vault, user=actor)
        services.workflows._actor = actor
        services.records._actor = actor
        return actor

    return become
