"""Who may write what, where: the grant's region prefixes and roles against a record's region and type (I11).

Roles on a shared PC are the desk's own affair; what the platform checks is what the unit may do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from jmdesk.catalogue.regions import regions
from sync.gateway.database import Access, Role
from sync.protocol.roles import may_not_write, may_send

DEFAULT_ROLES: Mapping[str, tuple[str, ...]] = {
    "1": ("R1",),
    "2": ("R1", "R2"),
    "3": ("R3", "R4", "R13"),
    "4": ("R3",),
    "5": ("R6",),
    "6": ("R11",),
    "7": ("R12",),
    "8": ("R5",),
}
"""What a unit of a kind (CL-ORG) is granted when the enrolment code names no roles."""


def county_of(code: str) -> str:
    """The 6-digit county of a region code; for the city itself its own 6 digits."""
    return code.ljust(6, "0")[:6]


def counties_of(prefixes: Iterable[str]) -> tuple[str, ...]:
    """Every county that region prefixes reach into, in order; a prefix above the counties also counts by itself."""
    found: set[str] = set()
    for prefix in prefixes:
        found.add(county_of(prefix))
        if len(prefix) < 6:
            found.update(region.code[:6] for region in regions().within(prefix, "county"))
    return tuple(sorted(found))


@dataclass(frozen=True)
class Grant:
    """What a device was given when it enrolled: its unit, region prefixes and roles; ``county`` is its unit's."""

    device: str
    unit: str
    county: str
    regions: tuple[str, ...]
    roles: tuple[str, ...]
    epoch: int = 1
    revoked: bool = False

    @cached_property
    def counties(self) -> tuple[str, ...]:
        """Every county in scope, and the unit's own."""
        return tuple(sorted({*counties_of(self.regions), self.county}))

    @cached_property
    def writes(self) -> frozenset[str]:
        """The record types that the roles may send."""
        return may_send(self.roles)

    @cached_property
    def kept_from(self) -> Mapping[str, frozenset[str]]:
        """The fields, by record type, that are for others to write."""
        return may_not_write(self.roles)

    def covers(self, region: str) -> bool:
        """Whether a 12-digit region code is in scope."""
        return region.startswith(self.regions)

    @property
    def home(self) -> str:
        """The region of a record that names none: the narrowest that holds the whole scope, as 12 digits."""
        first = min(self.regions, key=len)
        levels = (first[:digits] for digits in (12, 9, 6, 4, 2) if digits <= len(first))
        shared = (code for code in levels if all(prefix.startswith(code) for prefix in self.regions))
        return next(shared, "").ljust(12, "0")

    def access(self, role: Role) -> Access:
        """The rows that a transaction for this device may touch."""
        return Access(role, self.counties, self.regions)
