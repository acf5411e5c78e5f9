"""One person who works at this vault, as the users page and the guard see them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from jmdesk.core.text import masked_name
from jmdesk.permissions.guard import EVERYTHING, Guard
from jmdesk.permissions.matrix import Matrix
from jmdesk.store.stored import Stored

TYPE: Final = "R02"
ACTIVE, DISABLED, REMOVED = "1", "2", "3"
ROLES, REGIONS = "x_roles", "x_regions"
"""Fields of R02 beside the catalogue's: all roles (``role`` is the first of them), and region prefixes."""
INTERESTS: Final = "x_interests"
"""Field of R02 beside the catalogue's: the unified codes of the user's own firms."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user. ``label`` is what the unlock page says (empty without a way in); ``status`` of CL-ONOFF."""

    user: str
    name: str
    label: str
    roles: tuple[str, ...]
    regions: tuple[str, ...]
    status: str
    has_recovery: bool = False

    @property
    def active(self) -> bool:
        """Whether the user may work."""
        return self.status == ACTIVE


def account(record: Stored, label: str = "", *, has_recovery: bool = False) -> Account:
    """The account of an R02 record."""
    values = record.values
    roles, regions = values.get(ROLES), values.get(REGIONS)
    return Account(
        record.rid,
        str(values.get("user_name", "")),
        label,
        tuple(str(role) for role in roles) if isinstance(roles, list) else (str(values.get("role", "")),),
        tuple(str(code) for code in regions) if isinstance(regions, list) else (),
        str(values.get("user_status", ACTIVE)),
        has_recovery,
    )


def guard_of(accounts: Iterable[Account], user: str, matrix: Matrix) -> Guard:
    """What a user may do: everything while nobody else ever had an account here, else what the roles allow.

    A user without an account, or whose account is not active, may do nothing.
    """
    everybody = {one.user: one for one in accounts}
    own = everybody.get(user)
    if own is None or not own.active:
        return Guard(matrix)
    if len(everybody) == 1:
        return EVERYTHING
    return Guard(matrix, frozenset(own.roles), own.regions)


def suggested_label(name: str, taken: Iterable[str]) -> str:
    """A label that colleagues recognise and that shows a stranger little: the name with a character hidden.

    A number tells two alike apart.
    """
    base = masked_name(name.strip())[:16] or "用户"
    present = set(taken)
    if base not in present:
        return base
    return next(f"{base}{n}" for n in range(2, len(present) + 3) if f"{base}{n}" not in present)
