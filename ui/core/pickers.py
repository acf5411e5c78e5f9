"""What pickers search: code lists and regions, by code, label, pinyin and initials."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jmdesk.catalogue.pinyin import Sort, keys
from jmdesk.catalogue.regions import Region, Regions, regions, significant
from jmdesk.core.text import folded
from ui.core.ports import Choice, SearchChoices

CITY = "440700000000"


def search_codes(values: Mapping[str, str], sort: Sort = "text") -> SearchChoices:
    """A search over a code list: an exact code first, then labels that begin with the text, then all that hold it."""

    def search(text: str, limit: int) -> Sequence[Choice]:
        wanted = folded(text).lower()
        if not wanted:
            return [Choice(code, label) for code, label in values.items()][:limit]
        ranked = ((_rank(code, label, wanted, sort), code, label) for code, label in values.items())
        found = sorted((entry for entry in ranked if entry[0] < _NO), key=lambda entry: entry[0])
        return [Choice(code, label) for _, code, label in found[:limit]]

    return search


_NO = 9


def _rank(code: str, label: str, wanted: str, sort: Sort) -> int:
    """How well an entry fits, 0 best; ``_NO`` when it does not."""
    lowered = label.lower()
    if wanted in (code.lower(), lowered):
        return 0
    if lowered.startswith(wanted):
        return 1
    if code.lower().startswith(wanted):
        return 2
    if not wanted.isascii():
        return 5 if wanted in lowered else _NO
    spoken = keys(label, sort)
    if any(wanted == initials for _, initials in spoken):
        return 3
    if any(full.startswith(wanted) or initials.startswith(wanted) for full, initials in spoken):
        return 4
    return 6 if any(wanted in initials for _, initials in spoken) else _NO


def _choice(region: Region, known: Regions) -> Choice:
    path = [above.short_name for above in known.ancestors(region.code) if above.level in ("county", "town")]
    return Choice(region.code, region.short_name, " / ".join(path))


def search_regions(text: str, limit: int, within: str = CITY, known: Regions | None = None) -> Sequence[Choice]:
    """Regions inside ``within`` by name, pinyin, initials or code; towns before villages of the same fit.

    ``known``: the regions in force, else those that came with the program; as everywhere here.
    """
    known = known or regions()
    wanted = folded(text).lower().replace(" ", "")
    inside: Iterable[Region] = known.within(within)
    if not wanted:
        return [_choice(region, known) for region in inside if region.level in ("county", "town")][:limit]
    if wanted.isdigit():
        return [_choice(region, known) for region in inside if region.code.startswith(wanted)][:limit]
    ranked: list[tuple[int, Region]] = []
    for region in inside:
        rank = _rank(region.code, region.short_name, wanted, "place")
        if rank < _NO:
            ranked.append((rank, region))
    ranked.sort(key=lambda entry: (entry[0], entry[1].level == "village", entry[1].code))
    return [_choice(region, known) for _, region in ranked[:limit]]


def regions_within(scope: Sequence[str], known: Regions | None = None) -> SearchChoices:
    """A search over the regions of a desk's scope."""

    def search(text: str, limit: int) -> Sequence[Choice]:
        codes = scope or (CITY,)
        found = [choice for code in codes for choice in search_regions(text, limit, significant(code), known)]
        return found[:limit]

    return search


def region_path(code: str, known: Regions | None = None) -> Sequence[str]:
    """Short names from the county down to a region; a former code's are those of its heir; empty for an unknown one."""
    known = known or regions()
    region = known.get(known.current(code)) if code else None
    if region is None:
        return ()
    above = [r.short_name for r in known.ancestors(region.code) if r.level in ("county", "town")]
    return (*above, region.short_name)


def region_children(code: str, known: Regions | None = None) -> Sequence[Choice]:
    """The regions right below one (empty code: the counties), without development zones and virtual units."""
    known = known or regions()
    return [Choice(region.code, region.short_name) for region in known.children(code or CITY)]


def children_within(scope: Sequence[str], known: Regions | None = None) -> Callable[[str], Sequence[Choice]]:
    """The tree below a desk's scope: its own regions stand at the top."""

    def children(code: str) -> Sequence[Choice]:
        if code or not scope:
            return region_children(code, known)
        tree = known or regions()
        return [_choice(region, tree) for region in map(tree.get, scope) if region is not None]

    return children
