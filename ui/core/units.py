"""What a unit is called, as far as this desk knows: its own name, the city's signed list, else the place it is of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from jmdesk.packages.units import unit_names
from ui.core.i18n import tr

if TYPE_CHECKING:
    from collections.abc import Collection

    from jmdesk.catalogue.regions import Regions
    from jmdesk.desk import Desk

_OFFICE, _COMMITTEE, _ASSOCIATION = "11", "54", "51"
"""GB 32100, first two digits: an organ of the state, a committee of villagers or residents, an association."""
_COUNTY, _TOWN, _VILLAGE = 6, 9, 12
_TOWN_OFFICER: Final = frozenset({"R2"})
_TAIL: Final = 4


def unit_name(desk: Desk, code: str, region: str = "", roles: Collection[str] = ()) -> str:
    """A unit's name by its unified code; ``region`` is where it acted, ``roles`` those to whom the act belongs.

    A committee that acts in a village is that village's; of an office or an association that no list names, what kind
    it is, of which place, and the end of its code.
    """
    if code == desk.unit:
        return desk.unit_name
    listed = unit_names(desk.packages).get(code)
    return listed or _described(desk.catalogue.regions, code, region, frozenset(roles)) or code


def _described(regions: Regions, code: str, region: str, roles: frozenset[str]) -> str:
    kind, tail = code[:2], code[-_TAIL:]
    village = regions.get(region) if len(region) == _VILLAGE and not region.endswith("000") else None
    if kind == _COMMITTEE and village is not None:
        return village.name
    town = regions.get(region[:_TOWN]) if len(region) == _VILLAGE else None
    if kind == _OFFICE and roles == _TOWN_OFFICER and town is not None:
        return town.name
    county = regions.get(code[2 : 2 + _COUNTY])
    if county is None:
        return ""
    words = {
        _OFFICE: tr("{place}机关单位(代码尾号 {tail})", place=county.name, tail=tail),
        _COMMITTEE: tr("{place}的村(居)委会(代码尾号 {tail})", place=county.name, tail=tail),
        _ASSOCIATION: tr("{place}的协会(代码尾号 {tail})", place=county.name, tail=tail),
    }
    return words.get(kind, "")
