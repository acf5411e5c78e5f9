"""Saves, loads and forgets what somebody typed into a form and has not saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jmdesk.core.clock import Clock, utc_text
from jmdesk.drafts import queries
from jmdesk.store.store import Store


@dataclass(frozen=True, slots=True)
class Draft:
    """One unsaved form: its page, the record it is about (the page's own key), what was typed, when (UTC)."""

    page: str
    record: str
    content: Mapping[str, object]
    saved_at: str


class Drafts:
    """The drafts of one user. They lie in the encrypted store, leave no trace in the change log and are never sent.

    Nothing is checked: a draft may hold what no record may. Removing a user leaves them to nobody.
    """

    def __init__(self, store: Store, clock: Clock, user: str) -> None:
        self._store, self._clock, self._user = store, clock, user

    def save(self, page: str, record: str, content: Mapping[str, object]) -> None:
        """Keep what a form holds, in place of what it held before."""
        with self._store.beside() as connection:
            queries.write(connection, (self._user, page, record), content, utc_text(self._clock.now()))

    def load(self, page: str, record: str) -> Draft | None:
        """What was kept of a form, if anything."""
        return next((one for one in self.all() if (one.page, one.record) == (page, record)), None)

    def all(self) -> list[Draft]:
        """Everything this user left unsaved, the newest first."""
        with self._store.reading() as connection:
            found = queries.read(connection, self._user)
        return [Draft(page, rid, content, at) for page, rid, content, at in found if isinstance(content, dict)]

    def forget(self, page: str, record: str) -> None:
        """Let a draft go: it was saved, or given up."""
        if self.load(page, record) is not None:
            with self._store.beside() as connection:
                queries.forget(connection, (self._user, page, record))

    def erase(self, rids: Iterable[str]) -> int:
        """Remove everybody's drafts about these records, as erasure demands; gives how many."""
        with self._store.beside() as connection:
            return queries.forget_records(connection, list(rids))
