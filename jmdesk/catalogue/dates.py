"""Dates, months and times as offices write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from jmdesk.core.clock import BEIJING
from jmdesk.core.text import folded

_SEPARATED = re.compile(r"(\d{4})\s*[-./年、]\s*(\d{1,2})\s*[-./月、]\s*(\d{1,2})\s*[日号]?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTH = re.compile(r"(\d{4})\s*(?:[-./年、]\s*)?(\d{1,2})\s*月?(?:份)?")
_CLOCK = re.compile(r"(\d{1,2})\s*[:时点]\s*(\d{1,2})?\s*分?(?::\s*(\d{1,2}))?")
_CHINESE_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_EXCEL_EPOCH = date(1899, 12, 30)
_EXCEL_DAYS = range(3654, 73415)
"""Serial numbers of 1910-01-01 to 2100-12-31: what a date column shows when its format was lost."""


def read_date(text: str) -> date | None:
    """A complete date (``1985.12.31``, ``1985年12月31日``, ``19851231``, ``一九八五年…``), or None.

    A time behind the date is dropped. Two-digit years are not read: 26 may be 1926 or 2026.
    """
    plain = folded(text).translate(_CHINESE_DIGITS)
    match = _SEPARATED.match(plain) or _COMPACT.match(plain)
    if match is None or not _is_tail(plain[match.end() :]):
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def read_serial(number: int) -> date | None:
    """The date that a spreadsheet's serial number stands for, or None outside 1910 to 2100."""
    return _EXCEL_EPOCH + timedelta(days=number) if number in _EXCEL_DAYS else None


def read_month(text: str) -> tuple[int, int] | None:
    """Year and month (``1985年12月``, ``1985-12``, ``198512``), or None."""
    match = _MONTH.fullmatch(folded(text).translate(_CHINESE_DIGITS))
    if match is None or not 1 <= int(match[2]) <= 12:
        return None
    return int(match[1]), int(match[2])


def read_time(text: str) -> datetime | None:
    """A moment in UTC from Beijing time (``2026-11-22 14:30``) or from the wire form (``…T06:30:00Z``), or None.

    A date alone is the beginning of that day in Beijing.
    """
    plain = folded(text)
    try:
        return datetime.strptime(plain, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    day = read_date(plain)
    if day is None:
        return None
    rest = _SEPARATED.sub("", plain, count=1) if _SEPARATED.match(plain) else plain[8:]
    rest = rest.strip(" T")
    match = _CLOCK.fullmatch(rest)
    if rest and match is None:
        return None
    hour, minute, second = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    try:
        local = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=BEIJING)
    except ValueError:
        return None
    return local.astimezone(UTC)


def _is_tail(rest: str) -> bool:
    """Whether what follows a date is a time of day, or nothing."""
    rest = rest.strip(" T")
    return not rest or _CLOCK.fullmatch(rest.removesuffix("Z")) is not None
