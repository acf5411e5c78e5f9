"""Which fields of another unit's records are not shown: by their disclosure class and the reader's roles.

P is public, G shared among authorities, Q told on a consented query, U for the desks of the record's own unit, N never
leaves its desk. Both ends go by this: the platform leaves these fields out, and a desk knows that it did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

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
        return _outside(record_type, "PGQ" if self._among(record_type) else "P")

    def shown(self, record_type: RecordType, owner: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Of the values (by field) of a record of ``owner`` those that this reader is shown.

        What is outside of the catalogue (``x_…``) is as fields shared among authorities are.
        """
        hidden, known = self.withheld(record_type, owner), record_type.by_identifier
        strangers = owner in ("", self.unit) or self._among(record_type)
        if strangers and not hidden:
            return values
        return {name: value for name, value in values.items() if name not in hidden and (strangers or name in known)}

    def _among(self, record_type: RecordType) -> bool:
        """Whether this reader is an authority where this type is concerned; before enrolment everybody is."""
        return not self.roles or not AUTHORITIES.isdisjoint(self.roles) or record_type.id in _ADDRESSED


@cache
def _outside(record_type: RecordType, classes: str) -> frozenset[str]:
    return frozenset(f.identifier for f in record_type.fields if f.disclosure not in f"{classes}N")
