"""Industries by GB/T 4754-2017: sections (A…T), divisions, groups and classes."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from jmdesk.core.resources import resource

Level = Literal["section", "division", "group", "class"]


@dataclass(frozen=True, slots=True)
class Industry:
    """One entry: ``code`` is a letter (section) or 2, 3 or 4 digits; ``parent`` is "" for a section."""

    code: str
    name: str
    level: Level
    parent: str
    section: str


class Industries:
    """The classification, in the order of the standard."""

    def __init__(self, by_code: Mapping[str, Industry]) -> None:
        self.by_code = by_code

    @cached_property
    def classes(self) -> frozenset[str]:
        """The four-digit codes, which alone may be recorded."""
        return frozenset(code for code, entry in self.by_code.items() if entry.level == "class")

    def path(self, code: str) -> tuple[Industry, ...]:
        """An entry with everything above it, the section first; empty for an unknown code."""
        found: list[Industry] = []
        entry = self.by_code.get(code)
        while entry is not None:
            found.insert(0, entry)
            entry = self.by_code.get(entry.parent)
        return tuple(found)

    def label(self, code: str) -> str:
        """The name of a code; the code itself when it is unknown."""
        entry = self.by_code.get(code)
        return entry.name if entry else code


@cache
def industries() -> Industries:
    """The classification that ships with this program: the 2017 edition without its amendment; about 6 ms."""
    text = resource("catalogue/gbt/codes_gbt4754_2017.csv").read_text(encoding="utf-8")
    lines = csv.reader(io.StringIO(text))
    next(lines)
    return Industries(
        {
            code: Industry(code, name, level, parent, section)  # type: ignore[arg-type]
            for code, name, _, level, parent, section in lines
        }
    )
