"""The unlock page for an office of several people, and for who forgot the passphrase."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from jmdesk.accounts.service import NewAccount
from jmdesk.vault.escrow import joined, new_escrow
from jmdesk.vault.kdf import FLOOR
from jmdesk.vault.reset import answered
from tests.ui.desks import PASSPHRASE
from ui.core.context import Context
from ui.core.vaults import VaultsOnDisk
from ui.pages.unlock.forgotten import ANSWER, ASK, CODE, Forgotten
from ui.pages.unlock.page import UnlockPage
from ui.widgets.passphrase_field import PassphraseField
from ui.widgets.strength import StrengthMeter

NEW = "四条小船过了石桥"
HOLDERS = ("第一位保管人的话", "另一位保管人的话")


@pytest.fixture
def front(qtbot: QtBot, context: Context, vault: Path) -> UnlockPage:
    page = UnlockPage(context, VaultsOnDisk(FLOOR))
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.user.count() > 0 and context.runner.idle)
    return page


def begun(front: UnlockPage, way: int, new: str) -> Forgotten:
    front.start_forgotten()
    assert front.forgotten is not None
    front.forgotten.way.setCurrentIndex(way)
    front.forgotten.new.setText(new)
    front.forgotten.again.setText(new)
    return front.forgotten


def test_people_choose_themselves_by_a_name_they_recognise(qtbot: QtBot, context: Context, vault: Path) -> None:
    with VaultsOnDisk().open(vault, PASSPHRASE, "").services as desk:
        desk.accounts.cost = FLOOR
        desk.accounts.add(NewAccount("黄伟业", ("R1",)), NEW)
    page = UnlockPage(context, VaultsOnDisk(FLOOR))
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.user.count() == 2)
    assert [page.user.itemText(n) for n in range(2)] == ["林*燕", "黄*业"]
    assert page.user.isVisible()
    page.user.setCurrentIndex(1)
    page.passphrase.setText(NEW)
    with qtbot.waitSignal(page.unlocked) as opened:
        page.unlock()
    assert opened.args[0].user_name == "黄伟业"
    opened.args[0].close()


def test_a_recovery_code_opens_and_sets_a_new_passphrase(qtbot: QtBot, front: UnlockPage, vault: Path) -> None:
    with VaultsOnDisk().open(vault, PASSPHRASE, "").services as desk:
        code = desk.accounts.give_recovery_code()
    panel = begun(front, CODE, NEW)
    panel.code.set_value(code)
    with qtbot.waitSignal(front.unlocked) as opened:
        panel.go()
    assert opened.args[0].services.records.history(opened.args[0].services.actor)[-1].verb == "reset"
    opened.args[0].close()
    VaultsOnDisk().open(vault, NEW, "").close()


def test_a_wrong_code_is_told_in_place(qtbot: QtBot, front: UnlockPage) -> None:
    panel = begun(front, CODE, NEW)
    panel.code.set_value("7K3QM")
    panel.go()
    qtbot.waitUntil(lambda: "25 位" in panel.problem.text())
    assert panel.go_button.isEnabled()


def test_a_request_is_written_and_its_answer_opens(
    qtbot: QtBot, front: UnlockPage, vault: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, shares = new_escrow(HOLDERS, FLOOR)
    with VaultsOnDisk().open(vault, PASSPHRASE, "").services as desk:
        desk.accounts.entrust(key)
    asked, answer = vault.parent / "ask.json", vault.parent / "answer.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(asked), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(answer), ""))
    panel = begun(front, ASK, NEW)
    panel.go()
    qtbot.waitUntil(lambda: "指纹" in panel.fingerprint.text())
    answer.write_bytes(answered(asked.read_bytes(), joined(shares, HOLDERS)))
    panel = begun(front, ANSWER, NEW)
    with qtbot.waitSignal(front.unlocked) as opened:
        panel.go()
    opened.args[0].close()
    VaultsOnDisk().open(vault, NEW, "").close()


def test_two_different_new_passphrases_are_told(front: UnlockPage) -> None:
    panel = begun(front, CODE, NEW)
    panel.again.setText(NEW + "。")
    panel.go()
    assert "不一样" in panel.problem.text()


def test_the_meter_follows_what_is_typed_and_says_what_is_wrong(qtbot: QtBot) -> None:
    field = PassphraseField("口令")
    meter = StrengthMeter(field, lambda: ("百合镇上洞村委会",))
    qtbot.addWidget(field)
    qtbot.addWidget(meter)
    field.setText("12345")
    assert (meter.bar.value(), "太短" in meter.words.text()) == (1, True)
    field.setText("百合镇上洞村委会")
    assert "太容易猜" in meter.words.text()
    field.setText(NEW)
    assert meter.words.text() == "强度：很强。"
