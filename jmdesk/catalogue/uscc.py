"""Unified social credit codes (GB 32100-2015) with the organisation code (GB 11714) inside them.

A check character that fails is a warning, never a refusal: codes of the pilot areas were issued lawfully with check
characters of their own.
"""

from __future__ import annotations

import re

from jmdesk.catalogue.verdict import Verdict
from jmdesk.core.text import folded

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: I, O, S, V and Z are left out."""

AUTHORITIES = "123456789ANY"
"""First places in use: 1 staffing, 5 civil affairs, 9 market regulation, N agriculture (N2: village collectives), …"""

_VALUES = {character: index for index, character in enumerate(ALPHABET)}
_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
_ORG_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_PLAIN = re.compile(r"[0-9A-Z]{18}")
_SEPARATORS = re.compile(r"[\s\-.'’]+")


def normalised(value: str) -> str:
    """The code as it is stored: half-width, without spaces or hyphens, upper case."""
    if _PLAIN.fullmatch(value):
        return value
    return _SEPARATORS.sub("", folded(value)).upper()


def check_character(first17: str) -> str:
    """The 18th place by MOD 31-3. ``KeyError`` for a character outside the alphabet."""
    total = sum(_VALUES[character] * weight for character, weight in zip(first17, _WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def org_check_character(first8: str) -> str:
    """The ninth place of an organisation code (GB 11714-1997): letters count 10 to 35."""
    total = sum(int(character, 36) * weight for character, weight in zip(first8, _ORG_WEIGHTS, strict=True))
    return "0123456789X0"[11 - total % 11]


def check(value: str) -> Verdict:
    """What is to be said of a unified social credit code.

    ``error``: not 18 places, a character outside the alphabet, letters where the region's six digits stand.
    ``warn``: an unknown authority, or a check character that does not fit: of the whole, of the organisation code in
    places 9 to 17 (where a slip of the pen then lies, most likely), or of both.
    """
    code = normalised(value)
    if len(code) != 18:
        return Verdict("error", "uscc.length", code, params={"length": len(code)})
    wrong = "".join(sorted(set(code) - _VALUES.keys()))
    if wrong:
        return Verdict("error", "uscc.alphabet", code, params={"characters": wrong})
    if not code[2:8].isdigit():
        return Verdict("error", "uscc.region_digits", code)
    whole = check_character(code[:17]) == code[17]
    organisation = org_check_character(code[8:16]) == code[16]
    if not (whole and organisation):
        name = "uscc.orgcode" if whole else "uscc.check_character" if organisation else "uscc.both_checks"
        return Verdict("warn", name, code, params={"part": code[8:17]})
    if code[0] not in AUTHORITIES:
        return Verdict("warn", "uscc.authority", code, params={"character": code[0]})
    return Verdict("ok", "ok", code)
