"""Imports a register of households: one transaction, everything that can land lands, nothing is half-written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Protocol

from jmdesk.attachments.content import Content
from jmdesk.attachments.intake import read_document
from jmdesk.attachments.linking import file_scan
from jmdesk.catalogue.regions import covers, regions
from jmdesk.consents.service import Signature
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.households.numbers import Numbering
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import Writer
from jmdesk.registers import queries
from jmdesk.registers.drafts import HouseholdDraft
from jmdesk.registers.findings import CellRef, Finding
from jmdesk.registers.identity import Recognition, another_name
from jmdesk.registers.landing import Landed, Landing
from jmdesk.registers.layout import Form, Table
from jmdesk.registers.mapping import Mapping, from_plain
from jmdesk.registers.refused import write_refused
from jmdesk.registers.register import Register, open_register
from jmdesk.registers.stopping import until
from jmdesk.registers.wording import wording_of

_BATCH = 500
_BIG = 200
"""Rows from which an import into a register that is there already is preceded by a backup."""
_SETTING = "register.mapping."
_COUNTS = ("new", "changed", "unchanged", "refused", "warned", "rows", "persons", "records", "consents", "awaiting")


class RegisterDesk(Workplace, Protocol):
    """Where registers are imported: by whom, for which regions, under which numbers."""

    @property
    def actor(self) -> str: ...
    @property
    def regions(self) -> tuple[str, ...]: ...
    @property
    def number_block(self) -> str: ...
    def keep_before(self, act: str) -> None: ...


@dataclass(frozen=True, slots=True)
class ConsentBatch:
    """One scan of many signed authorisations, and the day of signing where the register gives none."""

    scan: Content
    signed_on: date


def consent_batch(scan: Path, signed_on: date) -> ConsentBatch:
    """The batch of a scanned file, a photo or PDF. Errors as ``attachments.intake.read_document``."""
    return ConsentBatch(read_document(scan), signed_on)


@dataclass(frozen=True, slots=True)
class HouseholdOutcome:
    """What became of one household: its first cell, its rows (from 1, as the office sees them), and the findings."""

    outcome: Landed | str
    at: CellRef
    rows: tuple[int, ...]
    rid: str
    findings: tuple[Finding, ...]

    @property
    def refused(self) -> bool:
        """Whether it was kept out."""
        return self.outcome == "refused"

    @property
    def warned(self) -> bool:
        """Whether it landed but somebody should look."""
        return not self.refused and any(finding.level == "warn" for finding in self.findings)


@dataclass(slots=True)
class ImportResult:
    """What an import did, or with ``dry_run`` would do. Counts are households unless said."""

    register: str
    dry_run: bool
    outcomes: list[HouseholdOutcome] = field(default_factory=list)
    notes: list[Finding] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    warned: int = 0
    rows: int = 0
    persons: int = 0
    records: int = 0
    consents: int = 0
    awaiting: int = 0
    """Values that now await a consent, more than before."""
    refused_drafts: list[HouseholdDraft] = field(default_factory=list)
    parts: tuple[Table | Form, ...] = ()

    @property
    def landed(self) -> bool:
        """Whether any household is in the store now: the exit status of the command goes by it."""
        return bool(self.new + self.changed + self.unchanged)

    def write_refused(self, path: Path) -> int:
        """Hand the refused households back as a workbook; returns how many."""
        return write_refused(path, self.parts, self.refused_drafts)

    def to_plain(self) -> dict[str, object]:
        """The counts, and every household that somebody should look at, as JSON data (shown on screen only)."""
        names = (
            "new",
            "changed",
            "unchanged",
            "refused",
            "warned",
            "rows",
            "persons",
            "records",
            "consents",
            "awaiting",
        )
        return {
            "register": self.register,
            "dry_run": self.dry_run,
            **{name: getattr(self, name) for name in names},
            "notes": [{"code": n.code, "text": str(n), "action": n.message().action} for n in self.notes],
            "findings": [
                {"outcome": o.outcome, "cell": str(f.cell or o.at), "level": f.level, "code": f.code, "text": str(f)}
                | {"action": f.message().action}
                for o in self.outcomes
                for f in o.findings
                if f.level != "note"
            ],
        }


class _RolledBack(Exception):
    """Leaves a dry run's transaction without writing anything."""


def remembered(desk: RegisterDesk, register: Register) -> Mapping | None:
    """The mapping that this office chose for registers worded like this one."""
    text = desk.store.setting(_SETTING + register.office)
    if text is None:
        return None
    try:
        return from_plain(json.loads(text), register.known)
    except (ValueError, Refused):
        return None


def remember(desk: RegisterDesk, register: Register, mapping: Mapping) -> None:
    """Keep a mapping for registers worded like this one."""
    desk.store.put_setting(_SETTING + register.office, json.dumps(mapping.to_plain(), ensure_ascii=False))


def proposed_mapping(desk: RegisterDesk, register: Register) -> Mapping:
    """The remembered or guessed mapping, with the desk's own region where it has just one."""
    mapping = register.guess(remembered(desk, register))
    if not mapping.region and len(desk.regions) == 1:
        mapping = replace(mapping, region=desk.regions[0].ljust(12, "0"))
    return mapping


