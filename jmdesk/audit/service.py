"""The audit trail: events beside the changes of records, in the same hash-chained log, through the same write path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jmdesk.audit import queries
from jmdesk.audit.queries import Entry, Wanted
from jmdesk.audit.searching import personal_key
from jmdesk.catalogue.types import Value
from jmdesk.permissions.guard import Guard
from jmdesk.store import change_log
from jmdesk.store.store import Loss, Store

ACCOUNT: Final = "R02"
AUDIT: Final = "R26"
BATCH: Final = "R28"


@dataclass(frozen=True, slots=True)
class Soundness:
    """Whether the log holds: how many entries, the last hash, and the first break (``at`` 0: none; see ``verify``)."""

    entries: int
    head: str
    at: int = 0
    fault: str = ""


class Audit:
    """Events of one user at one vault, and everybody's entries for who may see them."""

    def __init__(self, store: Store, actor: str) -> None:
        self._store, self._actor = store, actor

    def note(
        self, verb: str, type_id: str, rid: str = "", told: Mapping[str, Value] | None = None, *, reason: str = ""
    ) -> None:
        """Write one event (a verb of ``change_log.EVENTS``) durably: one commit. ``told`` holds no personal data.

        What it is about: logins, failed attempts and keys an account (R02), exchanges R28, reveals, exports and prints
        the type and the record shown. ``ValueError`` for another verb.
        """
        if verb not in change_log.EVENTS:
            raise ValueError(verb)
        with self._store.transaction(self._actor, verb, reason=reason) as transaction:
            transaction.note(type_id, rid, told or {})

    def note_search(self, type_id: str, text: str) -> None:
        """That somebody searched a list by a person's number (what kind, never which); nothing for other searches."""
        key = personal_key(text)
        if key:
            self.note("query", type_id, "", {"key": key})

    def printed(self, paper: str, type_id: str, rid: str = "", *, serial: str = "", way: str = "pdf") -> None:
        """That a paper left the program: its name and number, about which record, as "pdf", "docx" or "printer"."""
        self.note("print", type_id, rid, {"paper": paper, "way": way, **({"serial": serial} if serial else {})})

    def note_opening(self, failed: int, lost: Loss | None = None) -> None:
        """That the user came in, how often somebody failed at that door before, and what the store had lost."""
        if lost is not None:
            self.note("loss", ACCOUNT, self._actor, {"since": lost.at, "number": lost.entries})
        if failed:
            self.note("failed_attempts", ACCOUNT, self._actor, {"number": failed})
        self.note("login", ACCOUNT, self._actor)

    def page(self, guard: Guard, wanted: Wanted, *, limit: int = 100, offset: int = 0) -> list[Entry]:
        """Entries that match, the newest first: which fields changed, never what they held.

        ``Refused`` "permissions.action" for who may not read the audit trail.
        """
        guard.require("read", AUDIT)
        with self._store.reading() as connection:
            return queries.page(connection, wanted, limit=limit, offset=offset)

    def count(self, guard: Guard, wanted: Wanted) -> int:
        """How many entries match. ``Refused`` as ``page``."""
        guard.require("read", AUDIT)
        with self._store.reading() as connection:
            return queries.count(connection, wanted)

    def own(self, verb: str, *, since: str) -> int:
        """How many times the user did something since a time (UTC text): commands, as an event may take two lines."""
        with self._store.reading() as connection:
            return queries.commands(connection, self._actor, verb, since)

    def verbs(self) -> list[str]:
        """The verbs that occur in the log."""
        with self._store.reading() as connection:
            return queries.verbs(connection)

    def soundness(self) -> Soundness:
        """Follow the whole chain, up to the first broken link."""
        with self._store.reading() as connection:
            head = change_log.read_head(connection)
            for seq, fault in change_log.verify(connection):
                return Soundness(head.count, head.hash.hex(), seq, fault)
        return Soundness(head.count, head.hash.hex())
