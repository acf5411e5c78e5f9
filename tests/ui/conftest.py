"""Real widgets on the offscreen platform, in the product's own look; real vaults."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.ui.desks import PASSPHRASE, make_desk
from ui.core.context import Context
from ui.core.i18n import set_language
from ui.core.messages import Notice
from ui.core.settings import Settings
from ui.core.theme import look, theme
from ui.core.vaults import OpenDesk, VaultsOnDisk


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


@pytest.fixture(scope="session")
def village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed vault with a dozen invented households, to be copied: making one takes much longer."""
    folder = tmp_path_factory.mktemp("village") / "信用资料库"
    make_desk(folder, 12).close()
    return folder


@pytest.fixture
def vault(tmp_path: Path, village: Path, settings: Settings) -> Path:
    """A closed vault that this computer knows."""
    folder = tmp_path / "信用资料库"
    shutil.copytree(village, folder)
    settings.remember_vault(folder)
    return folder


@pytest.fixture
def desk(vault: Path, context: Context) -> Iterator[OpenDesk]:
    """A real open vault with a dozen invented households, given to ``context``."""
    made = VaultsOnDisk().open(vault, PASSPHRASE, "")
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


@pytest.fixture
def notices(context: Context) -> list[Notice]:
    """Every notice that was posted, as it came."""
    seen: list[Notice] = []
    context.notices.posted.connect(seen.append)
    return seen
