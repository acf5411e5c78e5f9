from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.calendar import WorkCalendar, work_calendar

C = work_calendar()
DAY = timedelta(days=1)
days = st.dates(date(2015, 1, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 13), True),
        (date(2026, 2, 14), True),  # a Saturday worked in place of the spring festival
        (date(2026, 2, 15), False),
        (date(2026, 2, 23), False),
        (date(2026, 2, 28), True),
        (date(2026, 3, 1), False),
        (date(2015, 1, 4), True),
    ],
)
def test_holidays_and_made_up_days_of_the_state_council(day: date, works: bool) -> None:
    assert C.is_working_day(day) == works


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        (date(2026, 2, 6), 6, date(2026, 2, 14)),
        (date(2026, 2, 6), 7, date(2026, 2, 24)),
        (date(2026, 2, 7), 7, date(2026, 2, 24)),  # where chinesecalendar's find_workday is a day late
        (date(2026, 3, 2), 1, date(2026, 3, 3)),
        (date(2026, 3, 2), 0, date(2026, 3, 2)),
    ],
)
def test_the_day_after_is_day_one(start: date, count: int, last: date) -> None:
    deadline = C.deadline(start, count)
    assert (deadline.day, deadline.provisional) == (last, False)


def test_a_deadline_ends_at_midnight_in_beijing() -> None:
    assert C.deadline(date(2026, 3, 2), 1).ends_at == "2026-03-03T16:00:00Z"


def test_a_deadline_into_an_unpublished_year_is_provisional() -> None:
    assert not C.deadline(date(2026, 12, 30), 1).provisional
    assert C.deadline(date(2026, 12, 30), 2).provisional
    assert C.natural_deadline(date(2026, 12, 25), 7).provisional
    assert not C.natural_deadline(date(2026, 12, 1), 7).provisional


def test_a_natural_deadline_moves_past_a_holiday() -> None:
    assert C.natural_deadline(date(2026, 9, 24), 7).day == date(2026, 10, 8)
    assert C.natural_deadline(date(2026, 3, 2), 20).day == date(2026, 3, 23)
    assert C.natural_deadline(date(2026, 3, 1), 0).day == date(2026, 3, 1)


def test_days_within_a_pause_do_not_count() -> None:
    pause = [(date(2026, 3, 4), date(2026, 3, 6))]
    assert C.deadline(date(2026, 3, 2), 3, pause).day == date(2026, 3, 10)


@given(days, st.integers(0, 60))
def test_a_deadline_is_the_working_day_with_that_number(start: date, count: int) -> None:
    last = C.deadline(start, count).day
    assert C.working_days(start, last) == count
    assert count == 0 or C.is_working_day(last)
    assert C.working_days(last, start) == -count


@given(days, st.integers(1, 60))
def test_a_later_start_never_ends_earlier(start: date, count: int) -> None:
    assert C.deadline(start + DAY, count).day >= C.deadline(start, count).day


def test_a_deadline_in_the_past_is_no_deadline() -> None:
    with pytest.raises(ValueError, match="future"):
        C.deadline(date(2026, 3, 2), -1)


def test_a_calendar_is_what_its_package_says() -> None:
    own = WorkCalendar("test", range(2030, 2031), [date(2030, 1, 1)], [date(2030, 1, 5)])
    assert own.deadline(date(2029, 12, 31), 1).day == date(2030, 1, 2)
    assert own.is_working_day(date(2030, 1, 5))
    assert not own.is_published(date(2031, 1, 1))
