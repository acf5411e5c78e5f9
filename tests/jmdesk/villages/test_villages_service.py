"""Villages from their dossiers: the worked example end to end, each missing cause, banks, objections, recomputation."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.permissions.guard import Guard
from jmdesk.permissions.matrix import shipped as matrix
from jmdesk.villages.figures import missing_sentence
from jmdesk.villages.service import View
from jmdesk.workflows.service import Workflows
from tests.desks import VILLAGE
from tests.villages import (
    OTHER_BANK,
    YEAR,
    add_household,
    add_households,
    add_rating,
    count_residents,
    report_loans,
    worked_example,
)


def view(desk: Desk) -> View:
    return desk.villages.view(VILLAGE, YEAR)


def test_the_worked_example_comes_out_of_its_dossiers(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "塘洲村委会，村民代表会议决议 2026-11 号")
    before = view(desk)
    assert before.assessment.unknown == ("申报村干部无法律文书认定的需关注事项", "村集体组织与清收配合(镇评)")
    desk.villages.give("R17", rid, "organisation", "8", "镇评分表 2026-11-20")
    found = desk.villages.give("R17", rid, "cadres_clean", "yes", "“信用中国”查询 2026-11-20")
    points = {item.id: item.points for item in found.assessment.items}
    assert points == {
        "filed": 15, "credit": 22, "no_arrears": 17, "npl": 12, "organisation": 8, "line": 3, "quality": 5,
    }  # fmt: skip
    assert (found.assessment.score, found.assessment.outcome) == (Decimal("82.0"), "1")
    kept = desk.records.get("R17", rid).record.values
    assert (kept["hh_base"], kept["hh_filed"], kept["hh_credit"]) == (400, 360, 300)
    assert (kept["loan_balance"], kept["npl_prev"], kept["score"], kept["village_grade"]) == (
        "8000000.00", "2.000", "82.0", "1",
    )  # fmt: skip


def test_a_result_is_recomputed_the_same_whatever_changed_since(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    desk.villages.give("R17", rid, "organisation", "8", "镇评分表")
    then = desk.villages.give("R17", rid, "cadres_clean", "yes", "查询").assessment
    count_residents(desk, 900, day="2026-06-30")
    assert desk.villages.recomputed("R17", rid) == then


def test_an_application_shows_what_it_was_counted_with_until_it_is_counted_anew(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    assert view(desk).changed == ()
    count_residents(desk, 900, day="2026-06-30")
    found = view(desk)
    assert (found.standing.figure("hh_base").value, found.changed) == (400, ("常住农户",))
    anew = desk.villages.refresh("R17", rid)
    assert (anew.standing.figure("hh_base").value, anew.changed) == (900, ())


def test_a_figure_that_this_desk_itself_does_not_know_any_more_is_gone(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    for reported in desk.records.find("R19"):
        desk.records.void("R19", reported.rid, "报错村")
    assert desk.villages.refresh("R17", rid).standing.figure("hh_loan").value is None


def test_every_figure_says_its_basis_source_and_day_and_opens_its_list(desk: Desk) -> None:
    households = worked_example(desk)
    standing = view(desk).standing
    base, credit, loans = (standing.figure(name) for name in ("hh_base", "hh_credit", "hh_loan"))
    assert (base.basis, base.source, base.as_of) == ("年末常住农户", "镇政府年报", "2025-12-31")
    assert (credit.source, credit.as_of) == ("本机农户档案", "2026-11-22")
    assert (loans.basis, loans.source, loans.as_of) == ("银行客户户", "银行村级月度汇总", "2026-10")
    assert [line.rid for line in desk.villages.listed(VILLAGE, YEAR, "credit")] == list(households[:300])


@pytest.mark.parametrize(
    ("archive", "grade", "status", "words"),
    [
        ("10", "", "", "档案未填完整 1 户"),
        ("30", "", "", "本年度尚未评定 1 户"),
        ("30", "AA", "30", "评定办理中、尚未认定 1 户"),
    ],
)
def test_what_is_missing_is_told_as_households_by_cause(
    desk: Desk, archive: str, grade: str, status: str, words: str
) -> None:
    count_residents(desk, 3)
    with desk.records.writing("import") as writer:
        add_rating(writer, add_household(writer, 1))
        rid = add_household(writer, 2, archive=archive)
        if grade:
            add_rating(writer, rid, grade, status)
    said = missing_sentence(view(desk).standing)
    assert f"未建档 1 户，{words}" in said
    assert "信用户" not in said


def test_a_household_whose_consent_is_missing_is_told_as_such(desk: Desk) -> None:
    count_residents(desk, 1)
    with desk.records.writing("import") as writer:
        rid = add_household(writer, 1)
        writer.create("R10", {"household_id": rid, "creditor_type": "1", "balance": "1000.00"}, checked=True)
    standing = view(desk).standing
    assert standing.causes["consent"] == 1
    assert [line.rid for line in desk.villages.listed(VILLAGE, YEAR, "consent")] == [rid]


@pytest.mark.parametrize(
    ("grade", "status", "more", "counts"),
    [
        ("A", "50", {}, 1),
        ("AAA", "60", {}, 1),
        ("B", "50", {}, 0),
        ("A", "80", {}, 0),
        ("A", "50", {"veto_codes": ["V3"]}, 0),
        ("A", "50", {"year": 2025}, 0),
        ("A", "50", {"year": 2025, "valid_to": "2027-12-31"}, 1),
    ],
)
def test_a_credit_household_is_a_or_above_concluded_valid_and_without_veto(
    desk: Desk, grade: str, status: str, more: dict[str, object], counts: int
) -> None:
    year = int(str(more.pop("year", YEAR))) if "year" in more else YEAR
    with desk.records.writing("import") as writer:
        add_rating(writer, add_household(writer, 1), grade, status, year=year, **more)
    assert view(desk).standing.figure("hh_credit").value == counts


def test_a_household_that_lives_away_is_in_no_count(desk: Desk) -> None:
    with desk.records.writing("import") as writer:
        for reside, n in (("3", 1), ("4", 2), ("2", 3)):
            add_rating(writer, add_household(writer, n, reside=reside))
    standing = view(desk).standing
    assert (standing.figure("hh_filed").value, standing.figure("hh_credit").value) == (1, 1)
    assert len(standing.lists["away"]) == 2


def test_an_upheld_objection_takes_the_household_out(desk: Desk) -> None:
    with desk.records.writing("import") as writer:
        household = add_household(writer, 1)
        rating = add_rating(writer, household)
        writer.create(
            "R25",
            {"case_kind": "1", "target_ref": f"R16:{rating}", "received_at": "2026-09-01T01:00:00Z",
             "replied_at": "2026-11-20T01:00:00Z", "result": "1", "reason": "误记"},
            checked=True,
        )  # fmt: skip
    standing = view(desk).standing
    assert (standing.figure("hh_credit").value, standing.causes["objected"]) == (0, 1)
    # Answered after its day: the points for objections in time are gone, those for verified archives stay.
    assert standing.figure("quality").value == Fraction(3)


def test_figures_that_nobody_gave_are_unknown_and_named(desk: Desk) -> None:
    add_households(desk, 2, 2)
    found = view(desk)
    assert found.assessment.outcome is None
    assert found.standing.figure("hh_base").value is None
    assert "常住农户" in missing_sentence(found.standing)


def test_registered_households_are_no_denominator(desk: Desk) -> None:
    count_residents(desk, 400, basis="1")
    base = view(desk).standing.figure("hh_base")
    assert base.value is None
    assert "户籍户" in base.note


def test_several_banks_are_added_up_and_marked(desk: Desk) -> None:
    report_loans(desk, "202609", 60, 5, "100.00", "1.00", bank=OTHER_BANK)
    report_loans(desk, "202610", 50, 2, "300.00", "0.00", lines=9)
    report_loans(desk, "202610", 30, 1, "200.00", "5.00", bank=OTHER_BANK)
    standing = view(desk).standing
    loans, clean, lines = (standing.figure(name) for name in ("hh_loan", "hh_no_arrears", "hh_line"))
    assert (loans.value, clean.value, standing.figure("npl_balance").value) == (80, 77, 5)
    assert "可能重复" in loans.note
    assert "1 家银行未报此项" in lines.note


def test_a_bank_that_fell_silent_is_told(desk: Desk) -> None:
    report_loans(desk, "202609", 60, 5, "100.00", "1.00", bank=OTHER_BANK)
    report_loans(desk, "202610", 50, 2, "300.00", "0.00")
    assert "1 家银行本月未报" in view(desk).standing.figure("hh_loan").note


def test_without_grounds_nothing_is_put_in(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    for name, value, basis, code in (
        ("organisation", "8", " ", "villages.basis"),
        ("organisation", "11", "表", "villages.value"),
        ("organisation", "很好", "表", "villages.value"),
    ):
        with pytest.raises(Refused) as caught:
            desk.villages.give("R17", rid, name, value, basis)
        assert caught.value.code == code


def test_a_year_has_one_application(desk: Desk) -> None:
    desk.villages.apply(VILLAGE, YEAR, "决议")
    with pytest.raises(Refused) as caught:
        desk.villages.apply(VILLAGE, YEAR, "决议")
    assert caught.value.code == "villages.applied"


def as_role(desk: Desk, role: str, *regions: str) -> None:
    """Go on as somebody with one role."""
    desk.records.guard = Guard(matrix(), frozenset({role}), regions)


def test_a_village_collector_sees_no_bank_figures_and_applies_for_the_village_alone(desk: Desk) -> None:
    worked_example(desk)
    as_role(desk, "R1", VILLAGE)
    assert not desk.villages.sees_banks(VILLAGE)
    with pytest.raises(Refused) as caught:
        desk.villages.apply(f"{VILLAGE[:9]}000", YEAR, "决议")
    assert caught.value.code == "permissions.action"
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    assert desk.workflows.standing("W3", "R17", rid).state == "applied"


def test_who_applies_gives_the_village_no_points(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    assert desk.villages.may_judge("R17", rid)
    collector = Workflows(desk, actor=desk.ids.new(), unit=desk.unit, roles=lambda: frozenset({"R1"}))
    monkeypatch.setitem(vars(desk), "workflows", collector)
    assert not desk.villages.may_judge("R17", rid)
    with pytest.raises(Refused) as caught:
        desk.villages.give("R17", rid, "organisation", "10", "自评")
    assert caught.value.code == "villages.reviewers"
    desk.villages.give("R17", rid, "npl_prev", "1.5", "银行回函")


def test_a_town_officer_sees_the_banks_and_a_bank_sees_no_village(desk: Desk) -> None:
    as_role(desk, "R2", VILLAGE[:9])
    assert desk.villages.sees_banks(VILLAGE)
    as_role(desk, "R6")
    assert desk.villages.is_bank()
    with pytest.raises(Refused) as caught:
        view(desk)
    assert caught.value.code == "permissions.action"


def test_the_board_adds_up_towns_and_tells_which_villages_lack_a_count(desk: Desk) -> None:
    worked_example(desk)
    other = "440785109213"
    add_households(desk, 3, 3, village=other)
    board = desk.villages.board(years=5)
    village, town = board.places[VILLAGE], board.places[f"{VILLAGE[:9]}000"]
    assert (village.share, village.progress) == (Fraction(75), Fraction(300 * 100, 360))
    assert (town.credit, town.filed, town.base, town.lacking) == (303, 363, None, 1)
    assert [place.code for place in board.below(town.code)] == [other, VILLAGE]
    assert village.years == {2022: 0, 2023: 0, 2024: 0, 2025: 0, 2026: 300}
