"""Counts the households of one village by the rules' words: who is filed, who is a credit household, why not yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from jmdesk.core.clock import beijing_date, from_utc_text, utc_text
from jmdesk.villages.figures import AWAY, CONSENT, CREDIT, DRAFT, FILED, OBJECTED, RATED, UNDER_WAY, UNRATED
from jmdesk.villages.queries import HouseholdLine, Objection, RatingLine

_UPHELD = "1"
"""CL-CRES."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Record ids of households by list, and the points for data quality (None without any household)."""

    lists: Mapping[str, tuple[str, ...]]
    quality: Fraction | None
    quality_note: str


def count(
    rules: Mapping[str, Any],
    households: Sequence[HouseholdLine],
    ratings: Mapping[str, Sequence[RatingLine]],
    objections: Sequence[Objection],
    *,
    year: int,
    cutoff: str,
) -> Counted:
    """Put every household of a village into the lists it belongs to.

    ``cutoff`` is the last day that counts. A household that lives away as a whole or moved away is in none but "away":
    it is not in the denominator either.
    """
    words = rules["counting"]
    upheld = _upheld(objections)
    lists: dict[str, list[str]] = {
        name: [] for name in (AWAY, FILED, CREDIT, RATED, DRAFT, CONSENT, UNRATED, UNDER_WAY, OBJECTED)
    }
    verified = 0
    for household in households:
        if household.archive in words["closed"]:
            continue
        if household.reside in words["away"]:
            lists[AWAY].append(household.rid)
            continue
        if household.archive not in words["filed"]:
            lists[DRAFT].append(household.rid)
            continue
        lists[FILED].append(household.rid)
        verified += household.verified in rules["quality"]["verified"]
        for name in _standing(words, household, ratings.get(household.rid, ()), upheld, year, cutoff):
            lists[name].append(household.rid)
    quality, note = _quality(rules["quality"], verified, len(lists[FILED]), objections, cutoff)
    return Counted({name: tuple(rids) for name, rids in lists.items()}, quality, note)


def _standing(
    words: Mapping[str, Any],
    household: HouseholdLine,
    ratings: Sequence[RatingLine],
    upheld: Mapping[str, str],
    year: int,
    cutoff: str,
) -> tuple[str, ...]:
    """The lists of a household on record: what it is, and the first thing that is missing."""
    concluded = next(
        (r for r in ratings if r.status in words["concluded"] and (r.year == year or r.valid_to >= cutoff)), None
    )
    latest = next((r for r in ratings if r.year == year), None)
    rated = (RATED,) if latest is not None else ()
    if concluded is not None and _objected(concluded, household.rid, upheld):
        return (*rated, OBJECTED)
    stands = concluded is not None and concluded.status in words["standing"]
    if stands and concluded is not None and concluded.grade in words["credit"] and not concluded.vetoed:
        return (*rated, CREDIT)
    if household.awaiting:
        return (*rated, CONSENT)
    if latest is None:
        return (*rated, UNRATED) if concluded is None else rated
    return rated if latest.status in words["concluded"] else (*rated, UNDER_WAY)


def _upheld(objections: Sequence[Objection]) -> dict[str, str]:
    """What objections that were upheld are about, and when they were answered last."""
    found: dict[str, str] = {}
    for one in objections:
        if one.result == _UPHELD and one.replied_at > found.get(one.target, ""):
            found[one.target] = one.replied_at
    return found


def _objected(rating: RatingLine, household: str, upheld: Mapping[str, str]) -> bool:
    """Whether an objection was upheld against a rating, or against the household after it was rated."""
    if f"R16:{rating.rid}" in upheld:
        return True
    return upheld.get(f"R05:{household}", "") > _made_at(rating.rid)


def _made_at(rid: str) -> str:
    """When a record was made: its id begins with the milliseconds (UUIDv7)."""
    return utc_text(datetime.fromtimestamp(int(rid.replace("-", "")[:12], 16) / 1000, UTC))


def _quality(
    words: Mapping[str, Any], verified: int, filed: int, objections: Sequence[Objection], cutoff: str
) -> tuple[Fraction | None, str]:
    """Points for archives that somebody verified and for objections answered in time; what has no case is left out."""
    if not filed:
        return None, ""
    due = [one for one in objections if one.due_at and _is_due(one, cutoff)]
    in_time = sum(1 for one in due if one.replied_at and one.replied_at <= one.due_at)
    share, weight = Fraction(words["for_verified"]), Fraction(words["for_objections"])
    note = f"核验 {verified:,}/{filed:,} 户"
    if not due:
        return (share + weight) * Fraction(verified, filed), f"{note}；没有到期的异议"
    points = share * Fraction(verified, filed) + weight * Fraction(in_time, len(due))
    return points, f"{note}；异议按期 {in_time}/{len(due)} 件"


def _is_due(objection: Objection, cutoff: str) -> bool:
    return bool(objection.replied_at) or beijing_date(from_utc_text(objection.due_at)).isoformat() <= cutoff
