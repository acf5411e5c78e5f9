"""What a list offers while somebody types: by code, by name, by pinyin, by initials, the best first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from jmdesk.catalogue import pinyin
from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.regions import Level, covers, regions
from jmdesk.core.resources import resource
from jmdesk.core.text import folded

MOST = 50
"""Choices offered at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a list: what is stored, what is read, and where it belongs (``恩平市/沙湖镇``)."""

    code: str
    label: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    code: str
    label: str
    beside: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    choice: Choice


class Picker:
    """Ranks a fixed list of choices against typed text. Keys are made when the first letter is typed."""

    def __init__(
        self,
        choices: Iterable[Choice],
        sort: pinyin.Sort = "text",
        words: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """``words``: further words that a code is found by, such as local names of an industry."""
        self._choices = tuple(choices)
        self._words = {code: tuple(more) for code, more in (words or {}).items()}
        self._sort = sort
        self._entries: tuple[_Entry, ...] = ()

    def __len__(self) -> int:
        return len(self._choices)

    def offer(
        self, typed: str, limit: int = MOST, *, keep: Callable[[Choice], bool] | None = None
    ) -> tuple[Choice, ...]:
        """The best choices for what was typed; all of them, in their own order, when nothing was.

        Order: exact code, code begins, exact label, label begins, label contains, pinyin begins, initials begin,
        pinyin contains, path or further words contain; within each the list's own order. Several words must all be
        found: ``shahu heping``. ``keep`` narrows the list first.
        """
        words = folded(typed).casefold().split()
        if not words:
            return tuple(c for c in self._choices if keep is None or keep(c))[:limit]
        ranked: list[tuple[int, int]] = []
        for index, entry in enumerate(self._all()):
            if keep is not None and not keep(entry.choice):
                continue
            rank = _rank(entry, words)
            if rank is not None:
                ranked.append((rank, index))
        ranked.sort()
        return tuple(self._choices[index] for _, index in ranked[:limit])

    def _all(self) -> tuple[_Entry, ...]:
        if not self._entries:
            self._entries = tuple(self._prepared())
        return self._entries

    def _prepared(self) -> Iterator[_Entry]:
        for choice in self._choices:
            more = self._words.get(choice.code, ())
            keys = tuple(key for text in (choice.label, choice.path, *more) for key in pinyin.keys(text, self._sort))
            yield _Entry(choice.code.casefold(), folded(choice.label).casefold(), (choice.path, *more), keys, choice)


_BESIDE = 8


def _rank(entry: _Entry, words: list[str]) -> int | None:
    """The sum of each word's rank; None when a word is not found at all."""
    total = 0
    for word in words:
        rank = _word_rank(entry, word)
        if rank is None:
            return None
        total += rank
    return total


def _word_rank(entry: _Entry, word: str) -> int | None:
    if entry.code.startswith(word):
        return 0 if entry.code == word else 1
    if word in entry.label:
        return 2 if entry.label == word else 3 if entry.label.startswith(word) else 4
    if word.isascii():
        full, initials = entry.keys[0]
        if full.startswith(word):
            return 5
        if initials.startswith(word):
            return 6
        if word in full or word in initials:
            return 7
        return _BESIDE if any(word in f or word in i for f, i in entry.keys[1:]) else None
    return _BESIDE if any(word in text for text in entry.beside) else None


@cache
def code_picker(code_list: str) -> Picker:
    """The values of a code list by its number (``CL-REL``), in catalogue order. ``KeyError`` for an unknown list."""
    return Picker(Choice(code, label) for code, label in catalogue().code_lists[code_list].values.items())


@cache
def industry_picker() -> Picker:
    """Every class of GB/T 4754; the catalogue's favourites (CL-IND) first, so that they lead among equals."""
    favourites = catalogue().code_lists["CL-IND"].values
    listed = industries()
    order = [*favourites, *(code for code in listed.by_code if code in listed.classes and code not in favourites)]
    return Picker(
        (
            Choice(code, favourites.get(code) or listed.label(code), "/".join(e.name for e in listed.path(code)[1:-1]))
            for code in order
        ),
        words=_industry_words(),
    )


def _industry_words() -> Mapping[str, list[str]]:
    local = json.loads(resource("catalogue/aliases.json").read_text(encoding="utf-8"))["industries"]
    found: dict[str, list[str]] = {}
    for word, codes in local.items():
        for code in codes:
            found.setdefault(code, []).append(word)
    return found


@cache
def region_picker(level: Level | None = None, *, quasi: bool = False) -> Picker:
    """Regions from the county down, or of one level; quasi towns and virtual units only when asked for."""
    found = regions()
    wanted = [r for r in found.within("4407", level, quasi=quasi) if r.level in ("county", "town", "village")]
    return Picker((Choice(r.code, r.short_name, _above(r.code)) for r in wanted), "place")


def _above(code: str) -> str:
    return "/".join(r.name for r in regions().ancestors(code) if r.level in ("county", "town"))


def pick_region(
    typed: str, *, level: Level | None = None, under: str = "4407", quasi: bool = False, limit: int = MOST
) -> tuple[Choice, ...]:
    """The best regions for what was typed, within a scope (a region code of any length)."""
    return region_picker(level, quasi=quasi).offer(typed, limit, keep=lambda choice: covers(under, choice.code))