def import_households(
    desk: RegisterDesk,
    source: Path | Register,
    mapping: Mapping | None = None,
    *,
    password: str | None = None,
    dry_run: bool = False,
    consents: ConsentBatch | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> ImportResult:
    """Import a file, a folder or an opened register; ``progress`` counts rows.

    Households are recognised by their head's identity number, their number or their head: importing twice changes
    nothing, fields that differ are updated, people and records that the register does not list stay. Values without
    consent are kept apart. Raises what reading raises, and ``Refused("registers.cancelled")`` after ``cancelled``
    said yes: then nothing has been written.
    """
    desk.records.guard.require("import", "R05")
    known = wording_of(desk.catalogue)
    register = source if isinstance(source, Register) else open_register(source, password, known, cancelled)
    mapping = mapping or proposed_mapping(desk, register)
    result = ImportResult(register.name, dry_run, notes=register.remarks(mapping), parts=register.parts)
    if not dry_run and sum(map(_rows, register.parts)) >= _BIG and desk.records.count("R05"):
        desk.keep_before("import")
    with suppress(_RolledBack), desk.records.writing("import", source="import") as writer:
        _write(desk, writer, register, mapping, result, consents, progress, cancelled)
        if dry_run:
            raise _RolledBack
    if not result.outcomes:
        result.notes.append(Finding("registers.nothing_below", "warn", ""))
    if result.landed and not dry_run:
        remember(desk, register, mapping)
    return result


def _write(
    desk: RegisterDesk,
    writer: Writer,
    register: Register,
    mapping: Mapping,
    result: ImportResult,
    consents: ConsentBatch | None,
    progress: Progress,
    cancelled: Cancelled,
) -> None:
    connection = writer.transaction.connection
    scope, before = desk.regions, queries.awaiting_count(connection)
    numbering = Numbering(connection, desk.number_block)
    landing = Landing(writer, numbering, desk.actor)
    of = sum(_rows(part) for part in register.parts)
    today = beijing_date(desk.clock.now())
    for batch in _batches(register.households(mapping, today)):
        known = Recognition(connection, batch)
        for draft in until(cancelled, batch):
            _one(result, landing, known, draft, scope, consents, today)
        writer.transaction.flush()
        progress(min(result.rows, of), of)
    numbering.save()
    result.persons, result.records = landing.persons, landing.records
    result.consents = len(landing.signed)
    if consents is not None:
        writer.transaction.flush()
        file_scan(writer, consents.scan, landing.signed)
    result.awaiting = queries.awaiting_count(connection) - before
    progress(of, of)


def _batches(drafts: Iterator[HouseholdDraft]) -> Iterator[list[HouseholdDraft]]:
    while batch := list(islice(drafts, _BATCH)):
        yield batch


def _rows(part: Table | Form) -> int:
    return part.end - part.first if isinstance(part, Table) else 1


def _one(
    result: ImportResult,
    landing: Landing,
    known: Recognition,
    draft: HouseholdDraft,
    scope: Sequence[str],
    consents: ConsentBatch | None,
    today: date,
) -> None:
    _inside(draft, scope)
    signature = _signature(draft, consents, today)
    archive = known.known(draft) if draft.outcome != "refused" else None
    if archive is not None and (doubt := another_name(draft, archive)) is not None:
        draft.findings.append(doubt)
    if draft.outcome == "refused":
        outcome, rid = "refused", ""
        result.refused += 1
        result.refused_drafts.append(draft)
    else:
        outcome, rid = landing.land(draft, archive, signature)
        setattr(result, outcome, getattr(result, outcome) + 1)
        result.warned += draft.outcome == "warned"
    result.rows += len(draft.rows)
    at = draft.ref(draft.household)
    rows = tuple(row + 1 for row in draft.rows)
    result.outcomes.append(HouseholdOutcome(outcome, at, rows, rid, tuple(draft.findings)))


def _inside(draft: HouseholdDraft, scope: Sequence[str]) -> None:
    """A desk keeps only households of the regions it is responsible for."""
    region = str(draft.household.values.get("region_code", ""))
    if region and scope and not any(covers(prefix, region) for prefix in scope):
        names = "、".join(regions().label(prefix.ljust(12, "0")) for prefix in scope)
        params = {"value": regions().label(region), "region": names}
        ref = draft.ref(draft.household, "region_code")
        draft.findings.append(Finding("registers.village_outside", "error", "行政村", params, ref))


def _signature(draft: HouseholdDraft, consents: ConsentBatch | None, today: date) -> Signature | None:
    """The signed paper behind a household, by the register's columns or by the batch's scan."""
    said = draft.consent.signed_on
    if said > today.isoformat():
        ref = draft.ref(draft.household)
        draft.findings.append(Finding("registers.consent_in_future", "warn", "授权书签署日期", {"value": said}, ref))
        said = ""
    signed_on = said or (consents.signed_on.isoformat() if consents else "")
    if not signed_on:
        return None
    # Noon in Beijing: the same calendar day in UTC.
    at = f"{signed_on}T04:00:00Z"
    return Signature(at, number=draft.consent.number, doc_digest=consents.scan.sha256 if consents else "")
