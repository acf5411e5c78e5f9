"""Credit events: notice first, five working days, dated terms of publicity, repair here or elsewhere."""

from __future__ import annotations

import io
from datetime import date

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.core.errors import Refused
from jmdesk.enterprises.publicity import is_shown, months_later, term
from tests.offices import Days, Office


def text_of(document: bytes) -> str:
    """The words of a paper, its tables included."""
    found = docx.Document(io.BytesIO(document))
    cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(p.text for p in found.paragraphs), *cells])


@pytest.mark.parametrize(
    ("polarity", "begins", "shown", "until", "repair_from"),
    [
        ("4", date(2026, 3, 31), True, date(2029, 3, 30), date(2026, 6, 30)),
        ("4", date(2026, 4, 1), True, date(2027, 3, 31), date(2026, 7, 1)),
        ("3", date(2026, 4, 1), False, date(2026, 6, 30), date(2026, 4, 1)),
        ("5", date(2026, 4, 1), True, date(2029, 3, 31), date(2027, 4, 1)),
        ("5", date(2024, 2, 29), True, date(2027, 2, 27), date(2025, 2, 28)),
        ("3", date(2021, 5, 1), True, date(2024, 4, 30), date(2021, 8, 1)),
    ],
)
def test_the_term_follows_the_rule_in_force_on_the_day(
    polarity: str, begins: date, shown: bool, until: date, repair_from: date
) -> None:
    found = term(polarity, begins)
    assert (found.shown, found.until, found.repair_from) == (shown, until, repair_from)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.sampled_from(["3", "4", "5"]))
def test_repair_is_never_possible_only_after_the_term(begins: date, polarity: str) -> None:
    found = term(polarity, begins)
    assert begins <= found.repair_from <= found.until


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(-48, 48), st.integers(0, 24))
def test_months_go_forward_in_order(day: date, months: int, more: int) -> None:
    later = months_later(day, months)
    assert later <= months_later(day, months + more)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months


def test_a_bad_event_takes_effect_after_notice_and_five_working_days(office: Office, days: Days) -> None:
    event = office.event()
    assert office.values("R21", event)["publicity"] == "U"
    with pytest.raises(Refused, match="same_person"):
        office.take("clerk", "W6", event, "check", evidence="公约第八条")
    office.take("head", "W6", event, "check", evidence="公约第八条")
    with pytest.raises(Refused, match="notice_first"):
        office.take("head", "W6", event, "effect", ground="属实")
    office.take("clerk", "W6", event, "notify", how="挂号信")
    (paper,) = office.desk.papers.of("R21", event)
    words = text_of(office.desk.papers.document(paper.number))
    assert "恩平市云声音响制造有限公司" in words
    assert "2026-11-27前" in words  # Sunday 22 November: five working days later is Friday
    days(5)
    with pytest.raises(Refused, match="statement_period"):
        office.take("head", "W6", event, "effect", ground="没有陈述")
    days(1)
    assert office.take("head", "W6", event, "effect", ground="没有陈述") == "effective"
    values = office.values("R21", event)
    assert (values["publicity"], values["publicity_to"], values["repair_status"]) == ("P", "2027-11-27", "1")


def test_an_event_stops_showing_by_itself_after_its_last_day(office: Office, days: Days) -> None:
    event = office.event()
    office.take("head", "W6", event, "check", evidence="公约第八条")
    assert not is_shown(office.values("R21", event), date(2026, 11, 23))
    office.take("clerk", "W6", event, "notify", how="挂号信")
    office.take("clerk", "W6", event, "statement", statement="已改正。")
    office.take("head", "W6", event, "effect", ground="属实")
    shown = office.values("R21", event)
    assert is_shown(shown, date(2027, 11, 21))
    assert not is_shown(shown, date(2027, 11, 22))
    with pytest.raises(Refused, match="not_expired"):
        office.take("clerk", "W6", event, "expire")
    days(366)
    assert office.take("clerk", "W6", event, "expire") == "expired"


def test_a_good_event_needs_a_second_person_and_no_notice(office: Office) -> None:
    event = office.event(polarity="1", event_cat="06", content="市级质量奖。")
    office.take("head", "W6", event, "check", evidence="获奖文件")
    with pytest.raises(Refused, match="good_event"):
        office.take("clerk", "W6", event, "notify", how="挂号信")
    assert office.take("head", "W6", event, "effect", ground="属实") == "effective"
    assert is_shown(office.values("R21", event), date(2040, 1, 1))


def test_a_statement_that_holds_ends_the_event(office: Office) -> None:
    event = office.event()
    office.take("head", "W6", event, "check", evidence="公约第八条")
    office.take("clerk", "W6", event, "notify", how="当面")
    office.take("clerk", "W6", event, "statement", statement="不是本厂产品。")
    assert office.take("head", "W6", event, "dismiss", ground="确认不是该厂产品") == "dismissed"
    assert not is_shown(office.values("R21", event), date(2026, 11, 23))


def _effective(office: Office, **values: object) -> str:
    event = office.event(**values)
    office.take("head", "W6", event, "check", evidence="原件")
    office.take("clerk", "W6", event, "notify", how="当面")
    office.take("clerk", "W6", event, "statement", statement="无异议。")
    office.take("head", "W6", event, "effect", ground="属实")
    return event


def test_the_associations_own_record_is_repaired_here_by_a_second_person(office: Office, days: Days) -> None:
    event = _effective(office)
    with pytest.raises(Refused, match="repair_too_early"):
        office.take("clerk", "W6", event, "apply_repair", proof="整改报告", pledge="公开承诺书")
    days(92)
    office.take("clerk", "W6", event, "apply_repair", proof="整改报告", pledge="公开承诺书")
    with pytest.raises(Refused, match="same_person"):
        office.take("clerk", "W6", event, "repair", ground="已核实")
    assert office.take("head", "W6", event, "repair", ground="已核实") == "repaired"
    values = office.values("R21", event)
    assert values["repair_status"] == "4"
    assert not is_shown(values, office.desk.enterprises.today)


def test_an_authoritys_record_is_referred_with_a_letter(office: Office, days: Days) -> None:
    event = _effective(office, event_cat="02", basis_kind="1", doc_no="恩市监罚〔2026〕21号")
    days(92)
    office.take("clerk", "W6", event, "apply_repair", proof="缴款凭证", pledge="公开承诺书")
    with pytest.raises(Refused, match="repair_elsewhere"):
        office.take("head", "W6", event, "repair", ground="已核实")
    office.take("clerk", "W6", event, "refer", to="恩平市市场监督管理局")
    letter = office.desk.papers.of("R21", event)[-1]
    words = text_of(office.desk.papers.document(letter.number))
    assert letter.template == "repair-transfer"
    assert "恩平市市场监督管理局" in words
    assert "恩市监罚〔2026〕21号" in words
    assert office.take("clerk", "W6", event, "repaired_there", document="信修〔2027〕3号") == "repaired"
