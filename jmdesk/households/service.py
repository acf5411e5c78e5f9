"""Household archives as an office asks for them."""

from __future__ import annotations

from jmdesk.core.errors import Refused
from jmdesk.households import queries
from jmdesk.households.queries import Dossier, HouseholdFilter, HouseholdRow
from jmdesk.store.store import Store


class Households:
    """Lists, searches and opens household archives; changes go through ``records``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, wanted: HouseholdFilter, offset: int, limit: int) -> list[HouseholdRow]:
        """Lines of the household list."""
        with self._store.reading() as connection:
            return queries.page(connection, wanted, offset, limit)

    def count(self, wanted: HouseholdFilter) -> int:
        """How many lines the list has."""
        with self._store.reading() as connection:
            return queries.count(connection, wanted)

    def groups(self, region_prefix: str = "") -> list[str]:
        """Village groups that occur."""
        with self._store.reading() as connection:
            return queries.groups(connection, region_prefix)

    def by_village(self) -> dict[str, int]:
        """Households per village code."""
        with self._store.reading() as connection:
            return queries.households_by_village(connection)

    def dossier(self, rid: str) -> Dossier:
        """One household with everything about it. ``Refused`` "households.none_found"."""
        with self._store.reading() as connection:
            found = queries.dossier(connection, rid)
        if found is None:
            raise Refused("households.none_found")
        return found

    def find(self, number: str) -> str:
        """The record id of a household by number or id. ``Refused`` "households.none_found"."""
        with self._store.reading() as connection:
            rid = queries.by_number(connection, number)
        if rid is None:
            raise Refused("households.none_found")
        return rid
