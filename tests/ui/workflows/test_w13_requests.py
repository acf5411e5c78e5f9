"""Requests of people about their own data by keyboard alone: at the household at hand, and from the list of cases."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt

from tests.ui.workflows.hands import ALT, CONTROL, SHIFT, Hands
from ui.core.vaults import OpenDesk

RETURN = Qt.Key.Key_Return


def requests(desk: OpenDesk, kind: str) -> list[str]:
    """The cases of a kind, by number."""
    found = desk.services.records.find("R25")
    return [str(one.values["case_no"]) for one in found if one.values["case_kind"] == kind]


def open_household(hands: Hands) -> None:
    """From wherever one is to the first household."""
    hands.press(Qt.Key.Key_2, CONTROL)
    hands.press(Qt.Key.Key_F, CONTROL)
    hands.type("cjm")
    hands.enter()
    hands.press(Qt.Key.Key_Home)
    hands.enter()


@pytest.mark.parametrize(("words", "kind", "due"), [("解释说明", "7", "书面答复"), ("对某条记录", "1", "受理")])
def test_a_request_is_taken_down_at_the_household_and_led_to_its_case(
    desk: OpenDesk, hands: Hands, words: str, kind: str, due: str
) -> None:
    open_household(hands)
    hands.press(Qt.Key.Key_R, CONTROL | SHIFT)
    assert hands.here == "请求什么(必填)"
    hands.choose("请求什么(必填)", words)
    hands.reach("请求内容(必填)")
    hands.type("想知道等级怎么来的")
    hands.push("登记请求")
    hands.sees("已登记请求")
    [number] = requests(desk, kind)
    assert hands.here == "个人信息请求"
    hands.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    hands.sees(number)
    hands.sees(due)
    hands.press(Qt.Key.Key_Left, ALT)
    hands.sees("个人信息请求")


def test_a_request_is_taken_down_at_the_list_of_cases_and_answered(desk: OpenDesk, hands: Hands) -> None:
    hands.press(Qt.Key.Key_9, CONTROL)
    hands.press(Qt.Key.Key_N, CONTROL)
    assert hands.here == "请求什么(必填)"
    hands.choose("请求什么(必填)", "查阅")
    hands.push("登记请求")
    hands.sees("请填写申请人")
    assert hands.here == "申请人(必填)"
    hands.type("陈建明")
    hands.reach("请求内容(必填)")
    hands.type("要一份本户登记的信息")
    hands.push("登记请求")
    hands.sees("已登记请求")
    [number] = requests(desk, "3")
    hands.press(Qt.Key.Key_Z, CONTROL | SHIFT)
    hands.sees(number)
    hands.push("受理")
    hands.press(RETURN, CONTROL)
    hands.push("书面答复")
    hands.type("已复印交本人")
    hands.reach("结果")
    hands.type("4")
    hands.press(RETURN, CONTROL)
    hands.sees("已书面答复")


def test_a_request_that_was_begun_is_put_away_with_escape(desk: OpenDesk, hands: Hands) -> None:
    open_household(hands)
    hands.push("个人信息请求", back=True)
    hands.press(Qt.Key.Key_Escape)
    assert hands.here == "个人信息请求"
    assert desk.services.records.count("R25") == 0
