"""A step that another unit took says who that is: by the city's signed list, else by the place the unit is of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jmdesk.desk import Desk
from tests.packages import issue
from ui.core.cases import view
from ui.core.labels import Labels
from ui.core.units import unit_name
from ui.core.vaults import OpenDesk

VILLAGE = "440785103200"
COMMITTEE, TOWN, SOCIETY = "54440785MF10000231", "11440785MF1000015K", "51440785MJ0000017X"


@pytest.mark.parametrize(
    ("code", "roles", "name"),
    [
        (COMMITTEE, (), "圣园村民委员会"),
        (TOWN, ("R2",), "沙湖镇"),
        (TOWN, ("R2", "R11"), "恩平市机关单位(代码尾号 015K)"),
        (SOCIETY, (), "恩平市的协会(代码尾号 017X)"),
        ("not a code", (), "not a code"),
    ],
)
def test_a_unit_that_no_list_names_is_told_by_its_place(
    desk: OpenDesk, code: str, roles: tuple[str, ...], name: str
) -> None:
    assert unit_name(desk.services, code, VILLAGE, roles) == name


def test_a_committee_that_acted_above_the_villages_is_not_taken_for_one_of_them(desk: OpenDesk) -> None:
    assert unit_name(desk.services, COMMITTEE, "440785103000") == "恩平市的村(居)委会(代码尾号 0231)"


def test_the_desk_s_own_unit_is_called_as_it_calls_itself(desk: OpenDesk) -> None:
    assert unit_name(desk.services, desk.services.unit) == desk.services.unit_name


def take_list(desk: Desk, text: str) -> None:
    desk.packages.take(issue("list", "2026-11", name="units", files={"units.csv": text}), b"e")
    desk.renew()


def test_the_city_s_signed_list_names_every_unit(desk: OpenDesk) -> None:
    take_list(desk.services, f"\ufeffuscc,name,kind\n{SOCIETY},恩平市样例行业协会,5\n,没有代码,\n{TOWN},\n")
    assert unit_name(desk.services, SOCIETY) == "恩平市样例行业协会"
    assert unit_name(desk.services, TOWN, VILLAGE, ("R2",)) == "沙湖镇"


def test_a_case_shows_who_took_a_step_elsewhere(desk: OpenDesk) -> None:
    services = desk.services
    household = services.households.find("440783110220000000")
    case = services.rights.ask("7", household, reason="想知道等级怎么来的")
    found = services.workflows.standing("W13", "R25", case)
    elsewhere = replace(found, taken=tuple(replace(event, actor="", org=TOWN) for event in found.taken))
    [done] = view(services, Labels(services), elsewhere).done
    assert done.who == "恩平市机关单位(代码尾号 015K) 办理"
