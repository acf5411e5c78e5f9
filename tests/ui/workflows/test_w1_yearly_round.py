"""The yearly round by keyboard alone: begun for a village, entered from paper by household, followed by group."""

from __future__ import annotations

from PySide6.QtCore import Qt

from jmdesk.consents.service import Signature
from jmdesk.store.reading import Filter
from tests.ui.workflows.hands import CONTROL, Hands
from ui.core.vaults import OpenDesk

CROP, LABOUR = "种植收入", "务工收入"


def test_a_round_is_begun_entered_from_paper_and_followed_by_group(desk: OpenDesk, hands: Hands) -> None:
    services = desk.services
    first, second, *_ = [one.rid for one in services.records.find("R05", Filter(where={"group_no": "第1组"}))]
    for rid in (first, second):
        services.consents.sign(rid, Signature("2026-03-01T02:00:00Z"))
    services.records.create("R07", {"household_id": first, "year": 2024, "income_crop": "9000.00"})
    hands.wait()

    hands.press(Qt.Key.Key_2, CONTROL)
    hands.push("年度采集", back=True)
    hands.push("开始采集")
    hands.sees("已完成 0/12 户")
    assert hands.here == "采集进度"
    hands.press(Qt.Key.Key_Home)
    hands.enter()
    hands.sees("陈建明 户，本轮还剩 2 户")
    assert hands.here == CROP
    hands.press(Qt.Key.Key_D, CONTROL)
    hands.reach(LABOUR)
    hands.type("20000")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("本轮还剩 1 户")
    assert hands.here == CROP
    hands.type("8000")
    hands.enter()
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("这一组已全部录入。")
    hands.sees("已完成 2/12 户")
    assert hands.here == "采集进度"

    def income(rid: str) -> str:
        (found,) = services.records.find("R07", Filter(where={"household_id": rid, "year": 2025}))
        return str(found.values["income_total"])

    assert {income(first), income(second)} == {"29000.00", "8000.00"}
