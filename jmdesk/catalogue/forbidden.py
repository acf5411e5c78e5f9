"""What must never be collected, recognised by its words: refused as an import column, hinted at in free text.

There is no field for any of it. The words are data (``resources/catalogue/forbidden.json``); the law behind them is
article 14 of the Regulation on the Credit Reporting Industry, and this project's own additions.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache

from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.types import Field
from jmdesk.core.resources import resource
from jmdesk.core.text import folded

_SHORTEST_FREE_TEXT = 40
"""Text fields at least this long hold free text; shorter ones are names, numbers and titles."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A sign of forbidden collection: its ``kind`` and Chinese ``label``, and the ``word`` that gave it away.

    ``word`` is one of the list's, or "" where a number was recognised by its form: it never repeats personal data.
    """

    kind: str
    label: str
    word: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Words:
    pattern: re.Pattern[str]
    kind_of: dict[str, tuple[str, str]]
    harmless: tuple[str, ...]
    marks: tuple[tuple[str, str, re.Pattern[str]], ...]


@cache
def _words() -> _Words:
    raw = json.loads(resource("catalogue/forbidden.json").read_text(encoding="utf-8"))
    kind_of = {w.casefold(): (kind, entry["label"]) for kind, entry in raw["kinds"].items() for w in entry["words"]}
    longest_first = sorted(kind_of, key=len, reverse=True)
    return _Words(
        re.compile("|".join(map(re.escape, longest_first))),
        kind_of,
        tuple(word.casefold() for word in raw["harmless"]),
        tuple((kind, entry["label"], re.compile(entry["pattern"])) for kind, entry in raw["personal_marks"].items()),
    )


def hints(text: str) -> list[Hint]:
    """Signs of forbidden collection in free text, in the order of the text; positions count in the folded text."""
    words, plain = _words(), folded(text).casefold()
    for harmless in words.harmless:
        plain = plain.replace(harmless, "　" * len(harmless))
    found = [
        Hint(*words.kind_of[match.group()], match.group(), match.start(), match.end())
        for match in words.pattern.finditer(plain)
    ]
    for kind, label, pattern in words.marks:
        found.extend(Hint(kind, label, "", match.start(), match.end()) for match in pattern.finditer(plain))
    return sorted(found, key=lambda hint: hint.start)


def refused_column(heading: str) -> Hint | None:
    """Why a column of a register must not be imported, by its heading; None when it may be."""
    return next(iter(hints(re.sub(r"\s+", "", folded(heading)))), None)


def check_free_text(field: Field, value: object) -> Problem | None:
    """A warning for a long text that seems to hold what must not be collected; it names every kind once."""
    if field.type.kind != "str" or field.type.size < _SHORTEST_FREE_TEXT or not isinstance(value, str):
        return None
    kinds = dict.fromkeys(hint.label for hint in hints(value))
    if not kinds:
        return None
    return Problem(field.identifier, "forbidden.text", "warn", {"label": field.label, "kind": "、".join(kinds)})
