"""The time that each department has to answer about one enterprise: pure, from the steps of its case.

One case waits for sixteen answers, asked for on different days, so each department has a clock of its own. It only
reminds: a department that is silent stays awaited, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from jmdesk.catalogue.calendar import WorkCalendar
from jmdesk.workflows.standing import Standing

REPLY_DAYS: Final = 15
"""Working days that an inquiry gives (the office's own rule; no law sets one)."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One department and one enterprise: asked when, due when (None: not asked), answered when, reminded how often."""

    department: str
    asked_on: date | None
    due: date | None
    provisional: bool
    answered_on: date | None
    reminders: int

    def days_over(self, today: date) -> int:
        """So many days overdue; 0 while it is in time, answered, or was not asked."""
        if self.due is None or self.answered_on is not None:
            return 0
        return max(0, (today - self.due).days)


@dataclass(frozen=True, slots=True)
class Silence:
    """A department over a whole year: how many answers are open, how many of them overdue, the longest, reminders."""

    department: str
    open: int
    overdue: int
    longest: int
    reminders: int


def inquiries(case: Standing, departments: Iterable[str], calendar: WorkCalendar) -> dict[str, Inquiry]:
    """The clock of each department in one case; a new inquiry after an answer was returned starts it anew."""
    asked: dict[str, date] = {}
    answered: dict[str, date] = {}
    reminders: dict[str, int] = {}
    for event in case.taken:
        department = str(event.details.get("department", ""))
        if event.step == "inquire":
            asked[department] = event.day
            reminders[department] = 0
            answered.pop(department, None)
        elif event.step == "remind":
            reminders[department] = reminders.get(department, 0) + 1
        elif event.step == "reply":
            answered[department] = event.day
    found: dict[str, Inquiry] = {}
    for name in departments:
        limit = calendar.deadline(asked[name], REPLY_DAYS) if name in asked else None
        found[name] = Inquiry(
            name,
            asked.get(name),
            limit.day if limit else None,
            bool(limit and limit.provisional),
            answered.get(name),
            reminders.get(name, 0),
        )
    return found


def silences(cases: Iterable[Mapping[str, Inquiry]], departments: Iterable[str], today: date) -> list[Silence]:
    """The departments that owe an answer, the longest overdue first."""
    whole = list(cases)
    found: list[Silence] = []
    for name in departments:
        owed = [one[name] for one in whole if name in one and one[name].asked_on and not one[name].answered_on]
        if owed:
            over = [one.days_over(today) for one in owed]
            found.append(
                Silence(name, len(owed), sum(n > 0 for n in over), max(over), max(one.reminders for one in owed))
            )
    return sorted(found, key=lambda one: (-one.longest, one.department))
