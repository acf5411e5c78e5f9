"""The papers of the complaint desk: each step has one, each can be filled, printed and found again."""

from __future__ import annotations

import io
from pathlib import Path

import docx
import pytest
from pypdf import PdfReader

from jmdesk.complaints.papers import RECEIPT, issue, values_of
from jmdesk.complaints.rules import ON_PAPER
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.papers.template import fill, shipped
from jmdesk.workflows.definition import book
from tests.jmdesk.complaints.association import Person, add_firm, intake
from ui.core.printing import write_paper

TEMPLATES = sorted(name for name in shipped() if name.startswith("complaint-"))
NEVER = ("法定期限", "决定书", "裁定", "责令", "不予受理", "征信", "失信", "None")


@pytest.fixture
def clerk(desk: Desk) -> Person:
    return Person(desk, ("R3",))


@pytest.fixture
def case(desk: Desk, clerk: Person) -> str:
    chief = Person(desk, ("R4",))
    rid = clerk.at_desk.register(intake(add_firm(desk))).record.rid
    chief.at_desk.take(rid, "accept")
    clerk.at_desk.take(rid, "mediate", {"mediator": clerk.user})
    clerk.at_desk.take(rid, "minutes", {"minutes": "双方到场，商家同意换货。"})
    clerk.at_desk.take(rid, "agree", {"terms": "乙方七日内为甲方换货。", "due": "2026-12-01"})
    return rid


def words(document: bytes) -> str:
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in found.paragraphs] + cells)


def test_every_step_with_a_paper_is_a_step_and_every_paper_belongs_to_one() -> None:
    for version in ("2014-03", "2020-01"):
        assert ON_PAPER.keys() <= book().version("W7", version).steps.keys()
    assert sorted(set(ON_PAPER.values())) == TEMPLATES


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_paper_is_whole_keeps_to_the_wording_and_prints(clerk: Person, case: str, name: str, tmp_path: Path) -> None:
    values = values_of(clerk.seat, clerk.at_desk.case(case))
    document = fill(shipped()[name], {"number": "TS1", **values})
    text = words(document)
    assert "{{" not in text
    assert [word for word in NEVER if word in text] == []
    assert "13900001234" not in text
    write_paper(document, tmp_path / "p.pdf")
    assert len(PdfReader(tmp_path / "p.pdf").pages) == 1


def test_the_receipt_bears_the_complaints_number_and_is_made_once(clerk: Person, case: str) -> None:
    first = issue(clerk.seat, clerk.at_desk.case(case), RECEIPT)
    again = issue(clerk.seat, clerk.at_desk.case(case), RECEIPT)
    assert first.paper.number == clerk.at_desk.get(case).values["complaint_no"]
    assert again == first
    assert "139****1234" in words(first.document)


def test_the_agreement_has_three_copies_and_a_number_of_its_own(clerk: Person, case: str) -> None:
    issued = issue(clerk.seat, clerk.at_desk.case(case), "complaint-agreement")
    assert (shipped()["complaint-agreement"].copies, issued.paper.number) == (3, "TX44078500202600001")
    text = words(issued.document)
    assert "何秀英" in text
    assert "2026年12月1日" in text


def test_who_may_not_print_gives_no_paper_out(desk: Desk, clerk: Person, case: str) -> None:
    viewer = Person(desk, ("R12",))
    with pytest.raises(Refused) as refused:
        issue(viewer.seat, clerk.at_desk.case(case), "complaint-agreement")
    assert refused.value.code == "permissions.action"
