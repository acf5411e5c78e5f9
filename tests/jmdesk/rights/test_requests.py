"""Requests of access, correction and explanation: taken down, on their clock, answered in writing."""

from __future__ import annotations

from datetime import date

import pytest

from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from tests.desks import Family
from tests.jmdesk.papers.test_papers import words


def test_a_request_runs_on_its_clock_and_is_answered_with_a_paper(desk: Desk, family: Family) -> None:
    case = desk.rights.ask("7", family.head, reason="想知道等级怎么来的")
    record = desk.records.get("R25", case).record.values
    assert (record["applicant_id"], record["target_ref"]) == (f"R06:{family.head}", f"R05:{family.household}")
    [due] = desk.workflows.standing("W13", "R25", case).open_dues()
    assert due.day == date(2026, 12, 11)
    made = desk.workflows.workflow_of("R25", case)
    assert made is not None
    assert made.id == "W13"
    desk.workflows.take("W13", "R25", case, "accept")
    paper = desk.rights.answer(case, "已当面说明逐项得分并交付说明书。", "4")
    text = words(desk.papers.document(paper.number))
    for told in ("曾建明", "解释说明", "已当面说明逐项得分", "准予"):
        assert told in text
    assert desk.records.get("R25", case).record.values["result"] == "4"
    assert desk.workflows.standing("W13", "R25", case).is_final


def test_an_objection_to_a_record_is_a_case_of_its_own_workflow(desk: Desk, family: Family) -> None:
    case = desk.rights.ask("1", family.head, reason="这条不良信息不是我的")
    record = desk.records.get("R25", case).record.values
    assert (record["case_kind"], str(record["case_no"])[:2]) == ("1", "YY")
    made = desk.workflows.workflow_of("R25", case)
    assert made is not None
    assert (made.id, desk.workflows.standing("W11", "R25", case).state) == ("W11", "received")


def test_a_request_names_somebody_on_record_and_its_kind(desk: Desk, family: Family) -> None:
    with pytest.raises(Refused, match=r"rights\.kind"):
        desk.rights.ask("6", family.head, reason="撤回授权")
    with pytest.raises(Refused, match=r"rights\.nobody"):
        desk.rights.ask("3", desk.ids.new(), reason="查阅")
    with pytest.raises(Refused, match="reason_needed"):
        desk.rights.ask("3", family.head, reason=" ")
