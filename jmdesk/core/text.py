"""Chinese office text: folding what keyboards and spreadsheets leave behind, and masking what others need not see."""

from __future__ import annotations

import unicodedata

_FOLDS: dict[int, int | None] = {
    **{code: code - 0xFEE0 for code in range(ord("！"), ord("～") + 1)},
    **dict.fromkeys(map(ord, "\u3000\xa0"), ord(" ")),
    **dict.fromkeys(map(ord, "\u200b\u200c\u200d\ufeff\u2060")),
}


def folded(text: str) -> str:
    """Full-width letters, digits and spaces as plain ones, zero-width characters gone, ends trimmed.

    NFKC would also rewrite ``滘``-like compatibility characters of names, so only the full-width block is folded.
    """
    if text.isascii():
        return text.strip()
    return unicodedata.normalize("NFC", text.translate(_FOLDS)).strip()


def masked_name(name: str) -> str:
    """A name as a public notice shows it: one character hidden (``陈*明``, ``陈*``)."""
    if len(name) <= 1:
        return "*" if name else ""
    return name[0] + "*" + name[2:]


def masked_number(number: str, head: int = 4, tail: int = 4) -> str:
    """An identity or phone number with its middle hidden; short ones are hidden whole."""
    if len(number) <= head + tail:
        return "*" * len(number)
    return number[:head] + "*" * (len(number) - head - tail) + number[-tail:]
