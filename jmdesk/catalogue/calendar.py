"""Working days by a dated calendar package: public holidays and the weekends worked in their place.

The day after the event is day 1, and a deadline ends at 24:00 Beijing time. The State Council publishes one year at a
time, so a deadline that reaches into a year not yet published is provisional and has to be computed again.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from jmdesk.core.clock import BEIJING, utc_text
from jmdesk.core.resources import resource

_DAY = timedelta(days=1)
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which something is in time; ``provisional`` when the calendar of a year on the way is unknown."""

    day: date
    provisional: bool

    @property
    def ends_at(self) -> str:
        """The end of the day in Beijing as a wire time: the first moment that is too late."""
        return utc_text(datetime.combine(self.day + _DAY, time(), BEIJING))


class WorkCalendar:
    """The working days of the years ``first_year`` to ``last_year``; outside them Monday to Friday is assumed."""

    def __init__(self, version: str, years: range, holidays: Iterable[date], made_up: Iterable[date]) -> None:
        self.version = version
        self.years = years
        self._holidays = frozenset(holidays)
        self._made_up = frozenset(made_up)
        # Thousands of cases begin on the same few days, and a list of them asks for every limit of each.
        self._counted: dict[tuple[date, int, bool], Deadline] = {}

    def is_published(self, day: date) -> bool:
        """Whether the holidays of the day's year are known."""
        return day.year in self.years

    def is_working_day(self, day: date) -> bool:
        """Whether offices work: Monday to Friday without holidays, and the weekends worked in their place."""
        if day in self._made_up:
            return True
        return day.weekday() < _SATURDAY and day not in self._holidays

    def deadline(self, start: date, days: int, paused: Sequence[tuple[date, date]] = ()) -> Deadline:
        """The last of ``days`` working days after ``start``; days within a pause (both ends included) do not count.

        0 days is ``start`` itself. ``ValueError`` for a negative number.
        """
        return self._count(start, days, paused, working=True)

    def natural_deadline(self, start: date, days: int, paused: Sequence[tuple[date, date]] = ()) -> Deadline:
        """The last of ``days`` calendar days after ``start``; when it is no working day, the next one that is.

        Civil Code, article 203. ``ValueError`` for a negative number.
        """
        last = self._count(start, days, paused, working=False)
        day = last.day
        while days and not self.is_working_day(day):
            day += _DAY
        return Deadline(day, last.provisional or not self.is_published(day))

    def working_days(self, start: date, end: date) -> int:
        """How many working days lie after ``start``, up to and including ``end``; negative when ``end`` is earlier."""
        if end < start:
            return -self.working_days(end, start)
        return sum(self.is_working_day(start + _DAY * n) for n in range(1, (end - start).days + 1))

    def _count(self, start: date, days: int, paused: Sequence[tuple[date, date]], *, working: bool) -> Deadline:
        if days < 0:
            raise ValueError("a deadline lies in the future")
        if paused:
            return self._walk(start, days, paused, working=working)
        key = (start, days, working)
        if key not in self._counted:
            self._counted[key] = self._walk(start, days, (), working=working)
        return self._counted[key]

    def _walk(self, start: date, days: int, paused: Sequence[tuple[date, date]], *, working: bool) -> Deadline:
        day, left, known = start, days, True
        while left:
            day += _DAY
            if any(first <= day <= last for first, last in paused):
                continue
            if working:
                known = known and self.is_published(day)
                if not self.is_working_day(day):
                    continue
            left -= 1
        return Deadline(day, not known)


@cache
def work_calendar() -> WorkCalendar:
    """The calendar that ships with this program."""
    package = json.loads(resource("calendar/package.json").read_text(encoding="utf-8"))
    text = resource(f"calendar/{package['file']}").read_text(encoding="utf-8")
    return read_calendar(text, package["version"], package["first_year"], package["last_year"])


def read_calendar(table: str, version: str, first_year: int, last_year: int) -> WorkCalendar:
    """A calendar from its table (CSV with ``date`` and ``type``: holiday, workday). ``ValueError``, ``KeyError``."""
    rows = [(date.fromisoformat(row["date"]), row["type"]) for row in csv.DictReader(io.StringIO(table))]
    return WorkCalendar(
        version,
        range(first_year, last_year + 1),
        (day for day, kind in rows if kind == "holiday"),
        (day for day, kind in rows if kind == "workday"),
    )
