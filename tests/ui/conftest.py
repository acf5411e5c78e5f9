"""Real widgets on the offscreen platform, in the product's own look; real vaults."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.desks import make_desk
from ui.core.context import Context
from ui.core.i18n import set_language
from ui.core.settings import Settings
from ui.core.theme import look, theme
from ui.core.vaults import OpenDesk


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> Iterator[None]:
    """Every test begins with the light theme at 100 % in Chinese."""
    set_language("zh")
    if look().theme != theme() or not qapp.styleSheet():
        look().apply(theme())
    yield
    set_language("zh")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a computer that never saw this program."""
    return Settings(tmp_path / "jmdesk.ini")


@pytest.fixture
def context(settings: Settings) -> Iterator[Context]:
    """What pages share, without a desk."""
    made = Context(settings)
    yield made
    made.runner.close()


@pytest.fixture
def desk(tmp_path: Path, context: Context) -> Iterator[OpenDesk]:
    """A real open vault with a dozen invented households, given to ``context``."""
    made = make_desk(tmp_path / "信用资料库", 12)
    context.take(made)
    yield made
    context.runner.close()
    made.close()


@pytest.fixture
def settled(qtbot: QtBot, context: Context) -> Callable[[], None]:
    """Waits until no work is under way."""

    def wait() -> None:
        qtbot.waitUntil(lambda: context.runner.idle)

    return wait
