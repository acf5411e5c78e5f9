"""A round of honest enterprises: off by default, points, the line, notice, certificate, withdrawal."""

from __future__ import annotations

import io
from datetime import date

import docx
import pytest

from jmdesk.core.errors import Refused
from jmdesk.records.readiness import Readiness
from jmdesk.selections.rules import Complaints
from jmdesk.selections.service import EVALUATION, NEUTRAL_TITLE, NOTICE
from jmdesk.store import outbox
from tests.offices import Days, Office

BATCH = "2027-01"
KNOWN = {
    "standard": True, "testing": True, "report_in_order": True, "duties_met": True, "takes_part": True, "charity": True,
}  # fmt: skip


def text_of(document: bytes) -> str:
    """The words of a paper, its tables included."""
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in found.paragraphs), *cells])


@pytest.fixture
def candidate(office: Office) -> str:
    """The first firm, entered in a round that rests on a credit-evaluation document."""
    office.desk.selections.open_round(BATCH, EVALUATION, "江商信用函〔2026〕12号")
    return office.desk.selections.enter(BATCH, enterprise=office.firm)


def noticed(office: Office, candidate: str) -> None:
    """Bring an enterprise under notice."""
    office.desk.selections.record_facts(candidate, KNOWN, {})
    noticed_as_it_is(office, candidate)


def noticed_as_it_is(office: Office, candidate: str) -> None:
    """Bring a candidate whose facts are known under notice."""
    office.take("clerk", "W8", candidate, "screen", checked="信用中国(广东江门)")
    office.take("clerk", "W8", candidate, "score")
    office.take("head", "W8", candidate, "judge", votes="7票同意，0票反对", opinion="同意")
    office.take("head", "W8", candidate, "notice", place="协会公告栏")


def test_nothing_works_before_a_basis_is_entered(office: Office) -> None:
    with pytest.raises(Refused, match="off"):
        office.desk.selections.enter(BATCH, enterprise=office.firm)
    with pytest.raises(Refused, match="off"):
        office.desk.selections.open_round(BATCH, EVALUATION, " ")
    with pytest.raises(Refused, match="title"):
        office.desk.selections.open_round(BATCH, EVALUATION, "江商信用函〔2026〕12号", "诚信企业")
    assert office.desk.selections.open_round(BATCH, EVALUATION, "江商信用函〔2026〕12号").title == NEUTRAL_TITLE


def test_a_round_is_to_end_in_the_week_of_the_fifteenth_of_march(office: Office, candidate: str) -> None:
    (due,) = office.desk.workflows.standing("W8", "R23", candidate).open_dues()
    assert (due.clock.label, due.day) == ("赶在3·15周公布", date(2027, 3, 15))
    office.take("head", "W8", candidate, "decline", ground="本批不评")
    assert office.desk.workflows.standing("W8", "R23", candidate).open_dues() == []


def test_what_is_not_known_gives_no_score(office: Office, candidate: str) -> None:
    office.take("clerk", "W8", candidate, "screen", checked="信用中国")
    with pytest.raises(Refused) as refused:
        office.take("clerk", "W8", candidate, "score")
    assert refused.value.code == "selections.unknown"
    assert "公益与培训" in str(refused.value.params["items"])


def test_a_veto_with_its_document_ends_a_candidacy(office: Office, candidate: str) -> None:
    with pytest.raises(Refused, match="veto"):
        office.desk.selections.record_facts(candidate, KNOWN, {"E3": ""})
    office.desk.selections.record_facts(candidate, KNOWN, {"E3": "(2026)粤0785执88号"})
    office.take("clerk", "W8", candidate, "screen", checked="信用中国")
    with pytest.raises(Refused, match="vetoed"):
        office.take("clerk", "W8", candidate, "score")
    assert office.take("head", "W8", candidate, "decline", ground="存在否决情形") == "declined"
    assert office.desk.selections.public(BATCH) == []


def test_a_candidate_is_scored_noticed_and_awarded_with_a_certificate(
    office: Office, candidate: str, days: Days
) -> None:
    noticed(office, candidate)
    values = office.values("R23", candidate)
    assert (values["score"], values["publicity_range"]) == ("95.0", ["2026-11-22", "2026-11-29"])
    words = text_of(office.desk.papers.document(office.desk.selections.notice_paper(BATCH).number))
    assert "云声" in words
    assert NOTICE in words
    assert "95" not in words.replace("(2026", "")
    days(7)
    with pytest.raises(Refused, match="notice_running"):
        office.take("head", "W8", candidate, "award")
    days(1)
    with pytest.raises(Refused, match="same_person"):
        office.take("clerk", "W8", candidate, "award")
    office.take("head", "W8", candidate, "award")
    values = office.values("R23", candidate)
    assert (values["decision"], values["valid_to"]) == ("1", "2028-11-29")
    (certificate,) = office.desk.papers.of("R23", candidate)
    assert certificate.number == values["cert_no"]
    words = text_of(office.desk.papers.document(certificate.number))
    assert NOTICE in words
    assert "江商信用函〔2026〕12号" in words


