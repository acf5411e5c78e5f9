"""The clock of each department: its own day, its own reminders, and what a year's silence adds up to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jmdesk.catalogue.calendar import work_calendar
from jmdesk.green_cards.clocks import REPLY_DAYS, Inquiry, inquiries, silences
from jmdesk.workflows.definition import book
from jmdesk.workflows.standing import Event, standing
from tests.offices import Days, Office

CALENDAR, W9 = work_calendar(), book().version("W9", "2026-01")
DAY = timedelta(days=1)
Taken = tuple[str, str, date]


def clocks(*steps: Taken, departments: Sequence[str] = ("court", "tax")) -> dict[str, Inquiry]:
    """The clocks of a case with these steps: step, department, day."""
    events = [
        Event(f"{n:03d}", step, f"{day.isoformat()}T02:00:00Z", "a", "u", "", {"department": department, "level": "1"})
        for n, (step, department, day) in enumerate([("apply", "", date(2014, 12, 31)), *steps])
    ]
    return inquiries(standing(W9, events, CALENDAR), departments, CALENDAR)


def test_each_department_has_fifteen_working_days_from_its_own_letter() -> None:
    found = clocks(("inquire", "court", date(2026, 2, 2)), ("inquire", "tax", date(2026, 3, 2)))
    # 15 to 23 February off, Saturdays 14 and 28 worked; March has no holiday.
    assert (found["court"].due, found["tax"].due) == (date(2026, 2, 28), date(2026, 3, 23))
    assert found["court"].days_over(date(2026, 2, 28)) == 0
    assert found["court"].days_over(date(2026, 3, 5)) == 5


def test_an_answer_stops_one_clock_and_leaves_the_others() -> None:
    day = date(2026, 3, 2)
    found = clocks(("inquire", "court", day), ("inquire", "tax", day), ("reply", "court", day + DAY))
    assert (found["court"].days_over(date(2026, 6, 1)), found["court"].answered_on) == (0, day + DAY)
    assert found["tax"].days_over(date(2026, 6, 1)) == 70


def test_reminders_are_counted_for_the_department_they_went_to() -> None:
    day = date(2026, 3, 2)
    found = clocks(("inquire", "court", day), ("remind", "court", day + 22 * DAY), ("remind", "court", day + 30 * DAY))
    assert (found["court"].reminders, found["tax"].reminders) == (2, 0)
    assert found["tax"].due is None


def test_a_department_that_is_asked_again_has_its_whole_time_again() -> None:
    day = date(2026, 3, 2)
    found = clocks(("inquire", "court", day), ("remind", "court", day + DAY), ("inquire", "court", day + 30 * DAY))
    assert found["court"] == Inquiry(
        "court", day + 30 * DAY, date(2026, 4, 23), provisional=False, answered_on=None, reminders=0
    )


def test_a_year_names_the_silent_departments_the_longest_overdue_first() -> None:
    day, today = date(2026, 3, 2), date(2026, 4, 1)
    one = clocks(("inquire", "court", day), ("inquire", "tax", day - 30 * DAY))
    two = clocks(("inquire", "court", day), ("reply", "tax", day))
    late, other = silences([one, two], ("court", "tax"), today)
    assert (late.department, late.open, late.overdue) == ("tax", 1, 1)
    assert (other.department, other.open, other.overdue, other.longest) == ("court", 2, 2, 9)
    assert silences([two], ("tax",), today) == []


@given(st.dates(date(2015, 1, 1), date(2026, 11, 30)), st.integers(0, 200))
def test_no_clock_ends_on_a_rest_day_or_before_its_days_are_over(asked: date, later: int) -> None:
    found = clocks(("inquire", "court", asked))["court"]
    assert found.due is not None
    between = [asked + n * DAY for n in range(1, (found.due - asked).days + 1)]
    assert sum(CALENDAR.is_working_day(day) for day in between) == REPLY_DAYS
    assert CALENDAR.is_working_day(found.due)
    assert found.days_over(asked + later * DAY) == max(0, later - (found.due - asked).days)


def test_the_desk_says_who_owes_answers_and_for_how_long(office: Office, days: Days) -> None:
    cards = office.desk.green_cards
    card = cards.apply(2026, office.firm, "5000.00", "2025年，税务申报")
    cards.apply(2026, office.other, "5000.00", "2025年，税务申报")
    cards.inquire(2026, "court")
    cards.reply(card, "court", "1", "法函〔2026〕2号")
    days(40)
    cards.remind(2026, "court")
    (silent,) = cards.silences(2026)
    assert (silent.department, silent.open, silent.overdue, silent.reminders) == ("court", 1, 1, 1)
    assert cards.open(card).inquiries["court"].answered_on is not None
