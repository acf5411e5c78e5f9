"""Nobody acts in, or sees, what concerns a firm of his own; no office-bearer sees what rivals earn or are blamed for.

Every way to a record is tried: the service itself, the lists of records, history, exports, cases, figures, documents.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from jmdesk.attachments.intake import examine
from jmdesk.complaints.queries import ComplaintFilter
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.exports.service import Order
from jmdesk.selections.rules import HIDDEN
from jmdesk.selections.service import EVALUATION
from jmdesk.store.reading import Filter
from tests import documents
from tests.jmdesk.complaints.association import FIRM, RIVAL, add_firm, intake
from ui.core.labels import Labels
from ui.pages.cases.model import CasePlace, CaseReader

YEAR, BATCH = 2026, "2027-01"


@dataclass(frozen=True)
class Trade:
    """What is on record before the user declares a firm: his own firm and a rival, with a matter of each kind."""

    own: str
    rival: str
    complaint: str
    event: str
    from_complaint: str
    card: str
    candidate: str
    photo: str


def event_of(desk: Desk, firm: str, category: str) -> str:
    rid = desk.ids.new()
    with desk.records.writing("create") as writer:
        writer.create(
            "R21",
            {
                "event_id": rid,
                "uscc": firm,
                "polarity": "3",
                "event_cat": category,
                "event_date": "2026-10-08",
                "basis_kind": "4",
                "content": "未按行业公约标注。",
                "publicity": "G",
                "repair_status": "1",
            },
            rid=rid,
        )
    desk.workflows.take("W6", "R21", rid, "register")
    return rid


def trade(desk: Desk, about: str) -> Trade:
    """Matters about one of the two firms: "own" or "rival"."""
    own = add_firm(desk)
    rival = add_firm(desk, RIVAL, "恩平某音响厂")
    firm = {"own": own, "rival": rival}[about]
    desk.enterprises.record_source(firm, "revenue_main", "900.00", source="年度审计报告", dated=date(2025, 12, 31))
    complaint = desk.complaints.register(intake(firm)).record.rid
    photo = desk.attachments.add("R22", complaint, examine(documents.png()))
    desk.selections.open_round(BATCH, EVALUATION, "江商信用函〔2026〕12号")
    return Trade(
        own,
        rival,
        complaint,
        event_of(desk, firm, "24"),
        event_of(desk, firm, "23"),
        desk.green_cards.apply(YEAR, firm, "900.00", "2025年，年度审计报告"),
        desk.selections.enter(BATCH, enterprise=firm),
        photo,
    )


def declare(desk: Desk, role: str) -> None:
    """The user has this role, and the first firm is his."""
    with desk.records.writing("account") as writer:
        writer.bookkeep("R02", desk.actor, {"role": role, "x_roles": [role]})
    desk.complaints.declare([FIRM])


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(Refused) as found:
        act()
    return found.value.code


@pytest.fixture
def office(desk: Desk) -> Trade:
    """An office-bearer with a firm, and matters of a rival."""
    made = trade(desk, "rival")
    declare(desk, "R4")
    return made


@pytest.fixture
def officer(desk: Desk) -> Trade:
    """An officer with a firm, and matters of that firm."""
    made = trade(desk, "own")
    declare(desk, "R3")
    return made


# -- an office-bearer and his rivals -----------------------------------------------------------------------------------


def test_an_office_bearer_sees_no_complaint_by_any_way(desk: Desk, office: Trade, tmp_path: Path) -> None:
    complaints, records = desk.complaints, desk.records
    for act in (
        lambda: complaints.case(office.complaint),
        lambda: complaints.page(ComplaintFilter(search="无线"), 0, 9),
        lambda: complaints.figures(YEAR),
        complaints.under_way,
    ):
        assert refused(act) == "complaints.office_bearer"
    for closed in (
        lambda: records.get("R22", office.complaint),
        lambda: records.find("R22"),
        lambda: records.count("R22"),
        lambda: desk.exports.records(Order("R22", "核对"), tmp_path / "投诉.xlsx"),
        lambda: Labels(desk).search("R22")("无线", 9),
        lambda: desk.attachments.data(office.photo),
        lambda: CaseReader(desk).open(CasePlace("W7", "R22", office.complaint)),
    ):
        assert refused(closed) == "permissions.action"
    assert records.history(office.complaint) == []
    assert desk.enterprises.dossier(office.rival).complaints == ()
    assert [line.complaints for line in desk.enterprises.figures()] == [None]
    assert not any("W7" in row.key for row in CaseReader(desk).board().rows)
    assert not any(str(step.values["target_ref"]).startswith("R22:") for step in records.find("workflow_event"))


def test_an_office_bearer_sees_no_event_that_a_complaint_became(desk: Desk, office: Trade) -> None:
    assert [one.rid for one in desk.records.find("R21")] == [office.event]
    assert [one.rid for one in desk.enterprises.dossier(office.rival).events] == [office.event]
    assert refused(lambda: desk.records.get("R21", office.from_complaint)) == "permissions.interest"
    assert refused(lambda: desk.workflows.take("W6", "R21", office.from_complaint, "check")) == "permissions.interest"


def test_an_office_bearer_sees_no_rivals_revenue_by_any_way(desk: Desk, office: Trade, tmp_path: Path) -> None:
    records, dossier = desk.records, desk.enterprises.dossier(office.rival)
    for values in (
        records.get("R20", office.rival).record.values,
        *(one.values for one in (*records.find("R20"), *records.find("R24"), *dossier.green_cards)),
        *({**change.before, **change.after} for change in records.history(office.rival)),
        desk.green_cards.open(office.card).record.values,
    ):
        assert not {"revenue_main", "revenue_year"} & values.keys()
    assert dossier.sources == ()
    assert records.find("assessment", Filter(where={"item": "revenue"})) == []
    assert [card.revenue for card in desk.green_cards.cards(YEAR)] == [None]
    opened = desk.green_cards.open(office.card)
    assert opened.facts.revenue == Decimal(0)
    assert opened.enterprise is not None
    assert "revenue_main" not in opened.enterprise.values
    file = tmp_path / "企业.csv"
    desk.exports.records(Order("R20", "核对"), file)
    assert "900" not in file.read_text(encoding="utf-8-sig")


def test_an_office_bearer_gets_no_paper_about_what_he_must_not_see(desk: Desk) -> None:
    made = trade(desk, "rival")
    values = dict.fromkeys(desk.papers.template("objection-answer").fields, "某某")
    papers = {
        type_id: desk.papers.issue("objection-answer", type_id, rid, values).paper
        for type_id, rid in (("R20", made.rival), ("R21", made.event), ("R22", made.complaint), ("R24", made.card))
    }
    declare(desk, "R4")
    reading = desk.papers
    assert refused(lambda: reading.of("R22", made.complaint)) == "permissions.action"
    assert refused(lambda: reading.of("R21", made.from_complaint)) == "permissions.interest"
    assert {paper.type for paper in reading.register("objection-answer")} == {"R20", "R21", "R24"}
    assert [paper.number for paper in reading.of("R24", made.card)] == [papers["R24"].number]
    assert reading.document(papers["R21"].number)
    assert refused(lambda: reading.document(papers["R22"].number)) == "permissions.action"
    for told in ("R20", "R24"):  # such a paper may say what the firm earns
        assert refused(partial(reading.document, papers[told].number)) == "permissions.interest"


def test_an_office_bearer_sees_no_complaints_behind_a_rivals_points(desk: Desk, office: Trade) -> None:
    opened = desk.selections.open(office.candidate)
    told = {item.id: (item.given, item.points) for item in opened.result.items}
    assert told["complaints"] == told["contract"] == (HIDDEN, None)
    assert opened.facts.complaints is None
    assert "消费投诉答复、调解、满意度" not in opened.result.unknown


# -- an officer and his own firm ---------------------------------------------------------------------------------------


def test_an_officer_sees_nothing_held_against_his_own_firm(desk: Desk, officer: Trade, tmp_path: Path) -> None:
    records = desk.records
    for type_id, rid in (("R21", officer.event), ("R22", officer.complaint)):
        assert records.find(type_id) == []
        assert records.count(type_id) == 0
        for act in (
            lambda type_id=type_id, rid=rid: records.get(type_id, rid),
            lambda rid=rid: records.history(rid),
            lambda type_id=type_id, rid=rid: CaseReader(desk).open(CasePlace("W6", type_id, rid)),
        ):
            assert refused(act) == "permissions.interest"
    assert refused(lambda: desk.exports.records(Order("R21", "核对"), tmp_path / "行为.xlsx")) == "exports.nothing"
    assert refused(lambda: desk.attachments.data(officer.photo)) == "permissions.interest"
    for write in (
        lambda: records.change("R21", officer.event, {"content": "没有的事。"}),
        lambda: records.void("R21", officer.event, "误登"),
        lambda: records.create("R21", {"event_id": desk.ids.new(), "uscc": officer.own}),
    ):
        assert refused(write) == "permissions.interest"
    dossier = desk.enterprises.dossier(officer.own)
    assert (dossier.events, dossier.complaints) == ((), ())
    assert not any(row.key.startswith(("W6", "W7")) for row in CaseReader(desk).board().rows)
    heads = {str(step.values["target_ref"])[:4] for step in records.find("workflow_event")}
    assert not heads & {"R21:", "R22:"}


def test_a_case_of_the_officers_own_firm_passes_him_by_in_every_workflow(desk: Desk, officer: Trade) -> None:
    take = desk.workflows.take
    for workflow, type_id, rid, step in (
        ("W5", "R20", officer.own, "file"),
        ("W6", "R21", officer.event, "check"),
        ("W8", "R23", officer.candidate, "screen"),
        ("W9", "R24", officer.card, "facts"),
    ):
        found = refused(lambda: take(workflow, type_id, rid, step))  # noqa: B023 -- called at once
        assert found == "permissions.interest", workflow
    assert refused(lambda: desk.complaints.take(officer.complaint, "accept")) == "complaints.interest"
    assert refused(lambda: take("W7", "R22", officer.complaint, "accept")) == "complaints.interest"
    assert refused(lambda: desk.complaints.register(intake(officer.own))) == "complaints.interest"
    desk.complaints.declare([])
    assert take("W5", "R20", officer.own, "file").state == "filed"


def test_an_officer_still_works_for_everybody_else(desk: Desk, officer: Trade) -> None:
    complaint = desk.complaints.register(intake(officer.rival, respondent_name="恩平某音响厂")).record.rid
    event = event_of(desk, officer.rival, "24")
    assert [one.rid for one in desk.records.find("R22")] == [complaint]
    assert [one.rid for one in desk.records.find("R21")] == [event]
    assert desk.records.get("R20", officer.rival).record.rid == officer.rival
