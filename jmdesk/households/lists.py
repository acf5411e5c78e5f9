"""Work lists with names: a filter that somebody uses again, kept in the vault for that user."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from typing import Any

from jmdesk.core.errors import Refused
from jmdesk.households.queries import HouseholdFilter
from jmdesk.store.store import Store

MOST = 40
"""A user keeps so many lists."""
LONGEST = 40
"""Characters of a name."""
_KEPT = frozenset(f.name for f in fields(HouseholdFilter)) - {"within", "only"}


class SavedLists:
    """The named lists of one user; the names stay in the encrypted store.

    ``current`` names the village that took the place of a former one, so that a list goes on showing the same people.
    """

    def __init__(self, store: Store, user: str, current: Callable[[str], str] = str) -> None:
        self._store, self._setting, self._current = store, f"lists.households.{user}", current

    def all(self) -> dict[str, HouseholdFilter]:
        """Every list by name, in the order in which they were saved; what a newer program added is left out."""
        raw = json.loads(self._store.setting(self._setting) or "{}")
        return {name: self._filter(kept) for name, kept in raw.items()}

    def save(self, name: str, wanted: HouseholdFilter) -> None:
        """Keep a filter under a name, in place of what had it.

        ``Refused`` "households.list_name", "households.lists_full".
        """
        name = name.strip()
        if not name or len(name) > LONGEST:
            raise Refused("households.list_name", most=LONGEST)
        known = self.all()
        if name not in known and len(known) >= MOST:
            raise Refused("households.lists_full", most=MOST)
        self._write({**known, name: wanted})

    def forget(self, name: str) -> None:
        """Let a list go."""
        self._write({key: value for key, value in self.all().items() if key != name})

    def _filter(self, kept: dict[str, Any]) -> HouseholdFilter:
        found = HouseholdFilter(**{key: value for key, value in kept.items() if key in _KEPT})
        return replace(found, region_prefix=self._current(found.region_prefix))

    def _write(self, lists: dict[str, HouseholdFilter]) -> None:
        kept = {name: {k: v for k, v in asdict(one).items() if k in _KEPT} for name, one in lists.items()}
        self._store.put_setting(self._setting, json.dumps(kept, ensure_ascii=False))
