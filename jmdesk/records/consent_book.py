"""Which consents a household has given, and which locks of the catalogue they open (decision record 3).

A lock names consent kinds and who must have signed: the head for the household, or the head and every adult for
themselves. A signed paper whose scan is still to be filed counts; a declined, withdrawn or expired one does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from jmdesk.catalogue.types import Catalogue, ConsentLock, Record, RecordType
from jmdesk.records.queries import consents_about, members_of
from jmdesk.store.reading import Connection

OPEN_STATES = frozenset({"1", "2"})
DECLINED = "3"
ADULT_YEARS = 18


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
    records: set[str] = field(default_factory=set)
    """Record ids of the consents in force."""

    def opens(self, lock: ConsentLock) -> bool:
        """Whether every consent the lock asks for is there."""
        if lock.signers == "head":
            return self.signed.issuperset(lock.kinds)
        # The household's own agreement (C1) is the head's; the rest every adult signs for themselves.
        own = set(lock.kinds) - {"C1"}
        if not self.signed.issuperset(set(lock.kinds) - own):
            return False
        return bool(self.adults) and all(own <= self.by_person.get(person, set()) for person in self.adults)

    def note_consent(self, rid: str, values: Record, on: date) -> None:
        """Take one R04 record into account."""
        kind, state, subject = values.get("consent_kind"), values.get("consent_state"), values.get("subject_id")
        if not isinstance(kind, str) or not isinstance(subject, str):
            return
        if state == DECLINED:
            self.declined.add(kind)
            return
        valid_to = values.get("valid_to")
        expired = isinstance(valid_to, str) and valid_to < on.isoformat()
        if state not in OPEN_STATES or "revoked_at" in values or expired:
            return
        if subject == f"R05:{self.household}":
            self.signed.add(kind)
            self.records.add(rid)
        elif subject.startswith("R06:"):
            self.by_person.setdefault(subject[4:], set()).add(kind)
            self.records.add(rid)

    def note_person(self, rid: str, values: Record, on: date) -> None:
        """Take one member into account."""
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
