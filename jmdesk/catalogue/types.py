"""What the catalogue is made of: record types, fields, code lists, consent locks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from jmdesk.catalogue.calendar import WorkCalendar
from jmdesk.catalogue.regions import Regions

Kind = Literal[
    "str",
    "char",
    "int",
    "dec",
    "bool",
    "code",
    "date",
    "datetime",
    "daterange",
    "year",
    "uuid",
    "digest",
    "json",
    "ref",
]
Value = str | int | bool | list[object] | dict[str, object]
"""One value in wire form (see ARCHITECTURE.md, Conventions); there is no null."""

Record = dict[str, Value]
"""One record's values by field identifier."""


@dataclass(frozen=True, slots=True)
class FieldType:
    """A parsed type cell: ``dec14.2`` is kind dec, 14 digits, scale 2; ``ref:R05`` has a target; ``int1-5`` a range."""

    kind: Kind
    size: int = 0
    scale: int = 0
    target: str = ""
    minimum: int | None = None
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record type, as the catalogue says it.

    ``sensitivity`` S0…S4, B1; ``disclosure`` P, G, Q, U, N; ``derived`` "" (input), "computed" (never input, never on
    the wire) or "entered" (computed where its source is known, else input); ``lock`` names a consent lock.
    """

    record_id: str
    identifier: str
    label: str
    type: FieldType
    unit: str
    code_list: str
    required: bool
    sensitivity: str
    disclosure: str
    source: str
    section: str
    merge_group: str
    lock: str
    key: int
    derived: str
    default_on: bool
    searchable: bool

    @property
    def on_wire(self) -> bool:
        """Whether the field may leave this computer: not N, not computed."""
        return self.disclosure != "N" and self.derived != "computed"

    @property
    def is_input(self) -> bool:
        """Whether a person may type it."""
        return self.derived != "computed"


@dataclass(frozen=True, eq=False)
class RecordType:
    """One of the catalogue's types: ``id`` "R05", ``name`` "household" (also its SQL table), Chinese ``label``.

    Equal only to itself: to hash it by all of its fields would cost more than what is remembered for it.
    """

    id: str
    name: str
    label: str
    fields: tuple[Field, ...]
    bookkeeping: bool = False
    """Read-only in the generic pages: its owner is a feature (accounts, rating, audit, outbox, packages)."""
    local_only: bool = False
    """Never put into the outbox as a record."""

    @cached_property
    def by_identifier(self) -> Mapping[str, Field]:
        return {field.identifier: field for field in self.fields}

    @cached_property
    def sections(self) -> tuple[tuple[str, tuple[Field, ...]], ...]:
        """Headings with their fields, in the order of first appearance; one section with "" when there are none."""
        grouped: dict[str, list[Field]] = {}
        for field in self.fields:
            grouped.setdefault(field.section, []).append(field)
        return tuple((name, tuple(fields)) for name, fields in grouped.items())

    @cached_property
    def key_fields(self) -> tuple[Field, ...]:
        """The natural key's fields in order; empty when only the record id names it."""
        return tuple(sorted((f for f in self.fields if f.key), key=lambda f: f.key))

    @cached_property
    def household_field(self) -> str:
        """The field that says which household the record is part of, or ""."""
        return next((f.identifier for f in self.fields if f.type.target == "R05"), "")

    @cached_property
    def _wire_names(self) -> frozenset[str]:
        return frozenset(field.identifier for field in self.fields if field.on_wire)

    def travelling(self, names: Iterable[str]) -> list[str]:
        """Those of some fields that may leave this computer; a city's own fields (``x_…``) always may."""
        known = self._wire_names
        return [name for name in names if name in known or name.startswith("x_")]

    @cached_property
    def computed_names(self) -> frozenset[str]:
        """The fields that nobody types."""
        return frozenset(field.identifier for field in self.fields if not field.is_input)

    @cached_property
    def to_fill_in(self) -> tuple[str, ...]:
        """The fields that somebody must fill in before a record is complete."""
        return tuple(f.identifier for f in self.fields if f.required and f.is_input and f.default_on)

    @cached_property
    def searchable(self) -> tuple[Field, ...]:
        """The fields that a record is found by."""
        return tuple(field for field in self.fields if field.searchable)

    def merge_group(self, identifier: str) -> str:
        """The group a field conflicts with: its catalogue group, else the field alone (extensions too)."""
        field = self.by_identifier.get(identifier)
        return field.merge_group if field and field.merge_group else identifier


