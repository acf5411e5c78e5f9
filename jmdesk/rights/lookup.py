"""What others may learn (W10): of a village counts without anybody's consent, of a household only on its consent C5."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jmdesk.catalogue.types import Record, Value
from jmdesk.consents.service import consents_of
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.records.consent_book import OPEN_STATES, state_on
from jmdesk.rights import queries
from jmdesk.rights.query_log import note_query
from jmdesk.rights.workplace import RightsDesk
from jmdesk.store import reading
from jmdesk.store.reading import Connection, Filter

FEW: Final = 5
"""Counts below this are not told: in a small village they would name people."""

_TOLD: Final = ("model_ver", "rating_year", "grade", "rating_status", "valid_to", "cert_no")


@dataclass(frozen=True, slots=True)
class VillageCounts:
    """Grades of a region in a year; None stands for fewer than five."""

    region: str
    year: int
    grades: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a household agreed to: which bank (unified code) may ask, for what (CL-PURPOSE), until when."""

    recipient: str
    purpose: str
    until: str


@dataclass(frozen=True, slots=True)
class HouseholdAnswer:
    """What a bank learns of a household: its newest rating without points, and the consent and log entry behind it."""

    values: dict[str, Value]
    consent: str
    entry: str


class Lookup:
    """Queries by and for others; each about a household is logged in the same transaction that reads it."""

    def __init__(self, desk: RightsDesk) -> None:
        self._desk = desk

    def places(self, region_prefix: str) -> list[Record]:
        """The newest standing of every village and town of a region that has one (R17, R18), by region code."""
        guard, newest = self._desk.records.guard, dict[str, Record]()
        for type_id in ("R18", "R17"):
            if not guard.may("read", type_id):
                continue
            for one in self._desk.records.find(type_id, Filter(region_prefix=region_prefix), order="rating_year"):
                newest[str(one.values["region_code"])] = one.values
        return [newest[code] for code in sorted(newest)]

    def agreements(self, household: str) -> list[Agreement]:
        """The consents by which banks may ask about a household today."""
        on = beijing_date(self._desk.clock.now())
        self._desk.records.guard.require("read", "R04")
        with self._desk.store.reading() as connection:
            found = [one.values for one in consents_of(connection, household)]
        held = [v for v in found if v.get("consent_kind") == "C5" and state_on(v, on) in OPEN_STATES]
        named = {(v.get("recipient_uscc", ""), v.get("purpose", "")): v.get("valid_to", "") for v in held}
        return [Agreement(str(who), str(what), str(until)) for (who, what), until in sorted(named.items(), key=str)]

    def village(self, region_prefix: str, year: int) -> VillageCounts:
        """Counts of a region; small ones are hidden, and so is the next smallest when only one would be."""
        self._desk.records.guard.require("read", "R17")
        with self._desk.store.reading() as connection:
            found = queries.grades_of_region(connection, region_prefix, year)
        return VillageCounts(region_prefix, year, suppressed(found))

    def household(self, household: str, recipient: str, purpose: str) -> HouseholdAnswer:
        """The newest rating of a household for one bank and one purpose, on its consent; the query is logged.

        ``Refused`` "rights.purpose_needed", "rights.no_consent_for_bank".
        """
        if not purpose or not recipient:
            raise Refused("rights.purpose_needed")
        desk = self._desk
        desk.records.guard.require("read", "R16")
        with desk.records.writing("query") as writer:
            connection = writer.transaction.connection
            consent = self._consent(connection, household, recipient, purpose)
            if consent is None:
                raise Refused("rights.no_consent_for_bank")
            ratings = reading.find(connection, "R16", Filter(where={"household_id": household}), descending=True)
            newest = ratings[0].values if ratings else {}
            told: dict[str, Value] = {name: newest[name] for name in _TOLD if name in newest}
            fields = [f"R16.{name}" for name in told]
            subject = f"R05:{household}"
            entry = note_query(writer, desk, subject, purpose, fields, consent=consent, recipient=recipient)
        return HouseholdAnswer(told, consent, entry)

    def _consent(self, connection: Connection, household: str, recipient: str, purpose: str) -> str | None:
        on = beijing_date(self._desk.clock.now())
        for one in consents_of(connection, household):
            values = one.values
            wanted = ("C5", recipient, purpose)
            same = (values.get("consent_kind"), values.get("recipient_uscc"), values.get("purpose")) == wanted
            if same and state_on(values, on) in OPEN_STATES:
                return one.rid
        return None


def suppressed(counts: dict[str, int]) -> dict[str, int | None]:
    """Counts with those below five hidden; where one alone would be hidden, the smallest other one is, too.

    Else the total would give it away.
    """
    hidden = {name for name, number in counts.items() if 0 < number < FEW}
    if len(hidden) == 1 and (others := {n: c for n, c in counts.items() if n not in hidden and c}):
        hidden.add(min(others, key=lambda name: others[name]))
    return {name: None if name in hidden else number for name, number in counts.items()}
