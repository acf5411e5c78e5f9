"""Where a case stands, worked out from its steps: pure, so that two desks that hold the same steps agree.

Steps are ordered by time and record id. A step that does not fit where the case stands then, because two desks acted
without knowing of each other, does not take effect and is shown as disputed; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from jmdesk.catalogue.calendar import Deadline, WorkCalendar
from jmdesk.core.clock import beijing_date, from_utc_text
from jmdesk.workflows.definition import BACK, Clock, Definition, Step

HAPPENED = "on"
"""The member of a step's details that says on which day it happened, when it was written down later."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Event:
    """One recorded step: ``at`` is UTC in wire form, ``actor`` the local user's id."""

    rid: str
    step: str
    at: str
    actor: str
    org: str
    reason: str
    details: Mapping[str, object]

    @property
    def day(self) -> date:
        """The day that the step counts from: when it happened, for one written down later; else its day in Beijing."""
        happened = self.details.get(HAPPENED)
        return date.fromisoformat(happened) if isinstance(happened, str) else beijing_date(from_utc_text(self.at))

    @property
    def signer(self) -> str:
        """Who signed the paper behind the step, "" when it was taken at the desk."""
        paper = self.details.get("paper")
        return str(paper.get("signer", "")) if isinstance(paper, Mapping) else ""


@dataclass(frozen=True, slots=True)
class Due:
    """One time limit of a case. ``day`` is None while the clock is paused.

    ``met_on`` is the day of the step that met it; ``provisional`` when a year on the way has no published calendar.
    """

    clock: Clock
    since: date
    day: date | None
    provisional: bool
    met_on: date | None

    def is_open(self) -> bool:
        """Whether somebody still has to act."""
        return self.met_on is None

    def days_left(self, today: date) -> int | None:
        """Calendar days until the last day, negative when it is over; None while paused."""
        return None if self.day is None else (self.day - today).days

    def in_time(self, today: date) -> bool:
        """Whether it was met in time, or still can be."""
        return self.day is None or (self.met_on or today) <= self.day


@dataclass(frozen=True, slots=True)
class Standing:
    """A case as its steps leave it: the state, the steps that count, those that dispute them, the time limits."""

    definition: Definition
    state: str
    taken: tuple[Event, ...]
    disputed: tuple[Event, ...]
    dues: tuple[Due, ...]

    @property
    def label(self) -> str:
        """The name of the state."""
        return self.definition.states[self.state].label

    @property
    def is_final(self) -> bool:
        """Whether the case is over."""
        return self.definition.states[self.state].final

    def next_steps(self) -> list[Step]:
        """What can be done now, whoever does it."""
        return self.definition.steps_from(self.state)

    def last(self, *steps: str) -> Event | None:
        """The latest counting event of one of these steps."""
        return next((event for event in reversed(self.taken) if event.step in steps), None)

    def can_go_back(self) -> bool:
        """Whether the latest step may be taken back."""
        return bool(self.taken) and self.definition.steps[self.taken[-1].step].reversible

    def open_dues(self) -> list[Due]:
        """Time limits still running or paused, the nearest first."""
        return sorted((d for d in self.dues if d.is_open()), key=lambda d: d.day or date.max)


def standing(definition: Definition, events: Iterable[Event], calendar: WorkCalendar) -> Standing:
    """Where a case stands after these steps, in whatever order they are given."""
    state, states = definition.initial, list[str]()
    taken: list[Event] = []
    disputed: list[Event] = []
    for event in sorted(events, key=lambda e: (e.at, e.rid)):
        if event.step == BACK:
            if taken and event.details.get("of") == taken[-1].rid and definition.steps[taken[-1].step].reversible:
                taken.pop()
                state = states.pop()
            else:
                disputed.append(event)
            continue
        if not definition.leads_on(state, event.step):
            disputed.append(event)
            continue
        states.append(state)
        taken.append(event)
        state = definition.steps[event.step].to or state
    over = definition.states[state].final
    dues = tuple(due for clock in definition.clocks if (due := _due(clock, taken, calendar, over=over)) is not None)
    return Standing(definition, state, tuple(taken), tuple(disputed), dues)


def _due(clock: Clock, taken: Sequence[Event], calendar: WorkCalendar, *, over: bool) -> Due | None:
    """The time limit as the latest start left it, or None when it does not run."""
    newest_first = range(len(taken) - 1, -1, -1)
    begun = next((i for i in newest_first if clock.is_started_by(taken[i].step, taken[i].details)), None)
    if begun is None:
        return None
    since = taken[begun].day
    after = taken[begun + 1 :]
    met = next((event.day for event in after if event.step in clock.met_by), None)
    if met is None and (over or any(event.step in clock.void_by for event in after)):
        return None
    paused, pausing = _pauses(clock, after)
    if pausing and met is None:
        return Due(clock, since, None, provisional=False, met_on=None)
    last = _last_day(clock, since, paused, calendar)
    return Due(clock, since, last.day, last.provisional, met)


def _pauses(clock: Clock, events: Sequence[Event]) -> tuple[list[tuple[date, date]], bool]:
    """The pauses so far and whether one is still open. The day it begins does not count, the day of return does."""
    ends = dict(clock.pauses)
    paused: list[tuple[date, date]] = []
    open_since: tuple[date, str] | None = None
    for event in events:
        if event.step in clock.met_by:
            break
        if open_since is None and event.step in ends:
            open_since = (event.day, ends[event.step])
        elif open_since is not None and event.step == open_since[1]:
            if event.day > open_since[0]:
                paused.append((open_since[0], event.day - _DAY))
            open_since = None
    return paused, open_since is not None


def _last_day(clock: Clock, since: date, paused: Sequence[tuple[date, date]], calendar: WorkCalendar) -> Deadline:
    if clock.unit == "working":
        return calendar.deadline(since, clock.days, paused)
    if clock.unit == "natural":
        return calendar.natural_deadline(since, clock.days, paused)
    if clock.unit == "yearly":
        month, day_of_month = (int(part) for part in clock.by.split("-"))
        last = date(since.year, month, day_of_month)
        return Deadline(last if last >= since else last.replace(year=since.year + 1), provisional=False)
    day, left = since, clock.days
    while left:
        day += _DAY
        left -= not any(first <= day <= last for first, last in paused)
    return Deadline(day, provisional=False)
