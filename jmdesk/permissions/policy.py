"""The city's rules for passphrases and PINs: ``security.json`` of the catalogue package."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from jmdesk.core.clock import from_utc_text
from jmdesk.core.resources import resource


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


@cache
def shipped() -> SecurityPolicy:
    """The policy of the catalogue package."""
    return SecurityPolicy(**json.loads(resource("catalogue/security.json").read_text(encoding="utf-8")))
