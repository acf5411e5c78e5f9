"""Writes invented registers of real villages as Excel files, in three layouts that offices really keep.

Everything in them is invented; the villages' names are public. The same arguments write the same register.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Literal

import xlsxwriter

from jmdesk.catalogue.regions import regions
from jmdesk.core.errors import Refused
from jmdesk.core.resources import resource
from jmdesk.registers import sampleforms, samplesheets
from jmdesk.registers.flaws import KINDS, Overrides, PlacedFlaw, place
from jmdesk.registers.livelihoods import Livelihoods, SampleHousehold
from jmdesk.registers.people import Families, InventedNumbers

Layout = Literal["a", "b", "c"]
LAYOUTS: tuple[Layout, ...] = ("a", "b", "c")
MOST_FORMS = 1000
_STREAMED_FROM = 3000
_ON = date(2026, 3, 1)


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What a written register holds, so that a test or a demo can tell what an import must find."""

    households: int
    persons: int
    flaws: tuple[PlacedFlaw, ...]

    def expected(self, outcome: str) -> int:
        """How many households carry a flaw with this outcome."""
        return sum(flaw.outcome == outcome for flaw in self.flaws)


@dataclass(frozen=True, slots=True)
class Place:
    """A village with the names of what it is part of."""

    code: str
    village: str
    town: str
    county: str


@dataclass(frozen=True, slots=True)
class WrittenHousehold:
    """A household with its village's names and the cells to write otherwise."""

    home: SampleHousehold
    place: Place
    overrides: Overrides


def villages_under(code: str) -> list[Place]:
    """The villages of a region code of 6, 9 or 12 digits; where there are none (a street), its communities.

    Raises ``Refused("registers.unknown_region")`` when Jiangmen has no such village, town or county.
    """
    tree = regions()
    found = tree.within(code, "village") if code.startswith("4407") and len(code) in {6, 9, 12} else ()
    if not found:
        raise Refused("registers.unknown_region", region=code)
    rural = [region for region in found if region.kind == "village"]
    return [
        Place(region.code, region.name, tree.by_code(region.code[:9]).name, tree.by_code(region.code[:6]).name)
        for region in rural or found
    ]


def _prefixes(county: str) -> tuple[str, ...]:
    codes: list[str] = json.loads(resource("samples/id_prefixes.json").read_text(encoding="utf-8"))["codes"]
    return tuple(dict.fromkeys((county, *codes)))


def invented_households(
    code: str, households: int, seed: int, on: date = _ON
) -> Iterator[tuple[Place, SampleHousehold]]:
    """Households of the villages under a region code, one after another, evenly over the villages."""
    places = villages_under(code)
    rng = Random(f"{seed}/{code}")  # noqa: S311 - invented people, not secrets
    families = Families(rng, InventedNumbers(_prefixes(places[0].code[:6])), on)
    lives = Livelihoods(rng, families, on)
    share, more = divmod(households, len(places))
    for order, place_ in enumerate(places):
        count = share + (order < more)
        groups = max(1, min(12, count // 35))
        for serial in range(1, count + 1):
            yield place_, lives.household(place_.code, serial, 1 + (serial - 1) * groups // count)


class _Flawed:
    """Passes households on and puts a flaw into a share of them, keeping the account."""

    def __init__(self, code: str, seed: int, share: float) -> None:
        self._rng = Random(f"flaws/{seed}/{code}")  # noqa: S311 - invented people, not secrets
        self._share = share
        self.households = 0
        self.persons = 0
        self.placed: list[PlacedFlaw] = []

    def pass_on(self, source: Iterator[tuple[Place, SampleHousehold]]) -> Iterator[WrittenHousehold]:
        for place_, home in source:
            self.households += 1
            self.persons += len(home.members)
            overrides: Overrides = {}
            if self._rng.random() < self._share:
                kind, overrides = place(self._rng, home)
                self.placed.append(PlacedFlaw(kind, home.number, KINDS[kind]))
            yield WrittenHousehold(home, place_, overrides)


def write_register(
    path: Path, village_code: str, layout: Layout, households: int, seed: int = 1, flaws: float = 0.0
) -> SampleReport:
    """Write an invented register of ``households`` households; ``flaws`` is the share of them with a mistake.

    ``village_code`` may also name a town or a county: its villages share the households. Layout "a" is one sheet
    with two merged header rows and the household's columns on its first row only; "b" is flat, in 万元, one sheet per
    village group; "c" is a form per household: a workbook of forms, or, when ``path`` has no ``.xlsx`` ending, a
    folder of files. From 3,000 households on the file is streamed in constant memory. Raises ``Refused`` for an
    unknown region or too many forms in one workbook.
    """
    flawed = _Flawed(village_code, seed, flaws)
    source = flawed.pass_on(invented_households(village_code, households, seed))
    if layout == "c":
        if path.suffix.lower() != ".xlsx":
            _write_folder(path, source)
            return SampleReport(flawed.households, flawed.persons, tuple(flawed.placed))
        if households > MOST_FORMS:
            raise Refused("registers.too_many_forms", most=MOST_FORMS)
    options = {"constant_memory": households >= _STREAMED_FROM, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(str(path), options) as book:
        if layout == "c":
            sampleforms.write(book, source)
        elif layout == "b":
            samplesheets.write_groups(book, _by_sheet(source, village_code))
        else:
            samplesheets.write_merged(book, source, streamed=households >= _STREAMED_FROM)
    return SampleReport(flawed.households, flawed.persons, tuple(flawed.placed))


def _by_sheet(source: Iterator[WrittenHousehold], code: str) -> Iterator[tuple[str, Iterator[WrittenHousehold]]]:
    """Households by sheet: the groups of one village, or the villages of a town or county."""
    single = len(villages_under(code)) == 1
    for key, written in groupby(source, lambda w: (w.place, w.home.group if single else 0)):
        place_, group = key
        yield f"第{group}组" if single else f"{place_.town[:8]}{place_.village[:14]}{place_.code[-3:]}", written


def _write_folder(path: Path, source: Iterator[WrittenHousehold]) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for number, written in enumerate(source, 1):
        with xlsxwriter.Workbook(str(path / f"{number:05d}.xlsx")) as book:
            sampleforms.write(book, iter((written,)))
