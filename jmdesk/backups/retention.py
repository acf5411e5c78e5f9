"""Which backups stay: pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from jmdesk.backups.card import Kept
from jmdesk.core.clock import beijing_date

NEWEST: Final = 5
DAYS: Final = 7


def superfluous(present: Iterable[Kept], now: datetime, days: int) -> list[Kept]:
    """Those to remove: the last five stay, one of each day for a week, one of each week after, none beyond ``days``.

    The newest stays however old it is: an office that opens its vault after half a year has something to go back to
    until a new backup is made.
    """
    newest_first = sorted(present, key=lambda kept: (kept.card.created, kept.folder.name), reverse=True)
    seen: set[tuple[str, object]] = set()
    gone = []
    for number, kept in enumerate(newest_first):
        age = now - kept.card.at
        day = beijing_date(kept.card.at)
        slot: tuple[str, object] = ("day", day) if age < timedelta(days=DAYS) else ("week", day.isocalendar()[:2])
        stays = number == 0 or (age <= timedelta(days=days) and (number < NEWEST or slot not in seen))
        seen.add(slot)
        if not stays:
            gone.append(kept)
    return gone
