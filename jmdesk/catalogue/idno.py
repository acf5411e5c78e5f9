"""Identity numbers: GB 11643 citizens, residence permits, foreign permanent residents, and the 15-digit legacy form.

The check character and the date are hard. Which county code existed in which year is only a hint: people keep the
number they were given, whatever became of the county (GB/T 2260 changes every year).
"""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from operator import mul

from jmdesk.catalogue.verdict import Verdict
from jmdesk.core.resources import resource
from jmdesk.core.text import folded

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHARACTERS = "10X98765432"
_ZEROS = ord("0") * sum(_WEIGHTS)
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")
_LEGACY = re.compile(r"[0-9]{15}")
_FOREIGN_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")
_SEPARATORS = re.compile(r"[\s\-.'’]+")
_LOOKS_LIKE_X = str.maketrans("×ΧχХх", "XXXXX")
_OLDEST = 1850
"""Nobody alive was born earlier; no number was given out before 1984."""


def normalised(value: str) -> str:
    """The number as it is stored: half-width, without spaces or hyphens, its X in upper case."""
    if _CITIZEN.fullmatch(value):
        return value
    return _SEPARATORS.sub("", folded(value)).translate(_LOOKS_LIKE_X).upper()


def check_character(first17: str) -> str:
    """The 18th place by ISO 7064 MOD 11-2 (GB 11643-1999)."""
    return _CHARACTERS[(sum(map(mul, first17.encode(), _WEIGHTS)) - _ZEROS) % 11]


def upgraded(legacy: str) -> str:
    """The 18-digit number of a 15-digit one: the century (always 19) put in and the check character added."""
    first17 = f"{legacy[:6]}19{legacy[6:]}"
    return first17 + check_character(first17)


@cache
def known_prefixes() -> frozenset[str]:
    """Every six-digit code that identity numbers have ever begun with."""
    text = resource("regions/id_prefix_regions.csv").read_text(encoding="utf-8")
    return frozenset(line[:6] for line in text.splitlines()[1:])


def is_sound(value: str, on: date) -> bool:
    """Whether :func:`check` has nothing to say about a value that is written as it is stored; three times as fast."""
    if not _CITIZEN.fullmatch(value) or value[0] == "9" or value[:6] not in known_prefixes():
        return False
    born = _date(value[6:14])
    return born is not None and born.year >= _OLDEST and born <= on and check_character(value[:17]) == value[17]


def check(value: str, on: date) -> Verdict:
    """What is to be said of an identity number on a day (a birth after ``on`` is an error).

    ``error``: letters or length that no number has, an impossible or future birth date, a wrong check character.
    ``warn``: 15 digits, a county code never used, a foreign permanent resident's number (2017 and 2023 forms).
    """
    number = normalised(value)
    if _CITIZEN.fullmatch(number):
        return _check_18(number, on)
    if _LEGACY.fullmatch(number):
        born = _date(f"19{number[6:12]}")
        if born is None:
            return Verdict("error", "idno.birth_date", number)
        return Verdict("warn", "idno.legacy15", number, born, _sex(number[14]))
    if _FOREIGN_2017.fullmatch(number):
        return Verdict("warn", "idno.foreign_resident_2017", number)
    code = "idno.length" if len(number) not in (15, 18) else "idno.alphabet"
    return Verdict("error", code, number, params={"length": len(number)})


def _check_18(number: str, on: date) -> Verdict:
    born = _date(number[6:14])
    if born is None or born.year < _OLDEST:
        return Verdict("error", "idno.birth_date", number)
    if born > on:
        return Verdict("error", "idno.future_birth", number)
    if check_character(number[:17]) != number[17]:
        return Verdict("error", "idno.checksum", number)
    sex = _sex(number[16])
    if number[0] == "9":
        return Verdict("warn", "idno.foreign_resident", number, born, sex)
    if number[:6] not in known_prefixes():
        return Verdict("warn", "idno.prefix_unknown", number, born, sex)
    return Verdict("ok", "ok", number, born, sex)


def _date(digits: str) -> date | None:
    try:
        return date.fromisoformat(digits)
    except ValueError:
        return None


def _sex(digit: str) -> str:
    return "1" if int(digit) % 2 else "2"
