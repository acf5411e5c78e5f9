"""What belongs to one household, by type, so that nothing is forgotten when it is erased or shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jmdesk.catalogue.types import Catalogue
from jmdesk.store import reading
from jmdesk.store.reading import Connection, Filter
from jmdesk.store.stored import Stored

SUBJECT_TYPES: Final = ("R04", "R13", "R14", "assessment")
APPLICANT_TYPES: Final = ("R25", "R27")
QUERY_LOG: Final = "R26"
STEPS: Final = "workflow_event"


@dataclass(frozen=True, slots=True)
class Holdings:
    """Every record about a household, void ones too.

    ``own`` are the household's, its members' and what was recorded of them; ``consents``, ``negatives``, ``requests``
    and ``queries`` have rules of their own; ``steps`` are what was done about the household's
    records, ``handling`` what was done about its requests.
    """

    household: str
    own: tuple[Stored, ...]
    consents: tuple[Stored, ...]
    negatives: tuple[Stored, ...]
    requests: tuple[Stored, ...]
    queries: tuple[Stored, ...]
    steps: tuple[Stored, ...]
    handling: tuple[Stored, ...]

    @property
    def every(self) -> tuple[Stored, ...]:
        """All of them."""
        return (*self.own, *self.consents, *self.negatives, *self.requests, *self.queries, *self.steps, *self.handling)

    @property
    def members(self) -> list[Stored]:
        """The household's members."""
        return [one for one in self.own if one.type == "R06"]


def holdings_of(connection: Connection, catalogue: Catalogue, household: str) -> Holdings:
    """Everything this desk holds about a household."""
    found = reading.get(connection, "R05", household)
    own: list[Stored] = [found] if found is not None else []
    for record_type in catalogue.types.values():
        if record_type.household_field:
            own += _both(connection, record_type.id, record_type.household_field, household)
    subjects = [f"R05:{household}", *(f"R06:{one.rid}" for one in own if one.type == "R06")]
    by_type: dict[str, list[Stored]] = {}
    for type_id, name in (
        *((type_id, "subject_id") for type_id in (*SUBJECT_TYPES, QUERY_LOG)),
        *((type_id, "applicant_id") for type_id in APPLICANT_TYPES),
    ):
        by_type[type_id] = [one for subject in subjects for one in _both(connection, type_id, name, subject)]
    own += [*by_type["R13"], *by_type["assessment"], *by_type["R27"]]
    about = [f"{one.type}:{one.rid}" for one in own]
    asked = [f"R25:{one.rid}" for one in by_type["R25"]]
    steps, handling = (
        [one for target in targets for one in _both(connection, STEPS, "target_ref", target)]
        for targets in (about, asked)
    )
    return Holdings(
        household,
        tuple(own),
        tuple(by_type["R04"]),
        tuple(by_type["R14"]),
        tuple(by_type["R25"]),
        tuple(by_type[QUERY_LOG]),
        tuple(steps),
        tuple(handling),
    )


def household_of(connection: Connection, rid: str) -> str | None:
    """The household that a record id names: its own, or that of a member; None for neither."""
    if reading.get(connection, "R05", rid) is not None:
        return rid
    member = reading.get(connection, "R06", rid)
    return str(member.values.get("household_id", "")) or None if member is not None else None


def _both(connection: Connection, type_id: str, name: str, value: str) -> list[Stored]:
    in_force = reading.find(connection, type_id, Filter(where={name: value}))
    return in_force + reading.find(connection, type_id, Filter(where={name: value}, voided=True))
