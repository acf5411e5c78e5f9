"""The complaint desk: intake, the steps to the end, conflicts of interest, the effect on a member's archive."""

from __future__ import annotations

from datetime import date

import pytest

from jmdesk.complaints.intake import Intake
from jmdesk.complaints.queries import ComplaintFilter
from jmdesk.complaints.rules import nearest
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from tests.jmdesk.complaints.association import FIRM, RIVAL, Person, add_firm, complaint, intake


@pytest.fixture
def clerk(desk: Desk) -> Person:
    return Person(desk, ("R3",))


@pytest.fixture
def chief(desk: Desk) -> Person:
    return Person(desk, ("R4",))


@pytest.fixture
def general(desk: Desk) -> Person:
    return Person(desk, ("R13",))


@pytest.fixture
def firm(desk: Desk) -> str:
    return add_firm(desk)


def mediated(clerk: Person, chief: Person, firm: str) -> str:
    """A complaint that came to an agreement and was told so."""
    rid = clerk.at_desk.register(intake(firm)).record.rid
    chief.at_desk.take(rid, "accept")
    clerk.at_desk.take(rid, "reply", {"reply": "同意换货"})
    clerk.at_desk.take(rid, "mediate", {"mediator": clerk.user})
    clerk.at_desk.take(rid, "agree", {"terms": "七日内换货", "due": "2026-12-01"})
    clerk.at_desk.take(rid, "notify", {"how": "电话"})
    return rid


def found(clerk: Person, chief: Person, firm: str) -> str:
    """The same with a finding that a second person checked."""
    rid = mediated(clerk, chief, firm)
    clerk.at_desk.take(rid, "propose_finding", {"fault": "1", "ground": "经检验确无声"})
    chief.at_desk.take(rid, "confirm_finding", {"fault": "1"})
    return rid


