"""Numbers of an office that neither break nor clash: counted in the vault, apart for each desk block.

Complaints, cases, referrals and papers are numbered ``prefix + county (6) + desk block (2) + year (4) + serial (5)``.
The block comes with the enrolment grant, so that two offline computers of one unit never give the same number; before
enrolment it is 00 and the number is provisional. A number is taken in the transaction that uses it: no gaps.
"""

from __future__ import annotations

from jmdesk.core.errors import Refused
from jmdesk.store.store import Connection, get_setting, set_setting

DIGITS = 5


class Serials:
    """Hands out numbers inside one transaction."""

    def __init__(self, connection: Connection, block: str) -> None:
        self._connection, self._block = connection, block

    def next(self, prefix: str, region: str, year: int) -> str:
        """The next number of a kind in a county and year. ``Refused`` "records.serials_used_up" after 99,999."""
        name = f"serial.{prefix}.{self._block}.{region[:6]}.{year}"
        serial = int(get_setting(self._connection, name) or 0) + 1
        if serial >= 10**DIGITS:
            raise Refused("records.serials_used_up", prefix=prefix, year=year)
        set_setting(self._connection, name, str(serial))
        return f"{prefix}{region[:6]}{self._block}{year}{serial:0{DIGITS}d}"
