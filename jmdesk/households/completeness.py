"""What a household's archive still lacks, and why each thing matters to the office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jmdesk.catalogue.types import Catalogue, Record

SEND: Final = "send"
"""Without it the record cannot be sent."""
RATE: Final = "rate"
"""Without it the rating lacks an indicator: "too little known" is the likely result."""
TELL_APART: Final = "tell_apart"
"""Without it the same person cannot be found twice."""
_RATED_PARTS: Final = ("R07", "R08", "R12")
_TELLING: Final = ("id_no", "birth_date")


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that is missing: a field of a record, or (``field`` "") a whole part; ``why`` is one of the above."""

    type: str
    rid: str
    field: str
    why: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How many of the required values are there, as the rating counts them (indicator E1), and what is missing."""

    filled: int
    required: int
    gaps: tuple[Gap, ...]

    @property
    def percent(self) -> int:
        """Whole per cent, rounded down: 100 means that nothing is missing."""
        return 100 * self.filled // self.required if self.required else 0


def completeness(
    catalogue: Catalogue,
    rid: str,
    household: Record,
    members: Mapping[str, Record],
    parts: Mapping[str, Sequence[object]],
    waiting: frozenset[tuple[str, str]] = frozenset(),
) -> Completeness:
    """Judge one household. ``waiting``: (record id, field) of values that are there but wait for a consent."""
    records = [("R05", rid, household), *(("R06", one, member) for one, member in members.items())]
    gaps: list[Gap] = []
    filled = required = 0
    for type_id, one, record in records:
        for name in catalogue.types[type_id].to_fill_in:
            required += 1
            if name in record or (one, name) in waiting:
                filled += 1
            else:
                gaps.append(Gap(type_id, one, name, SEND))
    if not members:
        gaps.append(Gap("R06", "", "", SEND))
    for one, member in members.items():
        if member.get("is_under14") is not True and not any(n in member or (one, n) in waiting for n in _TELLING):
            gaps.append(Gap("R06", one, "id_no", TELL_APART))
    gaps += [Gap(type_id, "", "", RATE) for type_id in _RATED_PARTS if not parts.get(type_id)]
    return Completeness(filled, required, tuple(gaps))
