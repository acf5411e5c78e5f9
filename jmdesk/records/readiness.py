"""Whether a change may leave this computer yet, and if not, what it waits for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.types import Catalogue, RecordType
from jmdesk.catalogue.validation import validation_of
from jmdesk.core.clock import Clock, beijing_date
from jmdesk.records.consent_book import ConsentBook, subject_household
from jmdesk.store import reading
from jmdesk.store.outbox import Waiting
from jmdesk.store.reading import Connection
from jmdesk.store.stored import Stored

SEND_ORDER = (
    "R01", "R03", "R04", "R05", "R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "assessment", "R15",
    "R16", "R17", "R18", "R19", "R20", "R21", "R22", "R23", "R24", "R25", "R27", "workflow_event",
)  # fmt: skip
"""Types in the order they travel: consents before what depends on them, a household before its parts."""

_CHUNK = 500

OWN_SOURCES = frozenset({"desk", "import"})
"""Where records of this unit's own making come from; others carry the unit that the platform names."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a change stays here: a stable code with a text, and the lock or problem behind it."""

    code: str
    detail: str = ""


class Readiness:
    """Judges waiting changes; keeps what it reads of each household, so use one for a whole batch."""

    def __init__(self, connection: Connection, catalogue: Catalogue, clock: Clock) -> None:
        self._connection, self._catalogue = connection, catalogue
        self._on = beijing_date(clock.now())
        self._checks = validation_of(catalogue)
        self._book = ConsentBook(catalogue, self._on)
        self._persons: dict[str, str | None] = {}

    def judged(self, waiting: Iterable[Waiting]) -> Iterator[tuple[Waiting, Hold | None]]:
        """Each change with why it cannot be sent now; reads the consents of some hundred households at a time."""
        drafts = iter(waiting)
        while chunk := list(islice(drafts, _CHUNK)):
            types = self._catalogue.types
            households = (self._household(types[w.record.type], w) for w in chunk if w.record.type != "R04")
            self._book.prepare(self._connection, filter(None, households))
            for one in chunk:
                yield one, self.hold(one)

    def hold(self, waiting: Waiting) -> Hold | None:
        """Why a change cannot be sent now, or None. A tombstone of a record can always be sent."""
        if waiting.op == "tombstone":
            return None
        record_type = self._catalogue.types[waiting.record.type]
        problems = self._checks.validate(record_type.id, waiting.record.values, complete=True, on=self._on)
        lock = self._closed_lock(record_type, waiting)
        if lock is not None:
            return Hold("sending.awaiting_consent", lock)
        wrong = next((p for p in problems if p.level == "error" and not self._excused(record_type, waiting, p)), None)
        return Hold("sending.incomplete", str(wrong.message())) if wrong is not None else None

    @staticmethod
    def _excused(record_type: RecordType, waiting: Waiting, problem: Problem) -> bool:
        """Whether a required value is missing for a good reason: it never travels, or it is another unit's own (U)."""
        field = record_type.by_identifier.get(problem.field)
        if field is None or problem.code != "field.required":
            return False
        return not field.on_wire or (field.disclosure == "U" and waiting.record.source not in OWN_SOURCES)

    def closed_to_papers(self, record: Stored) -> str | None:
        """The lock that keeps documents of a record here, if any: a proof of income shows what the income shows.

        So it asks for what the record's own values ask for, and for what any sealed field of its type would.
        """
        record_type = self._catalogue.types[record.type]
        waiting = Waiting(0, "upsert", (), record, 0)
        household = self._household(record_type, waiting) if record.type != "R04" else None
        if household is None:
            return None
        named = {record_type.by_identifier[name].lock for name in self._catalogue.sealable[record.type]}
        for name in sorted(filter(None, named)):
            lock = self._catalogue.locks[name]
            if lock.effect == "seal" and not self._book.opens(self._connection, household, lock):
                return lock.label
        return self._closed_lock(record_type, waiting)

    def consents(self, waiting: Waiting) -> list[str]:
        """The record ids of the consents a change relies on."""
        if waiting.record.type == "R04":
            return []
        household = self._household(self._catalogue.types[waiting.record.type], waiting)
        if household is None:
            return []
        return sorted(self._book.of(self._connection, household).records)

    def _closed_lock(self, record_type: RecordType, waiting: Waiting) -> str | None:
        if record_type.id == "R04":
            return None
        household = self._household(record_type, waiting)
        if household is None:
            return None
        values = waiting.record.values
        locks = {self._catalogue.lock_of(f, values[f.identifier]) for f in record_type.fields if f.identifier in values}
        for lock in sorted((found for found in locks if found is not None), key=lambda found: found.name):
            if not self._book.opens(self._connection, household, lock):
                return lock.label
        return None

    def _household(self, record_type: RecordType, waiting: Waiting) -> str | None:
        values = waiting.record.values
        found = subject_household(record_type, waiting.record.rid, values)
        subject = values.get("subject_id")
        if found is None and isinstance(subject, str) and subject.startswith("R06:"):
            if subject not in self._persons:
                person = reading.get(self._connection, "R06", subject[4:])
                self._persons[subject] = str(person.values["household_id"]) if person else None
            found = self._persons[subject]
        return found
