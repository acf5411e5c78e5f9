"""The permission matrix of a city: roles down to record types, actions, regions and sensitivity.

Two files of the catalogue package: ``permissions.csv`` (a row for each record type, a column for each role, in each
cell the letters of ``ACTIONS``) and ``permissions.json`` (how far each role sees, which duties keep apart). A city
changes them without a programmer.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.resources import resource

ACTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "r": "read",
        "c": "create",
        "e": "edit",
        "v": "void",
        "i": "import",
        "x": "export",
        "p": "print",
        "u": "reveal",
        "s": "send",
    }
)
"""What the letters of a cell allow."""

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "read": "查看",
        "create": "新建",
        "edit": "修改",
        "void": "作废",
        "import": "导入",
        "export": "导出",
        "print": "打印",
        "reveal": "查看完整号码",
        "send": "报送",
    }
)
"""The actions as a refusal names them."""

ROLES_LIST: Final = "CL-ROLE"


@dataclass(frozen=True, slots=True)
class Role:
    """What holds for a role whatever the record type.

    ``sensitivity`` is the highest of S0 to S4 that it sees; ``own_regions`` limits it to the regions of its account.
    """

    id: str
    label: str
    sensitivity: int
    own_regions: bool


@dataclass(frozen=True, slots=True)
class Separation:
    """Duties that one person must not hold together once so many persons share the vault (law: GB/T 22239)."""

    roles: frozenset[str]
    from_users: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole matrix. ``allowed[role][type]`` is the set of actions; a pair that is not there allows nothing."""

    version: str
    roles: Mapping[str, Role]
    allowed: Mapping[str, Mapping[str, frozenset[str]]]
    separated: tuple[Separation, ...]
    founder: tuple[str, ...]
    """The roles of whoever makes a vault, from the day somebody else works in it too."""

    def may(self, role: str, action: str, type_id: str) -> bool:
        """One cell."""
        return action in self.allowed.get(role, {}).get(type_id, frozenset())

    def clashes(self, roles: frozenset[str], users: int) -> tuple[frozenset[str], ...]:
        """The duties among ``roles`` that must not be in one hand where so many persons work."""
        return tuple(one.roles for one in self.separated if users >= one.from_users and one.roles <= roles)


@cache
def shipped() -> Matrix:
    """The matrix of the catalogue package. ``ValueError`` when it names what the catalogue does not know."""
    rows = list(csv.reader(resource("catalogue/permissions.csv").read_text(encoding="utf-8").splitlines()))
    return read(rows, json.loads(resource("catalogue/permissions.json").read_text(encoding="utf-8")))


def read(rows: list[list[str]], about: Mapping[str, object]) -> Matrix:
    """A matrix from the rows of its CSV and the JSON beside it. ``ValueError`` for anything unknown or missing."""
    known = catalogue()
    names = known.code_lists[ROLES_LIST].values
    (head, *body) = rows
    columns = head[2:]
    if set(columns) != set(names) or {row[0] for row in body} != set(known.types) or len(body) != len(known.types):
        raise ValueError("the matrix names every role and every record type once")
    allowed: dict[str, dict[str, frozenset[str]]] = {role: {} for role in columns}
    for type_id, _label, *cells in body:
        for role, cell in zip(columns, cells, strict=True):
            allowed[role][type_id] = frozenset(_action(letter) for letter in cell)
    detail = about["roles"]
    if not isinstance(detail, dict) or set(detail) != set(names):
        raise ValueError("every role says how far it sees")
    roles = {
        name: Role(name, names[name], _level(detail[name]["sensitivity"]), detail[name]["scope"] == "own")
        for name in names
    }
    separated = about["separated"]
    founder = about["founder"]
    if not isinstance(separated, list) or not isinstance(founder, list) or not set(founder) <= set(names):
        raise ValueError("separated duties and founder are lists of roles")
    apart = tuple(Separation(frozenset(one["roles"]), int(one["from_users"])) for one in separated)
    return Matrix(str(about["version"]), roles, allowed, apart, tuple(founder))


def _action(letter: str) -> str:
    if letter not in ACTIONS:
        raise ValueError(f"no such action: {letter}")
    return ACTIONS[letter]


def _level(text: str) -> int:
    if text not in ("S0", "S1", "S2", "S3", "S4"):
        raise ValueError("a sensitivity is S0 to S4")
    return int(text[1])
