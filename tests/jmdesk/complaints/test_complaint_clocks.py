"""The time limits of complaints: dates counted by hand over real holidays, and what holds for every case.

The dates were counted on the State Council's holiday notices of each year, day by day; the remark says what lies in
the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.calendar import work_calendar
from jmdesk.complaints.rules import escalated, is_late
from jmdesk.workflows.definition import book
from jmdesk.workflows.standing import Due, Event, Standing, standing

CALENDAR = work_calendar()
OLD, NEW = book().version("W7", "2014-03"), book().version("W7", "2020-01")
DAY = timedelta(days=1)
KINDS = ("1", "2", "3", "4")


def event(n: int, step: str, day: date, kind: str = "1") -> Event:
    """A step at ten in the morning, Beijing time."""
    return Event(f"{n:03d}", step, f"{day.isoformat()}T02:00:00Z", "a", "u", "", {"complainant_kind": kind})


def case(*steps: tuple[str, date], kind: str = "1", old: bool = False) -> Standing:
    """A case with these steps."""
    events = [event(n, step, day, kind) for n, (step, day) in enumerate(steps)]
    return standing(OLD if old else NEW, events, CALENDAR)


def due(found: Standing, clock: str) -> Due:
    return next(one for one in found.dues if one.clock.id == clock)


ACCEPTANCE = [
    ("2015-08-31", "2015-09-10"),  # 3 to 5 September off, Sunday 6 worked
    ("2015-09-28", "2015-10-13"),  # 1 to 7 October off, Saturday 10 worked
    ("2016-02-03", "2016-02-17"),  # 7 to 13 February off, Saturday 6 and Sunday 14 worked
    ("2017-09-27", "2017-10-12"),  # 1 to 8 October off, Saturday 30 September worked
    ("2018-04-24", "2018-05-04"),  # 29 April to 1 May off, Saturday 28 worked
    ("2019-04-25", "2019-05-07"),  # 1 to 4 May off, Sundays 28 April and 5 May worked
    ("2020-01-20", "2020-02-06"),  # 24 January to 2 February off, as prolonged in the epidemic
    ("2021-09-24", "2021-10-09"),  # 1 to 7 October off, Sunday 26 September and Saturday 9 October worked
    ("2022-01-27", "2022-02-10"),  # 31 January to 6 February off, Saturday 29 and Sunday 30 worked
    ("2023-09-27", "2023-10-12"),  # 29 September to 6 October off, Saturday 7 and Sunday 8 worked
    ("2024-02-07", "2024-02-22"),  # 10 to 17 February off, Sunday 18 worked
    ("2025-09-26", "2025-10-13"),  # 1 to 8 October off, Sunday 28 September and Saturday 11 October worked
    ("2026-02-12", "2026-02-28"),  # 15 to 23 February off, Saturdays 14 and 28 worked
]


@pytest.mark.parametrize(("received", "last"), ACCEPTANCE)
@pytest.mark.parametrize("old", [False, True])
def test_the_decision_is_due_seven_working_days_after_receipt(received: str, last: str, *, old: bool) -> None:
    found = due(case(("receive", date.fromisoformat(received)), old=old), "acceptance")
    assert (found.day, found.provisional) == (date.fromisoformat(last), False)


@pytest.mark.parametrize(
    ("accepted", "kind", "clock", "last"),
    [
        ("2020-03-16", "1", "mediation", "2020-05-20"),  # Qingming, May; Sunday 26 April and Saturday 9 May worked
        ("2022-12-01", "1", "mediation", "2023-02-08"),  # New Year, Spring Festival; 28 and 29 January worked
        ("2024-09-02", "1", "mediation", "2024-11-08"),  # Mid-Autumn, National Day; three weekend days worked
        ("2025-01-02", "2", "mediation_business", "2025-04-02"),  # Spring Festival; 26 January, 8 February worked
        ("2025-01-02", "4", "mediation_business", "2025-04-02"),
    ],
)
def test_mediation_ends_after_45_working_days_or_60_between_businesses(
    accepted: str, kind: str, clock: str, last: str
) -> None:
    day = date.fromisoformat(accepted)
    found = case(("receive", day), ("accept", day), kind=kind)
    assert due(found, clock).day == date.fromisoformat(last)
    assert sum(one.clock.id.startswith("mediation") for one in found.dues) == 1


@pytest.mark.parametrize(
    ("accepted", "last"),
    [
        ("2015-08-03", "2015-10-08"),  # the sixtieth day is 2 October, within the holidays
        ("2016-11-30", "2017-02-03"),  # the sixtieth day is 29 January, within the Spring Festival
        ("2019-11-01", "2019-12-31"),  # a Tuesday
        ("2019-12-20", "2020-02-18"),  # an old case keeps its rule in the new year
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_until_2019_mediation_ended_after_sixty_days_for_everybody(accepted: str, last: str, kind: str) -> None:
    day = date.fromisoformat(accepted)
    assert due(case(("receive", day), ("accept", day), kind=kind, old=True), "mediation").day == date.fromisoformat(
        last
    )


@pytest.mark.parametrize(
    ("accepted", "last"),
    [
        ("2017-05-26", "2017-06-12"),  # 28 to 30 May off, Saturday 27 worked
        ("2018-02-12", "2018-03-02"),  # 15 to 21 February off, Saturday 24 worked
    ],
)
def test_the_enterprise_has_ten_working_days(accepted: str, last: str) -> None:
    day = date.fromisoformat(accepted)
    assert due(case(("receive", day), ("accept", day)), "reply").day == date.fromisoformat(last)


def test_the_result_is_told_within_seven_working_days() -> None:
    # Concluded on Monday 30 September 2019; 1 to 7 October off, Saturday 12 worked.
    day = date(2019, 9, 30)
    assert due(case(("receive", day), ("accept", day), ("settle", day)), "notice").day == date(2019, 10, 15)


def test_testing_stops_the_clock_for_its_days() -> None:
    day = date(2026, 3, 2)
    begun = [("receive", day), ("accept", day), ("mediate", day)]
    assert due(case(*begun), "mediation").day == date(2026, 5, 8)
    testing = [*begun, ("test_begin", date(2026, 3, 9))]
    assert due(case(*testing), "mediation").day is None
    # 9 to 15 March do not count: five working days more, of which the first is Saturday 9 May, worked.
    assert due(case(*testing, ("test_end", date(2026, 3, 16))), "mediation").day == date(2026, 5, 14)


def test_the_decision_waits_while_the_complainant_completes_the_material() -> None:
    # Received on Thursday 12 November 2026; asked on the 13th, complete on the 23rd: seven days from the 23rd on.
    steps = [("receive", date(2026, 11, 12)), ("request_material", date(2026, 11, 13))]
    waiting = case(*steps)
    assert due(waiting, "acceptance").day is None
    assert (due(waiting, "material").day, due(waiting, "material").clock.waits_for) == (date(2026, 11, 27), "投诉人")
    assert due(case(*steps, ("material", date(2026, 11, 23))), "acceptance").day == date(2026, 12, 1)


def test_a_year_without_a_published_calendar_is_provisional() -> None:
    day = date(2026, 12, 28)
    found = due(case(("receive", day)), "acceptance")
    assert (found.day, found.provisional) == (date(2027, 1, 6), True)


@pytest.mark.parametrize(
    ("known", "received", "late"),
    [
        ("2023-03-10", "2026-03-10", False),
        ("2023-03-10", "2026-03-11", True),
        ("2020-02-29", "2023-02-28", False),
        ("2020-02-29", "2023-03-01", True),
    ],
)
def test_three_years_end_on_their_day(known: str, received: str, late: bool) -> None:
    assert is_late({"known_date": known, "received_at": f"{received}T02:00:00Z"}) is late


@pytest.mark.parametrize(("days", "to"), [(0, ""), (1, "协会负责人"), (7, "协会负责人"), (8, "协会秘书长")])
def test_what_is_overdue_is_brought_before_the_next_one_up(days: int, to: str) -> None:
    assert escalated(date(2026, 3, 2), date(2026, 3, 2) + days * DAY) == to


# -- what holds for every case ---------------------------------------------------------------------------------------

STARTS = st.dates(date(2015, 1, 5), date(2026, 5, 29))
GAPS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), max_size=4)


def after_tests(start: date, gaps: Sequence[tuple[int, int]], kind: str, *, old: bool) -> tuple[Standing, set[date]]:
    """A case that was accepted on a day and tested so often, and the days that were paused."""
    steps, day, paused = [("receive", start), ("accept", start), ("mediate", start)], start, set[date]()
    for before, length in gaps:
        first = day + before * DAY
        day = first + length * DAY
        steps += [("test_begin", first), ("test_end", day)]
        paused |= {first + n * DAY for n in range(length)}
    return case(*steps, kind=kind, old=old), paused


def mediation(found: Standing) -> Due:
    return next(one for one in found.dues if one.clock.id.startswith("mediation"))


@given(STARTS, GAPS, st.sampled_from(KINDS))
def test_exactly_the_promised_working_days_lie_between_and_the_last_is_no_rest_day(
    start: date, gaps: list[tuple[int, int]], kind: str
) -> None:
    found, paused = after_tests(start, gaps, kind, old=False)
    limit = mediation(found)
    assert limit.day is not None
    between = [start + n * DAY for n in range(1, (limit.day - start).days + 1)]
    assert sum(CALENDAR.is_working_day(day) and day not in paused for day in between) == limit.clock.days
    assert CALENDAR.is_working_day(limit.day)
    assert limit.day not in paused


@given(STARTS, GAPS, st.sampled_from(KINDS), st.booleans())
def test_a_pause_never_shortens_a_limit_and_it_still_ends_on_a_working_day(
    start: date,
    gaps: list[tuple[int, int]],
    kind: str,
    old: bool,
) -> None:
    without = mediation(after_tests(start, [], kind, old=old)[0]).day
    found, _ = after_tests(start, gaps, kind, old=old)
    day = mediation(found).day
    assert day is not None
    assert without is not None
    assert day >= without > start
    assert CALENDAR.is_working_day(day)


@given(STARTS, st.integers(0, 40), st.sampled_from(KINDS), st.booleans())
def test_a_pause_that_ends_the_day_it_began_changes_nothing(
    start: date,
    before: int,
    kind: str,
    old: bool,
) -> None:
    without, _ = after_tests(start, [], kind, old=old)
    again, _ = after_tests(start, [(before, 0)], kind, old=old)
    assert mediation(again).day == mediation(without).day


@given(STARTS, st.integers(0, 400), st.sampled_from(KINDS))
def test_while_paused_nothing_is_due_and_nobody_is_late(start: date, later: int, kind: str) -> None:
    found = case(("receive", start), ("accept", start), ("mediate", start), ("test_begin", start), kind=kind)
    limit = mediation(found)
    assert limit.day is None
    assert limit.days_left(start + later * DAY) is None
    assert limit.in_time(start + later * DAY)


@given(STARTS, st.integers(0, 30), st.sampled_from(KINDS))
def test_no_limit_ever_ends_before_it_began_or_on_a_rest_day(start: date, later: int, kind: str) -> None:
    day = start + later * DAY
    found = case(("receive", start), ("accept", day), ("fail", day), kind=kind)
    for limit in found.dues:
        if limit.clock.id in ("acceptance", "notice"):
            assert limit.day is not None
            assert limit.day > limit.since
            assert CALENDAR.is_working_day(limit.day)
