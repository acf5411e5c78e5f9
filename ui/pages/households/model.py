"""What the household pages read and write of a desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from jmdesk.catalogue.household_checks import Finding
from jmdesk.catalogue.types import Field, Record, RecordType
from jmdesk.core.clock import beijing_date
from jmdesk.desk import Desk
from jmdesk.households.completeness import Completeness
from jmdesk.households.numbers import Numbering
from jmdesk.households.queries import Dossier, HouseholdFilter, HouseholdRow
from jmdesk.records.masking import AWAITING
from jmdesk.store.stored import Stored
from ui.core import wording
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.pickers import region_path
from ui.core.ports import Chip, Row
from ui.core.theme import look
from ui.core.wording import countdown_chip
from ui.widgets.table_model import Column

LIST_COLUMNS: tuple[tuple[str, str, int], ...] = (
    ("head_name", "户主", 90),
    ("number", "户编号", 168),
    ("region", "村居", 110),
    ("group", "村民小组", 90),
    ("address", "住址", 150),
    ("population", "人口", 56),
    ("phone", "联系电话", 112),
    ("grade", "等级", 104),
    ("sync", "报送", 116),
)
"""What the list of households shows, its title, and its width."""


_LEFT_OUT = frozenset({"address", "population", "phone"})
"""What the list leaves to the dossier when the text is larger: state and grade must not be off the screen."""

PAPER_ORDER = ("R06", "R07", "R08", "R09", "R10", "R11", "R12", "R13", "R14", "assessment")
"""The parts of a household in the order of the paper form."""

MOST_COLUMNS = 8
"""A dossier's list shows so many fields at 100 % text, fewer when the text is larger; the form has them all."""

_SAID_ELSEWHERE = ("subject_type", "notice_version", "consent_method")
"""What the list of consents leaves to their forms, so that the rest can be read."""

_WIDTHS = {
    "id_no": 184,
    "datetime": 150,
    "date": 104,
    "bool": 84,
    "year": 64,
    "dec": 120,
    "consent_kind": 186,
    "consent_state": 136,
}
"""The share of a dossier's list that a field or a kind of field takes."""

_HIDDEN = ("json", "digest", "uuid")
_SUMS = {"R08": ("area_mu",), "R09": ("est_value",), "R10": ("balance", "guarantee_out"), "R11": ("insured_amt",)}
"""What a part's amounts are worth adding up for."""


def list_columns(hidden: frozenset[str] = frozenset()) -> tuple[Column, ...]:
    """The columns of the household list, without those that the user may not see."""
    hidden = left_out(hidden)
    shown = [one for one in LIST_COLUMNS if one[0] not in hidden]
    spare = "address" if "address" not in hidden else "number"
    return tuple(Column(tr(t), width, number=name == "population", stretch=name == spare) for name, t, width in shown)


def left_out(hidden: frozenset[str]) -> frozenset[str]:
    """The columns that are not shown: what the user may not see, and what does not fit."""
    return hidden | _LEFT_OUT if look().theme.large else hidden


