"""What is known of a candidate: what the records say of an enterprise, completed by what was written down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from jmdesk.catalogue.types import Record
from jmdesk.enterprises.publicity import months_later
from jmdesk.selections import queries, rules
from jmdesk.store import reading
from jmdesk.store.stored import Stored
from jmdesk.workflows.service import Workflows
from jmdesk.workflows.standing import Standing

_MONTHS: Final = 24
_SAMPLING, _JUDICIAL = "22", "07"
GRADES: Final = ("tax_grade", "labor_grade", "env_grade")
"""Fields of the archive that the rules look at."""


def facts_of(connection: reading.Connection, workflows: Workflows, found: Stored, today: date) -> rules.Facts:
    """The facts of a candidacy (R23) on a day; a number that records give wins over one that was written down.

    A street or a shop has no archive and no complaints of its own on record: everything was written down.
    """
    written = queries.facts(connection, found.rid)
    given: Mapping[str, Any] = written.values["facts"] if written is not None else {}  # type: ignore[assignment]
    values: dict[str, int | bool | str | None] = {**given.get("values", {})}
    vetoes = {str(code): str(document) for code, document in given.get("vetoes", {}).items()}
    firm = str(found.values.get("uscc", ""))
    if not firm:
        counted = given.get("complaints")
        return rules.Facts(values, rules.Complaints(**counted) if counted else None, vetoes)
    since = months_later(today, -_MONTHS).isoformat()
    closed = queries.complaints(connection, firm, since)
    bad = queries.bad_events(connection, firm, since)
    own = reading.get(connection, "R20", firm)
    archive: Record = own.values if own is not None else {}
    values |= {name: str(archive[name]) for name in GRADES if name in archive}
    values["trade_complaints"] = sum(c.kind in ("2", "3") and c.fault in ("1", "2") for c in closed)
    values["failed_samplings"] = bad.get(_SAMPLING, 0)
    values["payment_judgments"] = bad.get(_JUDICIAL, 0)
    values["pledged"] = "pledge_date" in archive
    return rules.Facts(values, _complaints(workflows, [c for c in closed if c.kind == "1"]), vetoes)


def _complaints(workflows: Workflows, closed: list[queries.Complaint]) -> rules.Complaints:
    cases = workflows.standings("W7", "R22", [one.rid for one in closed])
    in_time = sum(_answered_in_time(cases[one.rid]) for one in closed)
    marks = [one.satisfaction for one in closed if one.satisfaction is not None]
    mediated = sum(one.outcome in ("1", "2") for one in closed)
    return rules.Complaints(len(closed), in_time, mediated, len(marks), sum(marks))


def _answered_in_time(case: Standing) -> bool:
    reply = next((due for due in case.dues if due.clock.id == "reply"), None)
    return reply is not None and reply.met_on is not None and (reply.day is None or reply.met_on <= reply.day)
