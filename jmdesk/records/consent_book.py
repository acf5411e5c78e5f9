"""Which consents a household has given, and which locks of the catalogue they open (decision record 3).

A lock names consent kinds and who must have signed: the head for the household, or the head and every adult for
themselves. Which of the two is package data; where the head is enough, what the head signed as one of the adults
counts. A signed paper whose scan is still to be filed counts; a declined, withdrawn or expired one does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from jmdesk.catalogue.household_checks import HEAD
from jmdesk.catalogue.types import Catalogue, ConsentLock, Record, RecordType
from jmdesk.records.queries import consents_about, members_of
from jmdesk.store.reading import Connection

SCAN_PENDING, SIGNED, DECLINED, WITHDRAWN, EXPIRED = "1", "2", "3", "4", "5"
"""CL-CSTATE: signed and the scan still to be filed; signed; declined; withdrawn; expired."""
OPEN_STATES = frozenset({SCAN_PENDING, SIGNED})
ADULT_YEARS = 18
_FIRST = (SIGNED, SCAN_PENDING, DECLINED, WITHDRAWN, EXPIRED)
"""Of several papers about one subject and kind, which one tells how it stands."""


def state_on(values: Record, on: date) -> str:
    """The state of one consent on a day, whatever its record was last told: papers expire without anybody acting."""
    state = str(values.get("consent_state", ""))
    if "revoked_at" in values:
        return WITHDRAWN
    valid_to = values.get("valid_to")
    expired = isinstance(valid_to, str) and valid_to < on.isoformat()
    return EXPIRED if state in OPEN_STATES and expired else state


def subject_household(record_type: RecordType, rid: str, values: Record) -> str | None:
    """The household a record is about: its own id for R05, the reference of a child, or an ``R05:`` subject."""
    if record_type.id == "R05":
        return rid
    if record_type.household_field:
        found = values.get(record_type.household_field)
        return found if isinstance(found, str) else None
    for name in ("subject_id", "applicant_id"):
        subject = values.get(name)
        if isinstance(subject, str) and subject.startswith("R05:"):
            return subject[4:]
    return None


def is_adult(birth_date: object, under14: object, on: date) -> bool:
    """Whether a member must sign for themselves; one whose birth date nobody knows counts as an adult."""
    if under14 is True:
        return False
    if not isinstance(birth_date, str):
        return True
    born = date.fromisoformat(birth_date)
    return (on.year - born.year) - ((on.month, on.day) < (born.month, born.day)) >= ADULT_YEARS


@dataclass(slots=True)
class HouseholdConsents:
    """What one household has agreed to: kinds signed for the household, kinds each adult signed for themselves."""

    household: str
    signed: set[str] = field(default_factory=set)
    declined: set[str] = field(default_factory=set)
    by_person: dict[str, set[str]] = field(default_factory=dict)
    adults: set[str] = field(default_factory=set)
    head: str = ""
    """The member who is the head, "" while there is none."""
    records: set[str] = field(default_factory=set)
    """Record ids of the consents in force."""
    standing: dict[tuple[str, str], str] = field(default_factory=dict)
    """How each (subject, kind) stands: a CL-CSTATE code; the subject is a person's record id, "" the household."""

    def opens(self, lock: ConsentLock) -> bool:
        """Whether every consent the lock asks for is there."""
        if lock.signers != "head" and not self.adults:
            return False
        return not self.missing(lock)

    def missing(self, lock: ConsentLock) -> list[tuple[str, str]]:
        """What the lock still asks for as (subject, kind); the subject is a person's record id, "" the household."""
        # The household's own agreement (C1) is the head's; the rest every adult signs for themselves.
        of_head = [kind for kind in lock.kinds if lock.signers == "head" or kind == "C1"]
        by_head = self.signed | (self.by_person.get(self.head, set()) if lock.signers == "head" else set())
        lacking = [("", kind) for kind in of_head if kind not in by_head]
        for person in sorted(self.adults):
            own = self.by_person.get(person, set())
            lacking += [(person, kind) for kind in lock.kinds if kind not in of_head and kind not in own]
        return lacking

    def note_consent(self, rid: str, values: Record, on: date) -> None:
        """Take one R04 record into account."""
        kind, subject = values.get("consent_kind"), values.get("subject_id")
        if not isinstance(kind, str) or not isinstance(subject, str):
            return
        state = state_on(values, on)
        place = (subject[4:] if subject.startswith("R06:") else "", kind)
        known = self.standing.get(place)
        if state in _FIRST and (known is None or _FIRST.index(state) < _FIRST.index(known)):
            self.standing[place] = state
        if state == DECLINED:
            self.declined.add(kind)
        if state not in OPEN_STATES:
            return
        if subject == f"R05:{self.household}":
            self.signed.add(kind)
            self.records.add(rid)
        elif subject.startswith("R06:"):
            self.by_person.setdefault(subject[4:], set()).add(kind)
            self.records.add(rid)

    def note_person(self, rid: str, values: Record, on: date) -> None:
        """Take one member into account."""
        if values.get("relation") in HEAD:
            self.head = rid
        elif self.head == rid:
            self.head = ""
        if is_adult(values.get("birth_date"), values.get("is_under14"), on):
            self.adults.add(rid)
        else:
            self.adults.discard(rid)


class ConsentBook:
    """The consents of households, read when first asked for and kept up to date by the writer that owns the book."""

    def __init__(self, catalogue: Catalogue, on: date) -> None:
        self._locks, self._on = catalogue.locks, on
        self._known: dict[str, HouseholdConsents] = {}

    def begin(self, household: str) -> None:
        """A household that is being created now has given nothing yet: nothing is read."""
        self._known[household] = HouseholdConsents(household)

    def of(self, connection: Connection, household: str) -> HouseholdConsents:
        """The consents of a household."""
        found = self._known.get(household)
        if found is None:
            found = self._known[household] = read_consents(connection, household, self._on)
        return found

    def prepare(self, connection: Connection, households: Iterable[str]) -> None:
        """Read many households at once, those that are not known yet."""
        unknown = sorted({household for household in households if household not in self._known})
        self._known |= read_many(connection, unknown, self._on)

    def forget(self, household: str) -> None:
        """Read the household again when next asked."""
        self._known.pop(household, None)

    def known(self, household: str) -> HouseholdConsents | None:
        """The household's consents if they are already here."""
        return self._known.get(household)

    def opens(self, connection: Connection, household: str, lock: ConsentLock) -> bool:
        """Whether a lock is open for a household."""
        return self.of(connection, household).opens(lock)

    def note(self, type_id: str, rid: str, household: str, values: Record) -> None:
        """A member or a consent of a known household has just been written."""
        found = self._known.get(household)
        if found is None:
            return
        if type_id == "R06":
            found.note_person(rid, values, self._on)
        elif type_id == "R04":
            found.note_consent(rid, values, self._on)


def read_consents(connection: Connection, household: str, on: date) -> HouseholdConsents:
    """The consents of a household as the store has them."""
    return read_many(connection, [household], on)[household]


def read_many(connection: Connection, households: Sequence[str], on: date) -> dict[str, HouseholdConsents]:
    """The consents of many households with a few queries."""
    books = {household: HouseholdConsents(household) for household in households}
    owner = {f"R05:{household}": household for household in households}
    for household, person, values in members_of(connection, households):
        books[household].note_person(person, values, on)
        owner[f"R06:{person}"] = household
    for subject, rid, values in consents_about(connection, list(owner)):
        books[owner[subject]].note_consent(rid, values, on)
    return books
