"""Ratings to be computed anew, because a fact they rest on has changed since: derived from the records themselves."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from jmdesk.conflicts import queries
from jmdesk.core.errors import Refused
from jmdesk.ratings import facts
from jmdesk.ratings import queries as ratings
from jmdesk.ratings.collect import Basis, collect

if TYPE_CHECKING:
    from jmdesk.catalogue.types import Catalogue
    from jmdesk.ratings.queries import FoundHousehold
    from jmdesk.ratings.service import Ratings
    from jmdesk.store.reading import Connection

MOST = 200
"""Households named: a longer list is worked off from its start."""

MOST_TRIED = 1000
"""Households whose facts are computed: each takes about half a millisecond."""


def due(connection: Connection, catalogue: Catalogue, desk_ratings: Ratings, on: date) -> list[str]:
    """Households whose rating of this year no longer rests on what the records say, at most 200.

    A newer record alone is not enough: the facts of the rating must come out differently (its input digest).
    """
    older = queries.older_ratings(connection, on.year, MOST_TRIED)
    basis = Basis(desk_ratings.package, desk_ratings.values, catalogue, on.year, on)
    found: list[str] = []
    for start in range(0, len(older), MOST):
        found += _changed(connection, older[start : start + MOST], basis)
        if len(found) >= MOST:
            break
    return found[:MOST]


def _changed(connection: Connection, households: list[str], basis: Basis) -> list[str]:
    rated = ratings.stored_ratings(connection, households, basis.year)
    files = ratings.found_households(connection, households, basis.catalogue, basis.on)
    return [
        household
        for household, file in files.items()
        if household in rated and rated[household].values.get("input_digest") != _digest(file, basis)
    ]


def _digest(file: FoundHousehold, basis: Basis) -> str:
    try:
        return facts.from_object(collect(file.file, basis), basis.package).digest()
    except Refused:
        return ""  # records that contradict each other: rating again says which
