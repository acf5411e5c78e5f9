"""Household archives as an office asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from jmdesk.catalogue.crosschecks import CrossChecks
from jmdesk.catalogue.household_checks import Finding, check_household
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import Clock, beijing_date
from jmdesk.core.errors import Refused
from jmdesk.households import queries
from jmdesk.households.completeness import Completeness, completeness
from jmdesk.households.queries import Dossier, HouseholdFilter, HouseholdRow
from jmdesk.permissions.guard import Guard
from jmdesk.records.service import Records
from jmdesk.store.store import Store
from jmdesk.store.stored import Stored

_SHOWN_AS = {"group_no": "group", "head_person_id": "head_name"}
"""Fields of a household whose column has another name."""


class Households:
    """Lists, searches and opens household archives, as far as the user may see; changes go through ``records``."""

    def __init__(self, store: Store, records: Records, clock: Clock) -> None:
        self._store, self._records, self._clock = store, records, clock

    def page(self, wanted: HouseholdFilter, offset: int, limit: int) -> list[HouseholdRow]:
        """Lines of the household list, without what the user may not see."""
        wanted = self._within(wanted)
        with self._store.reading() as connection:
            found = queries.page(connection, wanted, offset, limit)
        hidden = self.hidden_columns()
        return [line.without(hidden) for line in found] if hidden else found

    def hidden_columns(self) -> frozenset[str]:
        """What the list leaves out for this user: fields of a household, and ``head_name``."""
        guard = self._records.guard
        nameless = not guard.may("read", "R06") or "person_name" in guard.hidden("R06")
        graded = guard.may("read", "R16") and "grade" not in guard.hidden("R16")
        own = {_SHOWN_AS.get(name, name) for name in guard.hidden("R05")}
        return frozenset(own | ({"head_name"} if nameless else set()) | (set() if graded else {"grade"}))

    def count(self, wanted: HouseholdFilter) -> int:
        """How many lines the list has."""
        wanted = self._within(wanted)
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
        guard = self._records.guard
        guard.require("read", "R05", found.household.region)
        return found if guard.matrix is None else self._shown(found, guard)

    def findings(self, rid: str) -> list[Finding]:
        """What the rules of a whole household find wrong; errors and warnings. Errors as ``dossier``."""
        return self.judged(self.dossier(rid), {})

    def judged(self, found: Dossier, typed: Mapping[tuple[str, str], Record]) -> list[Finding]:
        """The same of a dossier at hand, with what is being typed in place of what is stored. Reads nothing.

        ``typed``: (type, record id) → values; an id that is not in the dossier is a record that is just being added.
        """
        catalogue, on = self._records.catalogue, beijing_date(self._clock.now())
        children = {"R06": {one.rid: one.values for one in found.members}}
        children |= {type_id: {one.rid: one.values for one in part} for type_id, part in found.parts.items()}
        household = typed.get(("R05", found.household.rid), found.household.values)
        for (type_id, rid), values in typed.items():
            if type_id != "R05":
                children.setdefault(type_id, {})[rid] = values
        checks = CrossChecks(catalogue, catalogue.regions)
        return check_household(checks, found.household.rid, household, children, on)

    def completeness(self, found: Dossier) -> Completeness:
        """What a dossier at hand still lacks, and why it matters. Reads nothing."""
        waiting = frozenset((one.rid, one.field) for one in found.awaiting)
        people = {one.rid: one.values for one in found.members}
        rid, values = found.household.rid, found.household.values
        return completeness(self._records.catalogue, rid, values, people, found.parts, waiting)

    def find(self, number: str) -> str:
        """The record id of a household by number or id. ``Refused`` "households.none_found"."""
        self._records.guard.require("read", "R05")
        with self._store.reading() as connection:
            rid = queries.by_number(connection, number)
        if rid is None:
            raise Refused("households.none_found")
        return rid

    def _within(self, wanted: HouseholdFilter) -> HouseholdFilter:
        regions = self._records.guard.reading_regions("R05")
        wanted = replace(wanted, within=regions) if regions else wanted
        return wanted if self._records.guard.may("read", "R06") else replace(wanted, people=False)

    def _shown(self, found: Dossier, guard: Guard) -> Dossier:
        """The parts that the user may read, without the values above the user's sensitivity."""

        def seen(records: Iterable[Stored]) -> tuple[Stored, ...]:
            return tuple(self._records.shown(one) for one in records if guard.may("read", one.type))

        return replace(
            found,
            household=self._records.shown(found.household),
            members=seen(found.members),
            parts={type_id: seen(part) for type_id, part in found.parts.items()},
            consents=seen(found.consents),
            ratings=seen(found.ratings),
            awaiting=tuple(one for one in found.awaiting if one.field not in guard.hidden(one.type)),
        )
