"""A green card from application to benefits: letters, answers, points, notice, decision, the board."""

from __future__ import annotations

import io
from datetime import date

import docx
import pytest

from jmdesk.core.errors import Refused
from jmdesk.green_cards.rules import package
from tests.offices import Days, Office

YEAR = 2026
DEPARTMENTS = [one["id"] for one in package("2.0")["base"]["departments"]]


def text_of(document: bytes) -> str:
    """The words of a paper, its tables included."""
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in found.paragraphs), *cells])


@pytest.fixture
def card(office: Office) -> str:
    """An application of the first firm, exactly at the line of the backbone enterprises."""
    return office.desk.green_cards.apply(YEAR, office.firm, "100000.00", "2025年，年度审计报告")


def test_a_year_of_cards_is_to_be_graded_by_the_end_of_june(office: Office, card: str) -> None:
    (due,) = office.desk.workflows.standing("W9", "R24", card).open_dues()
    assert (due.clock.label, due.day) == ("年度定级", date(2027, 6, 30))


def answer(office: Office, card: str, level: str = "1", *, without: str = "") -> None:
    """Every department but one answers the same."""
    for department in DEPARTMENTS:
        if department != without:
            office.desk.green_cards.reply(card, department, level, "函〔2026〕1号")


def test_there_are_sixteen_departments_today() -> None:
    assert len(DEPARTMENTS) == 16


def test_one_letter_asks_about_every_applicant_and_reminds_of_the_rest(office: Office, card: str, days: Days) -> None:
    green_cards = office.desk.green_cards
    green_cards.apply(YEAR, office.other, "5000.00", "2025年，税务申报")
    letter = green_cards.inquire(YEAR, "court")
    words = text_of(office.desk.papers.document(letter.number))
    assert "云声" in words
    assert "远山" in words
    green_cards.reply(card, "court", "1", "法函〔2026〕2号")
    days(20)
    reminder = green_cards.remind(YEAR, "court")
    assert "尚有1家未收到回复" in text_of(office.desk.papers.document(reminder.number))
    with pytest.raises(Refused, match="not_asked"):
        green_cards.remind(YEAR, "bank")


def test_a_department_that_is_silent_keeps_the_card_from_being_calculated(office: Office, card: str) -> None:
    answer(office, card, without="court")
    with pytest.raises(Refused) as refused:
        office.take("clerk", "W9", card, "calculate")
    assert (refused.value.code, refused.value.params["departments"]) == ("green_cards.awaited", "法院")
    assert "base_score" not in office.values("R24", card)
    assert office.desk.green_cards.board(YEAR).awaiting == 1


def test_a_card_goes_from_application_to_benefits(office: Office, card: str, days: Days) -> None:
    green_cards = office.desk.green_cards
    answer(office, card, "1", without="customs")
    green_cards.reply(card, "customs", "na", "海关函〔2026〕1号")
    green_cards.record_facts(card, ["hightech"], {"penalty": 1}, {})
    office.take("clerk", "W9", card, "calculate")
    values = office.values("R24", card)
    assert (values["base_score"], values["gain_score"], values["loss_score"]) == ("80.0", "3.0", "5.0")
    assert (values["total"], values["gc_grade"], values["is_backbone"]) == ("78.0", "B", True)
    with pytest.raises(Refused, match="same_person"):
        office.take("clerk", "W9", card, "review", opinion="同意")
    office.take("head", "W9", card, "review", opinion="同意")
    with pytest.raises(Refused, match="notice_first"):
        office.take("head", "W9", card, "decide", document="江信〔2026〕9号")
    office.take("head", "W9", card, "notice", place="市政府网站")
    assert "云声" in text_of(office.desk.papers.document(green_cards.notice_paper(YEAR).number))
    days(7)
    with pytest.raises(Refused, match="notice_running"):
        office.take("head", "W9", card, "decide", document="江信〔2026〕9号")
    days(1)
    assert office.take("head", "W9", card, "decide", document="江信〔2026〕9号") == "decided"
    decision = office.desk.papers.of("R24", card)[-1]
    words = text_of(office.desk.papers.document(decision.number))
    assert "骨干企业" in words
    assert "2025年，年度审计报告" in words
    assert "海关" in words
    office.take("clerk", "W9", card, "fulfil", benefit="6", by="供电局", day="2026-12-10", proof="用电保障通知")
    office.take("clerk", "W9", card, "fulfil", benefit="2", by="财政局", day="2026-12-12", proof="拨款凭证")
    assert office.values("R24", card)["benefits"] == ["2", "6"]
    with pytest.raises(Refused, match="unknown"):
        office.take("clerk", "W9", card, "fulfil", benefit="9", by="x", day="x", proof="x")


def test_grades_c_and_d_are_decided_without_any_notice(office: Office, card: str) -> None:
    answer(office, card, "3")
    office.take("clerk", "W9", card, "calculate")
    office.take("head", "W9", card, "review", opinion="同意")
    with pytest.raises(Refused, match="not_public"):
        office.take("head", "W9", card, "notice", place="市政府网站")
    office.take("head", "W9", card, "decide", document="江信〔2026〕9号")
    assert office.desk.green_cards.public(YEAR) == []


def test_a_veto_with_its_document_decides_while_departments_are_awaited(office: Office, card: str) -> None:
    office.desk.green_cards.record_facts(card, [], {}, {"G3": "江环罚〔2026〕8号"})
    office.take("clerk", "W9", card, "calculate")
    values = office.values("R24", card)
    assert (values["gc_grade"], values["is_green"], values["veto_codes"]) == ("D", False, {"G3": "江环罚〔2026〕8号"})


def test_the_board_has_targets_counties_and_the_nursery(office: Office, card: str) -> None:
    green_cards = office.desk.green_cards
    near = green_cards.apply(YEAR, office.other, "5000.00", "2025年，税务申报")
    answer(office, card)
    answer(office, near, "2")
    for one in (card, near):
        office.take("clerk", "W9", one, "calculate")
    green_cards.set_target(YEAR, 120)
    board = green_cards.board(YEAR)
    assert (board.applied, board.green, board.backbone, board.awaiting) == (2, 1, 1, 0)
    assert [(t.year, t.backbone) for t in board.targets] == [(2015, 64), (2020, 114), (2026, 120)]
    assert board.by_county == (("440785", 1, 1),)
    assert [one.name for one in board.nursery] == ["恩平市远山电子有限公司"]  # 64.0 of 70


def test_a_departments_table_is_matched_by_code_then_by_name_and_waits_for_a_yes(office: Office, card: str) -> None:
    lines = [("914407857701234562", "", "1"), ("", "云声音响", "2"), ("", "恩平市远山电子有限公司", "1")]
    code, near, other = office.desk.green_cards.match(YEAR, lines)
    assert (code.card, code.certain) == (card, True)
    assert (near.card, near.certain, [name for _, name in near.candidates]) == (
        card, False, ["恩平市云声音响制造有限公司"],
    )  # fmt: skip
    assert (other.card, other.certain) == ("", False)  # it has not applied
    assert office.desk.green_cards.take_replies("court", "法函〔2026〕2号", [(card, "1")]) == 1
    assert office.values("R24", card)["dept_scores"] == {"court": "1"}


def test_an_enterprise_applies_once_a_year_and_says_what_its_revenue_rests_on(office: Office, card: str) -> None:
    with pytest.raises(Refused, match="already"):
        office.desk.green_cards.apply(YEAR, office.firm, "1.00", "2025年")
    with pytest.raises(Refused, match="basis"):
        office.desk.green_cards.apply(YEAR, office.other, "1.00", " ")
