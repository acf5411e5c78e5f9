"""Candidates of a round, and what the records say of an enterprise over the last two years."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select

from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import record_tables, settings

SELECTION, EVENT, COMPLAINT = (record_tables[name] for name in ("R23", "R21", "R22"))
ROUND = "selections.round."


@dataclass(frozen=True, slots=True)
class Complaint:
    """What counts of one complaint: who complained, its outcome, finding and satisfaction, and when it was closed."""

    rid: str
    kind: str
    outcome: str
    fault: str
    satisfaction: int | None


def of_round(connection: Connection, batch: str) -> list[Stored]:
    """The candidates of a round, in the order in which they were entered."""
    query = select(SELECTION).where(SELECTION.c.batch_no == batch, SELECTION.c.rec_voided.is_(None))
    return [stored("R23", row) for row in connection.execute(query.order_by(SELECTION.c.rid)).mappings()]


def of_enterprise(connection: Connection, rid: str) -> list[Stored]:
    """Every candidacy of one enterprise, oldest first."""
    return reading.find(connection, "R23", Filter(where={"uscc": rid}))


def rounds(connection: Connection) -> dict[str, str]:
    """The rounds that this desk keeps: batch number → what was entered, as JSON."""
    query = select(settings.c.name, settings.c.value).where(settings.c.name.startswith(ROUND, autoescape=True))
    return {str(name).removeprefix(ROUND): str(value) for name, value in connection.execute(query)}


def complaints(connection: Connection, firm: str, since: str) -> list[Complaint]:
    """The complaints about an enterprise that were accepted since a day and are closed."""
    c = COMPLAINT.c
    query = select(c.rid, c.complainant_kind, c.outcome, c.fault, c.satisfaction).where(
        c.uscc == firm, c.rec_voided.is_(None), c.received_at >= since, c.accept_decision == "1", c.outcome.is_not(None)
    )
    return [
        Complaint(r.rid, r.complainant_kind or "", r.outcome, r.fault or "", r.satisfaction)
        for r in connection.execute(query)
    ]


def bad_events(connection: Connection, firm: str, since: str) -> dict[str, int]:
    """How many bad events of each category an enterprise has since a day, repaired ones left out."""
    c = EVENT.c
    query = select(c.event_cat).where(
        c.uscc == firm,
        c.rec_voided.is_(None),
        c.event_date >= since,
        c.polarity.in_(("3", "4", "5")),
        c.repair_status != "4",
        c.publicity != "U",
    )
    found: dict[str, int] = {}
    for (category,) in connection.execute(query):
        found[str(category)] = found.get(str(category), 0) + 1
    return found


def facts(connection: Connection, candidacy: str) -> Stored | None:
    """The facts that were written down about a candidacy, the latest."""
    found = reading.find(connection, "assessment", Filter(where={"subject_id": f"R23:{candidacy}"}))
    return found[-1] if found else None
