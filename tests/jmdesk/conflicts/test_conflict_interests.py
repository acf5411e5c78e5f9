"""The conflict desk shows nobody what he must keep away from."""

from __future__ import annotations

import pytest

from jmdesk.catalogue.types import Record
from jmdesk.conflicts.rules import Choice, Side
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from tests.jmdesk.complaints.association import FIRM, RIVAL, add_firm
from tests.jmdesk.conflicts.city import Office


def test_an_event_about_ones_own_firm_is_somebody_elses_to_decide(ours: Office, other: Office) -> None:
    firm, event = add_firm(ours.desk), ours.desk.ids.new()
    with ours.desk.records.writing("create") as writer:
        writer.create(
            "R21",
            {
                "event_id": event,
                "uscc": firm,
                "polarity": "3",
                "event_cat": "24",
                "event_date": "2026-10-08",
                "basis_kind": "4",
                "content": "未按行业公约标注。",
                "publicity": "G",
                "repair_status": "0",
            },
            rid=event,
        )
    ours.exchange([firm, event])
    other.exchange([])
    for office, text in ((other, "未标注材质。"), (ours, "标注有误。")):
        office.desk.records.change("R21", event, {"content": text})
        office.exchange([event])
    assert [case.rid for case in ours.desk.conflicts.cases()] == [event]
    ours.desk.complaints.declare([FIRM])
    assert ours.desk.conflicts.cases() == []
    with pytest.raises(Refused) as refused:
        ours.desk.conflicts.case("R21", event)
    assert refused.value.code == "conflicts.none"


def bear_office(desk: Desk) -> None:
    """The user bears an office of the association and has a firm of his own."""
    with desk.records.writing("account") as writer:
        writer.bookkeep("R02", desk.actor, {"role": "R4", "x_roles": ["R4"]})
    desk.complaints.declare([FIRM])


def rivals(ours: Office, other: Office, mine: Record, theirs: Record) -> str:
    """A rival's archive that was changed at both desks."""
    add_firm(ours.desk)
    rival = add_firm(ours.desk, RIVAL, "恩平某音响厂")
    ours.desk.records.change("R20", rival, {"revenue_main": "900.00", "revenue_year": 2025})
    ours.exchange([rival])
    other.exchange([])
    other.desk.records.change("R20", rival, theirs)
    other.exchange([rival])
    ours.desk.records.change("R20", rival, mine)
    ours.exchange([rival])
    return rival


def test_what_a_rival_earns_is_somebody_elses_to_decide(ours: Office, other: Office) -> None:
    rival = rivals(ours, other, {"revenue_main": "1100.00"}, {"revenue_main": "1200.00"})
    seen = ours.desk.conflicts.case("R20", rival)
    assert [field.name for field in seen.fields if field.clash]
    bear_office(ours.desk)
    assert ours.desk.conflicts.cases() == []
    choices = {field.name: Choice(Side.MINE) for field in seen.fields}
    for act in (
        lambda: ours.desk.conflicts.case("R20", rival),
        lambda: ours.desk.conflicts.settle("R20", rival, choices, reason="核对过", seen=seen.seen),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code in ("conflicts.none", "permissions.action")


def test_a_conflict_over_something_else_is_shown_without_what_a_rival_earns(ours: Office, other: Office) -> None:
    rival = rivals(ours, other, {"ent_name": "恩平某音响器材厂"}, {"ent_name": "恩平某某厂", "revenue_main": "1200.00"})
    names = {field.name for field in ours.desk.conflicts.case("R20", rival).fields}
    assert {"ent_name", "revenue_main"} <= names
    bear_office(ours.desk)
    shown = ours.desk.conflicts.case("R20", rival)
    assert shown.theirs is not None
    for values in (shown.record.values, shown.theirs.values, {field.name for field in shown.fields}):
        assert "ent_name" in values
        assert not {"revenue_main", "revenue_year"} & set(values)
