"""Which village a household belongs to, from a code, a name in its row, or the title of the sheet."""

from __future__ import annotations

from functools import lru_cache

from jmdesk.catalogue.regions import Region, covers, regions
from jmdesk.core.text import folded
from jmdesk.registers.cells import Remark


def is_village(code: str) -> bool:
    """Whether a code names a village or community."""
    region = regions().get(code) if code else None
    return region is not None and region.level == "village"


@lru_cache(maxsize=4096)
def village_by_code(text: str, scope: str) -> tuple[str, Remark | None]:
    """A village's code as written in a cell; "" with a remark when it is none, or lies outside ``scope``."""
    verdict = regions().check(text)
    if verdict.verdict != "ok" or not is_village(verdict.value):
        return "", Remark("registers.village_unknown", "error", {"value": text})
    if scope and not covers(scope, verdict.value):
        return "", Remark("registers.village_outside", "error", {"value": text, "region": regions().label(scope)})
    return verdict.value, None


@lru_cache(maxsize=4096)
def village_by_name(text: str, town: str, scope: str) -> tuple[str, Remark | None]:
    """The code of a village by its name, within a town named in the row and the region ``scope``.

    65 names occur in more than one town: a name that fits several is refused, not guessed.
    """
    found = _named(text, scope)
    if town and len(found) > 1:
        towns = {region.code for region in regions().named(town, scope) if region.level == "town"}
        found = [region for region in found if region.parent in towns]
    if len(found) == 1:
        return found[0].code, None
    code = "registers.village_unknown" if not found else "registers.village_ambiguous"
    return "", Remark(code, "error", {"value": text, "region": regions().label(scope) if scope else "江门市"})


def _named(text: str, scope: str) -> list[Region]:
    name = folded(text).replace(" ", "")
    for form in (name, f"{name}委会", f"{name}村委会", f"{name}社区", f"{name}村", name.removesuffix("村")):
        found = [r for r in regions().named(form, scope) if r.level == "village" and not r.is_quasi]
        if found:
            return found
    return []


@lru_cache(maxsize=1024)
def region_in_title(title: str, scope: str) -> str:
    """The one village, or else town, that a title line names; "" when none or several."""
    text = folded(title).replace(" ", "")
    inside = [r for r in regions().within(scope or "4407") if r.level in {"village", "town"}]
    named = [r for r in inside if r.name in text or (len(r.short_name) > 2 and r.short_name in text)]
    villages = [r for r in named if r.level == "village"]
    towns = {r.code for r in named if r.level == "town"}
    if towns and villages:
        villages = [r for r in villages if r.parent in towns]
    if villages:
        longest = max(len(r.short_name) for r in villages)
        villages = [r for r in villages if len(r.short_name) == longest]
    if len(villages) == 1:
        return villages[0].code
    return next(iter(towns)) if len(towns) == 1 and not villages else ""
