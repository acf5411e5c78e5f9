"""Complaints that people linked by hand, as duplicates or as one chain about a product. Pure.

A link is a step of both cases, written in one command, and so is its undoing: who, when and why stay in the history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from jmdesk.workflows.standing import Standing

DUPLICATE: Final = "重复投诉"
CHAIN: Final = "同一产品"
MERGED: Final = "并入"
RELATIONS: Final = (DUPLICATE, CHAIN)

MIRRORED: Final = "mirrored"
"""The member of a step's details that marks the other case's half of it."""

_MOST: Final = 50
"""So many cases of one chain are followed."""


@dataclass(frozen=True, slots=True)
class Linked:
    """Another complaint of the same chain: how it hangs together, and whether with this one itself."""

    rid: str
    number: str
    product: str
    state: str
    relation: str
    direct: bool


def links_of(case: Standing) -> Mapping[str, str]:
    """The links of one case: the other's number → the relation."""
    found: dict[str, str] = {}
    for event in case.taken:
        other = str(event.details.get("other", ""))
        if event.step == "link":
            found[other] = str(event.details.get("relation", ""))
        elif event.step == "unlink":
            found.pop(other, None)
        elif event.step == "merge":
            found[str(event.details.get("into", ""))] = MERGED
    return found


Follow = Callable[[Iterable[str]], Mapping[str, Mapping[str, str]]]
"""Gives the links of cases by their numbers; a number that nobody may see is absent."""


def chain(number: str, first: Mapping[str, str], follow: Follow) -> dict[str, tuple[str, bool]]:
    """Every complaint that hangs together with one, by number: the relation and whether it is linked directly."""
    found = {other: (relation, True) for other, relation in first.items()}
    edge = list(found)
    while edge and len(found) < _MOST:
        nearby = follow(edge)
        edge = []
        for links in nearby.values():
            for other, relation in links.items():
                if other != number and other not in found:
                    found[other] = (relation, False)
                    edge.append(other)
    return found
