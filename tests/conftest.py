"""What holds for every test: no display, a home of its own, no network beyond this computer, a font for Chinese."""

from __future__ import annotations

import atexit
import ipaddress
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pytestqt.qtbot import QtBot

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

# Set before Qt, the embedded PostgreSQL or any module of ours is imported. JMDESK_TEST_DISPLAY=1 shows the windows.
_home = tempfile.TemporaryDirectory(prefix="jmdesk-tests-")
atexit.register(_home.cleanup)
if not os.environ.get("JMDESK_TEST_DISPLAY"):
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
for _name in [name for name in os.environ if name.startswith("JMDESK_") and name != "JMDESK_TEST_DISPLAY"]:
    del os.environ[_name]
for _name, _folder in {
    "HOME": "home",
    "USERPROFILE": "home",
    "APPDATA": "home/AppData/Roaming",
    "LOCALAPPDATA": "home/AppData/Local",
    "XDG_CONFIG_HOME": "config",
    "XDG_DATA_HOME": "data",
    "XDG_CACHE_HOME": "cache",
    "XDG_STATE_HOME": "state",
    "XDG_RUNTIME_DIR": "run",
}.items():
    Path(_home.name, _folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ[_name] = str(Path(_home.name, _folder))


class OutsideNetworkError(BaseException):
    """A test reached for another computer; not an ``Exception``, so that no handler takes it for an outage."""


def _is_this_computer(host: object) -> bool:
    if host in (None, "", b"") or not isinstance(host, (str, bytes)):
        return True
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        # Names under .invalid never resolve (RFC 2606): the tests of "no network" use them.
        return name == "localhost" or name.endswith((".localhost", ".invalid"))


def _stay_here(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else None
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_this_computer(host):
        raise OutsideNetworkError(event)


sys.addaudithook(_stay_here)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Modules with a slow test begin first, so that none of them is left to one worker in the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow") is not None}
    items.sort(key=lambda item: item.path not in slow)


PATIENCE_MS = 60_000
"""A machine may be busy with other things; whoever passes waits no longer than it takes."""


class PatientBot(QtBot):
    """Waits longer than pytest-qt's five seconds before it says that something did not happen."""

    def waitUntil(self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802
        """See pytest-qt."""
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """pytest-qt's robot, with patience; the application is there before it."""
    return PatientBot(request)