@dataclass(frozen=True)
class CodeList:
    """One code list: ``values`` in catalogue order, code → Chinese label; ``source`` names the standard."""

    id: str
    source: str
    values: Mapping[str, str]

    def label(self, code: str) -> str:
        """The label of a code; the code itself when it is not in the list."""
        return self.values.get(code, code)


@dataclass(frozen=True, slots=True)
class ConsentLock:
    """Which signed consents open a value: every kind in ``kinds``, by the head or by every adult of the household.

    ``effect`` "seal": the value itself is kept apart, masked, until they are there; "hold": the value is shown in the
    office, and the record waits unsent.
    """

    name: str
    label: str
    kinds: tuple[str, ...]
    signers: Literal["head", "every_adult"]
    effect: Literal["hold", "seal"]


@dataclass(frozen=True, slots=True)
class ContentLock:
    """The lock of a value that carries others: the first whose paths (``facts.B2``) occur in it, else ``otherwise``."""

    paths: tuple[tuple[str, tuple[str, ...]], ...]
    otherwise: str

    def of(self, value: object) -> str:
        """The name of the lock on this value."""
        for name, paths in self.paths:
            if any(_holds(value, path.split(".")) for path in paths):
                return name
        return self.otherwise


def _holds(value: object, path: list[str]) -> bool:
    for step in path:
        if not isinstance(value, dict) or value.get(step) is None:
            return False
        value = value[step]
    return True


@dataclass(frozen=True, slots=True)
class Template:
    """An import template of a region's own: which fields of one type it asks for, in which order.

    ``region`` is the significant part of a region code; ``fields`` are identifiers. What a record cannot do without is
    asked for in any case.
    """

    type: str
    region: str
    title: str
    fields: tuple[str, ...]

    def covers(self, scope: Iterable[str]) -> bool:
        """Whether all of a desk's regions lie in the template's."""
        codes = list(scope)
        return bool(codes) and all(code.startswith(self.region) for code in codes)


@dataclass(frozen=True, eq=False)
class Catalogue:
    """The whole collection catalogue of one version, with the regions and the calendar that go with it.

    Everything that a record is checked against, so that two desks of one process (or a desk and the gateway) can go by
    different packages: it is handed on, never looked up. Equal only to itself.
    """

    version: str
    types: Mapping[str, RecordType]
    code_lists: Mapping[str, CodeList]
    locks: Mapping[str, ConsentLock]
    content_locks: Mapping[str, ContentLock]
    """By ``R16.item_scores``: fields whose lock is the strictest of what they carry."""
    awaiting_consent_days: int
    read_regions: Callable[[], Regions]
    read_calendar: Callable[[], WorkCalendar]
    templates: tuple[Template, ...] = ()

    @property
    def regions(self) -> Regions:
        """The regions in force; those that came with the program are read when first asked for."""
        return self.read_regions()

    @property
    def calendar(self) -> WorkCalendar:
        """The working days in force; as for the regions."""
        return self.read_calendar()

    def template_for(self, type_id: str, scope: Iterable[str]) -> Template | None:
        """The import template that a region has of its own for a type of record; the narrowest scope wins."""
        found = [t for t in self.templates if t.type == type_id and t.covers(scope)]
        return max(found, key=lambda t: len(t.region), default=None)

    def type(self, name: str) -> RecordType:
        """A type by number (``R05``, any case) or name (``household``). ``KeyError`` when there is none."""
        found = self.types.get(name) or self.types.get(name.upper()) or self.by_name.get(name.lower())
        if found is None:
            raise KeyError(name)
        return found

    @cached_property
    def by_name(self) -> Mapping[str, RecordType]:
        return {t.name: t for t in self.types.values()}

    @cached_property
    def sealable(self) -> Mapping[str, frozenset[str]]:
        """By type number: the fields whose values may have to be kept apart, whatever they carry."""
        return {t.id: frozenset(f.identifier for f in t.fields if self._may_seal(f)) for t in self.types.values()}

    def _may_seal(self, field: Field) -> bool:
        inside = self.content_locks.get(f"{field.record_id}.{field.identifier}")
        names = {field.lock} if inside is None else {field.lock, inside.otherwise, *(name for name, _ in inside.paths)}
        return any(lock.effect == "seal" for name in names if (lock := self.locks.get(name)) is not None)

    def lock_of(self, field: Field, value: object = None) -> ConsentLock | None:
        """The consent lock on a field, if any; on a value that carries others, the strictest of what it carries."""
        inside = self.content_locks.get(f"{field.record_id}.{field.identifier}")
        return self.locks.get(inside.of(value) if inside is not None and value is not None else field.lock)
