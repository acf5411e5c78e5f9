"""The users page: letting people in, changing what they may do, shutting them out; one's own ways in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from jmdesk.accounts.account import Account
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.keeper import dismiss, waiting
from tests.ui.desks import PASSPHRASE
from ui.core.context import Context
from ui.core.messages import Notice
from ui.core.vaults import OpenDesk, VaultsOnDisk
from ui.pages.users.page import UsersPage

NEW = "四条小船过了石桥"


@pytest.fixture
def page(qtbot: QtBot, context: Context, desk: OpenDesk, settled: Callable[[], None]) -> UsersPage:
    desk.services.accounts.cost = FLOOR
    made = UsersPage(context)
    qtbot.addWidget(made)
    made.show()
    settled()
    return made


def add(page: UsersPage, settled: Callable[[], None], roles: list[str]) -> Account:
    page.start_new()
    page.name.set_value("黄伟业")
    page.roles.set_value(roles)
    page.new.setText(NEW)
    page.again.setText(NEW)
    page.add_user()
    settled()
    return next(one for one in page.context.services.accounts.all() if one.name == "黄伟业")


def test_somebody_new_is_let_in_and_shown(page: UsersPage, vault: Path, settled: Callable[[], None]) -> None:
    made = add(page, settled, ["R1", "R10"])
    assert (made.label, made.roles, made.status) == ("黄*业", ("R1", "R10"), "1")
    assert page.table.model().rowCount() == 2
    assert page.new.text() == ""


def test_a_refusal_is_told_and_nothing_is_lost_of_the_form(
    page: UsersPage, settled: Callable[[], None], notices: list[Notice]
) -> None:
    page.name.set_value("黄伟业")
    page.roles.set_value(["R8", "R10"])
    page.new.setText(NEW)
    page.again.setText(NEW)
    page.add_user()
    settled()
    assert "不能由同一人担任" in notices[-1].text
    assert (page.name.value(), page.new.text()) == ("黄伟业", NEW)


def test_roles_and_label_are_changed_and_the_door_is_shut_and_opened(
    page: UsersPage, settled: Callable[[], None]
) -> None:
    made = add(page, settled, ["R1"])
    page.show_user(made.user)
    page.roles.set_value(["R2"])
    page.label_field.set_value("黄会计")
    page.save()
    settled()
    changed = page.context.services.accounts.get(made.user)
    assert (changed.roles, changed.label) == (("R2",), "黄会计")
    for status in ("2", "1"):
        page.show_user(made.user)
        page.pause()
        settled()
        assert page.context.services.accounts.get(made.user).status == status


def test_removing_asks_first_then_locks_the_window(
    qtbot: QtBot, page: UsersPage, vault: Path, settled: Callable[[], None], notices: list[Notice]
) -> None:
    made = add(page, settled, ["R1"])
    page.show_user(made.user)
    page.ask_remove()
    assert page.context.services.accounts.get(made.user).active
    confirm = notices[-1].action
    assert confirm is not None
    with qtbot.waitSignal(page.context.locking):
        confirm()
    settled()
    reopened = VaultsOnDisk().open(vault, PASSPHRASE, "")
    assert [one.status for one in reopened.services.accounts.all()].count("3") == 1
    reopened.close()


def test_one_s_own_passphrase_is_changed_with_the_old_one(
    page: UsersPage, vault: Path, settled: Callable[[], None], notices: list[Notice]
) -> None:
    own = page.own
    for old, told in (("错误的旧口令啊", "不对"), (PASSPHRASE, "已更换")):
        own.old.setText(old)
        own.new.setText(NEW)
        own.again.setText(NEW)
        own.change()
        settled()
        assert told in notices[-1].text


def test_a_recovery_code_becomes_a_page_to_print(
    page: UsersPage, tmp_path: Path, settled: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "code.pdf"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    page.own.make_code()
    settled()
    assert target.read_bytes().startswith(b"%PDF-")
    assert page.context.services.accounts.all()[0].has_recovery


def test_a_pin_waits_for_the_lock(page: UsersPage, settled: Callable[[], None], notices: list[Notice]) -> None:
    desk = page.context.services
    page.own.pin.setText("1234")
    page.own.set_pin()
    settled()
    assert "连号" in notices[-1].text
    page.own.pin.setText("4071")
    page.own.set_pin()
    settled()
    assert waiting(desk.vault.folder, desk.actor)
    dismiss(desk.vault.folder, desk.actor)
