"""A credit village and a credit town by keyboard alone: from the tile to the plaque, the yearly review, the removal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt

from jmdesk.core.clock import FixedClock
from tests.ui.desks import VILLAGE
from tests.ui.workflows.hands import ALT, CONTROL, SHIFT, Hands
from tests.villages import YEAR, add_rating, count_residents, report_loans
from ui.core.vaults import OpenDesk

OFFICE = "村集体组织与清收配合评分(0–10)"
CADRES = "申报村干部无法律文书认定的需关注事项(填“是”或“否”)"
TOWN_WORK = "工作机制评分(0–10)"
TOWN = f"{VILLAGE[:9]}000"


@pytest.fixture
def village(desk: OpenDesk) -> OpenDesk:
    """A village of thirteen resident households, twelve of them on record and credit households."""
    services = desk.services
    with services.records.writing("import") as writer:
        for found in services.records.find("R05"):
            writer.change("R05", found.rid, {"verify_level": "3"})
            add_rating(writer, found.rid)
    count_residents(services, 13, village=VILLAGE)
    report_loans(services, "202512", 8, 0, "1000.00", "5.00", village=VILLAGE)
    report_loans(services, "202610", 8, 0, "1000.00", "5.00", lines=8, village=VILLAGE)
    return desk


def test_a_village_is_named_from_its_tile_to_its_plaque(
    village: OpenDesk, hands: Hands, clock: FixedClock, sit_down: Callable[..., str]
) -> None:
    hands.press(Qt.Key.Key_M, CONTROL | SHIFT)
    hands.tile("上洞村")
    hands.push("申报", back=True)
    hands.type("村民代表会议 2026-11 号决议")
    hands.enter()
    hands.sees("已申报，待镇初审")

    hands.push("录入评审数据", back=True)
    hands.fill(OFFICE, "9")
    hands.fill(f"{OFFICE}的依据", "镇评分表")
    hands.enter()
    hands.fill(CADRES, "是")
    hands.fill(f"{CADRES}的依据", "2026-11-20 查询")
    hands.enter()
    hands.sees("达到市级条件")
    hands.press(Qt.Key.Key_Left, ALT)
    assert hands.here == "录入评审数据"

    applicant = village.services.actor
    sit_down()
    hands.push("镇初审")
    hands.type("同意")
    hands.push("确定")
    hands.sees("镇初审通过，待公示")
    hands.push("张贴公示")
    hands.type("村务公开栏")
    hands.push("确定")
    clock.advance(days=9)
    sit_down()
    hands.push("县(市、区)评审通过")
    hands.type("开信办〔2026〕3号")
    hands.fill("命名机关", "开平市信用办")
    hands.push("确定")
    hands.push("授牌")
    hands.type("2026-12-20")
    hands.push("确定")
    hands.sees("已授牌")
    kept = village.services.records.find("R17")[0].values
    assert (kept["award_doc_no"], kept["plaque_date"]) == ("开信办〔2026〕3号", "2026-12-20")

    sit_down(applicant)
    hands.push("开始年审")
    hands.push("确定")
    sit_down()
    hands.push("年审维持")
    hands.type("各项条件仍达到")
    hands.push("确定")
    hands.sees("已授牌")
    hands.press(Qt.Key.Key_Left, ALT)
    assert hands.here.startswith("信用户占比图")


@pytest.fixture
def town(village: OpenDesk) -> OpenDesk:
    """The town of that village: seven of its thirteen villages were named before, the others have nobody."""
    services = village.services
    places = [r.code for r in services.catalogue.regions.children(TOWN) if r.kind == "village"]
    with services.records.writing("import") as writer:
        for code in places:
            if code == VILLAGE:
                continue
            figures = {"hh_base": 0, "hh_filed": 0, "hh_credit": 0, "hh_loan": 0, "hh_no_arrears": 0}
            named = {"award_doc_no": "开信办〔2026〕1号", "award_org": "开平市信用办", "plaque_date": "2026-06-30"}
            if code in places[1:8]:
                money = {"loan_balance": "0.00", "npl_balance": "0.00", "score": "95.0", "village_grade": "2"}
                writer.create(
                    "R17", {"region_code": code, "rating_year": YEAR, **figures, **money, **named}, checked=True
                )
    for code in places:
        if code != VILLAGE:
            count_residents(services, 0, village=code)
            for period in ("202512", "202610"):
                report_loans(services, period, 0, 0, "0.00", "0.00", lines=0, village=code)
    return village


def test_a_town_is_named_and_loses_its_plaque_by_keyboard(
    town: OpenDesk, hands: Hands, clock: FixedClock, sit_down: Callable[..., str]
) -> None:
    hands.press(Qt.Key.Key_M, CONTROL | SHIFT)
    hands.push("本镇评定", back=True)
    hands.push("申报", back=True)
    hands.type("镇政府 2026-11 号请示")
    hands.enter()
    hands.sees("已申报，待县(市、区)初审")
    hands.push("录入评审数据", back=True)
    hands.fill(TOWN_WORK, "9")
    hands.enter()
    hands.type("县评分表")
    hands.enter()
    hands.sees("达到县级条件")
    hands.press(Qt.Key.Key_Left, ALT)

    sit_down()
    hands.push("退回补正")
    hands.type("补交工作机制材料")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("退回补正")
    hands.push("登记申报")
    hands.type("镇政府 2026-12 号请示")
    hands.press(Qt.Key.Key_Return, CONTROL)
    sit_down()
    hands.push("县(市、区)初审")
    hands.type("同意")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.push("张贴公示")
    hands.type("镇政府公开栏")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.push("登记公示异议")
    hands.type("恩信异〔2026〕1号")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.push("异议不成立，继续公示")
    hands.type("经核查不属实")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("公示中")
    clock.advance(days=9)
    sit_down()
    hands.push("市级评审通过")
    hands.type("江信办〔2026〕9号")
    hands.press(Qt.Key.Key_Tab)
    hands.type("江门市信用办")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.push("授牌")
    hands.type("2026-12-20")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.push("摘牌")
    hands.type("不良率超过 5%")
    hands.press(Qt.Key.Key_Return, CONTROL)
    hands.sees("已摘牌")
