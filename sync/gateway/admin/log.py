"""The administration's log: append-only, each entry naming the hash of the one before it.

What it proves is that nothing in the middle was changed or left out. That nothing was cut off at the end shows only
who has noted an earlier head (`LogCheck.head`) somewhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from jmdesk.core.clock import utc_text
from sync.gateway.database import Connection

_LOCK: Final = 0x61646D6C  # "adml"
_START: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class LogCheck:
    """How many entries hold, the hash of the last of them, and the number of the first that does not (0: all do)."""

    entries: int
    head: str
    broken: int


def append(
    connection: Connection, at: datetime, account: str, action: str, subject: str, detail: Mapping[str, Any]
) -> None:
    """Add an entry in the transaction of what it tells of. ``detail`` holds ids, codes and reasons, no secrets."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    row = connection.execute("SELECT n, hash FROM admin_log ORDER BY n DESC LIMIT 1").fetchone()
    n, prev = (row[0] + 1, row[1]) if row else (1, _START)
    entry = json.dumps(
        {
            "n": n,
            "at": utc_text(at),
            "account": account,
            "action": action,
            "subject": subject,
            "detail": dict(detail),
            "prev": prev,
        },
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    connection.execute(
        "INSERT INTO admin_log (n, at, account, action, subject, entry, hash) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (n, at, account, action, subject, entry, _hash(entry)),
    )


def entries(connection: Connection, *, before: int = 0, limit: int = 200) -> list[dict[str, Any]]:
    """Entries with their hashes, newest first; ``before`` goes on from an earlier answer's last number."""
    rows = connection.execute(
        "SELECT entry, hash FROM admin_log WHERE %s = 0 OR n < %s ORDER BY n DESC LIMIT %s", (before, before, limit)
    )
    return [{**json.loads(entry), "hash": found} for entry, found in rows]


def verify(connection: Connection) -> LogCheck:
    """Follow the chain from its start."""
    count, head = 0, _START
    for n, account, action, subject, at, entry, found in _all(connection):
        told = json.loads(entry)
        named = (told["n"], told["account"], told["action"], told["subject"], told["at"], told["prev"])
        if named != (count + 1, account, action, subject, utc_text(at), head) or _hash(entry) != found:
            return LogCheck(count, head, n)
        count, head = count + 1, found
    return LogCheck(count, head, 0)


def _all(connection: Connection) -> Iterator[tuple[Any, ...]]:
    with connection.cursor(name="admin_log") as cursor:
        yield from cursor.execute("SELECT n, account, action, subject, at, entry, hash FROM admin_log ORDER BY n")


def _hash(entry: str) -> str:
    return hashlib.sha256(entry.encode()).hexdigest()