def test_after_a_withdrawal_nobody_enters_for_a_year(office: Office, candidate: str, days: Days) -> None:
    noticed(office, candidate)
    days(8)
    office.take("head", "W8", candidate, "award")
    with pytest.raises(Refused, match="reason"):
        office.take("head", "W8", candidate, "withdraw", reason="7", ground="材料虚假")
    office.take("head", "W8", candidate, "withdraw", reason="2", ground="材料虚假")
    assert office.values("R23", candidate)["revoke_reason"] == "2"
    assert office.desk.selections.public(BATCH) == []
    office.desk.selections.open_round("2027-02", EVALUATION, "江商信用函〔2027〕1号")
    days(364)
    with pytest.raises(Refused, match="too_soon"):
        office.desk.selections.enter("2027-02", enterprise=office.firm)
    days(1)
    assert office.desk.selections.enter("2027-02", enterprise=office.firm)


def test_only_the_best_share_of_a_trade_may_be_proposed(office: Office, candidate: str) -> None:
    second = office.desk.selections.enter(BATCH, enterprise=office.other)
    office.desk.selections.record_facts(candidate, KNOWN, {})
    office.desk.selections.record_facts(second, {**KNOWN, "charity": False}, {})
    for one in (candidate, second):
        office.take("clerk", "W8", one, "screen", checked="信用中国")
        office.take("clerk", "W8", one, "score")
    assert office.desk.selections.lines(BATCH)[0].name == "恩平市云声音响制造有限公司"
    with pytest.raises(Refused, match="below"):
        office.take("head", "W8", second, "judge", votes="5", opinion="同意")
    assert office.take("head", "W8", candidate, "judge", votes="5", opinion="同意") == "judged"


STREET: dict[str, int | bool | str] = {
    **KNOWN, "pledged": True, "tax_grade": "N", "labor_grade": "N", "env_grade": "9",
    "trade_complaints": 0, "payment_judgments": 0, "failed_samplings": 0,
}  # fmt: skip
"""What is written down of a street, which has no archive."""


def test_a_street_and_a_shop_are_entered_by_name_and_address_once(office: Office, candidate: str) -> None:
    selections = office.desk.selections
    street = selections.enter(BATCH, kind="street", name="古典家具一条街", address="新会区会城街道样例路")
    assert (selections.open(street).name, selections.open(street).kind) == ("古典家具一条街", "street")
    with pytest.raises(Refused, match="already"):
        selections.enter(BATCH, kind="shop", name="古典家具一条街", address="别处")
    for name, address in ((" ", "样例路1号"), ("某店", "")):
        with pytest.raises(Refused, match="name"):
            selections.enter(BATCH, kind="shop", name=name, address=address)


def test_a_street_is_scored_by_what_was_written_down_and_awarded(office: Office, candidate: str, days: Days) -> None:
    selections = office.desk.selections
    street = selections.enter(BATCH, kind="street", name="古典家具一条街", address="新会区会城街道样例路")
    selections.record_facts(street, STREET, {})
    assert "消费投诉答复、调解、满意度" in selections.open(street).result.unknown
    selections.record_facts(street, STREET, {}, Complaints(4, 3, 2, 2, 9))
    noticed_as_it_is(office, street)
    days(8)
    office.take("head", "W8", street, "award")
    (certificate,) = office.desk.papers.of("R23", street)
    words = text_of(office.desk.papers.document(certificate.number))
    assert "古典家具一条街" in words
    assert "示范街" in words
    with office.desk.store.reading() as connection:
        (waiting,) = [one for one in outbox.drafts(connection, types=["R23"]) if one.record.rid == street]
        assert Readiness(connection, office.desk.catalogue, office.clock).hold(waiting) is None


def test_no_field_takes_a_fee(office: Office, candidate: str) -> None:
    """Associations must not charge for a selection: there is nowhere to write an amount down."""
    kinds = office.desk.catalogue.types
    assert not [
        f.identifier for t in ("R23", "R24") for f in kinds[t].fields if "fee" in f.identifier or "费" in f.label
    ]
    assert not [f.identifier for f in kinds["R23"].fields if f.unit == "元"]
    steps = office.desk.workflows.standing("W8", "R23", candidate).definition.steps.values()
    assert not [text for step in steps for text in step.needs.values() if "费" in text or "金额" in text]
