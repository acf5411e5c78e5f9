"""What pickers search: code lists and regions, by code, label, pinyin and initials."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from jmdesk.catalogue.pickers import Choice, Picker, region_choice, region_picker
from jmdesk.catalogue.pinyin import Sort
from jmdesk.catalogue.regions import Regions, covers, regions
from ui.core.ports import SearchChoices

CITY = "440700000000"


def search_codes(values: Mapping[str, str], sort: Sort = "text") -> SearchChoices:
    """A search over a code list; nothing typed gives its beginning."""
    return Picker((Choice(code, label) for code, label in values.items()), sort).offer


def search_regions(
    text: str, limit: int, within: Sequence[str] = (CITY,), known: Regions | None = None
) -> Sequence[Choice]:
    """Regions inside any of ``within``; nothing typed gives the counties and towns.

    ``known``: the regions in force, else those that came with the program; as everywhere here.
    """
    tree = known or regions()
    typed = bool(text.strip())

    def wanted(choice: Choice) -> bool:
        inside = any(covers(code, choice.code) for code in within)
        return inside and (typed or tree.by_code(choice.code).level != "village")

    return region_picker(tree).offer(text, limit, keep=wanted)


def regions_within(scope: Sequence[str], known: Regions | None = None) -> SearchChoices:
    """A search over the regions of a desk's scope."""
    return lambda text, limit: search_regions(text, limit, scope or (CITY,), known)


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
        return [region_choice(region, tree) for region in map(tree.get, scope) if region is not None]

    return children
