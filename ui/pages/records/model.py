"""What the record pages read and write of a desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jmdesk.attachments.linking import LOGGED
from jmdesk.catalogue.types import Field, Record, RecordType
from jmdesk.core.clock import beijing_text
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.records.masking import AWAITING
from jmdesk.records.service import Entry
from jmdesk.store import search
from jmdesk.store.change_log import Change
from jmdesk.store.reading import Filter
from jmdesk.store.stored import Stored
from ui.core import wording
from ui.core.i18n import tr
from ui.core.labels import Labels
from ui.core.ports import Chip, Row
from ui.widgets.table_model import Column

HITS = 200
"""A search shows at most so many records."""

_SHOWN_COLUMNS = 5
SHOWN_DIGITS = 12
"""Of a document's hash: enough to tell two apart."""
_HIDDEN_KINDS = ("json", "digest", "uuid")


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records of a type a list shows; empty means any."""

    search: str = ""
    region_prefix: str = ""
    sync: str = ""
    voided: bool = False


def list_fields(record_type: RecordType) -> tuple[Field, ...]:
    """The fields that a list of the type shows: its key, what it is searched by, then the form's order."""
    usable = [f for f in record_type.fields if f.type.kind not in _HIDDEN_KINDS and f.default_on]
    ranked = sorted(usable, key=lambda f: (not f.key, not f.required, not f.searchable))
    chosen = set(ranked[:_SHOWN_COLUMNS])
    return tuple(f for f in record_type.fields if f in chosen)


def columns(record_type: RecordType) -> tuple[Column, ...]:
    """The list's columns: some fields, then when it was changed last and where it stands with the platform."""
    widths = {
        "ref": 176,
        "str": 140,
        "date": 110,
        "datetime": 140,
        "year": 88,
        "int": 80,
        "dec": 120,
        "bool": 104,
        "char": 168,
    }
    made = [
        Column(f.label, widths.get(f.type.kind, 130), number=f.type.kind in ("int", "dec"), stretch=place == 1)
        for place, f in enumerate(list_fields(record_type))
    ]
    return (*made, Column(tr("最近修改"), 134), Column(tr("报送"), 116))


class RecordSource:
    """The rows of one type under a filter, for a windowed table."""

    def __init__(self, desk: Desk, labels: Labels, record_type: RecordType, wanted: RecordFilter) -> None:
        self._desk, self._type, self._wanted = desk, record_type, wanted
        self._labels = labels
        self._fields = list_fields(record_type)
        self._filter = self._store_filter()

    def count(self) -> int:
        """How many records match."""
        return self._desk.records.count(self._type.id, self._filter)

    def fetch(self, offset: int, limit: int) -> Sequence[Row]:
        """A page, the newest first."""
        found = self._desk.records.find(
            self._type.id, self._filter, order="rid", descending=True, limit=limit, offset=offset
        )
        for field in self._fields:
            if field.type.kind == "ref" and field.type.target:
                wanted = (str(record.values.get(field.identifier, "")) for record in found)
                self._labels.prepare(field.type.target, wanted)
        return [self._row(record) for record in found]

    def _store_filter(self) -> Filter:
        wanted = self._wanted
        where: Record = {"sync": wanted.sync} if wanted.sync else {}
        rids: list[str] | None = None
        if wanted.search.strip():
            with self._desk.store.reading() as connection:
                rids = search.subjects(connection, wanted.search, types=(self._type.id,), limit=HITS)
        return Filter(where, wanted.region_prefix, rids, wanted.voided)

    def _row(self, record: Stored) -> Row:
        cells: list[str | Chip] = []
        for field in self._fields:
            value = record.values.get(field.identifier)
            cells.append(self._labels.words(field, value))
        state = Chip(tr("已作废")) if record.voided is not None else wording.sync_state(record.sync)
        return Row(record.rid, (*cells, beijing_text(record.updated_at), state), record.voided is not None)


def is_for_machines(record_type: RecordType, field: Field) -> bool:
    """Whether a field holds ids, digests or workings that nobody reads on screen."""
    if field.type.kind == "uuid":
        return bool(field.key)
    if record_type.id == "R16" and field.identifier == "item_scores":
        return True  # the rating page explains them in words
    return record_type.bookkeeping and field.type.kind == "digest"


