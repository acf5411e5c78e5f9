"""Showing a masked number for a reason, with a line in the query log (R26) and in the change log."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.store import change_log

if TYPE_CHECKING:
    from jmdesk.desk import Desk

OWN_WORK = "10"
"""CL-PURPOSE: supervision and checking by the unit itself."""


def reveal(desk: Desk, type_id: str, rid: str, identifier: str, reason: str) -> str:
    """The full number, after the look was logged. ``Refused`` "records.reason_needed" without a reason.

    The log line and the value belong together: when the line cannot be written, nothing is shown.
    """
    if not reason.strip():
        raise Refused("records.reason_needed")
    found = desk.records.get(type_id, rid).record
    desk.guard.require("reveal", type_id, found.region)
    value = found.values.get(identifier)
    with desk.store.reading() as connection:
        head = change_log.read_head(connection)
    at = utc_text(desk.clock.now())
    previous = head.hash.hex()
    line = "\n".join((previous, desk.actor, at, f"{type_id}:{rid}", identifier))
    with desk.records.writing("reveal", reason=reason.strip()) as writer:
        writer.bookkeep(
            "R26",
            writer.transaction.new_id(),
            {
                "log_seq": head.count + 1,
                "user_id": desk.actor,
                "org_uscc": desk.unit,
                "query_at": at,
                "subject_id": f"{type_id}:{rid}",
                "purpose": OWN_WORK,
                "fields": [identifier],
                "prev_digest": previous,
                "digest": sha256(line.encode()).hexdigest(),
            },
        )
    return str(value or "")
