"""The verbs of every record type, for forms, lists and scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jmdesk.catalogue.types import Catalogue, Record, RecordType
from jmdesk.core.changes import Changes
from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.permissions.guard import EVERYTHING, Guard
from jmdesk.records.reversal import take_back
from jmdesk.records.writer import Barrier, Keeper, Writer
from jmdesk.store import change_log, reading
from jmdesk.store.change_log import Change
from jmdesk.store.reading import Filter, Sealed
from jmdesk.store.store import Store
from jmdesk.store.stored import Stored


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with what is beside it: values awaiting consent, and the platform's newer version if one came."""

    record: Stored
    awaiting: tuple[Sealed, ...]
    theirs: dict[str, object] | None


class Records:
    """Records of one vault. ``actor`` is the local user; ``home_region`` what a record without a region belongs to."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        *,
        actor: str,
        home_region: str,
        guard: Guard = EVERYTHING,
        keepers: Mapping[str, Keeper] | None = None,
        barrier: Barrier | None = None,
    ) -> None:
        self._store = store
        self.catalogue = catalogue
        """What records are checked against; the desk lays it anew when a package takes effect."""
        self._actor, self._home = actor, home_region
        self.guard = guard
        self._keepers, self._barrier = keepers, barrier

    @contextmanager
    def writing(self, verb: str, *, reason: str = "", source: str = "desk") -> Iterator[Writer]:
        """One command of several writes; all of them or none."""
        with self._store.transaction(self._actor, verb, reason=reason, source=source) as transaction:
            yield Writer(transaction, self.catalogue, self._home, self.guard, self._keepers, self._barrier)

    def create(self, type_id: str, values: Record, *, reason: str = "") -> str:
        """Record something new; returns its record id. ``InvalidRecord`` names every value that is wrong."""
        self._editable(type_id)
        with self.writing("create", reason=reason) as writer:
            return writer.create(type_id, values)

    def change(self, type_id: str, rid: str, set_: Record, unset: Iterable[str] = (), *, reason: str = "") -> bool:
        """Change a record; False when nothing was different."""
        self._editable(type_id)
        with self.writing("edit", reason=reason) as writer:
            return writer.change(type_id, rid, set_, unset, reason=reason)

    def void(self, type_id: str, rid: str, reason: str) -> None:
        """Void a record: it stays in history. ``Refused`` "records.reason_needed" without a reason."""
        self._editable(type_id)
        with self.writing("void", reason=reason) as writer:
            writer.void(type_id, rid, reason)

    def get(self, type_id: str, rid: str) -> Entry:
        """One record with what waits beside it. ``Refused`` "store.no_such_record"."""
        with self._store.reading() as connection:
            found = reading.get(connection, type_id, rid)
            if found is None:
                raise Refused("store.no_such_record")
            self.guard.require("read", type_id, found.region)
            self.guard.require_seen(type_id, found.values)
            hidden = self.guard.hidden(type_id)
            waiting = tuple(one for one in reading.sealed(connection, rid=rid) if one.field not in hidden)
            theirs = reading.theirs(connection, rid) if not hidden else None
            return Entry(self.shown(found), waiting, theirs)

    def find(
        self,
        type_id: str,
        wanted: Filter | None = None,
        *,
        order: str = "rid",
        descending: bool = False,
        limit: int = -1,
        offset: int = 0,
    ) -> list[Stored]:
        """A page of records of one type, of the regions and with the values that the user may see."""
        wanted = self._within(type_id, wanted)
        with self._store.reading() as connection:
            found = reading.find(
                connection, type_id, wanted, order=order, descending=descending, limit=limit, offset=offset
            )
        return [self.shown(one) for one in found] if self.guard.hidden(type_id) else found

    def count(self, type_id: str, wanted: Filter | None = None) -> int:
        """How many records match."""
        wanted = self._within(type_id, wanted)
        with self._store.reading() as connection:
            return reading.count(connection, type_id, wanted)

    def history(self, rid: str) -> list[Change]:
        """Every change of a record, oldest first, with the values that the user may see."""
        with self._store.reading() as connection:
            found = change_log.history(connection, rid)
            subject = reading.get(connection, found[0].type, rid) if found else None
        if subject is not None:
            self.guard.require_seen(subject.type, subject.values)
        return [self._told(change) for change in found if self.guard.may("read", change.type)]

    def undo_last(self, progress: Progress = silent, cancelled: Cancelled = never) -> Changes:
        """Take back the last command of this user by writing its reverse; history keeps both.

        ``Refused`` "records.nothing_to_undo", "records.cannot_undo" for what the platform or the program did, and
        "store.cancelled" after ``cancelled`` said yes: then nothing has been taken back.
        """
        with self.writing("undo") as writer:
            take_back(writer, self._actor, progress, cancelled)
            writer.transaction.flush()
            return writer.transaction.changes()

    def type(self, name: str) -> RecordType:
        """A record type by number or name. ``Refused`` "records.no_such_type"."""
        try:
            return self.catalogue.type(name)
        except KeyError:
            raise Refused("records.no_such_type", name=name) from None

    def _within(self, type_id: str, wanted: Filter | None) -> Filter | None:
        """The filter, kept inside the user's own regions. ``Refused`` "permissions.action" for a closed type."""
        regions = self.guard.reading_regions(type_id)
        avoided = self.guard.avoided
        without, heads = avoided.records.get(type_id, ()), avoided.begins.get(type_id, ())
        if not (regions or without or heads):
            return wanted
        return replace(wanted or Filter(), within=regions, without=without, not_beginning=heads)

    def _told(self, change: Change) -> Change:
        hidden = self.guard.hidden(change.type)
        if not hidden:
            return change
        before, after = ({n: v for n, v in side.items() if n not in hidden} for side in (change.before, change.after))
        return replace(change, before=before, after=after)

    def shown(self, found: Stored) -> Stored:
        """A record without the values that the user may not see."""
        hidden = self.guard.hidden(found.type)
        if hidden.isdisjoint(found.values):
            return found
        return replace(found, values={name: value for name, value in found.values.items() if name not in hidden})

    def _editable(self, type_id: str) -> None:
        record_type = self.catalogue.types[type_id]
        if record_type.bookkeeping:
            raise Refused("records.bookkeeping", label=record_type.label)
