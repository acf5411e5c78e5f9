"""Search keys of Chinese text: pairs of characters, pinyin and initials.

A table of 20,893 characters ships as data and takes a few milliseconds to load; the pypinyin library (0.2 s) is only
imported for a character outside it. Surnames and local place names have readings of their own (曾 zeng, 区 ou, 圩 xu).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from operator import add
from typing import Literal

from jmdesk.core.resources import resource
from jmdesk.core.text import folded

Sort = Literal["text", "person", "place"]
"""Which special readings apply: to words, to a surname at the start, or to place names."""

_ONLY_CHINESE = re.compile(r"[\u4e00-\u9fff]+")
_PLAIN = re.compile(r"[\u4e00-\u9fff0-9a-z]+")
_RUN = re.compile(r"[0-9a-z]+|[^\s0-9a-z]")
_IGNORED = re.compile(r"[\s,，.。、;；:：·•・'\"“”‘’()（）\[\]【】〔〕<>《》/\\|_\-—－+*%&#@!！?？]+")
_LONGEST_WORD = 4
_LONGEST_SURNAME = 2


@cache
def _readings() -> dict[str, dict[str, tuple[str, ...]]]:
    raw = json.loads(resource("catalogue/pinyin/readings.json").read_text(encoding="utf-8"))
    return {sort: {word: tuple(value.split()) for word, value in table.items()} for sort, table in raw.items()}


@cache
def _characters() -> dict[str, str]:
    raw = json.loads(resource("catalogue/pinyin/syllables.json").read_text(encoding="utf-8"))
    return {character: syllable for syllable, characters in raw.items() for character in characters}


@cache
def _beginnings(table: str) -> frozenset[str]:
    return frozenset(word[0] for word in _readings()[table])


@lru_cache(maxsize=4096)
def _rare(character: str) -> str:
    from pypinyin import lazy_pinyin

    found = lazy_pinyin(character, errors="ignore")
    return str(found[0]).replace("ü", "v") if found else ""


def reading(character: str) -> str:
    """The usual pinyin of one character without tone (ü is v); "" for what is no Chinese character."""
    known = _characters().get(character)
    if known is not None:
        return known
    return _rare(character) if character >= "\u3400" and character.isalpha() else ""


def syllables(text: str, sort: Sort = "text") -> tuple[str, ...]:
    """One syllable per character; runs of Latin letters and digits stay whole, in lower case; punctuation goes."""
    return tuple(_spoken(_plain(text), sort))


def _plain(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _IGNORED.sub("", folded(text).lower())


def _spoken(plain: str, sort: Sort) -> list[str]:
    if sort == "person":
        surname = _special(plain, 0, "surnames", _LONGEST_SURNAME)
        return [*surname, *_usual(plain[len(surname) :])]
    table = "places" if sort == "place" else "words"
    if _beginnings(table).isdisjoint(plain):
        return _usual(plain)
    spoken: list[str] = []
    start = done = 0
    while start < len(plain):
        word = _special(plain, start, table, _LONGEST_WORD)
        if word:
            spoken += [*_usual(plain[done:start]), *word]
            done = start = start + len(word)
        else:
            start += 1
    return spoken + _usual(plain[done:])


def _usual(plain: str) -> list[str]:
    known = _characters()
    return [known.get(part) or reading(part) or part for part in _runs(plain)]


@lru_cache(maxsize=64)
def _runs(plain: str) -> Sequence[str]:
    # Remembered as long as one text's terms are made: each of its readings begins with this.
    return tuple(plain) if _ONLY_CHINESE.fullmatch(plain) else tuple(_RUN.findall(plain))


def _special(plain: str, start: int, table: str, longest: int) -> tuple[str, ...]:
    """The reading of the longest word of a table that begins here; one syllable per character; () for none."""
    if plain[start : start + 1] not in _beginnings(table):
        return ()
    words = _readings()[table]
    for length in range(longest, 0, -1):
        found = words.get(plain[start : start + length])
        if found:
            return found
    return ()


def _ways(plain: str, sort: Sort) -> list[list[str]]:
    """The readings of a text, the likelier first: a surname of its own reading is also found by the usual one."""
    spoken = _spoken(plain, sort)
    if sort != "person" or plain[:1] not in _beginnings("surnames"):
        return [spoken]
    usual = _usual(plain)
    return [spoken] if usual == spoken else [spoken, usual]


@lru_cache(maxsize=8192)
def keys(text: str, sort: Sort = "text") -> tuple[tuple[str, str], ...]:
    """Every (full pinyin, initials) pair of a text: ``("zengming", "zm"), ("cengming", "cm")`` for the person 曾明."""
    return tuple(("".join(spoken), "".join([s[0] for s in spoken])) for spoken in _ways(_plain(text), sort))


def search_terms(text: str, sort: Sort = "text") -> tuple[str, ...]:
    """Terms for a prefix index: pairs of characters, the pinyin and the initials from every syllable on.

    ``陈建明`` gives 陈建 建明 明 ming jianming chenjianming m jm cjm. A query is one or more of them, or the beginning
    of one, as a single character is of its pair; about three terms per character.
    """
    plain = _plain(text)
    runs = _runs(plain)
    terms = [*map(add, runs, runs[1:]), *runs[-1:]]
    for spoken in _ways(plain, sort):
        terms += _tails(spoken)
        terms += _tails([syllable[0] for syllable in spoken])
    return tuple(dict.fromkeys(terms))


def _tails(parts: Sequence[str]) -> list[str]:
    """What is left of a text from each of its parts on, the shortest first."""
    tail, found = "", []
    for part in reversed(parts):
        tail = part + tail
        found.append(tail)
    return found
