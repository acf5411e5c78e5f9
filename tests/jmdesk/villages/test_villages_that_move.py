"""A village that is renamed or merged by a region package: its facts follow, and nothing is counted twice."""

from __future__ import annotations

from jmdesk.desk import Desk
from tests.desks import VILLAGE
from tests.packages import issue, regions_files
from tests.villages import YEAR, add_households, count_residents, report_loans, worked_example

NEIGHBOUR = "440785109213"


def merge(desk: Desk) -> None:
    """VILLAGE becomes a part of NEIGHBOUR."""
    desk.packages.take(issue("regions", "JM-QH-2026", files=regions_files((VILLAGE, NEIGHBOUR))), b"envelope")
    desk.renew()


def figures(desk: Desk) -> dict[str, object]:
    return {f.name: f.value for f in desk.villages.view(NEIGHBOUR, YEAR).standing.figures}


def test_the_facts_of_a_renamed_village_follow_it(desk: Desk) -> None:
    worked_example(desk)
    merge(desk)
    found = figures(desk)
    assert (found["hh_base"], found["hh_filed"], found["hh_credit"]) == (400, 360, 300)
    assert (found["hh_loan"], found["hh_no_arrears"], found["npl_prev"]) == (120, 110, 2)


def test_merged_villages_are_added_up_until_the_new_one_is_counted(desk: Desk) -> None:
    worked_example(desk)
    add_households(desk, 10, 5, village=NEIGHBOUR)
    count_residents(desk, 20, village=NEIGHBOUR)
    report_loans(desk, "202610", 3, 0, "10.00", "0.00", lines=1, village=NEIGHBOUR)
    merge(desk)
    standing = desk.villages.view(NEIGHBOUR, YEAR).standing
    base = standing.figure("hh_base")
    assert (base.value, base.note) == (420, "2 个原村之和")
    assert (standing.figure("hh_credit").value, standing.figure("hh_loan").value) == (305, 123)
    count_residents(desk, 415, village=NEIGHBOUR, day="2026-11-10")
    assert figures(desk)["hh_base"] == 415


def test_an_application_goes_on_after_a_renaming(desk: Desk) -> None:
    worked_example(desk)
    rid = desk.villages.apply(VILLAGE, YEAR, "决议")
    merge(desk)
    view = desk.villages.view(NEIGHBOUR, YEAR)
    assert view.record is not None
    assert view.record.rid == rid
    desk.villages.give("R17", rid, "organisation", "8", "表")
    desk.villages.give("R17", rid, "cadres_clean", "yes", "查询")
    kept = desk.records.get("R17", rid).record.values
    assert (kept["region_code"], kept["score"]) == (NEIGHBOUR, "82.0")


def test_the_board_counts_a_merged_village_once(desk: Desk) -> None:
    worked_example(desk)
    count_residents(desk, 20, village=NEIGHBOUR)
    merge(desk)
    board = desk.villages.board()
    assert VILLAGE not in board.places
    assert (board.places[NEIGHBOUR].base, board.places[NEIGHBOUR].credit) == (420, 300)


def test_past_years_of_both_names_stay_in_the_history(desk: Desk) -> None:
    with desk.records.writing("create") as writer:
        for code in (VILLAGE, NEIGHBOUR):
            writer.create("R17", {"region_code": code, "rating_year": 2025, "village_grade": "1"}, checked=True)
    merge(desk)
    assert [one.values["region_code"] for one in desk.villages.history(NEIGHBOUR)] == [NEIGHBOUR, VILLAGE]
