"""Cases that other desks submitted: which ratings are reviewed in which batch, read off the steps that the sync brings.

A panel and its ballots stay where they met. What a town needs is in the records that travel anyway: the rating with its
facts and the anonymous tally, the steps, the objections; the first step names batch, household and year.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from jmdesk.catalogue.types import Record
from jmdesk.reviews import queries
from jmdesk.reviews.queries import Batch

if TYPE_CHECKING:
    from jmdesk.store.store import Connection

APPLICATION: Final = "apply"
"""The step that takes a household up into a batch."""
_MOST: Final = 40


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the platform brought it: where its case lies, which unit took it, its values."""

    region: str
    unit: str
    values: Record


def name_of(number: str, region: str, unit: str) -> str:
    """How a batch is called at this desk: its number, with the place behind it when another unit submitted it.

    Desks of two villages may have the same desk block, so that their numbers meet at the town.
    """
    return f"{number}-{region[6:]}" if unit else number


def take_up(connection: Connection, steps: Iterable[Step], own_unit: str) -> int:
    """Note the cases that these steps begin; gives how many steps began one. Harmless to call again."""
    found = 0
    for step in steps:
        rating, details = str(step.values.get("target_ref", "")), step.values.get("details")
        if step.values.get("step") != APPLICATION or not rating.startswith("R16:") or not isinstance(details, dict):
            continue
        number, household, year = (details.get(name) for name in ("batch", "household_id", "rating_year"))
        if not isinstance(number, str) or not isinstance(household, str) or not isinstance(year, int):
            continue
        unit = "" if step.unit in ("", own_unit) else step.unit
        name = name_of(number[:_MOST], step.region, unit)
        batch = Batch(name, step.region, year, str(step.values.get("event_at", "")), "", "", "", unit)
        queries.take_up(connection, batch, rating.partition(":")[2], household)
        found += 1
    return found