class HouseholdSource:
    """The household list under a filter, for a windowed table."""

    def __init__(self, desk: Desk, wanted: HouseholdFilter) -> None:
        self._desk, self._wanted = desk, wanted
        hidden = left_out(desk.households.hidden_columns())
        self._places = [place for place, (name, *_) in enumerate(LIST_COLUMNS) if name not in hidden]
        self._villages: dict[str, str] = {}

    def count(self) -> int:
        """How many households match; a search finds at most 200."""
        return self._desk.households.count(self._wanted)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A page in order of household number."""
        return [self._row(row) for row in self._desk.households.page(self._wanted, offset, limit)]

    def _village(self, region: str) -> str:
        """The name of a village; a county has some hundred of them for its hundred thousands of households."""
        if region not in self._villages:
            self._villages[region] = next(reversed(region_path(region)), region)
        return self._villages[region]

    def _row(self, row: HouseholdRow) -> Row:
        state = wording.sync_state(row.sync)
        if row.awaiting and row.sync == "mine":
            state = Chip(tr("待授权 {n} 项", n=row.awaiting), "warn")
        cells: tuple[str | Chip, ...] = (
            row.head_name or tr("(未登记)"),
            wording.household_number(row.number, short=True),
            self._village(row.region),
            row.group,
            row.address,
            "" if row.population is None else str(row.population),
            row.phone,
            wording.grade(row.grade),
            state,
        )
        return Row(row.rid, tuple(cells[place] for place in self._places))


@dataclass(frozen=True, slots=True)
class NewHousehold:
    """What is asked when an archive is opened: the household, and its head as the first member."""

    household: Record
    head: Record


def create_household(desk: Desk, wanted: NewHousehold) -> str:
    """Open an archive: number, household and head in one command; gives the record id.

    ``InvalidRecord`` names what is wrong; ``Refused`` "households.serials_used_up".
    """
    with desk.records.writing("create") as writer:
        numbering = Numbering(writer.transaction.connection, desk.number_block)
        rid, head = writer.transaction.new_id(), writer.transaction.new_id()
        household: Record = {
            **wanted.household,
            "household_id": numbering.next(str(wanted.household["region_code"])),
            "head_person_id": head,
            "collect_date": beijing_date(desk.clock.now()).isoformat(),
            "collector_id": desk.actor,
            "verify_level": "1",
            "archive_status": "20",
        }
        writer.create("R05", household, rid=rid)
        writer.create("R06", {**wanted.head, "person_id": head, "household_id": rid, "relation": "02"}, rid=head)
        numbering.save()
        return rid


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a dossier: a type, the columns of its list, its rows, and what they add up to, in words."""

    record_type: RecordType
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A dossier ready to paint; ``facts`` are (label, value) of the household itself."""

    rid: str
    title: str
    number: str
    place: str
    sync: Chip
    grade: Chip
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    consents: Part
    ratings: Part
    signed: tuple[str, ...]
    """Labels of the consents in force."""
    declined: tuple[str, ...]
    awaiting: int
    voided: bool
    dossier: Dossier
    completeness: Completeness
    findings: tuple[Finding, ...]
    erasure: Chip | None = None
    """How long until everything here has to be erased; None unless a consent was withdrawn."""


class DossierReader:
    """Turns a dossier into words. Reads; call on the runner."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.labels = Labels(desk)

    def read(self, rid: str) -> Shown:
        """One household. ``Refused`` "households.none_found"."""
        self.labels.forget()
        dossier = self._desk.households.dossier(rid)
        values = dossier.household.values
        given = self._desk.consents.of(rid)
        kinds = self._desk.catalogue.code_lists["CL-CONSENT"]
        everyone = {kind for signed in given.by_person.values() for kind in signed}
        head = dossier.head
        grade = str(dossier.ratings[0].values.get("grade", "")) if dossier.ratings else ""
        return Shown(
            rid,
            str(head.values.get("person_name", "")) if head else tr("(未登记户主)"),
            wording.household_number(str(values.get("household_id", ""))),
            " / ".join(region_path(dossier.household.region)),
            wording.sync_state(dossier.household.sync),
            wording.grade(grade),
            self._facts(dossier),
            tuple(self._part(t, dossier.members if t == "R06" else dossier.parts[t], dossier) for t in PAPER_ORDER),
            self._part("R04", dossier.consents, dossier),
            self._part("R16", dossier.ratings, dossier),
            tuple(kinds.label(kind) for kind in sorted(given.signed | everyone)),
            tuple(kinds.label(kind) for kind in sorted(given.declined)),
            len(dossier.awaiting),
            dossier.household.voided is not None,
            dossier,
            self._desk.households.completeness(dossier),
            tuple(self._desk.households.judged(dossier, {})),
            self._erasure(dossier),
        )

    def _erasure(self, dossier: Dossier) -> Chip | None:
        """The countdown after a withdrawal; only a household that withdrew is looked up."""
        if not any("revoked_at" in consent.values for consent in dossier.consents):
            return None
        due = self._desk.rights.countdown_of(dossier.household.rid)
        return None if due is None else countdown_chip(due.days_left, due.day.isoformat())

    def _facts(self, dossier: Dossier) -> tuple[tuple[str, str], ...]:
        record_type = self._desk.catalogue.types["R05"]
        waiting = {entry.field for entry in dossier.awaiting if entry.rid == dossier.household.rid}
        values = dossier.household.values
        return tuple(
            (
                field.label,
                AWAITING if field.identifier in waiting else self.labels.words(field, values.get(field.identifier)),
            )
            for field in record_type.fields
            if field.default_on
            and field.identifier not in ("head_person_id", "household_id", "region_code")
            and field.identifier not in self.labels.hidden("R05")
        )

    def _part(self, type_id: str, records: Sequence[Stored], dossier: Dossier) -> Part:
        record_type = self._desk.catalogue.types[type_id]
        waiting = {(entry.rid, entry.field) for entry in dossier.awaiting}
        skipped = {record_type.household_field, *(_SAID_ELSEWHERE if type_id == "R04" else ("subject_id",))}
        skipped |= self.labels.hidden(type_id)
        usable = [
            f for f in record_type.fields
            if f.default_on and f.type.kind not in _HIDDEN and f.identifier not in skipped
        ]  # fmt: skip
        present = [f for f in usable if any(self._has(r, f, waiting) for r in records)] or usable
        fields = present[: MOST_COLUMNS * 100 // look().theme.scale]
        columns = [
            Column(
                tr("授权主体") if f.identifier == "subject_id" else f.label,
                _WIDTHS.get(f.identifier, _WIDTHS.get(f.type.kind, 110)),
                number=f.type.kind in ("int", "dec"),
                stretch=place == 0,
            )
            for place, f in enumerate(fields)
        ]
        rows = [self._part_row(record, fields, waiting) for record in records]
        return Part(record_type, (*columns, Column(tr("报送"), 116)), tuple(rows), self._total(record_type, records))

    @staticmethod
    def _total(record_type: RecordType, records: Sequence[Stored]) -> str:
        """What the amounts of a part add up to, where that means something."""
        told: list[str] = []
        for name in _SUMS.get(record_type.id, ()):
            field = record_type.by_identifier[name]
            amounts = [v for r in records if r.voided is None and isinstance(v := r.values.get(name), str)]
            if amounts:
                whole = f"{sum(map(Decimal, amounts)):,f}"
                told.append(tr("{name}合计 {sum}{unit}", name=field.label, sum=whole, unit=field.unit))
        return "，".join(told)

    @staticmethod
    def _has(record: Stored, field: Field, waiting: set[tuple[str, str]]) -> bool:
        return field.identifier in record.values or (record.rid, field.identifier) in waiting

    def _cell(self, record: Stored, field: Field) -> str:
        value = record.values.get(field.identifier)
        if field.identifier == "subject_id":
            kind, _, rid = str(value).partition(":")
            return tr("本户") if kind == "R05" else self.labels.of(kind, rid)
        return self.labels.words(field, value)

    def _part_row(self, record: Stored, fields: Sequence[Field], waiting: set[tuple[str, str]]) -> Row:
        cells: list[str | Chip] = []
        for field in fields:
            if (record.rid, field.identifier) in waiting:
                cells.append(Chip(tr("待授权"), "warn"))
            else:
                cells.append(self._cell(record, field))
        voided = record.voided is not None
        state = Chip(tr("已作废")) if voided else wording.sync_state(record.sync)
        return Row(record.rid, (*cells, state), voided)
