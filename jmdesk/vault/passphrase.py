"""What a passphrase must be, and the bytes it stands for."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from jmdesk.core.errors import Refused

LEAST_WEIGHT: Final = 12
LEAST_DISTINCT: Final = 6
LONGEST: Final = 256

# Straight runs of keyboards and alphabets; a passphrase that is little more than such a run is guessed first.
_RUNS: Final = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "一二三四五六七八九十",
    "甲乙丙丁戊己庚辛壬癸",
)
_NUMBERS: Final = re.compile(
    r"(?<!\d)(?:1[3-9]\d{9}"  # a mobile phone
    r"|[1-9]\d{16}[\dx]"  # an identity number
    r"|(?:19|20)\d{2}[-./年]?(?:0?[1-9]|1[0-2])[-./月]?(?:0[1-9]|[12]\d|3[01])日?)(?!\d)"  # a date
)
_FAVOURITES: Final = re.compile(
    r"passw?or?d|p@ssw0rd|admin(istrator)?|root|iloveyou|woaini|5201314|1314520|"
    r"jiangmen|江门|jmdesk|xinyong|信用|mima|密码|口令|test|welcome|letmein"
)


def passphrase_bytes(passphrase: str) -> bytes:
    """The UTF-8 of the passphrase in NFKC, so that every input method and keyboard width types the same one.

    ``Refused("vault.passphrase_characters")`` for control characters and broken text, ``passphrase_long`` over 256
    characters.
    """
    if len(passphrase) > LONGEST:
        raise Refused("vault.passphrase_long", longest=LONGEST)
    folded = unicodedata.normalize("NFKC", passphrase)
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in folded):
        raise Refused("vault.passphrase_characters")
    return folded.encode()


def check_new_passphrase(passphrase: str, *, known: tuple[str, ...] = ()) -> None:
    """Refuse a passphrase that a thief would try early; silence is consent.

    Each ASCII character weighs one and any other (a Chinese character) two, after what is easily guessed has been
    taken out: straight runs, repetitions, favourite words, phone and identity numbers and dates wherever they stand,
    and ``known`` words (code and name of the unit, names of the users). The rest must weigh 12 and hold 6 different
    characters, or 4 when Chinese. Digits alone are refused at any length below 20, since they are telephone and
    identity numbers. Composition rules (one capital, one sign …) are left out on purpose: NIST SP 800-63B, section
    3.1.1.2, found that they weaken what people choose.
    """
    folded = passphrase_bytes(passphrase).decode().lower()
    if _weight(folded) < LEAST_WEIGHT:
        raise Refused("vault.passphrase_short", least=LEAST_WEIGHT, least_chinese=LEAST_WEIGHT // 2)
    if re.fullmatch(r"[\d\s._/-]{1,19}", folded):
        raise Refused("vault.passphrase_digits")
    rest = _without_guessable(folded, known)
    distinct = sum(2 if ord(c) > 0x7F else 1 for c in set(rest) if not c.isspace())
    if _weight(rest) < LEAST_WEIGHT or distinct < LEAST_DISTINCT:
        raise Refused("vault.passphrase_simple")


def _weight(text: str) -> int:
    return sum(2 if ord(character) > 0x7F else 1 for character in text.strip())


def _without_guessable(text: str, known: tuple[str, ...]) -> str:
    """The text with each guessable stretch cut down to one character."""
    for word in known:
        if _weight(word) > 3:
            text = text.replace(word.lower(), "*")
    text = _NUMBERS.sub("*", text)
    text = _FAVOURITES.sub("*", text)
    text = re.sub(r"(.+?)\1{2,}", r"\1", text)
    kept = ""
    position = 0
    while position < len(text):
        kept += text[position]
        position += _run_length(text, position)
    return kept


def _run_length(text: str, start: int) -> int:
    """How many characters from ``start`` lie on one straight run, forwards or backwards; 1 when fewer than four do."""
    longest = 1
    for run in (*_RUNS, *(run[::-1] for run in _RUNS)):
        length = 4
        while start + length <= len(text) and text[start : start + length] in run:
            longest = length
            length += 1
    return longest
