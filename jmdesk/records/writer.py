"""Writes records of any type inside one transaction: validated, derived, sealed where a consent is missing.

Forms and imports use this same path; it is what makes the catalogue's sensitivity hold from the first keystroke.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from jmdesk.catalogue.derived import DerivedContext, derive
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.types import Catalogue, Record, RecordType
from jmdesk.catalogue.validation import validation_of
from jmdesk.core.clock import beijing_date, from_utc_text
from jmdesk.core.errors import Refused
from jmdesk.permissions.guard import EVERYTHING, Guard
from jmdesk.records.consent_book import ConsentBook, subject_household
from jmdesk.store import reading
from jmdesk.store.stored import Stored
from jmdesk.store.transaction import Transaction


class InvalidRecord(Refused):
    """A record with values that cannot be kept; ``problems`` says which and why."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("records.invalid", count=len(problems), first=str(problems[0].message()))
        self.problems = tuple(problems)


Keeper = Callable[["Writer", Stored, Iterable[str]], None]
"""What protects records of a type from a change of these fields, or from being voided (no fields): says so as
``Refused``. It guards what people change here, not what the platform says."""


Barrier = Callable[[RecordType, Record], None]
"""What keeps values out of every record, whoever writes them here: says so as ``Refused``."""


class Writer:
    """Bound to one transaction; keeps a consent book so that bulk work reads each household at most once."""

    def __init__(
        self,
        transaction: Transaction,
        catalogue: Catalogue,
        home_region: str,
        guard: Guard = EVERYTHING,
        keepers: Mapping[str, Keeper] | None = None,
        barrier: Barrier | None = None,
    ) -> None:
        self.transaction = transaction
        self._keepers, self._barrier = keepers or {}, barrier
        self._catalogue, self._home, self._guard = catalogue, home_region, guard
        self.on = beijing_date(from_utc_text(transaction.at))
        self._context = DerivedContext(self.on, catalogue.calendar)
        self.book = ConsentBook(catalogue, self.on)
        self._regions: dict[str, str] = {}
        self._persons: dict[str, str] = {}

    @property
    def guard(self) -> Guard:
        """What the user may do."""
        return self._guard

    @property
    def home_region(self) -> str:
        """Where a record belongs that says nothing else."""
        return self._home

    @property
    def catalogue(self) -> Catalogue:
        """What records are checked against."""
        return self._catalogue

    def create(
        self, type_id: str, values: Record, *, rid: str | None = None, region: str | None = None, checked: bool = False
    ) -> str:
        """Insert a record and return its id. ``checked``: the caller has validated the values already.

        ``region`` is where it belongs when its own values do not say, as with a step of a case elsewhere in the town.

        Values whose consent is missing are kept apart; the record itself is there and shows them as awaiting consent.
        ``InvalidRecord`` when a value is wrong; missing required values are allowed (a draft).
        """
        record_type = self._catalogue.types[type_id]
        self._guard.require("create", type_id)
        self._guard.require_free(type_id, values)
        self._guard.require_fields(type_id, values)
        if not checked:
            self._check(record_type, values)
        values = self._derived(record_type, values)
        rid = rid or self.transaction.new_id()
        if type_id == "R05":
            self.book.begin(rid)
        household = self._household(record_type, rid, values)
        region = region or self._region(record_type, rid, values, household)
        self._guard.require("create", type_id, region)
        if household is not None and type_id in ("R04", "R06"):
            self.book.note(type_id, rid, household, values)
            self._persons[rid] = household
        open_, sealed = self._split(record_type, values, household)
        self.transaction.create(type_id, open_, region=region, rid=rid)
        if household is not None:
            for lock, kept in sealed.items():
                self.transaction.seal(type_id, rid, household, lock, kept)
        return rid

    def change(
        self,
        type_id: str,
        rid: str,
        set_: Record,
        unset: Iterable[str] = (),
        *,
        reason: str = "",
        checked: bool = False,
    ) -> bool:
        """Change fields of a record; False when nothing changes. Sealed fields stay so until their consent comes."""
        found = self._require(type_id, rid)
        unset = [name for name in unset if name not in set_]
        self._guard.require("edit", type_id, found.region)
        self._guard.require_free(type_id, found.values)
        self._guard.require_fields(type_id, (*set_, *unset))
        if not checked:
            self._check(self._catalogue.types[type_id], set_)
        if type_id in self._keepers:
            self._keepers[type_id](self, found, (*set_, *unset))
        return self._change(found, set_, unset, reason)

    def _change(self, found: Stored, set_: Record, unset: Sequence[str], reason: str = "") -> bool:
        """Change without asking who may: what follows from something that was allowed."""
        type_id, rid = found.type, found.rid
        record_type = self._catalogue.types[type_id]
        after = {k: v for k, v in {**found.values, **set_}.items() if k not in unset}
        derived = self._derived(record_type, after)
        household = self._household(record_type, rid, derived)
        open_, sealed = self._split(
            record_type, {n: v for n, v in derived.items() if n in set_ or n not in after}, household
        )
        gone = [n for n in found.values if n not in derived or (n in set_ and n not in open_)]
        recomputed = {n: v for n, v in derived.items() if n in found.values and found.values[n] != v and n not in set_}
        changed = self.transaction.change(type_id, rid, {**recomputed, **open_}, gone, reason=reason, found=found)
        self.transaction.unseal(rid, [*unset, *open_])
        if household is not None:
            for lock, kept in sealed.items():
                self.transaction.reseal(type_id, rid, household, lock, kept)
            self.book.forget(household)
        return changed or bool(sealed)

    def follow(self, type_id: str, rid: str, set_: Record, unset: Iterable[str] = (), *, reason: str = "") -> bool:
        """Change a record as part of something that was allowed as a whole; valid values, nobody is asked again."""
        return self._change(self._require(type_id, rid), set_, [name for name in unset if name not in set_], reason)

    def void(self, type_id: str, rid: str, reason: str) -> None:
        """Void a record with a reason; what it had awaiting consent goes."""
        if not reason.strip():
            raise Refused("records.reason_needed")
        self.void_all([self._require(type_id, rid)], reason)

    def void_all(self, records: Sequence[Stored], reason: str) -> None:
        """The same of records of one type, as this transaction has just read them."""
        for found in records:
            self._guard.require("void", found.type, found.region)
            self._guard.require_free(found.type, found.values)
            if found.type in self._keepers:
                self._keepers[found.type](self, found, ())
        self.transaction.void_all(records, reason.strip())
        self.transaction.unseal_all(found.rid for found in records)

    def release(self, household: str) -> int:
        """Put in place every value of a household whose consent is there by now; returns how many."""
        self.transaction.flush()
        self.book.forget(household)
        connection, released = self.transaction.connection, 0
        by_record: dict[tuple[str, str], Record] = {}
        for entry in reading.sealed(connection, household=household):
            if self.book.opens(connection, household, self._catalogue.locks[entry.lock]):
                by_record.setdefault((entry.type, entry.rid), {})[entry.field] = entry.value
        for (type_id, rid), values in by_record.items():
            released += len(values)
            self._change(self._require(type_id, rid), values, ())
        return released

    def withhold(self, household: str) -> int:
        """Take back every value of a household whose consent has gone; returns how many. The reverse of ``release``."""
        self.transaction.flush()
        self.book.forget(household)
        connection, taken = self.transaction.connection, 0
        for record_type in self._catalogue.types.values():
            locked = [f for f in record_type.fields if f.lock and self._catalogue.locks[f.lock].effect == "seal"]
            if not locked or not record_type.household_field:
                continue
            where = {record_type.household_field: household}
            for found in reading.find(connection, record_type.id, reading.Filter(where=where)):
                values = {f.identifier: found.values[f.identifier] for f in locked if f.identifier in found.values}
                _, sealed = self._split(record_type, values, household)
                names = [name for kept in sealed.values() for name in kept]
                if names:
                    self.transaction.change(record_type.id, found.rid, {}, names)
                    for lock, kept in sealed.items():
                        self.transaction.reseal(record_type.id, found.rid, household, lock, kept)
                    taken += len(names)
        return taken

    def bookkeep(self, type_id: str, rid: str, values: Record) -> None:
        """Write a record of the product's own bookkeeping (accounts, query log): its service has asked who may."""
        if self.transaction.get(type_id, rid) is None:
            self.transaction.create(type_id, values, region=self._home, rid=rid)
        else:
            self.transaction.change(type_id, rid, values, ())

    def remark(self, type_id: str, rid: str, reason: str = "") -> None:
        """A line in the history of a record that changes nothing."""
        self.transaction.remark(type_id, rid, reason)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _check(self, record_type: RecordType, values: Record) -> None:
        problems = [
            p
            for p in validation_of(self._catalogue).validate(record_type.id, values, complete=False, on=self.on)
            if p.level == "error"
        ]
        for name in values:
            field = record_type.by_identifier.get(name)
            if field is not None and not field.default_on:
                problems.append(Problem(name, "records.field_off", "error", {"label": field.label}))
        if problems:
            raise InvalidRecord(problems)

    def _derived(self, record_type: RecordType, values: Record) -> Record:
        """The values with everything computed that can be; computed fields that were typed are ignored."""
        computed = record_type.computed_names
        typed = {n: v for n, v in values.items() if n not in computed} if computed else values
        return typed | derive(record_type, typed, on=self.on, context=self._context)

    def _split(
        self, record_type: RecordType, values: Record, household: str | None
    ) -> tuple[Record, dict[str, Record]]:
        """The values that may be kept in place, and by lock those that must wait."""
        if self._barrier is not None:
            self._barrier(record_type, values)
        sealable = self._catalogue.sealable[record_type.id]
        if household is None or sealable.isdisjoint(values):
            return values, {}
        open_, sealed = dict(values), dict[str, Record]()
        opens: dict[str, bool] = {}
        for name in [name for name in values if name in sealable]:
            lock = self._catalogue.lock_of(record_type.by_identifier[name], values[name])
            if lock is None or lock.effect != "seal":
                continue
            if lock.name not in opens:
                opens[lock.name] = self.book.opens(self.transaction.connection, household, lock)
            if not opens[lock.name]:
                sealed.setdefault(lock.name, {})[name] = open_.pop(name)
        return open_, sealed

    def _region(self, record_type: RecordType, rid: str, values: Record, household: str | None) -> str:
        """Children inherit the household's region at write; others carry their own or the unit's."""
        own = values.get("region_code")
        if isinstance(own, str) and record_type.id != "R03":
            if record_type.id == "R05":
                self._regions[rid] = own
            return own
        if household is not None:
            if household not in self._regions:
                found = reading.get(self.transaction.connection, "R05", household)
                self._regions[household] = found.region if found else self._home
            return self._regions[household]
        return self._home

    def _household(self, record_type: RecordType, rid: str, values: Record) -> str | None:
        """The household a record is about; a person's own consent belongs to the person's household."""
        found = subject_household(record_type, rid, values)
        subject = values.get("subject_id")
        if found is None and isinstance(subject, str) and subject.startswith("R06:"):
            person = subject[4:]
            if person not in self._persons:
                member = self.transaction.get("R06", person)
                self._persons[person] = str(member.values.get("household_id", "")) if member else ""
            found = self._persons[person] or None
        return found

    def _require(self, type_id: str, rid: str) -> Stored:
        found = self.transaction.get(type_id, rid)
        if found is None:
            raise Refused("store.no_such_record")
        return found
