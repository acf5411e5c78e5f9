"""Which documents may travel with a batch: never before their record, never past a closed consent lock, never twice."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from jmdesk.attachments import queries
from jmdesk.attachments.linking import county_of
from jmdesk.core.errors import Environment
from jmdesk.records.readiness import Readiness
from jmdesk.store import reading
from jmdesk.store.store import Connection
from jmdesk.store.transaction import Transaction

MOST_IN_BATCH: Final = 200
"""Documents of one batch: each has a key of its own in the manifest, which has a limit of its own."""

MOST_BYTES: Final = 256 * 1024 * 1024
"""Bytes of one batch's documents, so that a resumed upload never has far to go; one always fits."""


@dataclass(frozen=True, slots=True)
class Travelling:
    """A document that goes with the batch: its content's hash, the record it goes for, and that record's county."""

    sha256: str
    county: str
    rid: str


class Luggage:
    """What goes with one batch, chosen inside the sealing's transaction."""

    def __init__(self, transaction: Transaction, readiness: Readiness) -> None:
        self._connection: Connection = transaction.connection
        self._readiness = readiness
        for type_id, rid in queries.unnamed(self._connection):
            transaction.annotate(type_id, rid, {}, {}, offer=True)
        transaction.flush()
        self._evidence = queries.evidence(self._connection)
        self.taken: list[Travelling] = []
        self.more = False
        """Whether documents that might travel were left for the next batch."""

    def evidence(self, rid: str) -> list[str]:
        """The hashes that an operation of a record names."""
        return self._evidence.get(rid, [])

    def choose(self, batch_rids: Collection[str]) -> None:
        """Choose what travels beside the operations of these records.

        A document may go when an operation of this batch names it, or one of an earlier batch that is on its way or
        accepted; and never while its record waits for a consent. A refused one goes again once it is named again: here,
        or in a batch behind the one with which it was refused.
        """
        size, done = 0, set[tuple[str, str]]()
        self.taken, self.more = [], False
        for one in queries.candidates(self._connection):
            place = (one.sha256, one.county)
            told = one.named in ("sealed", "done") and (one.state == "waiting" or one.anew)
            named = one.rid in batch_rids or told
            if place in done or not named or not self._may_leave(one):
                continue
            done.add(place)
            size += one.size
            if len(self.taken) == MOST_IN_BATCH or (self.taken and size > MOST_BYTES):
                self.more = True
                return
            self.taken.append(Travelling(one.sha256, one.county, one.rid))

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """(record id, bytes) of what was chosen, one at a time. ``Environment`` "store.damaged" when one is gone."""
        for one in self.taken:
            data = queries.data(self._connection, one.sha256)
            if data is None:
                raise Environment("store.damaged")
            yield one.rid, data

    def sealed(self, batch_id: str) -> None:
        """The batch is sealed: note what went with it, and which operations name which documents."""
        queries.mark_named(self._connection, batch_id)
        queries.mark_sealed(self._connection, batch_id, ((one.sha256, one.county) for one in self.taken))

    def _may_leave(self, one: queries.Candidate) -> bool:
        record = reading.get(self._connection, one.type, one.rid)
        if record is None or record.voided is not None or county_of(record.region) != one.county:
            return False
        return self._readiness.closed_to_papers(record) is None
