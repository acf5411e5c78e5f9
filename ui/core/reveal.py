"""Showing what is masked for a reason, with a line in the query log (R26) and in the change log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING

from jmdesk.core.clock import BEIJING, beijing_date, utc_text
from jmdesk.core.errors import Refused
from jmdesk.rights.query_log import note_query

if TYPE_CHECKING:
    from jmdesk.catalogue.types import Value
    from jmdesk.desk import Desk

OWN_WORK = "10"
"""CL-PURPOSE: supervision and checking by the unit itself."""


@dataclass(frozen=True, slots=True)
class Revealed:
    """What was masked, in wire form, and how many times this user has looked today, this time included."""

    values: dict[str, Value]
    today: int


def reveal(desk: Desk, type_id: str, rid: str, identifiers: Sequence[str], reason: str) -> Revealed:
    """The full values, after the look was logged. ``Refused`` "records.reason_needed" without a reason.

    The log line and the values belong together: when the line cannot be written, nothing is shown.
    """
    if not reason.strip():
        raise Refused("records.reason_needed")
    found = desk.records.get(type_id, rid).record
    desk.guard.require("reveal", type_id, found.region)
    with desk.records.writing("reveal", reason=reason.strip()) as writer:
        note_query(writer, desk, f"{type_id}:{rid}", OWN_WORK, identifiers)
    midnight = datetime.combine(beijing_date(desk.clock.now()), time(), BEIJING)
    today = desk.audit.own("reveal", since=utc_text(midnight))
    return Revealed({name: found.values[name] for name in identifiers if name in found.values}, today)
