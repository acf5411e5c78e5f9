"""The regions of Jiangmen: city, counties, towns and villages with their official 12-digit codes.

Codes and names are the National Bureau of Statistics' edition that ``resources/regions/package.json`` names. Names
repeat (65 village names occur in more than one town), so a region is only ever named by its code.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Literal

from jmdesk.catalogue.verdict import Verdict
from jmdesk.core.resources import resource
from jmdesk.core.text import folded

Level = Literal["province", "city", "county", "town", "village"]
LEVEL_CODES: Mapping[str, str] = {"city": "1", "county": "2", "town": "3", "village": "4"}
"""Levels as the code list CL-RLEVEL numbers them (a villagers' group, 5, has no code of its own)."""

_QUASI = frozenset({"quasi_town", "quasi_village", "quasi_community"})


@dataclass(frozen=True, slots=True)
class Region:
    """One region. ``code`` has 12 digits; ``parent`` is "" for the province.

    ``kind`` refines the level: district, county_city, street, town, quasi_town, village, community, quasi_village,
    quasi_community, … Quasi regions are development zones, a prison, a forest farm and virtual units.
    """

    code: str
    name: str
    level: Level
    kind: str
    parent: str
    pinyin: str

    @property
    def is_quasi(self) -> bool:
        """No town or village in the ordinary sense: hidden where a home is picked."""
        return self.kind in _QUASI

    @property
    def level_code(self) -> str:
        """The level in the code list CL-RLEVEL; "" for the province."""
        return LEVEL_CODES.get(self.level, "")

    @property
    def short_name(self) -> str:
        """The name as people say it: ``上凯岗村`` for ``上凯岗村民委员会``, ``雅怡社区`` for ``雅怡社区居委会``."""
        if self.level != "village":
            return self.name
        for ending, short in _SHORT:
            if self.name.endswith(ending) and len(self.name) > len(ending):
                return self.name.removesuffix(ending) + short
        return self.name


_SHORT = (
    ("社区居民委员会", "社区"),
    ("社区居委会", "社区"),
    ("村民委员会", "村"),
    ("居民委员会", "社区"),
    ("村委会", "村"),
    ("居委会", "社区"),
)


def significant(code: str) -> str:
    """The part of a code that says something: 2, 4, 6, 9 or 12 digits (``440785000000`` → ``440785``)."""
    if len(code) == 12 and code.endswith("000"):
        code = code[:9]
    if len(code) == 9 and code.endswith("000"):
        code = code[:6]
    while len(code) in (4, 6) and code.endswith("00"):
        code = code[:-2]
    return code


def covers(scope: str, code: str) -> bool:
    """Whether ``code`` is the region ``scope`` or lies in it; both may be of any official length."""
    return code.startswith(significant(scope))


class Regions:
    """The tree of regions of one package, in the order of their codes."""

    def __init__(
        self, rows: Iterable[Region], edition: str, as_of: str, moved: Mapping[str, str] | None = None
    ) -> None:
        self.edition = edition
        """The package's name of itself: ``NBS-2023``."""
        self.moved: Mapping[str, str] = moved or {}
        """Codes that are no more → the code that takes their place (renumbered, merged into another)."""
        self.as_of = as_of
        """The day whose state the codes describe."""
        self._by_code = {region.code: region for region in rows}
        self._children: dict[str, list[Region]] = {}
        for region in self._by_code.values():
            self._children.setdefault(region.parent, []).append(region)

    def __len__(self) -> int:
        return len(self._by_code)

    @cached_property
    def codes(self) -> frozenset[str]:
        """Every 12-digit code."""
        return frozenset(self._by_code)

    def get(self, code: str) -> Region | None:
        """A region by its 12-digit code or the shorter forms of 2, 4, 6 and 9 digits; None when there is none."""
        return self._by_code.get(code if len(code) == 12 else code.ljust(12, "0"))

    def current(self, code: str) -> str:
        """The code in force for one that may be a former one (12 digits); any other as it stands."""
        for _ in range(len(self.moved)):
            following = self.moved.get(code)
            if following is None:
                break
            code = following
        return code

    def widened(self, prefixes: Iterable[str]) -> tuple[str, ...]:
        """A scope with what took the place of regions in it: who worked for a village goes on after it was merged."""
        given = tuple(prefixes)
        heirs = (self.current(old) for old in self.moved if old.startswith(given))
        return (*given, *dict.fromkeys(code for code in heirs if not code.startswith(given))) if given else ()

    def by_code(self, code: str) -> Region:
        """As :meth:`get`; ``KeyError`` when there is none."""
        found = self.get(code)
        if found is None:
            raise KeyError(code)
        return found

    def children(self, code: str, *, quasi: bool = False) -> tuple[Region, ...]:
        """The regions directly below; quasi regions only when asked for."""
        below = self._children.get(self.by_code(code).code, ())
        return tuple(region for region in below if quasi or not region.is_quasi)

    def ancestors(self, code: str) -> tuple[Region, ...]:
        """The regions above, the province first; without the region itself."""
        found: list[Region] = []
        region = self._by_code.get(self.by_code(code).parent)
        while region is not None:
            found.insert(0, region)
            region = self._by_code.get(region.parent)
        return tuple(found)

    def within(self, prefix: str, level: Level | None = None, *, quasi: bool = False) -> tuple[Region, ...]:
        """Every region in a scope, itself included, in code order; of one level only when given."""
        scope = significant(prefix)
        return tuple(
            region
            for region in self._by_code.values()
            if region.code.startswith(scope) and (level is None or region.level == level)
            if quasi or not region.is_quasi
        )

    def label(self, code: str, separator: str = "/") -> str:
        """The path from the county down (``恩平市/沙湖镇/上凯岗村``); the code itself when it is unknown."""
        region = self.get(code) or self.get(self.current(code))
        if region is None:
            return code
        path = [
            r.short_name for r in (*self.ancestors(region.code), region) if r.level in ("county", "town", "village")
        ]
        return separator.join(path) or region.name

    def named(self, text: str, under: str = "") -> tuple[Region, ...]:
        """The regions whose name, short name or path is exactly the text; several when the name repeats."""
        wanted = _bare(text)
        if not wanted:
            return ()
        return (
            self._names.get(wanted, ())
            if not under
            else tuple(region for region in self._names.get(wanted, ()) if covers(under, region.code))
        )

    @cached_property
    def _names(self) -> Mapping[str, tuple[Region, ...]]:
        found: dict[str, list[Region]] = {}
        for region in self._by_code.values():
            path = [r.name for r in self.ancestors(region.code)]
            long = "".join((*path, region.name))
            forms = {region.name, region.short_name, _bare(self.label(region.code)), long, long.removeprefix("广东省")}
            forms.add(_bare(self.label(region.parent)) + region.name if region.parent else region.name)
            for form in forms:
                found.setdefault(form, []).append(region)
        return {name: tuple(regions) for name, regions in found.items()}

    @cached_property
    def _map_codes(self) -> Mapping[str, tuple[str, str]]:
        """Map services' town codes that differ from the official ones → (official 9 digits, town)."""
        text = resource("regions/towns_code_crosswalk.csv").read_text(encoding="utf-8")
        return {
            row["amap_tencent_code"]: (row["nbs_code_2023"], row["town_name"])
            for row in csv.DictReader(io.StringIO(text))
            if row["same"] == "0"
        }

    def check(self, value: str) -> Verdict:
        """What is to be said of a region code.

        ``error``: not 12 digits, outside Jiangmen, unknown, or a map service's number for a town. ``warn``: a known
        code in its short form (6 or 9 digits).
        """
        code = re.sub(r"[\s\-.']+", "", folded(value))
        if not (code.isascii() and code.isdigit()):
            return Verdict("error", "region.alphabet", code)
        if code in self._by_code:
            return Verdict("ok", "ok", code)
        if code in self.moved:  # written before the boundaries changed: still good for what it names
            heir = self.by_code(self.current(code))
            return Verdict("warn", "region.moved", code, params={"code": heir.code, "name": heir.name})
        if len(code) in (4, 6, 9) and (known := self.get(code)):
            return Verdict("warn", "region.short", code, params={"code": known.code, "name": known.name})
        if len(code) != 12:
            return Verdict("error", "region.length", code, params={"length": len(code)})
        if not code.startswith("4407"):
            return Verdict("error", "region.outside", code)
        if f"{code[:6]}000000" not in self._by_code:
            return Verdict("error", "region.county_unknown", code, params={"county": code[:6]})
        town = self.get(code[:9])
        if town is not None:
            return Verdict("error", "region.village_unknown", code, params={"name": town.name})
        official = self._map_codes.get(code[:9])
        if official is not None:
            return Verdict("error", "region.map_code", code, params={"code": official[0], "name": official[1]})
        return Verdict("error", "region.unknown", code)


def _bare(text: str) -> str:
    return re.sub(r"[\s/\\>·、,，-]+", "", folded(text))


@cache
def regions() -> Regions:
    """The regions that ship with this program; about 6 ms, once per process."""
    package = json.loads(resource("regions/package.json").read_text(encoding="utf-8"))
    table = resource("regions/regions.csv").read_text(encoding="utf-8")
    return Regions(read_regions(table), package["version"], package["as_of"])


def read_regions(table: str) -> list[Region]:
    """The rows of a regions table (CSV with the columns of ``resources/regions/regions.csv``). ``ValueError``."""
    lines = csv.reader(io.StringIO(table))
    next(lines, None)
    return [
        Region(code12, name, level, kind, parent.ljust(12, "0") if parent else "", pinyin)  # type: ignore[arg-type]
        for _, name, level, parent, code12, kind, pinyin in lines
    ]
