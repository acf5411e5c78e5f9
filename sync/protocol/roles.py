"""What a unit may send and is shown, by the roles that the platform granted it (I11): both ends go by these tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_HOUSEHOLD = frozenset({"R04", "R05", "R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "R15"})
_COMMON = frozenset({"R25", "workflow_event"})
_RATING = frozenset({"R16", "assessment"})
_INDUSTRY = frozenset({"R04", "R13", "R14", "R20", "R21", "R22", "R23", "assessment"})

WRITES: Mapping[str, frozenset[str]] = {
    "R1": _HOUSEHOLD | _RATING | _COMMON | {"R17", "R27"},
    "R2": _HOUSEHOLD | _RATING | _COMMON | {"R03", "R17", "R18", "R19", "R27"},
    "R3": _INDUSTRY | _COMMON,
    "R4": _INDUSTRY | _COMMON,
    "R5": frozenset({"R20", "R21", "R24", "assessment"}) | _COMMON,
    "R6": frozenset({"R10", "R14", "R19", "R27"}) | _COMMON,
    "R11": _RATING | _COMMON | {"R03", "R14", "R17", "R18", "R19", "R20", "R21", "R27"},
    "R12": _RATING | _COMMON | {"R03", "R14", "R17", "R18", "R19", "R20", "R21", "R23", "R24", "R27"},
    "R13": _INDUSTRY | _COMMON,
}
"""Record types that a unit with a role may send (roles by CL-ROLE); roles that are not named send nothing."""


_NAMED_BY = frozenset({"R2", "R11", "R12"})
_NAMES: Mapping[str, frozenset[str]] = {"R17": frozenset({"award_org", "award_doc_no", "plaque_date"})}
"""What makes a village a credit village: a village applies for it and never writes it itself."""


def may_not_write(roles: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """The fields, by record type, that a unit with some roles may not write though it may send the type."""
    return {} if not _NAMED_BY.isdisjoint(roles) else _NAMES


def may_send(roles: Iterable[str]) -> frozenset[str]:
    """The record types that some roles may send."""
    return frozenset().union(*(WRITES.get(role, frozenset()) for role in roles))


_CREDIT = frozenset({"R01", "R03", "R17", "R18"})
_OFFICE = _HOUSEHOLD | _RATING | _COMMON | _CREDIT | {"R27"}
_TRADE = frozenset({"R01", "R03", "R20"})

READS: Mapping[str, frozenset[str]] = {
    "R1": _OFFICE,
    "R2": _OFFICE | {"R19"},
    "R3": _TRADE,
    "R4": _TRADE | {"R24"},
    "R5": _TRADE | _COMMON | {"R21", "R24", "assessment"},
    "R6": _CREDIT,
    "R11": _OFFICE | {"R19", "R20", "R21", "R22", "R23", "R24"},
    "R12": _CREDIT | _COMMON | {"R05", "R16", "R19", "R20", "R21", "R23", "R24"},
    "R13": _TRADE | {"R24"},
}
"""Record types of other units that a unit with a role is shown, inside its regions; its own records it always is.

Of the types in ``SHARED`` only what is about a type that the role is shown besides.
"""

SHARED: frozenset[str] = _COMMON | {"R04", "R13", "R14", "assessment"}
"""Types whose records are about households as well as about enterprises: a reference says which."""

PLACES: frozenset[str] = frozenset({"R17", "R18"})
"""The standings of villages and towns: whoever among authorities is shown one is shown the facts kept with it, too."""


def may_see(roles: Iterable[str]) -> frozenset[str]:
    """The record types of other units that some roles are shown."""
    return frozenset().union(*(READS.get(role, frozenset()) for role in roles))
