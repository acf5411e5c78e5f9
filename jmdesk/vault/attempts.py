"""Failed attempts to open a vault: counted for the next person who gets in, and slowed down.

Client policy and no more: whoever holds a copy of the folder can guess on the copy as fast as Argon2id lets them,
and can delete this file. It stops a colleague at the keyboard, and tells the owner that somebody tried. It never
destroys anything.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from jmdesk.core.clock import from_utc_text, utc_text
from jmdesk.core.errors import Refused
from jmdesk.vault.files import disk_errors, read_bounded, write_durably

NAME: Final = "attempts.json"
MOST_BYTES: Final = 64 * 1024
FREE: Final = 3
"""Attempts that cost no wait."""
FIRST_WAIT: Final = 10
LONGEST_WAIT: Final = 15 * 60


class Failures(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often one user's door was tried in vain since it last opened, and when last (UTC)."""

    count: int
    last: str


def wait_after(count: int) -> int:
    """Seconds to wait after so many failures in a row: none after three, then 10, 20, 40 … up to 15 minutes."""
    return 0 if count < FREE else min(FIRST_WAIT * 2 ** min(count - FREE, 20), LONGEST_WAIT)


def failures_of(folder: Path, user: str) -> Failures | None:
    """What is noted of one user, if anything; a damaged note counts as none."""
    return _read(folder).get(user)


def check_may_try(folder: Path, user: str, now: datetime) -> None:
    """``Refused("vault.wait")`` with ``seconds`` while the wait after the last failure runs.

    A clock that was put back starts the wait anew from now: it must not become endless.
    """
    noted = failures_of(folder, user)
    if noted is None:
        return
    since = (now - from_utc_text(noted.last)).total_seconds()
    if since < 0:
        _write(folder, _read(folder) | {user: Failures(noted.count, utc_text(now))})
        since = 0
    left = wait_after(noted.count) - int(since)
    if left > 0:
        raise Refused("vault.wait", seconds=left, count=noted.count)


def note_failure(folder: Path, user: str, now: datetime) -> None:
    """Count one more, durably, before the answer is given."""
    noted = _read(folder)
    before = noted[user].count if user in noted else 0
    _write(folder, noted | {user: Failures(before + 1, utc_text(now))})


def settle(folder: Path, user: str) -> int:
    """The door opened: how many failures there were since it last did; they are forgotten."""
    noted = _read(folder)
    gone = noted.pop(user, None)
    if gone is None:
        return 0
    _write(folder, noted)
    return gone.count


def _read(folder: Path) -> dict[str, Failures]:
    try:
        with disk_errors():
            data = read_bounded(folder / NAME, MOST_BYTES)
        noted = msgspec.json.decode(data or b"{}", type=dict[str, Failures])
        for one in noted.values():
            from_utc_text(one.last)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return {}
    return noted


def _write(folder: Path, noted: dict[str, Failures]) -> None:
    with disk_errors():
        write_durably(folder / NAME, msgspec.json.encode(noted) + b"\n")
