"""Search keys of Chinese text: characters, pairs of characters, pinyin and initials.

A table of 20,893 characters ships as data and takes a few milliseconds to load; the pypinyin library (0.2 s) is only
imported for a character outside it. Surnames and local place names have readings of their own (曾 zeng, 区 ou, 圩 xu).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import pairwise
from typing import Literal

from jmdesk.core.resources import resource
from jmdesk.core.text import folded

Sort = Literal["text", "person", "place"]
"""Which special readings apply: to words, to a surname at the start, or to place names."""

_RUN = re.compile(r"[0-9a-z]+|[^\s0-9a-z]")
_IGNORED = re.compile(r"[\s,，.。、;；:：·•・'\"“”‘’()（）\[\]【】〔〕<>《》/\\|_\-—－+*%&#@!！?？]+")
_LONGEST_WORD = 4


@cache
def _readings() -> dict[str, dict[str, tuple[str, ...]]]:
    raw = json.loads(resource("catalogue/pinyin/readings.json").read_text(encoding="utf-8"))
    return {sort: {word: tuple(value.split()) for word, value in table.items()} for sort, table in raw.items()}


@cache
def _characters() -> dict[str, str]:
    raw = json.loads(resource("catalogue/pinyin/syllables.json").read_text(encoding="utf-8"))
    return {character: syllable for syllable, characters in raw.items() for character in characters}


@lru_cache(maxsize=4096)
def _rare(character: str) -> str:
    from pypinyin import lazy_pinyin

    syllable = str(lazy_pinyin(character, errors="ignore")[0] if lazy_pinyin(character, errors="ignore") else "")
    return syllable.replace("ü", "v")


def reading(character: str) -> str:
    """The usual pinyin of one character without tone (ü is v); "" for what is no Chinese character."""
    known = _characters().get(character)
    if known is not None:
        return known
    return _rare(character) if character >= "\u3400" and character.isalpha() else ""


def syllables(text: str, sort: Sort = "text") -> tuple[str, ...]:
    """One syllable per character; runs of Latin letters and digits stay whole, in lower case; punctuation goes."""
    plain = _IGNORED.sub("", folded(text).lower())
    return tuple(_spoken(plain, sort))


def _spoken(plain: str, sort: Sort) -> Iterator[str]:
    words = _readings()["places" if sort == "place" else "words"]
    start = 0
    if sort == "person":
        for length in (2, 1):
            surname = _readings()["surnames"].get(plain[:length])
            if surname:
                yield from surname
                start = length
                break
        words = {}
    while start < len(plain):
        for length in range(min(_LONGEST_WORD, len(plain) - start), 0, -1):
            word = words.get(plain[start : start + length])
            if word:
                yield from word
                start += length
                break
        else:
            run = _RUN.match(plain, start)
            part = run.group() if run else plain[start]
            yield reading(part) or part
            start += len(part)


@lru_cache(maxsize=8192)
def keys(text: str, sort: Sort = "text") -> tuple[tuple[str, str], ...]:
    """Every (full pinyin, initials) pair of a text, usual reading last: ``("zengming", "zm"), ("cengming", "cm")``."""
    found = dict.fromkeys((syllables(text, sort), syllables(text) if sort == "person" else syllables(text, sort)))
    return tuple(("".join(spoken), "".join(s[0] for s in spoken if s)) for spoken in found)


def search_terms(text: str, sort: Sort = "text") -> tuple[str, ...]:
    """Terms for a prefix index: characters, pairs, the pinyin and the initials from every syllable on.

    ``陈建明`` gives 陈 建 明 陈建 建明 chenjianming jianming ming cjm jm m. A query is one or more of them, or the
    beginning of one; about four terms per character.
    """
    plain = _IGNORED.sub("", folded(text).lower())
    runs = _RUN.findall(plain)
    terms = dict.fromkeys(runs)
    terms.update(dict.fromkeys(a + b for a, b in pairwise(runs)))
    spoken_ways = {syllables(text, sort), syllables(text)} if sort == "person" else {syllables(text, sort)}
    for spoken in sorted(spoken_ways):
        for start in range(len(spoken)):
            terms["".join(spoken[start:])] = None
            terms["".join(s[0] for s in spoken[start:])] = None
    return tuple(terms)
