"""Member enterprises of one desk: archives and what protects them, and the life of a credit event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from jmdesk.catalogue.types import Record, Value
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.enterprises import publicity, queries
from jmdesk.enterprises.queries import ClusterFigures, EnterpriseFilter
from jmdesk.records.masking import shown_value
from jmdesk.records.readiness import OWN_SOURCES
from jmdesk.records.writer import Writer
from jmdesk.store import reading
from jmdesk.store.stored import Stored
from jmdesk.workflows.casework import CaseDesk
from jmdesk.workflows.definition import Step

ARCHIVE, EVENT = "R20", "R21"
MEMBERS, CONDUCT = "W5", "W6"

SOURCED: Final[Mapping[str, str]] = {
    "tax_grade": "tax",
    "customs_grade": "customs",
    "env_grade": "env",
    "labor_grade": "labor",
    "contract_pct": "contract",
    "ext_grade": "rating",
    "revenue_main": "revenue",
}
"""Fields of the archive that say where they come from → the item of the assessment that says it."""

BY_DEPARTMENTS = ("tax_grade", "customs_grade", "env_grade", "labor_grade")
_STATEMENT_DAYS: Final = 5
_TOO_EARLY = "1"


@dataclass(frozen=True, slots=True)
class Source:
    """Where one number of an archive comes from: the field, its value then, the source, its day, whose record it is."""

    field: str
    value: str
    source: str
    dated: str
    by_platform: bool


@dataclass(frozen=True, slots=True)
class Dossier:
    """One enterprise with everything that names it; ``sealed`` once it has left its association."""

    enterprise: Stored
    sealed: bool
    sources: tuple[Source, ...]
    events: tuple[Stored, ...]
    complaints: tuple[Stored, ...]
    selections: tuple[Stored, ...]
    green_cards: tuple[Stored, ...]


class Enterprises:
    """Archives of enterprises, and what the workflows W5 and W6 do to the records."""

    def __init__(self, desk: CaseDesk) -> None:
        self._desk = desk

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return beijing_date(self._desk.clock.now())

    # -- reading ---------------------------------------------------------------------------------------------------

    def count(self, wanted: EnterpriseFilter) -> int:
        """How many enterprises match, of those the user may see."""
        wanted = self._seen(wanted)
        with self._desk.store.reading() as connection:
            return queries.count(connection, wanted)

    def page(self, wanted: EnterpriseFilter, offset: int, limit: int) -> list[Stored]:
        """A page of the list in order of unified code."""
        wanted = self._seen(wanted)
        with self._desk.store.reading() as connection:
            found = queries.page(connection, wanted, offset, limit)
        return [self._desk.records.shown(one) for one in found]

    def dossier(self, rid: str) -> Dossier:
        """One enterprise whole. ``Refused`` "store.no_such_record", "permissions.region"."""
        entry = self._desk.records.get(ARCHIVE, rid)
        with self._desk.store.reading() as connection:
            sealed = rid in queries.sealed(connection, (rid,))
            sources = _sources(queries.sources_of(connection, rid))
        hidden = self._desk.records.guard.hidden(ARCHIVE)
        return Dossier(
            entry.record,
            sealed,
            tuple(one for one in sources if one.field not in hidden),
            *(self._of(type_id, rid) for type_id in (EVENT, "R22", "R23", "R24")),
        )

    def figures(self) -> list[ClusterFigures]:
        """Enterprises, events and complaints by cluster; complaints only for who may see them.

        Asks for the right to export archives.
        """
        guard = self._desk.records.guard
        guard.require("export", ARCHIVE)
        with self._desk.store.reading() as connection:
            found = queries.figures(connection)
        return found if guard.may("read", "R22") else [replace(line, complaints=None) for line in found]

    def _of(self, type_id: str, rid: str) -> tuple[Stored, ...]:
        """The records of a type about one enterprise that the user may see, oldest first."""
        if not self._desk.records.guard.may("read", type_id):
            return ()
        return tuple(self._desk.records.find(type_id, reading.Filter(where={"uscc": rid})))

    def _seen(self, wanted: EnterpriseFilter) -> EnterpriseFilter:
        within = self._desk.records.guard.reading_regions(ARCHIVE)
        return replace(wanted, within=within) if within else wanted

    # -- writing ---------------------------------------------------------------------------------------------------

    def record_source(self, rid: str, field: str, value: Value, *, source: str, dated: date) -> None:
        """Put a grade or figure into an archive together with who gave it and when.

        ``Refused`` "enterprises.source_needed", "enterprises.departments_number", "enterprises.sealed".
        """
        if field not in SOURCED:
            raise Refused("store.no_such_field", field=field)
        if not source.strip():
            raise Refused("enterprises.source_needed")
        with self._desk.records.writing("edit") as writer:
            put: Record = {field: value}
            if field == "revenue_main":
                put["revenue_year"] = dated.year
            writer.change(ARCHIVE, rid, put)
            self.note_source(writer, rid, field, value, source=source, dated=dated)

    def note_source(self, writer: Writer, rid: str, field: str, value: Value, *, source: str, dated: date) -> None:
        """Write down where a number comes from, inside a command of the caller's."""
        found = writer.transaction.get(ARCHIVE, rid)
        writer.create(
            "assessment",
            {
                "subject_id": f"{ARCHIVE}:{rid}",
                "rating_year": dated.year,
                "item": SOURCED[field],
                "facts": {"field": field, "value": str(value), "source": source.strip(), "dated": dated.isoformat()},
                "basis": source.strip(),
                "assessed_on": min(dated, self.today).isoformat(),
                "assessor_id": self._desk.actor,
            },
            region=found.region if found else None,
        )

    def keep(self, writer: Writer, found: Stored, names: Iterable[str]) -> None:
        """What protects an archive: ``Refused`` "enterprises.sealed", "enterprises.departments_number"."""
        connection = writer.transaction.connection
        writer.transaction.flush()
        if queries.sealed(connection, (found.rid,)):
            raise Refused("enterprises.sealed")
        touched = [name for name in names if name in BY_DEPARTMENTS]
        if not touched:
            return
        own = found.source in OWN_SOURCES
        delivered = {s.field for s in _sources(queries.sources_of(connection, found.rid)) if s.by_platform}
        fields = writer.catalogue.types[ARCHIVE].by_identifier
        for name in touched:
            if name in delivered or (not own and name in found.values):
                raise Refused("enterprises.departments_number", label=fields[name].label)

    def bar(self, writer: Writer, rid: str, step: Step) -> None:
        """What stands against a step of W6. ``Refused`` "enterprises.notice_first" for a bad event that was not told

        to the enterprise, "enterprises.statement_period", "enterprises.repair_too_early",
        "enterprises.repair_elsewhere" for an authority's record, "enterprises.not_expired", "enterprises.good_event".
        """
        found = writer.transaction.get(EVENT, rid)
        if found is None:
            raise Refused("store.no_such_record")
        check = {
            "notify": self._may_notify,
            "effect": self._may_take_effect,
            "apply_repair": self._may_apply,
            "repair": self._may_repair,
            "expire": self._may_expire,
        }.get(step.id)
        if check is not None:
            check(writer, found)

    @staticmethod
    def _may_notify(_writer: Writer, found: Stored) -> None:
        if not publicity.is_bad(found.values.get("polarity")):
            raise Refused("enterprises.good_event")

    def _may_take_effect(self, writer: Writer, found: Stored) -> None:
        if not publicity.is_bad(found.values.get("polarity")):
            return
        case = self._desk.workflows.within(writer, CONDUCT, EVENT, found.rid)
        if case.state == "checked":
            raise Refused("enterprises.notice_first")
        due = next((due for due in case.open_dues() if due.clock.id == "statement"), None)
        if case.state == "noticed" and due is not None and due.day is not None and self.today <= due.day:
            raise Refused("enterprises.statement_period", day=due.day.isoformat())

    def _may_apply(self, _writer: Writer, found: Stored) -> None:
        event = self._term_of(_writer, found)
        if event is not None and self.today < event.repair_from:
            raise Refused("enterprises.repair_too_early", day=event.repair_from.isoformat())

    @staticmethod
    def _may_repair(_writer: Writer, found: Stored) -> None:
        if publicity.is_administrative(found.values):
            raise Refused("enterprises.repair_elsewhere")

    def _may_expire(self, _writer: Writer, found: Stored) -> None:
        until = found.values.get("publicity_to")
        if not isinstance(until, str) or until >= self.today.isoformat():
            raise Refused("enterprises.not_expired")

    def _term_of(self, writer: Writer, found: Stored) -> publicity.Term | None:
        polarity = str(found.values.get("polarity", ""))
        if not publicity.is_bad(polarity):
            return None
        event = self._desk.workflows.within(writer, CONDUCT, EVENT, found.rid).last("effect")
        return publicity.term(polarity, event.day) if event is not None else None

    # -- what follows from steps -----------------------------------------------------------------------------------

    def follow(self, writer: Writer, rid: str, step: Step, details: Mapping[str, object]) -> Record:
        """What a step of W6 does besides: the papers, the term of publicity."""
        if step.id == "notify":
            self._notify(writer, rid)
        elif step.id == "effect":
            return self._take_effect(writer, rid)
        elif step.id == "refer":
            self._refer(writer, rid, str(details.get("to", "")))
        return {}

    def _take_effect(self, writer: Writer, rid: str) -> Record:
        found = writer.transaction.get(EVENT, rid)
        case = self._desk.workflows.within(writer, CONDUCT, EVENT, rid)
        registered = case.last("register")
        wished = str(registered.details.get("publicity", "G")) if registered is not None else "G"
        polarity = str(found.values.get("polarity", "")) if found is not None else ""
        if not publicity.is_bad(polarity):
            return {"publicity": wished, "repair_status": "0"}
        term = publicity.term(polarity, self.today)
        if wished == publicity.PUBLIC and not term.shown:
            wished = "G"
        return {"publicity": wished, "publicity_to": term.until.isoformat(), "repair_status": _TOO_EARLY}

    def _notify(self, writer: Writer, rid: str) -> None:
        values, firm = self._event_and_firm(writer, rid)
        registered = self._desk.workflows.within(writer, CONDUCT, EVENT, rid).last("register")
        wished = registered.details.get("publicity", "G") if registered is not None else "G"
        fields = self._desk.catalogue.types[EVENT].by_identifier
        until = self._desk.catalogue.calendar.deadline(self.today, _STATEMENT_DAYS)
        self._desk.papers.write(writer, "event-notice", EVENT, rid, {
            **self._firm_words(firm),
            "category": shown_value(self._desk.catalogue, fields["event_cat"], values.get("event_cat", "")),
            "event_date": str(values.get("event_date", "")),
            "basis": shown_value(self._desk.catalogue, fields["basis_kind"], values.get("basis_kind", "")),
            "document": str(values.get("doc_no", "")) or "—",
            "content": str(values.get("content", "")),
            "disclosure": shown_value(self._desk.catalogue, fields["publicity"], str(wished)),
            "days": _STATEMENT_DAYS,
            "until": until.day.isoformat(),
            **self._office(),
        })  # fmt: skip

    def _refer(self, writer: Writer, rid: str, to: str) -> None:
        values, firm = self._event_and_firm(writer, rid)
        applied = self._desk.workflows.within(writer, CONDUCT, EVENT, rid).last("apply_repair")
        given = applied.details if applied is not None else {}
        self._desk.papers.write(writer, "repair-transfer", EVENT, rid, {
            **self._firm_words(firm),
            "to": to,
            "content": str(values.get("content", "")),
            "document": str(values.get("doc_no", "")) or "—",
            "proof": str(given.get("proof", "")),
            "pledge": str(given.get("pledge", "")),
            **self._office(),
        })  # fmt: skip

    def _event_and_firm(self, writer: Writer, rid: str) -> tuple[Record, Record]:
        found = writer.transaction.get(EVENT, rid)
        values = found.values if found is not None else {}
        firm = writer.transaction.get(ARCHIVE, str(values.get("uscc", "")))
        return values, firm.values if firm is not None else {}

    def _office(self) -> dict[str, str]:
        return {"office": self._desk.unit_name, "date": self.today.isoformat()}

    @staticmethod
    def _firm_words(firm: Record) -> dict[str, str]:
        return {"enterprise": str(firm.get("ent_name", "")), "uscc": str(firm.get("uscc", ""))}


def _sources(records: Iterable[Stored]) -> tuple[Source, ...]:
    """The sources of an archive's numbers, the latest of each field alone."""
    latest: dict[str, Source] = {}
    for record in records:
        facts = record.values.get("facts")
        if not isinstance(facts, dict) or facts.get("field") not in SOURCED:
            continue
        made = Source(
            str(facts["field"]),
            str(facts.get("value", "")),
            str(facts.get("source", "")),
            str(facts.get("dated", "")),
            record.source not in OWN_SOURCES,
        )
        known = latest.get(made.field)
        if known is None or (made.by_platform, made.dated) >= (known.by_platform, known.dated):
            latest[made.field] = made
    return tuple(latest.values())
