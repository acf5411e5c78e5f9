"""What the window says as it opens: what befell the vault first, then what is about the user; nothing is hidden."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from jmdesk.core.clock import FixedClock, SystemClock
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.vault.folder import unlock
from tests.ui.desks import PASSPHRASE
from tests.ui.keys import press
from ui.app import Session
from ui.core.settings import Settings
from ui.core.vaults import OpenDesk, VaultsOnDisk

Enter = Callable[[Desk], Session]


@pytest.fixture
def enter(qtbot: QtBot, settings: Settings) -> Iterator[Enter]:
    """The window of a desk that is open."""
    made = Session(VaultsOnDisk(), settings, lambda *_: None)
    qtbot.addWidget(made.window)
    made.window.show()

    def go_in(desk: Desk) -> Session:
        made._enter(OpenDesk(desk))
        qtbot.waitUntil(lambda: made.context.runner.idle)
        return made

    yield go_in
    made.close()


def said(session: Session) -> str:
    notice = session.window.notices.notice
    return "" if notice is None else notice.text


def test_a_healthy_vault_says_nothing(enter: Enter, vault: Path) -> None:
    assert said(enter(Desk.open(vault, PASSPHRASE))) == ""


def test_failures_at_ones_own_door_are_told_after_the_next_unlock(enter: Enter, vault: Path) -> None:
    for _ in range(2):
        with pytest.raises(Refused, match="wrong_passphrase"):
            unlock(vault, "不对的口令 nine kites 8")
    session = enter(Desk.open(vault, PASSPHRASE))
    assert said(session) == "自上次开库以来有 2 次失败的口令尝试。"


def test_a_passphrase_past_its_time_is_told_and_the_notice_leads_to_the_change(enter: Enter, vault: Path) -> None:
    clock = FixedClock(SystemClock().now() + timedelta(days=400))
    session = enter(Desk.open(vault, PASSPHRASE, clock=clock))
    assert said(session).startswith("开库口令该换了")
    session.window.notices.act()
    assert session.window.page_id == "users"


def test_a_lost_end_is_told_first_and_the_rest_once_it_was_read(enter: Enter, vault: Path, qtbot: QtBot) -> None:
    with Desk.open(vault, PASSPHRASE) as desk:
        earlier = vault / "desk.db"
        desk.store.fold_log()
        kept = earlier.read_bytes()
        desk.drafts.save("records", "R05:new", {"address": "没有保存"})
        desk.store.fold_log()
        desk.drafts.save("records", "R05:more", {"address": "没有保存"})
    earlier.write_bytes(kept)
    with pytest.raises(Refused, match="wrong_passphrase"):
        unlock(vault, "不对的口令 nine kites 8")

    session = enter(Desk.open(vault, PASSPHRASE))
    assert "可能不全" in said(session)
    session.window.notices.action.setFocus()
    press(session.window.notices.action, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: session.context.runner.idle)
    assert "失败的口令尝试" in said(session)


def test_a_header_that_was_restored_from_its_copy_is_told(enter: Enter, vault: Path) -> None:
    header = vault / "vault.json"
    header.write_bytes(header.read_bytes()[:-20])
    assert "vault.json 曾损坏" in said(enter(Desk.open(vault, PASSPHRASE)))
