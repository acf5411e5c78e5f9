"""Time as the product uses it: UTC in seconds inside, fixed +08:00 on screen (no tzdata on Windows)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

BEIJING = timezone(timedelta(hours=8), "UTC+8")
_EARLIEST_YEAR, _LATEST_YEAR = 2015, 2055
_UTC_TEXT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Clock(Protocol):
    """Anything that knows what time it is."""

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        ...


class SystemClock:
    """The computer's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until told to move, for tests and samples."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at

    def advance(self, **delta: float) -> None:
        """Move on by ``timedelta(**delta)``."""
        self.at += timedelta(**delta)


def is_plausible(moment: datetime) -> bool:
    """Whether a clock may be right: an empty battery shows the past, a slip of the hand some far year.

    Under a clock that cannot be right nothing is erased and nothing ends by itself.
    """
    return _EARLIEST_YEAR <= moment.year <= _LATEST_YEAR


def utc_text(moment: datetime) -> str:
    """``2026-11-22T09:30:00Z``: the wire form of a time, in whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def from_utc_text(text: str) -> datetime:
    """The time that ``utc_text`` wrote. ``ValueError`` for anything else."""
    if _UTC_TEXT.fullmatch(text) is None:  # fromisoformat reads more forms than ours, and does so 20 times faster
        raise ValueError("not a UTC time")
    return datetime.fromisoformat(text)


def beijing_text(text: str) -> str:
    """A wire time as people read it here: ``2026-11-22 17:30``."""
    return from_utc_text(text).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")


def beijing_date(moment: datetime) -> date:
    """The calendar day in Jiangmen at a moment."""
    return moment.astimezone(BEIJING).date()
