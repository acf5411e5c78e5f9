"""The city's rules for passphrases and PINs: ``security.json`` of the catalogue package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from jmdesk.core.clock import from_utc_text
from jmdesk.core.errors import Refused
from jmdesk.core.resources import resource

SECURITY = "security"
"""The name of the list package that holds a city's own policy, in ``SECURITY_FILE``."""
SECURITY_FILE = "security.json"


@dataclass(frozen=True, slots=True)
class SecurityPolicy:
    """``passphrase_days`` until a passphrase should be changed (0: never); whether a PIN may reopen, and for how long.
    ``backup_days``: after so many days no backup is left, so that who was erased is gone from them too;
    ``backup_hours``: how old the last one may be before another is made.

    A passphrase past its time is said at each unlock and never locks anybody out: people who are forced choose worse
    ones (NIST SP 800-63B).
    """

    version: str
    passphrase_days: int
    pin_allowed: bool
    pin_hours: int
    backup_days: int = 30
    backup_hours: int = 24

    def days_overdue(self, created: str, now: datetime) -> int:
        """For how many days a passphrase of ``created`` (UTC text) should have been changed; 0 while it is fine."""
        if not self.passphrase_days:
            return 0
        return max(0, (now - from_utc_text(created) - timedelta(days=self.passphrase_days)).days)


_FLOOR = {"passphrase_days": (1, 730), "pin_hours": (1, 12), "backup_days": (1, 30), "backup_hours": (1, 72)}
"""What a city may choose between: no package makes a desk weaker. Thirty days is the term of erasure."""


def read(text: str) -> SecurityPolicy:
    """A city's policy from ``security.json``. ``Refused`` "permissions.policy", "permissions.policy_floor"."""
    try:
        raw = json.loads(text)
    except ValueError:
        raise Refused("permissions.policy", name="security.json") from None
    kinds: dict[str, type] = {"version": str, "pin_allowed": bool} | dict.fromkeys(_FLOOR, int)
    known = isinstance(raw, dict) and raw.keys() == kinds.keys()
    wrong = [name for name, kind in kinds.items() if type(raw[name]) is not kind] if known else ["security.json"]
    if wrong:
        raise Refused("permissions.policy", name=wrong[0])
    for name, (least, most) in _FLOOR.items():
        if not least <= raw[name] <= most:
            raise Refused("permissions.policy_floor", name=name, least=least, most=most)
    return SecurityPolicy(**raw)


@cache
def shipped() -> SecurityPolicy:
    """The policy that came with the program."""
    return read(resource("catalogue/security.json").read_text(encoding="utf-8"))
