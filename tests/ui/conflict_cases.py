"""A desk with every kind of thing to decide, made with the model of the platform."""

from __future__ import annotations

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import FixedClock
from jmdesk.desk import Desk
from tests.desks import VILLAGE
from tests.jmdesk.conflicts.city import City, Office


def household(number: int) -> Record:
    """An invented household."""
    return {
        "household_id": f"{VILLAGE}00{number:04d}",
        "region_code": VILLAGE,
        "group_no": f"第{number}组",
        "address": f"第{number}村民小组{number}号",
        "population": 3,
        "labor_count": 2,
        "phone": f"1990000{number:04d}",
        "main_industry": "0111",
        "verify_level": "2",
    }


def fill_with_cases(desk: Desk, other: Desk, city: City) -> dict[str, str]:
    """Make one case of each kind; gives the record ids by kind."""
    ours, theirs = Office(desk, city, "a" * 32), Office(other, city, "b" * 32)
    kinds = ("edited", "merge", "voided_here", "voided_there", "refused", "rated")
    rids = {kind: desk.records.create("R05", household(n)) for n, kind in enumerate(kinds, 1)}
    honour = desk.records.create("R13", {"subject_id": f"R05:{rids['edited']}", "honor_title": "好人"})
    every = [*rids.values(), honour]
    ours.exchange(every)
    theirs.exchange(every)
    there: dict[str, Record] = {
        "edited": {"phone": "19911112222", "population": 5, "address": "新村东路十二巷三号(原祠堂后排，门口有榕树)"},
        "merge": {"population": 6},
        "voided_here": {"phone": "19911113333"},
        "rated": {"labor_count": 1},
    }
    for kind, values in there.items():
        other.records.change("R05", rids[kind], values)
    other.records.void("R05", rids["voided_there"], "并户，重复建档")
    other.records.void("R13", honour, "登记有误")
    theirs.exchange(every)
    desk.ratings.rate(rids["rated"])
    if isinstance(desk.clock, FixedClock):
        desk.clock.advance(minutes=1)
    desk.records.change("R05", rids["edited"], {"phone": "19933334444", "group_no": "第9组", "labor_count": 1})
    desk.records.void("R05", rids["voided_here"], "重复")
    desk.records.change("R05", rids["voided_there"], {"phone": "19955556666"})
    desk.records.change("R13", honour, {"honor_title": "最美乡贤"})
    city.refusing.add(rids["refused"])
    desk.records.change("R05", rids["refused"], {"population": 9})
    desk.records.change("R05", rids["merge"], {"phone": "19977778888"})
    ours.exchange([rid for rid in every if rid != rids["merge"]])
    return rids | {"honour": honour}
