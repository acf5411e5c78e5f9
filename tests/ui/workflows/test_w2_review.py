"""The household review by keyboard alone: panel and ballots, the town, notice and objection, certificate, its year."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt

from jmdesk.consents.service import Signature
from jmdesk.core.clock import FixedClock
from tests.ui.workflows.hands import ALT, CONTROL, Hands
from ui.core.vaults import OpenDesk
from ui.pages.reviews.page import ReviewsPage

ALL = "对列表中同一状态的 2 户一起办理"


@pytest.fixture
def village(desk: OpenDesk) -> OpenDesk:
    """A village of which two households signed everything and earn enough; the archives of the others are closed."""
    services = desk.services
    first, second, *others = services.records.find("R05", order="household_id")
    with services.records.writing("import") as writer:
        for found in others:
            writer.change("R05", found.rid, {"archive_status": "60"})
        for found in (first, second):
            writer.change("R05", found.rid, {"industry_since": 2010, "labor_count": 2, "verify_level": "3"})
            money = {"income_crop": "90000.00", "income_labor": "60000.00", "cost_production": "1000.00"}
            writer.create("R07", {"household_id": found.rid, "year": 2025, "evidence_level": "3", **money})
    for found in (first, second):
        services.consents.sign(found.rid, Signature("2026-10-01T02:00:00Z"))
    return desk


def tab(hands: Hands, name: str) -> None:
    """Go to a part of the batch by Ctrl+Tab."""
    page = hands.window.page
    assert isinstance(page, ReviewsPage)
    for _ in range(page.tabs.count()):
        if page.tabs.tabText(page.tabs.currentIndex()) == name:
            return
        hands.press(Qt.Key.Key_Tab, CONTROL)
    pytest.fail(f"Ctrl+Tab does not lead to {name} from “{hands.here}”")


def take(hands: Hands, step: str, *needs: str) -> None:
    """Take a step for both households at once: Tab to the box and to the step, fill in, Ctrl+Enter."""
    hands.tick(ALL)
    hands.push(step)
    for place, text in enumerate(needs):
        if place:
            hands.press(Qt.Key.Key_Tab)
        hands.type(text)
    hands.press(Qt.Key.Key_Return, CONTROL)


def answer_objection(hands: Hands, sit_down: Callable[..., str]) -> None:
    """Check an objection in the list of cases, and let somebody else answer it in writing."""
    hands.press(Qt.Key.Key_9, CONTROL)
    hands.row("YY4407830020260000")
    hands.push("受理")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.push("核查结论")
    hands.type("欠款已于上年结清")
    hands.press(Qt.Key.Key_Return, CONTROL)
    sit_down()
    hands.press(Qt.Key.Key_Left, ALT)
    hands.row("YY4407830020260000")
    hands.push("书面答复")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("已书面答复")


@pytest.mark.long
def test_a_village_is_reviewed_from_application_to_the_yearly_review(
    village: OpenDesk, hands: Hands, clock: FixedClock, sit_down: Callable[..., str]
) -> None:
    hands.press(Qt.Key.Key_R, CONTROL)
    hands.push("新建评议批次")
    assert hands.here == "登记申请(2 户)"
    hands.enter()

    tab(hands, "评议小组")
    for seat in "甲乙丙丁戊":
        hands.reach("姓名 *")
        hands.type(f"司徒{seat}")
        hands.push("增加评议员")
    hands.reach("评议小组", back=True)
    hands.press(Qt.Key.Key_Home)
    for _ in range(5):
        hands.press(Qt.Key.Key_Space)
        hands.press(Qt.Key.Key_Down)

    tab(hands, "农户")
    hands.reach("评定农户")
    take(hands, "资格筛查通过", "失信被执行人名单")
    tab(hands, "评议票")
    for place in range(5):
        hands.reach("评议员", back=True)
        if place:
            hands.press(Qt.Key.Key_Down)
        hands.reach("评议票")
        for _ in range(2 * 4):
            hands.press(Qt.Key.Key_5)
    hands.sees("已录 2 户，共 2 户")

    tab(hands, "农户")
    hands.reach("评定农户")
    take(hands, "评议完成")
    take(hands, "初评并送镇复核")
    village_clerk = village.services.actor
    town = sit_down()
    take(hands, "镇复核")
    sit_down(village_clerk)
    take(hands, "张贴公示", "村委会公告栏")
    hands.sees("公示中")

    hands.push("登记公示异议")
    hands.type("反映本户有欠款")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("异议处理中")
    answer_objection(hands, sit_down)
    sit_down(town)
    hands.press(Qt.Key.Key_R, CONTROL)
    hands.reach("评定农户")
    hands.row("异议处理中")
    hands.push("异议不成立，继续公示")
    hands.type("经核查不属实")
    hands.press(Qt.Key.Key_Return, CONTROL)
    clock.advance(days=9)
    hands.reach("评定农户", back=True)
    take(hands, "认定", "恩信〔2026〕1号", "某市人民政府")
    sit_down(village_clerk)
    take(hands, "发证")
    hands.sees("已发证")

    take(hands, "开始年审")
    sit_down(town)
    take(hands, "年审维持")
    hands.sees("已发证")
    first, second = village.services.records.find("R16")
    assert len({first.values["cert_no"], second.values["cert_no"]}) == 2
