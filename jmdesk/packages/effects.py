"""What a package does to the records on the day it takes effect: each once, in one transaction, told afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from jmdesk.catalogue.calendar import WorkCalendar
from jmdesk.catalogue.derived import request_deadline
from jmdesk.catalogue.issues import Issue
from jmdesk.catalogue.layers import LOCKS
from jmdesk.catalogue.types import Catalogue
from jmdesk.packages import queries
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import Writer

_REQUESTS = "R25"
_PAST = ("R03", "R19")


class PackageDesk(Workplace, Protocol):
    """Where packages are kept: a workplace whose catalogue is laid anew from what came with the program."""

    @property
    def shipped(self) -> Catalogue: ...
    @property
    def actor(self) -> str: ...
    @property
    def regions(self) -> tuple[str, ...]: ...


@contextmanager
def writing(desk: PackageDesk, reason: str = "") -> Iterator[Writer]:
    """One command in the publisher's name: it asks nobody's role, for whoever opens the desk first sets it off."""
    with desk.store.transaction(desk.actor, "package", reason=reason) as transaction:
        yield Writer(transaction, desk.catalogue, desk.regions[0].ljust(12, "0"))


class Effects:
    """Applies issues to the records of a desk whose catalogue is the one in force."""

    def __init__(self, desk: PackageDesk) -> None:
        self._desk = desk

    def apply(self, issue: Issue) -> None:
        """Do what an issue's taking effect does and keep what came of it; a power cut leaves all of it or nothing."""
        with writing(self._desk, issue.version) as writer:
            connection = writer.transaction.connection
            first = queries.log_end(connection) + 1
            outcome = self._outcome(writer, issue)
            writer.transaction.flush()
            last = queries.log_end(connection)
            stretch = {"first": first, "last": last} if last >= first else {}
            queries.note_outcome(connection, issue.digest, {**outcome, **stretch})

    def _outcome(self, writer: Writer, issue: Issue) -> dict[str, object]:
        if issue.kind == "regions":
            return {"moves": move_records(writer, self._desk.catalogue)}
        if issue.kind == "calendar":
            return count_anew(writer, self._desk.catalogue.calendar)
        kept = queries.kept(writer.transaction.connection) if issue.kind == "catalogue" else []
        if any(LOCKS in one.issue.files for one in kept if one.issue.kind == "catalogue"):
            return sign_anew(writer)
        return {}


def move_records(writer: Writer, catalogue: Catalogue) -> list[dict[str, object]]:
    """Move the records of every region that is no more to the one in its place; numbers of households stay.

    What a record says of its region changes as an edit of this desk, so it travels; what merely lies there follows.
    Figures of a past year (R17 to R19) go on naming the region of then.
    """
    told: list[dict[str, object]] = []
    connection, regions = writer.transaction.connection, catalogue.regions
    travelling = [t for t in catalogue.types.values() if not t.local_only]
    saying = [t.id for t in travelling if "region_code" in t.by_identifier and not t.bookkeeping and t.id not in _PAST]
    for old in regions.moved:
        new = regions.current(old)
        counts: dict[str, int] = {}
        for type_id in saying:
            for rid in queries.rids_in(connection, type_id, "region_code", old):
                reason = f"区划调整：{old} → {new} {regions.label(new)}"
                writer.change(type_id, rid, {"region_code": new}, reason=reason, checked=True)
                counts[type_id] = counts.get(type_id, 0) + 1
        writer.transaction.flush()
        records = queries.relocate(connection, [t.id for t in travelling], old, new)
        if records or counts:
            told.append({"old": old, "new": new, "name": regions.label(new), "records": records, "changed": counts})
    return told


def sign_anew(writer: Writer) -> dict[str, object]:
    """Open and close what is sealed by the signatures that are asked for now: values put in place, and taken back."""
    households = queries.households(writer.transaction.connection)
    withheld = sum(writer.withhold(household) for household in households)
    return {"released": sum(writer.release(household) for household in households), "withheld": withheld}


def count_anew(writer: Writer, calendar: WorkCalendar) -> dict[str, object]:
    """Count the deadlines of open requests by a new calendar: how many changed, are final, are provisional still."""
    connection = writer.transaction.connection
    changed = final = provisional = 0
    for rid in queries.rids_with(connection, _REQUESTS, "received_at", "replied_at"):
        found = writer.transaction.get(_REQUESTS, rid)
        if found is None:
            continue
        due = request_deadline(str(found.values.get("case_kind")), str(found.values["received_at"]), calendar)
        if due is None:
            continue
        provisional += due.provisional
        final += not due.provisional
        changed += writer.change(_REQUESTS, rid, {}, reason=f"工作日历 {calendar.version}", checked=True)
    return {"deadlines": changed, "final": final, "provisional": provisional}
