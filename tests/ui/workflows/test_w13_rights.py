"""A person's rights by keyboard alone: everything held is handed over, a consent is withdrawn, two people erase."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from tests.ui.workflows.hands import ALT, CONTROL, Hands
from ui.core.vaults import OpenDesk


@pytest.fixture
def signed(desk: OpenDesk) -> str:
    """A household that signed everything; its record id."""
    rid = desk.services.households.find("440783110220000000")
    desk.services.consents.sign(rid, Signature("2026-03-01T02:00:00Z"))
    return rid


def open_consents(hands: Hands) -> None:
    """From wherever one is to the consent form of the first household."""
    hands.press(Qt.Key.Key_2, CONTROL)
    hands.press(Qt.Key.Key_F, CONTROL)
    hands.type("cjm")
    hands.enter()
    hands.press(Qt.Key.Key_Home)
    hands.enter()
    hands.push("登记授权")


def test_a_withdrawal_stops_use_and_two_people_erase(
    desk: OpenDesk, signed: str, hands: Hands, clock: FixedClock, sit_down: Callable[..., str]
) -> None:
    open_consents(hands)
    hands.reach("事由")
    hands.type("本人要求")
    hands.push("撤回授权")
    hands.sees("已撤回授权")
    assert not desk.services.consents.of(signed).signed
    hands.sees("还有 30 天，到 2026-12-22")
    assert hands.here == "登记授权"
    clock.advance(days=3)

    hands.push("去办理删除", back=True)
    hands.reach("撤回授权后待删除")
    hands.press(Qt.Key.Key_Home)
    hands.enter()
    hands.sees("还有 27 天")
    hands.push("提请删除")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("已提请删除，待复核")
    sit_down()
    hands.push("复核并删除")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("已删除，待答复")
    hands.push("书面答复")
    hands.type("已全部删除")
    hands.reach("结果")
    hands.type("4")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("已书面答复")
    assert desk.services.records.get("R05", signed).record.voided
    hands.press(Qt.Key.Key_Left, ALT)


def test_everything_held_about_a_household_is_handed_over(
    desk: OpenDesk, signed: str, hands: Hands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "交给本人"
    folder.mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(folder))
    assert desk.services.households.find(signed) == signed
    open_consents(hands)
    hands.reach("事由")
    hands.type("本人申请查阅")
    hands.push("导出本人全部信息")
    hands.sees("已导出")
    assert {file.name for file in folder.iterdir()} == {"person.json", "person.pdf"}
    assert hands.here == "登记授权"
