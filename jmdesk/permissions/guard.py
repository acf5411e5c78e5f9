"""The one guard that every service asks before it does something for a user.

Client policy: it keeps honest colleagues within their duties. Everybody who can open the vault holds its key, and a
program that was tampered with asks nobody; what a unit may do at all is checked by the platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.errors import Refused
from jmdesk.permissions.matrix import WORDS, Matrix

_MOST = 4


@dataclass(frozen=True, slots=True)
class Avoided:
    """What a user must keep away from for an interest of his own, whatever his roles allow.

    ``types`` are closed to him, ``fields`` hidden (by type), and of ``records`` he sees none that has one of the values
    in one of the fields (by type: field and values), nor of ``begins`` one whose value begins so: steps and facts about
    what he must not see (``R22:…``).
    """

    types: frozenset[str] = frozenset()
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    records: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(default_factory=dict)
    begins: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = field(default_factory=dict)

    def concerns(self, type_id: str, values: Mapping[str, object]) -> bool:
        """Whether a record with these values is one that he must keep away from: he neither sees nor writes it."""
        return any(values.get(name) in listed for name, listed in self.records.get(type_id, ()))

    def hides(self, type_id: str, values: Mapping[str, object]) -> bool:
        """Whether he must not see a record: such a one, or one that tells of such a one."""
        told = any(str(values.get(name, "")).startswith(heads) for name, heads in self.begins.get(type_id, ()))
        return told or self.concerns(type_id, values)


_NOTHING = Avoided()


@dataclass(frozen=True, slots=True)
class Guard:
    """What one user may do. ``matrix`` None: everything, as a vault's only user does every duty of the office.

    ``regions`` are the prefixes of the account; empty leaves the user the whole of the desk.
    """

    matrix: Matrix | None = None
    roles: frozenset[str] = frozenset()
    regions: tuple[str, ...] = ()
    avoided: Avoided = field(default=_NOTHING, compare=False)
    _known: dict[tuple[str, str], tuple[str, ...] | None] = field(default_factory=dict, compare=False, repr=False)

    def may(self, action: str, type_id: str, region: str = "") -> bool:
        """Whether a role of the user allows this, in this region (empty: somewhere)."""
        within = self._within(action, type_id)
        if within is None:
            return False
        return not within or not region or region.startswith(within)

    def require(self, action: str, type_id: str, region: str = "") -> None:
        """``Refused``: "permissions.action" when no role allows it, "permissions.region" outside one's own regions."""
        if self.may(action, type_id, region):
            return
        label = catalogue().types[type_id].label
        if self._within(action, type_id) is None:
            raise Refused("permissions.action", action=WORDS[action], label=label)
        raise Refused("permissions.region", label=label)

    def require_fields(self, type_id: str, names: Iterable[str]) -> None:
        """``Refused`` "permissions.sensitivity" when one of the fields is above what the user may see, and so write."""
        hidden = self.hidden(type_id)
        for name in names if hidden else ():
            if name in hidden:
                raise Refused("permissions.sensitivity", label=catalogue().types[type_id].by_identifier[name].label)

    def hidden(self, type_id: str) -> frozenset[str]:
        """The fields of a type that are above every role by which the user reads it."""
        avoided = self.avoided.fields.get(type_id, frozenset())
        if self.matrix is None:
            return avoided
        levels = [self.matrix.roles[r].sensitivity for r in self.roles if self.matrix.may(r, "read", type_id)]
        return _above(type_id, max(levels, default=-1)) | avoided

    def require_free(self, type_id: str, values: Mapping[str, object]) -> None:
        """``Refused`` "permissions.interest" for a record that the user must keep away from."""
        if self.avoided.concerns(type_id, values):
            raise Refused("permissions.interest", label=catalogue().types[type_id].label)

    def require_seen(self, type_id: str, values: Mapping[str, object]) -> None:
        """The same for reading: also for what tells of such a record."""
        if self.avoided.hides(type_id, values):
            raise Refused("permissions.interest", label=catalogue().types[type_id].label)

    def visible(self, type_id: str, values: Mapping[str, object]) -> dict[str, object]:
        """The values of a record without those that the user may not see."""
        hidden = self.hidden(type_id)
        return {name: value for name, value in values.items() if name not in hidden}

    def reading_regions(self, type_id: str) -> tuple[str, ...]:
        """The region prefixes within which the user reads a type; empty for all. ``Refused`` "permissions.action"."""
        self.require("read", type_id)
        return self._within("read", type_id) or ()

    def _within(self, action: str, type_id: str) -> tuple[str, ...] | None:
        """Where an action is allowed: prefixes, () for everywhere, None for nowhere. Asked for every imported row."""
        if type_id in self.avoided.types:
            return None
        if self.matrix is None:
            return ()
        key = (action, type_id)
        if key not in self._known:
            allowing = [self.matrix.roles[role] for role in self.roles if self.matrix.may(role, action, type_id)]
            if not allowing:
                self._known[key] = None
            elif all(role.own_regions for role in allowing):
                self._known[key] = tuple(
                    prefix.rstrip("0") if len(prefix) > _MOST else prefix for prefix in self.regions
                )
            else:
                self._known[key] = ()
        return self._known[key]


EVERYTHING = Guard()
"""For a vault's only user, and for the program's own bookkeeping."""


@cache
def _above(type_id: str, level: int) -> frozenset[str]:
    return frozenset(f.identifier for f in catalogue().types[type_id].fields if _level(f.sensitivity) > level)


def _level(sensitivity: str) -> int:
    """S0 to S4 as 0 to 4; a business secret (B1) weighs as much as ordinary personal data (S2)."""
    return 2 if sensitivity == "B1" else int(sensitivity[1])
