"""What the record pages read and write of a desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jmdesk.catalogue.types import Field, Record, RecordType
from jmdesk.core.clock import beijing_text
from jmdesk.desk import Desk
from jmdesk.store import search
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
_SHORT, _LONG = 30, 60
"""Characters of a text field: up to the one a narrow column will do, above the other it needs a wide one."""
_HIDDEN_KINDS = ("json", "digest", "uuid")


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records of a type a list shows; empty means any."""

    search: str = ""
    region_prefix: str = ""
    sync: str = ""
    voided: bool = False


def list_fields(record_type: RecordType, hidden: frozenset[str] = frozenset()) -> tuple[Field, ...]:
    """The fields that a list of the type shows: its key, what it is searched by, then the form's order.

    ``hidden`` are those above what the user may see.
    """
    usable = [
        f
        for f in record_type.fields
        if f.type.kind not in _HIDDEN_KINDS and f.default_on and f.identifier not in hidden
    ]
    ranked = sorted(usable, key=lambda f: (not f.key, not f.required, not f.searchable))
    chosen = set(ranked[:_SHOWN_COLUMNS])
    return tuple(f for f in record_type.fields if f in chosen)


def columns(record_type: RecordType, hidden: frozenset[str] = frozenset()) -> tuple[Column, ...]:
    """The list's columns: some fields, then when it was changed last and where it stands with the platform."""
    made = [
        Column(f.label, _width(f), number=f.type.kind in ("int", "dec"), stretch=place == 1)
        for place, f in enumerate(list_fields(record_type, hidden))
    ]
    return (*made, Column(tr("最近修改"), 134), Column(tr("报送"), 116))


def _width(field: Field) -> int:
    """Room for what a field usually holds: a unified code whole, most of a firm's name."""
    if field.type.kind == "str":
        return 110 if field.type.size <= _SHORT else 230 if field.type.size > _LONG else 140
    if field.type.kind == "char":
        return 110 if field.code_list == "CL-REGION" else 176
    return {"ref": 176, "date": 110, "datetime": 140, "year": 88, "int": 80, "dec": 120, "bool": 104}.get(
        field.type.kind, 104
    )


class RecordSource:
    """The rows of one type under a filter, for a windowed table."""

    def __init__(self, desk: Desk, labels: Labels, record_type: RecordType, wanted: RecordFilter) -> None:
        self._desk, self._type, self._wanted = desk, record_type, wanted
        self._labels = labels
        self._fields = list_fields(record_type, labels.hidden(record_type.id))
        self._filter = self._store_filter()

    @property
    def filter(self) -> Filter:
        """The filter as the store asks for it."""
        return self._filter

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


def is_searchable(record_type: RecordType) -> bool:
    """Whether records of the type are in the search index under their own id."""
    return any(f.searchable for f in record_type.fields) and not record_type.household_field
