"""Household numbers: village code (12) + desk block (2) + serial (4); a label that never changes."""

from __future__ import annotations

from jmdesk.core.errors import Refused
from jmdesk.store.store import Connection, get_setting, set_setting

PROVISIONAL_BLOCK = "00"
LAST_SERIAL = 9999


class Numbering:
    """Hands out household numbers inside one transaction; ``save`` writes the counters back.

    The desk block comes with the enrolment grant, so that two offline computers of one village never clash; before
    enrolment it is 00 and numbers are provisional.
    """

    def __init__(self, connection: Connection, block: str = PROVISIONAL_BLOCK) -> None:
        self._connection, self._block = connection, block
        self._last: dict[str, int] = {}

    def next(self, village: str) -> str:
        """The next number of a village. ``Refused`` "households.serials_used_up" after 9,999 of one desk."""
        if village not in self._last:
            self._last[village] = int(get_setting(self._connection, self._name(village)) or 0)
        if self._last[village] >= LAST_SERIAL:
            raise Refused("households.serials_used_up", village=village)
        self._last[village] += 1
        return f"{village}{self._block}{self._last[village]:04d}"

    def save(self) -> None:
        """Write the counters into the same transaction."""
        for village, last in self._last.items():
            set_setting(self._connection, self._name(village), str(last))

    def _name(self, village: str) -> str:
        return f"serial.household.{self._block}.{village}"
