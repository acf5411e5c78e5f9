"""The chart wall: what a meeting of rivals may see, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from jmdesk.complaints.statistics import FOLDED, OUTSIDE, Entry, figures
from jmdesk.complaints.wall import NONE, Panel, Wall, wall
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from tests.jmdesk.complaints.association import FIRM, RIVAL, Person, add_firm, intake

NAMES = {"kind": {"1": "消费者"}, "problem": {"01": "质量"}, "outcome": {"2": "调解成功"}}
ONE = Entry(
    month=3, kind="1", product="话筒", problem="01", cluster="恩平麦克风", firm="甲厂", member=True, accepted=True,
    decided=True, outcome="2", recovered=Decimal("100.10"), satisfaction=4, kept={"受理决定": True},
)  # fmt: skip


def made(*groups: tuple[int, dict[str, object]], own: tuple[str, ...] = (), members: int = 40) -> Wall:
    """A wall of so many complaints of each kind."""
    entries = [replace(ONE, **changed) for count, changed in groups for _ in range(count)]  # type: ignore[arg-type]
    return wall(figures(2026, entries, NAMES, members), "恩平市电声行业协会", own)


def panel(found: Wall, heading: str) -> dict[str, int]:
    (one,) = (panel for panel in found.panels if panel.heading == heading)
    return dict(one.lines)


def test_members_are_numbers_but_for_ones_own_firm() -> None:
    found = made((9, {}), (7, {"firm": "乙厂"}), (6, {"firm": "丙厂"}), own=("乙厂",))
    assert panel(found, "会员") == {"会员1": 9, "乙厂": 7, "会员2": 6}
    assert "甲厂" not in str(found)


def test_few_complaints_about_a_member_are_folded_even_ones_own() -> None:
    found = made((9, {}), (4, {"firm": "乙厂"}), (3, {"member": False, "firm": ""}), own=("乙厂",))
    assert panel(found, "会员") == {"会员1": 9, FOLDED: 7}
    assert OUTSIDE not in str(found)


def test_the_tiles_say_rates_with_what_they_rest_on_and_how_often_members_are_complained_about() -> None:
    tiles = {tile.name: (tile.figure, tile.about) for tile in made((8, {}), (2, {"kept": {"受理决定": False}})).tiles}
    assert tiles["受理决定按期率"] == ("80.0%", "8/10")
    assert tiles["挽回经济损失"] == ("1,001.00 元", "办结时登记")
    assert tiles["每百家会员投诉"] == ("25.0 件", "会员 40 家")


def test_a_rate_of_a_few_is_not_on_the_wall() -> None:
    tiles = {tile.name: tile.figure for tile in made((4, {})).tiles}
    assert "受理决定按期率" not in tiles
    assert (tiles["调解成功率"], tiles["挽回经济损失"]) == (NONE, NONE)
    assert "每百家会员投诉" not in tiles


def test_months_are_shown_where_none_is_small_else_quarters() -> None:
    assert panel(made((6, {}), (5, {"month": 4})), "时间")["4月"] == 5
    assert panel(made((6, {}), (5, {"month": 4}), (1, {"month": 5})), "时间") == {"第1季度": 6, "第2季度": 6}


def test_a_chart_has_room_for_its_lines() -> None:
    groups: list[tuple[int, dict[str, object]]] = [(30 - n, {"product": f"产品{n}"}) for n in range(20)]
    found = made(*groups)
    lines = panel(found, "产品或服务")
    assert len(lines) == 11
    assert sum(lines.values()) == sum(30 - n for n in range(20))
    assert all(isinstance(one, Panel) for one in found.panels)


def test_the_wall_of_the_desk_names_no_rival(desk: Desk) -> None:
    clerk, firm, rival = Person(desk, ("R3",)), add_firm(desk), add_firm(desk, RIVAL, "恩平某音响厂")
    for n in range(6):
        clerk.at_desk.register(intake(firm, order_no=f"D{n}"))
        clerk.at_desk.register(intake(rival, order_no=f"E{n}"))
    clerk.at_desk.declare([FIRM])
    found = clerk.at_desk.wall(2026)
    assert panel(found, "会员") == {"恩平某电声有限公司": 6, "会员1": 6}
    for word in ("音响厂", "何秀英", "13900001234"):
        assert word not in str(found)
    chief = Person(desk, ("R4",))
    chief.at_desk.declare([RIVAL])
    with pytest.raises(Refused) as refused:
        chief.at_desk.wall(2026)
    assert refused.value.code == "complaints.office_bearer"
