"""What is locked of a household, which consent opens it, and whose signatures are missing: pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jmdesk.catalogue.types import Catalogue, ConsentLock
from jmdesk.records.consent_book import HouseholdConsents
from jmdesk.store.reading import Sealed


@dataclass(frozen=True, slots=True)
class Lacking:
    """One signature that a lock still asks for.

    ``person`` is a member's record id, "" for the household itself; ``state`` how it stands (CL-CSTATE), "" when nobody
    has answered yet.
    """

    person: str
    kind: str
    state: str


@dataclass(frozen=True, slots=True)
class LockStanding:
    """One lock of the catalogue as it is for a household: what is missing, and how many typed values wait behind it."""

    lock: ConsentLock
    lacking: tuple[Lacking, ...]
    waiting: int

    @property
    def is_open(self) -> bool:
        """Whether every signature is there."""
        return not self.lacking

    @property
    def refused(self) -> bool:
        """Whether somebody chose not to give it: then nobody asks again, and what depends on it is not applicable."""
        return any(one.state == "3" for one in self.lacking)


def locks_of(book: HouseholdConsents, catalogue: Catalogue, waiting: Iterable[Sealed]) -> tuple[LockStanding, ...]:
    """Every lock of the catalogue as it is for a household, in the order of the catalogue.

    Who must sign for what is the catalogue's word. A household without an adult on record shows the head's signatures.
    """
    behind: dict[str, int] = {}
    for entry in waiting:
        behind[entry.lock] = behind.get(entry.lock, 0) + 1
    found: list[LockStanding] = []
    for lock in catalogue.locks.values():
        lacking = book.missing(lock)
        if not lacking and not book.opens(lock):
            lacking = [("", kind) for kind in lock.kinds if kind not in book.signed]
        told = tuple(Lacking(person, kind, book.standing.get((person, kind), "")) for person, kind in lacking)
        found.append(LockStanding(lock, told, behind.get(lock.name, 0)))
    return tuple(found)
