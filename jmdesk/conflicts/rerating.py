"""Ratings to be computed anew, because a fact they rest on has changed since: derived from the records themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jmdesk.conflicts import queries
from jmdesk.core.clock import Clock, beijing_date
from jmdesk.core.errors import Refused
from jmdesk.ratings import facts
from jmdesk.ratings import queries as ratings
from jmdesk.ratings.collect import Basis, collect

if TYPE_CHECKING:
    from jmdesk.catalogue.types import Catalogue
    from jmdesk.ratings.service import Ratings
    from jmdesk.store.reading import Connection

MOST = 200
"""Households looked at: each takes about a millisecond, and a longer list is worked off from its start."""


def due(connection: Connection, catalogue: Catalogue, desk_ratings: Ratings, clock: Clock) -> list[str]:
    """Households whose rating of this year no longer rests on what the records say, at most 200.

    A newer record alone is not enough: the facts of the rating must come out differently (its input digest).
    """
    on = beijing_date(clock.now())
    older = queries.older_ratings(connection, on.year, MOST)
    if not older:
        return []
    basis = Basis(desk_ratings.package, desk_ratings.values, catalogue, on.year, on)
    rated = ratings.stored_ratings(connection, older, on.year)
    files = ratings.found_households(connection, older, catalogue, on)
    found = []
    for household in older:
        stored, file = rated.get(household), files.get(household)
        if stored is None or file is None:
            continue
        try:
            digest = facts.from_object(collect(file.file, basis), desk_ratings.package).digest()
        except Refused:
            digest = ""  # records that contradict each other: rating again says which
        if stored.values.get("input_digest") != digest:
            found.append(household)
    return found
