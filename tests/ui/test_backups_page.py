"""The backups page: made by themselves, made now, rehearsed, restored."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from jmdesk.backups.service import present
from tests.ui.desks import PASSPHRASE
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk
from ui.pages.backups.page import BackupsPage


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Callable[[], None]) -> BackupsPage:
    assert context.desk is desk
    made = BackupsPage(context)
    qtbot.addWidget(made)
    made.show()
    settled()
    return made


def make(page: BackupsPage, settled: Callable[[], None]) -> None:
    page.make()
    settled()
    settled()


def test_a_backup_is_made_and_shown(page: BackupsPage, settled: Callable[[], None], notices: list[Notice]) -> None:
    make(page, settled)
    assert notices[-1].text == "已备份并核对。"
    assert page.table.rows.rowCount() == 1


def test_a_rehearsal_says_what_would_be_lost(page: BackupsPage, settled: Callable[[], None]) -> None:
    make(page, settled)
    records = page.context.services.records
    member = records.find("R06", limit=1)[0]
    records.change("R06", member.rid, {"person_name": "梁改名"})
    page.table.selectRow(0)
    assert not page.restore_button.isEnabled()
    page.passphrase.setText(PASSPHRASE)
    page.rehearse()
    settled()
    assert "恢复会丢失此后的 1 条改动：修改家庭成员 1" in page.report.text()
    assert page.restore_button.isEnabled()


def test_a_wrong_passphrase_opens_no_backup(
    page: BackupsPage, settled: Callable[[], None], notices: list[Notice]
) -> None:
    make(page, settled)
    page.table.selectRow(0)
    page.passphrase.setText("不是这个口令 at all")
    page.rehearse()
    settled()
    assert "口令不对" in notices[-1].text
    assert not page.restore_button.isEnabled()


def test_going_back_locks_the_window(page: BackupsPage, settled: Callable[[], None], qtbot: QtBot, vault: Path) -> None:
    make(page, settled)
    page.table.selectRow(0)
    page.passphrase.setText(PASSPHRASE)
    page.rehearse()
    settled()
    with qtbot.waitSignal(page.context.locking):
        page.restore()
    assert {kept.card.kind for kept in present(vault / "backups")} == {"manual", "restore"}


def test_the_second_place_is_shown_and_can_be_given_up(
    page: BackupsPage, settled: Callable[[], None], tmp_path: Path
) -> None:
    assert page.none_button.isHidden()
    page._name_second(tmp_path / "优盘")
    settled()
    settled()
    assert page.second.text() == str(tmp_path / "优盘")
    make(page, settled)
    assert len(present(tmp_path / "优盘")) == 1
    page.none_button.click()
    settled()
    settled()
    assert page.none_button.isHidden()
