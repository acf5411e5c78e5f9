"""What tests/conftest.py promises about every test."""

from __future__ import annotations

import os
import socket
import tempfile
from pathlib import Path

import pytest
from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics
from pytestqt.qtbot import QtBot

# Characters of village names in Jiangmen that GB2312 lacks.
RARE = "滘蓢湴"


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1"])
def test_no_test_connects_to_another_computer(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as outbound, pytest.raises(BaseException, match=r"socket\.connect") as caught:
        outbound.connect((host, 9))
    assert caught.type.__name__ == "OutsideNetworkError"


def test_no_test_asks_for_the_address_of_another_computer() -> None:
    with pytest.raises(BaseException, match=r"socket\.getaddrinfo") as caught:
        socket.getaddrinfo("gateway.example", 443)
    assert caught.type.__name__ == "OutsideNetworkError"


def test_a_test_reaches_this_computer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname()).close()


def test_the_home_of_the_person_who_runs_the_tests_is_left_alone() -> None:
    assert Path.home().is_relative_to(tempfile.gettempdir())
    assert Path(os.environ["XDG_RUNTIME_DIR"]).stat().st_mode & 0o077 == 0


def test_a_font_shows_the_characters_of_village_names(qtbot: QtBot) -> None:
    families = QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese)
    assert families, "no font for Chinese: run installer/setup.sh"
    metrics = QFontMetrics(QFont(families[0]))
    assert all(metrics.inFont(character) for character in RARE)
