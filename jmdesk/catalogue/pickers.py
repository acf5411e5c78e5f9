"""What a list offers while somebody types: by code, by name, by pinyin, by initials, the best first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from jmdesk.catalogue import pinyin
from jmdesk.catalogue.industries import industries
from jmdesk.catalogue.regions import Region, Regions
from jmdesk.core.resources import resource
from jmdesk.core.text import folded

MOST = 50
"""Choices offered at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a list: what is stored, what is read, and what tells equal labels apart (``恩平市 / 沙湖镇``)."""

    code: str
    label: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    code: str
    label: str
    spoken: tuple[tuple[str, str], ...]
    beside: tuple[str, ...]
    beside_spoken: tuple[tuple[str, str], ...]
    choice: Choice


class Picker:
    """Ranks a fixed list of choices against typed text.

    The list is taken when it is first looked at, keys are made when the first letter is typed: a form has many pickers.
    """

    def __init__(
        self,
        choices: Iterable[Choice],
        sort: pinyin.Sort = "text",
        words: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        """``words``: further words that a code is found by, such as local names of an industry."""
        self._given = choices
        self._words = {code: tuple(more) for code, more in (words or {}).items()}
        self._sort = sort
        self._entries: tuple[_Entry, ...] = ()

    @cached_property
    def _choices(self) -> tuple[Choice, ...]:
        return tuple(self._given)

    def offer(
        self, typed: str, limit: int = MOST, *, keep: Callable[[Choice], bool] | None = None
    ) -> tuple[Choice, ...]:
        """The best choices for what was typed; all of them, in their own order, when nothing was.

        Order: exact code, code begins, exact label, label begins, label contains, exact initials or pinyin, pinyin
        begins, initials begin, pinyin contains, hint or further words contain; within each the list's own order.
        Several words must all be found: ``shahu heping``. ``keep`` narrows the list first.
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
            spoken = pinyin.keys(choice.label, self._sort)
            beside = (choice.hint, *self._words.get(choice.code, ()))
            around = tuple(key for text in beside for key in pinyin.keys(text, self._sort))
            yield _Entry(choice.code.casefold(), folded(choice.label).casefold(), spoken, beside, around, choice)


_BESIDE = 9


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
    if not word.isascii():
        return _BESIDE if any(word in text for text in entry.beside) else None
    near = [rank for key in entry.spoken if (rank := _spoken_rank(key, word)) is not None]
    if near:
        return min(near)
    return _BESIDE if any(word in full or word in initials for full, initials in entry.beside_spoken) else None


def _spoken_rank(key: tuple[str, str], word: str) -> int | None:
    full, initials = key
    if word in key:
        return 5
    if full.startswith(word):
        return 6
    if initials.startswith(word):
        return 7
    return 8 if word in full or word in initials else None


@cache
def _industry_words() -> Mapping[str, list[str]]:
    local = json.loads(resource("catalogue/industry_words.json").read_text(encoding="utf-8"))["industries"]
    found: dict[str, list[str]] = {}
    for word, codes in local.items():
        for code in codes:
            found.setdefault(code, []).append(word)
    return found


def industry_picker(favourites: Mapping[str, str]) -> Picker:
    """Every class of GB/T 4754, also by its local words; the favourites (CL-IND) first, so they lead among equals."""
    listed = industries()
    order = [*favourites, *(code for code in listed.by_code if code in listed.classes and code not in favourites)]
    return Picker(
        (
            Choice(code, favourites.get(code) or listed.label(code), "/".join(e.name for e in listed.path(code)[1:-1]))
            for code in order
        ),
        words=_industry_words(),
    )


@lru_cache(maxsize=4)
def region_picker(known: Regions) -> Picker:
    """Counties, towns and villages of one edition of the regions, towns before villages; no quasi regions."""
    wanted = (region for region in known.within("4407") if region.level in ("county", "town", "village"))
    order = sorted(wanted, key=lambda region: (region.level == "village", region.code))
    return Picker((region_choice(region, known) for region in order), "place")


def region_choice(region: Region, known: Regions) -> Choice:
    """A region by its short name, with those of the county and the town that it lies in."""
    above = (other.short_name for other in known.ancestors(region.code) if other.level in ("county", "town"))
    return Choice(region.code, region.short_name, " / ".join(above))
