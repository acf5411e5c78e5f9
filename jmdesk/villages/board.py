"""The scoreboard: counties, towns and villages by the share of credit households, their grades, and their years."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from jmdesk.catalogue.regions import significant
from jmdesk.catalogue.types import Catalogue
from jmdesk.store.reading import Connection
from jmdesk.villages import queries
from jmdesk.villages.rules import package
from jmdesk.villages.sources import RESIDENT

YEARS = 5
GRADES = ("AAA", "AA", "A", "B", "C", "NR")


@dataclass(frozen=True, slots=True)
class Place:
    """One region on the board.

    ``base`` are its resident households, None when nobody gave them; ``filed`` its households on record here, ``rated``
    and ``credit`` those of the year; ``grades`` counts by grade; ``years`` the credit households of each year.
    """

    code: str
    name: str
    level: str
    base: int | None
    filed: int
    rated: int
    credit: int
    grades: Mapping[str, int]
    years: Mapping[int, int]
    lacking: int = 0
    """Villages below whose resident households nobody gave."""

    @property
    def share(self) -> Fraction | None:
        """Credit households per hundred resident ones; None without a denominator."""
        return Fraction(self.credit * 100, self.base) if self.base else None

    @property
    def progress(self) -> Fraction | None:
        """Rated households per hundred on record."""
        return Fraction(self.rated * 100, self.filed) if self.filed else None


@dataclass(frozen=True, slots=True)
class Board:
    """Every region with households, by code; ``below`` gives the tiles of one."""

    year: int
    cutoff: str
    places: Mapping[str, Place]
    children: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def top(self) -> Place | None:
        """All of it: the province's line, None for an empty board."""
        return next((place for place in self.places.values() if place.level == "province"), None)

    def below(self, code: str) -> list[Place]:
        """The regions right below one, in the order of their codes."""
        return [self.places[child] for child in self.children.get(code, ())]


def board_of(
    connection: Connection,
    catalogue: Catalogue,
    prefix: str,
    year: int,
    *,
    years: int,
    today: date,
    within: Iterable[str] = (),
) -> Board:
    """The board of all villages under a prefix and what is above them: three bulk reads, then sums."""
    words = package("JM-VL-1")["counting"]
    span = range(year - years + 1, year + 1)
    scope = tuple(within)
    counted = queries.counts(connection, span, prefix)
    filed = queries.filed(connection, prefix)
    bases = _bases(connection, catalogue)
    codes = (
        {code for _, code in counted} | filed.keys() | {c for c in bases if c.startswith(significant(prefix or "44"))}
    )
    codes = {code for code in codes if not scope or code.startswith(scope)}
    places: dict[str, Place] = {}
    children: dict[str, set[str]] = {}
    sums: dict[str, list[Place]] = {}
    for code in codes:
        region = catalogue.regions.get(catalogue.regions.current(code))
        if region is None or region.level != "village":
            continue
        places[code] = place = _village(code, region.short_name, counted, filed, bases, span, words)
        child = code
        for above in reversed(catalogue.regions.ancestors(region.code)):
            children.setdefault(above.code, set()).add(child)
            sums.setdefault(above.code, []).append(place)
            child = above.code
    for code, parts in sums.items():
        region = catalogue.regions.by_code(code)
        places[code] = _sum(code, region.short_name, region.level, parts)
    below = {code: tuple(sorted(found)) for code, found in children.items()}
    return Board(year, min(today, date(year, 12, 31)).isoformat(), places, below)


def _bases(connection: Connection, catalogue: Catalogue) -> dict[str, int]:
    """Resident households by village; those of villages merged into it are added."""
    heirs: Counter[str] = Counter()
    for code, count in queries.residents(connection, RESIDENT).items():
        heirs[catalogue.regions.current(code)] += count
    return dict(heirs)


def _village(
    code: str,
    name: str,
    counted: Mapping[tuple[int, str], Mapping[tuple[str, str], int]],
    filed: Mapping[str, int],
    bases: Mapping[str, int],
    years: range,
    words: Mapping[str, list[str]],
) -> Place:
    now = counted.get((years[-1], code), {})
    grades: Counter[str] = Counter()
    for (grade, _), count in now.items():
        grades[grade] += count
    per_year = {year: _credit(counted.get((year, code), {}), words) for year in years}
    rated = sum(now.values())
    return Place(
        code, name, "village", bases.get(code), filed.get(code, 0), rated, per_year[years[-1]], dict(grades), per_year
    )


def _credit(counts: Mapping[tuple[str, str], int], words: Mapping[str, list[str]]) -> int:
    """Households of credit grade whose rating was concluded and stands."""
    return sum(n for (grade, status), n in counts.items() if grade in words["credit"] and status in words["standing"])


def _sum(code: str, name: str, level: str, parts: list[Place]) -> Place:
    """A region above; its denominator is known only when that of every village below is."""
    known = [part.base for part in parts if part.base is not None]
    grades: Counter[str] = Counter()
    years: Counter[int] = Counter()
    for part in parts:
        grades.update(part.grades)
        for year, count in part.years.items():
            years[year] += count
    return Place(
        code,
        name,
        level,
        sum(known) if len(known) == len(parts) else None,
        sum(part.filed for part in parts),
        sum(part.rated for part in parts),
        sum(part.credit for part in parts),
        dict(grades),
        dict(years),
        len(parts) - len(known),
    )
