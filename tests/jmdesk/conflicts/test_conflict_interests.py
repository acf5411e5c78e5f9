"""The conflict desk shows nobody what he must keep away from."""

from __future__ import annotations

import pytest

from jmdesk.core.errors import Refused
from tests.jmdesk.complaints.association import FIRM, add_firm
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
