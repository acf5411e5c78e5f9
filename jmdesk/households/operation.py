"""What can happen to a household: each a value that says who and where, before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from jmdesk.catalogue.household_checks import HEAD
from jmdesk.catalogue.types import Record

HEAD_RELATION = "02"
_SPOUSE = ("10", "11", "12")
_OTHER_KIN = "97"


@dataclass(frozen=True, slots=True)
class ChangeHead:
    """Another member becomes the head. ``relations``: what each member is to the new head (GB/T 4761), by record id."""

    household: str
    person: str
    relations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MoveMember:
    """A member goes over to another household, where they are ``relation`` to its head."""

    person: str
    to: str
    relation: str


@dataclass(frozen=True, slots=True)
class Split:
    """Some members found a household of their own, one of them its head."""

    household: str
    members: tuple[str, ...]
    head: str
    address: str = ""
    relations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Merge:
    """The household ``gone`` becomes part of ``kept``. ``relations``: what its members are to the head there."""

    kept: str
    gone: str
    relations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Relocate:
    """A household moves to another village of this desk."""

    household: str
    region: str
    group: str
    address: str


@dataclass(frozen=True, slots=True)
class Depart:
    """A household moves to a place that is not this desk's: its archive ends here."""

    household: str
    destination: str


@dataclass(frozen=True, slots=True)
class Died:
    """A member has died on a day (ISO). When it was the head, ``head`` is who comes after; "" leaves none for now."""

    person: str
    on: str
    head: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """A member has left the household for a place outside the register (marriage, emigration) on a day (ISO)."""

    person: str
    on: str
    head: str = ""


Operation = ChangeHead | MoveMember | Split | Merge | Relocate | Depart | Died | Left

VERBS: Mapping[type, str] = {
    ChangeHead: "head",
    MoveMember: "move_member",
    Split: "split",
    Merge: "join",
    Relocate: "relocate",
    Depart: "depart",
    Died: "death",
    Left: "leave",
}
"""The word under which the change log keeps each."""


@dataclass(slots=True)
class Effects:
    """What an operation does beside what it is for; counted while it is done, so a rehearsal tells the truth."""

    household: str = ""
    """The household to look at afterwards."""
    household_consents: int = 0
    """Consents of the household that lapse, because another head must sign."""
    own_consents: int = 0
    """Consents of persons that lapse with them."""
    carried_consents: int = 0
    """Consents of persons that go along with them."""
    withheld: int = 0
    """Values that wait for a signature from now on."""
    released: int = 0
    """Values whose last missing signature is no longer needed."""
    ratings_ended: int = 0
    ratings_to_review: int = 0
    """Ratings that stay but rest on facts that have changed."""
    moved: int = 0
    """Records that go along."""
    left_behind: int = 0
    """Records that end with their household."""
    unrelated: int = 0
    """Members whose relation to the new head nobody has said."""


def suggested_relations(members: Mapping[str, Record], head: str) -> dict[str, str]:
    """What each member probably is to a new head, by what they were to the old one; for a person to confirm.

    Husband and wife swap and children stay children; of a son or daughter the parents become parents and siblings
    siblings. Anybody else is "other kin" until somebody says better.
    """
    was = str(members[head].get("relation", ""))
    found: dict[str, str] = {head: HEAD_RELATION}
    for rid, member in members.items():
        relation = str(member.get("relation", ""))
        if rid == head:
            continue
        if was in _SPOUSE:
            found[rid] = "10" if relation in HEAD else relation if relation[:1] in "234" else _OTHER_KIN
        elif was[:1] in ("2", "3"):
            found[rid] = _to_child(relation, str(member.get("sex", "")))
        else:
            found[rid] = _OTHER_KIN
    return found


def _to_child(relation: str, sex: str) -> str:
    if relation in HEAD or relation in _SPOUSE:
        return {"1": "51", "2": "52"}.get(sex, "50")
    if relation in ("28", "38") or relation[:1] not in ("2", "3"):
        return _OTHER_KIN
    return "79"