def refusal(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.code


def test_a_complaint_gets_its_number_its_receipt_and_its_clock_at_once(clerk: Person, firm: str) -> None:
    case = clerk.at_desk.register(intake(firm))
    values = case.record.values
    assert values["complaint_no"] == "TS44078500202600001"
    assert (values["respondent_is_member"], values["handler_id"]) == (True, clerk.user)
    waits = nearest(case.standing, values, date(2026, 11, 22))
    assert waits is not None
    assert (waits.label, waits.day, waits.waits_for) == ("受理决定", date(2026, 12, 1), "协会")


def test_what_is_missing_is_named_all_at_once(clerk: Person) -> None:
    with pytest.raises(Refused) as refused:
        clerk.at_desk.register(Intake({"complainant_kind": "1", "channel": "2"}))
    assert refused.value.params["missing"] == "被投诉方、产品或服务、问题类别、请求、事实、投诉人姓名(或选匿名)"
    assert clerk.at_desk.count(ComplaintFilter()) == 0


def test_an_anonymous_complaint_holds_nobody(clerk: Person) -> None:
    values = clerk.at_desk.register(intake(is_anonymous=True)).record.values
    assert not {"complainant_name", "complainant_phone"} & values.keys()
    assert values["respondent_is_member"] is False


def test_a_consumer_is_told_of_12315_before_acceptance_and_the_choice_stays(
    clerk: Person, chief: Person, firm: str
) -> None:
    rid = clerk.at_desk.register(intake(firm, choice="not_told")).record.rid
    with pytest.raises(Refused) as refused:
        chief.at_desk.take(rid, "accept")
    assert refused.value.params["missing"] == "告知渠道后的选择"
    told = clerk.at_desk.register(intake(firm)).record.rid
    case = chief.at_desk.take(told, "accept")
    assert case.taken[-1].details["choice"] == "已告知：协会调解可能使12315不再受理；本人选择由协会调解"


def test_a_business_has_sixty_working_days_and_no_choice_to_make(clerk: Person, chief: Person, firm: str) -> None:
    for kind, clock, days in (("1", "mediation", 45), ("2", "mediation_business", 60)):
        rid = clerk.at_desk.register(intake(firm, complainant_kind=kind)).record.rid
        case = chief.at_desk.take(rid, "accept")
        (due,) = (due for due in case.open_dues() if due.clock.id.startswith("mediation"))
        assert (due.clock.id, due.clock.days) == (clock, days)


def test_the_one_who_took_it_down_does_not_accept_it(clerk: Person, desk: Desk, firm: str) -> None:
    both = Person(desk, ("R3", "R13"))
    rid = both.at_desk.register(intake(firm)).record.rid
    with pytest.raises(Refused) as refused:
        both.at_desk.take(rid, "accept")
    assert refusal(refused) == "workflows.same_person"


def test_missing_material_is_no_ground_before_it_was_asked_for(clerk: Person, chief: Person, firm: str) -> None:
    rid = clerk.at_desk.register(intake(firm)).record.rid
    with pytest.raises(Refused) as refused:
        chief.at_desk.take(rid, "refuse_material", {"ground": "没有票据"})
    assert refusal(refused) == "workflows.not_now"
    clerk.at_desk.take(rid, "request_material", {"missing": "购买凭证"})
    assert chief.at_desk.take(rid, "refuse_material", {"ground": "没有票据"}).label == "不属于本会调解范围"


@pytest.mark.parametrize(
    ("step", "more", "code"),
    [
        ("refuse_nonmember", {}, "complaints.is_member"),
        ("refuse_late", {"known_date": "2023-11-22"}, "complaints.not_late"),
    ],
)
def test_a_ground_that_the_facts_do_not_bear_is_refused(
    clerk: Person, chief: Person, firm: str, step: str, more: dict[str, str], code: str
) -> None:
    rid = clerk.at_desk.register(intake(firm, **more)).record.rid
    with pytest.raises(Refused) as refused:
        chief.at_desk.take(rid, step, {"ground": "理由"})
    assert refusal(refused) == code


def test_three_years_and_a_day_are_too_long(clerk: Person, chief: Person, firm: str) -> None:
    rid = clerk.at_desk.register(intake(firm, known_date="2023-11-21")).record.rid
    case = chief.at_desk.take(rid, "refuse_late", {"ground": "知悉已超三年"})
    assert case.is_final
    assert clerk.at_desk.get(rid).values["accept_decision"] == "3"


def test_a_letter_written_down_late_counts_from_its_day_and_by_its_rule(clerk: Person, firm: str) -> None:
    case = clerk.at_desk.register(Intake(complaint(firm), "association", on=date(2019, 12, 30)))
    assert case.standing.definition.version == "2014-03"
    assert case.record.values["received_at"] == "2019-12-30T01:00:00Z"
    assert str(case.record.values["complaint_no"]).startswith("TS440785002019")
    assert case.standing.open_dues()[0].day == date(2020, 1, 9)


def test_a_whole_case_to_a_finding_by_two(clerk: Person, chief: Person, firm: str) -> None:
    rid = mediated(clerk, chief, firm)
    values = clerk.at_desk.get(rid).values
    assert (values["outcome"], values["agreement_due"], values["mediator_id"]) == ("2", "2026-12-01", clerk.user)
    clerk.at_desk.take(rid, "propose_finding", {"fault": "1", "ground": "经检验确无声"})
    assert "fault" not in clerk.at_desk.get(rid).values
    with pytest.raises(Refused) as refused:
        chief.at_desk.take(rid, "confirm_finding", {"fault": "3"})
    assert refusal(refused) == "complaints.finding_differs"
    chief.at_desk.take(rid, "confirm_finding", {"fault": "1"})
    clerk.at_desk.take(rid, "call", {"satisfaction": 4})
    clerk.at_desk.take(rid, "perform", {"performed": "1"})
    with pytest.raises(Refused) as refused:
        clerk.at_desk.take(rid, "close")
    assert refused.value.params["missing"] == "挽回经济损失(元)"
    clerk.at_desk.take(rid, "close", {"recovered": "680.00"})
    values = clerk.at_desk.get(rid).values
    assert values["recovered_amount"] == "680.00"
    assert (values["fault"], values["satisfaction"], values["agreement_performed"]) == ("1", 4, "1")
    assert clerk.at_desk.under_way() == []


def test_the_effect_on_the_archive_is_a_second_persons_and_waits_for_an_appeal(
    desk: Desk, clerk: Person, chief: Person, general: Person, firm: str
) -> None:
    rid = found(clerk, chief, firm)
    clerk.at_desk.take(rid, "archive", {"polarity": "3"})
    (event,) = desk.records.find("R21")
    assert (event.values["uscc"], event.values["event_cat"], event.values["publicity"]) == (firm, "23", "U")
    with pytest.raises(Refused) as refused:
        clerk.seat.workflows.take("W6", "R21", event.rid, "check", details={"evidence": "检验报告"})
    assert refusal(refused) in ("workflows.same_person", "workflows.role")
    chief.seat.workflows.take("W6", "R21", event.rid, "check", details={"evidence": "检验报告"})
    assert "何秀英" not in str(event.values)
    with pytest.raises(Refused) as refused:
        clerk.at_desk.take(rid, "archive", {"polarity": "3"})
    assert refusal(refused) == "complaints.archived_already"
    clerk.at_desk.take(rid, "appeal", {"ground": "检验样品不是本厂产品"})
    paused = desk.records.get("R21", event.rid).record.values
    assert (paused["publicity"], paused["repair_status"]) == ("U", "3")
    with pytest.raises(Refused) as refused:
        chief.seat.workflows.take("W6", "R21", event.rid, "effect", details={"ground": "属实"})
    assert refusal(refused) == "complaints.appeal_runs"
    with pytest.raises(Refused):
        chief.at_desk.take(rid, "uphold", {"ground": "样品封条完好"})
    general.at_desk.take(rid, "uphold", {"ground": "样品封条完好"})
    assert desk.records.get("R21", event.rid).record.values["repair_status"] == "1"
    assert desk.workflows.under_way("W6").keys() == {event.rid}


def test_an_appeal_that_holds_voids_the_event_and_the_finding(
    desk: Desk, clerk: Person, chief: Person, general: Person, firm: str
) -> None:
    rid = found(clerk, chief, firm)
    chief.at_desk.take(rid, "archive", {"polarity": "3"})
    clerk.at_desk.take(rid, "appeal", {"ground": "检验样品不是本厂产品"})
    case = general.at_desk.take(rid, "revoke", {"ground": "样品确非本厂产品"})
    assert case.label == "已告知结果"
    assert desk.records.find("R21") == []
    assert desk.workflows.under_way("W6") == {}
    assert "fault" not in clerk.at_desk.get(rid).values


def test_a_bad_event_needs_a_finding_that_bears_it(clerk: Person, chief: Person, firm: str) -> None:
    rid = mediated(clerk, chief, firm)
    clerk.at_desk.take(rid, "propose_finding", {"fault": "3", "ground": "经检验完好"})
    chief.at_desk.take(rid, "confirm_finding", {"fault": "3"})
    with pytest.raises(Refused) as refused:
        chief.at_desk.take(rid, "archive", {"polarity": "4"})
    assert refusal(refused) == "complaints.no_fault"


def test_a_case_against_the_officers_own_firm_passes_him_by(
    desk: Desk, clerk: Person, general: Person, firm: str
) -> None:
    other = Person(desk, ("R3",))
    rid = other.at_desk.register(intake(firm)).record.rid
    clerk.at_desk.declare([FIRM])
    for act in (
        lambda: clerk.at_desk.get(rid),
        lambda: clerk.at_desk.take(rid, "request_material", {"missing": "票据"}),
        lambda: clerk.at_desk.register(intake(firm)),
        lambda: clerk.at_desk.register(intake()),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refusal(refused) == "complaints.interest"
    assert clerk.at_desk.page(ComplaintFilter(), 0, 10) == []
    assert clerk.at_desk.under_way() == []
    assert general.at_desk.count(ComplaintFilter()) == 1


def test_an_office_bearer_with_a_firm_sees_no_complaint_and_the_secretary_general_acts(
    desk: Desk, clerk: Person, chief: Person, general: Person, firm: str
) -> None:
    add_firm(desk, RIVAL, "恩平某音响厂")
    rid = clerk.at_desk.register(intake(firm)).record.rid
    chief.at_desk.declare([RIVAL])
    for act in (
        lambda: chief.at_desk.get(rid),
        lambda: chief.at_desk.count(ComplaintFilter()),
        chief.at_desk.under_way,
        lambda: chief.at_desk.take(rid, "accept"),
    ):
        with pytest.raises(Refused) as refused:
            act()
        assert refusal(refused) == "complaints.office_bearer"
    assert general.at_desk.take(rid, "accept").label == "已受理，待企业答复"


def test_only_the_secretary_general_declares_for_others(
    clerk: Person, chief: Person, general: Person, firm: str
) -> None:
    assert firm
    with pytest.raises(Refused) as refused:
        chief.at_desk.declare([FIRM], clerk.user)
    assert refusal(refused) == "complaints.declare_for_others"
    general.at_desk.declare([FIRM], clerk.user)
    assert clerk.at_desk.declared() == (FIRM,)


def test_a_mediator_with_an_interest_or_who_withdrew_is_not_appointed(
    desk: Desk, clerk: Person, chief: Person, general: Person, firm: str
) -> None:
    rid = clerk.at_desk.register(intake(firm)).record.rid
    general.at_desk.take(rid, "accept")
    chief.at_desk.declare([FIRM])
    for mediator in (chief.user, "nobody"):
        with pytest.raises(Refused) as refused:
            clerk.at_desk.take(rid, "mediate", {"mediator": mediator})
        assert refusal(refused).startswith("complaints.mediator_")
    clerk.at_desk.take(rid, "mediate", {"mediator": clerk.user})
    clerk.at_desk.take(rid, "recuse", {"ground": "与投诉人相识"})
    with pytest.raises(Refused) as refused:
        clerk.at_desk.take(rid, "mediate", {"mediator": clerk.user})
    assert refusal(refused) == "complaints.mediator_recused"
    clerk.at_desk.take(rid, "mediate", {"mediator": general.user})


def test_complaints_about_one_order_and_one_product_stand_together(clerk: Person, firm: str) -> None:
    first = clerk.at_desk.register(intake(firm)).record
    alike = clerk.at_desk.register(intake(firm, order_no="DD9", product="无线 话筒")).record
    other = clerk.at_desk.register(intake(firm, order_no="DD8", product="音箱")).record
    clerk.at_desk.register(intake(respondent_name="别家"))
    related = clerk.at_desk.related(complaint(firm))
    assert [(one.rid, one.same_order, one.same_product) for one in related] == [
        (first.rid, True, True),
        (alike.rid, False, True),
        (other.rid, False, False),
    ]


def test_a_closed_case_is_reopened_with_fresh_clocks(clerk: Person, chief: Person, firm: str) -> None:
    rid = mediated(clerk, chief, firm)
    clerk.at_desk.take(rid, "close", {"recovered": "680.00"})
    case = chief.at_desk.take(rid, "reopen", {"ground": "换来的仍然无声"})
    assert {due.clock.id for due in case.open_dues()} == {"reply", "mediation"}
    assert not {"outcome", "closed_at", "recovered_amount"} & clerk.at_desk.get(rid).values.keys()


def test_generic_pages_keep_a_person_away_too(clerk: Person, firm: str) -> None:
    own = clerk.at_desk.register(intake(firm)).record.rid
    other = clerk.at_desk.register(intake(respondent_name="别家")).record.rid
    seat = clerk.seat
    assert seat.records.count("R22") == 2
    clerk.at_desk.declare([FIRM])
    seat.judge_anew()
    assert [one.rid for one in seat.records.find("R22")] == [other]
    assert seat.records.count("R22") == 1
    for look in (lambda: seat.records.get("R22", own), lambda: seat.records.history(own)):
        with pytest.raises(Refused) as refused:
            look()
        assert refusal(refused) == "permissions.interest"


def test_the_desk_goes_by_a_declaration_at_once(desk: Desk, firm: str) -> None:
    rid = desk.complaints.register(intake(firm)).record.rid
    desk.complaints.declare([FIRM])
    with pytest.raises(Refused) as refused:
        desk.records.get("R22", rid)
    assert refusal(refused) == "permissions.interest"
    desk.complaints.declare([])
    assert desk.records.get("R22", rid).record.rid == rid


def test_an_office_bearer_with_a_firm_sees_no_rivals_revenue_anywhere(desk: Desk, chief: Person, firm: str) -> None:
    assert firm
    rival = add_firm(desk, RIVAL, "恩平某音响厂", revenue_main="900.00", revenue_year=2025)
    seat = chief.seat
    assert seat.records.get("R20", rival).record.values["revenue_main"] == "900.00"
    chief.at_desk.declare([FIRM])
    seat.judge_anew()
    assert not {"revenue_main", "revenue_year"} & seat.records.get("R20", rival).record.values.keys()
    assert not seat.records.guard.may("read", "R22")
