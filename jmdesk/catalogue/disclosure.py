"""Which fields of another unit's records are not shown: by their disclosure class and the reader's roles.

P is public, G shared among authorities, Q told on a consented query, U for the desks of the record's own unit, N never
leaves its desk. Both ends go by this: the platform leaves these fields out, and a desk knows that it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

from jmdesk.catalogue.types import RecordType

AUTHORITIES: Final = frozenset({"R1", "R2", "R5", "R11", "R12"})
"""Roles (CL-ROLE) of villages, towns, green-card offices and reviewers; associations and banks are none."""

_ADDRESSED: Final = frozenset({"R27"})
"""Types that are shown to nobody but authorities and the unit that they name: it sees what is meant for it."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A unit and its roles, as the platform granted them."""

    unit: str
    roles: tuple[str, ...] = ()

    def withheld(self, record_type: RecordType, owner: str) -> frozenset[str]:
        """The fields of a record of ``owner`` that this reader is not shown."""
        if owner in ("", self.unit):
            return frozenset()
        among = not AUTHORITIES.isdisjoint(self.roles) or not self.roles or record_type.id in _ADDRESSED
        return _outside(record_type, "PGQ" if among else "P")


@cache
def _outside(record_type: RecordType, classes: str) -> frozenset[str]:
    return frozenset(f.identifier for f in record_type.fields if f.disclosure not in f"{classes}N")