def is_searchable(record_type: RecordType) -> bool:
    """Whether records of the type are in the search index under their own id."""
    return any(f.searchable for f in record_type.fields) and not record_type.household_field


@dataclass(frozen=True, slots=True)
class Loaded:
    """One record ready for the form."""

    entry: Entry
    title: str
    closed_locks: frozenset[str]
    """Consent locks that its household has not opened."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry of a record's history, in words."""

    at: str
    who: str
    verb: str
    reason: str
    changes: tuple[FieldChange, ...]


class RecordDesk:
    """Loads and saves records of any type; every method may take its time and is called on the runner."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.labels = Labels(desk)

    def load(self, type_id: str, rid: str) -> Loaded:
        """A record with its title and the locks that are closed for it."""
        entry = self.desk.records.get(type_id, rid)
        values = entry.record.values
        return Loaded(entry, self.labels.heading(type_id, values), self.closed_locks(type_id, rid, values))

    def closed_locks(self, type_id: str, rid: str, values: Record) -> frozenset[str]:
        """The names of the consent locks that are closed for a record of a household; none when it has no household."""
        from jmdesk.records.consent_book import subject_household

        record_type = self.desk.catalogue.types[type_id]
        household = subject_household(record_type, rid, values)
        names = {f.lock for f in record_type.fields if f.lock}
        if household is None or not names:
            return frozenset()
        given = self.desk.consents.of(household)
        return frozenset(name for name in names if not given.opens(self.desk.catalogue.locks[name]))

    def save(self, type_id: str, rid: str, set_: Record, unset: Sequence[str]) -> str:
        """Create (empty ``rid``) or change a record; gives its id. ``InvalidRecord`` names what is wrong."""
        record_type = self.desk.catalogue.types[type_id]
        if record_type.bookkeeping:
            raise Refused("records.bookkeeping", label=record_type.label)
        if rid:
            self.desk.records.change(type_id, rid, set_, unset)
            return rid
        with self.desk.records.writing("create") as writer:
            made = writer.transaction.new_id()
            own = next((f.identifier for f in record_type.key_fields if f.type.kind == "uuid"), "")
            return writer.create(type_id, {**set_, own: made} if own else set_, rid=made)

    def history(self, rid: str) -> list[Deed]:
        """What was done to a record, the latest first, numbers masked."""
        return [self._deed(change) for change in reversed(self.desk.records.history(rid))]

    def _deed(self, change: Change) -> Deed:
        names = [name for name in dict.fromkeys((*change.before, *change.after)) if self._is_told(change, name)]
        who = change.actor if change.actor == "platform" else self.labels.of("R02", change.actor)
        return Deed(
            beijing_text(change.at),
            tr("平台") if who == "platform" else who,
            wording.deed(change.verb),
            change.reason,
            tuple(self._field_change(change, name) for name in names),
        )

    def _is_told(self, change: Change, name: str) -> bool:
        """Whether a value says something to a person: ids, digests and what a rating keeps for machines do not."""
        record_type = self.desk.catalogue.types[change.type]
        field = record_type.by_identifier.get(name)
        return field is None or not is_for_machines(record_type, field)

    def _field_change(self, change: Change, name: str) -> FieldChange:
        if name == "voided":
            words = {True: tr("已作废"), False: tr("有效")}
            return FieldChange(tr("状态"), words[bool(change.before.get(name))], words[bool(change.after.get(name))])
        if name == LOGGED:
            said = (str(side.get(name, ""))[:SHOWN_DIGITS] for side in (change.before, change.after))
            return FieldChange(tr("附件(内容摘要)"), *said)
        field = self.desk.catalogue.types[change.type].by_identifier.get(name)
        if field is None:
            return FieldChange(name, str(change.before.get(name, "")), str(change.after.get(name, "")))
        say = self.labels.words
        return FieldChange(field.label, say(field, change.before.get(name)), say(field, change.after.get(name)))


def awaiting_text(since: str) -> str:
    """What stands beside a value that waits for a consent."""
    return f"{AWAITING} {tr('自 {day} 起暂存', day=beijing_text(since)[:10])}"
