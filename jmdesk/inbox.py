"""Applies one verified reply of the platform in one transaction: verdicts on what we sent, changes that others made.

Mine over theirs: the platform's newer version of a record with unsent edits is kept beside mine (``incoming``) and
never moves its base, so that a pull cannot make work look lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import astuple, dataclass, field
from functools import lru_cache

import msgspec

from jmdesk.attachments import queries as papers
from jmdesk.catalogue.derived import DerivedContext, derive
from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.types import Catalogue, Record
from jmdesk.core.clock import beijing_date, from_utc_text, utc_text
from jmdesk.core.errors import Refused
from jmdesk.records.readiness import OWN_SOURCES
from jmdesk.records.recovery import Course, based_on, let_go, recover, settle_missing
from jmdesk.store import incoming, outbox, sighting
from jmdesk.store.incoming import Theirs
from jmdesk.store.loading import holds_nothing, rows_first
from jmdesk.store.store import Store, set_setting
from jmdesk.store.stored import Stored
from jmdesk.store.transaction import Transaction

PLATFORM = "platform"
ACCEPTED = frozenset({"accepted", "merged", "duplicate"})
CURSOR = "sync.cursor"
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the platform says of one operation of a batch, by its index.

    ``verdict`` is one of accepted, merged, duplicate, conflict, rejected, forbidden, gone; ``code``, ``path`` (the
    field) and ``params`` explain a refusal; ``version`` is the record's version there; ``values`` and ``versions`` what
    it holds of the touched fields.
    """

    index: int
    rid: str
    verdict: str
    code: str = ""
    version: int = 0
    values: Record = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def said(self) -> outbox.Verdict:
        """What the outbox keeps of it."""
        return outbox.Verdict(self.verdict, self.code, self.path, self.params)


class Arrival(msgspec.Struct, frozen=True):
    """One record as the platform holds it now; ``versions`` lists fields whose version is lower than ``version``.

    ``at`` and ``origin`` (the operation's id) say when and by which desk this version was written.
    """

    type: str
    rid: str
    version: int
    region: str
    unit: str
    values: Record
    versions: Mapping[str, int]
    tombstone: bool = False
    reason: str = ""
    at: str = ""
    origin: str = ""

    def theirs(self, epoch: str) -> Theirs:
        """The same as it is kept beside a record with unsettled edits."""
        return Theirs(
            *(self.type, self.rid, self.version, self.values, {"*": self.version, **self.versions}, epoch),
            *(self.tombstone, self.reason, self.region, self.unit, self.at, self.origin),
        )


@dataclass(frozen=True, slots=True)
class Applied:
    """What one page did here: records taken over, kept beside unsent edits, and already known.

    ``offered`` were lost by a platform that was restored and wait to be sent again; ``left`` lie outside of this desk's
    scope by now and are no longer held here.
    """

    adopted: int = 0
    beside: int = 0
    known: int = 0
    offered: int = 0
    left: int = 0

    def __add__(self, other: Applied) -> Applied:
        return Applied(*(mine + more for mine, more in zip(astuple(self), astuple(other), strict=True)))

    @property
    def seen(self) -> int:
        """How many records were looked at."""
        return self.adopted + self.beside + self.known


class Inbox:
    """The one door for what the platform says. Its callers have verified signatures and addressed device already."""

    def __init__(self, store: Store, reader: Reader, regions: Sequence[str] = ("",)) -> None:
        """``reader`` is this desk: what the platform hides from it of others' records stays as it was put here.

        ``regions`` are the prefixes of what it may hold.
        """
        self._store, self._reader, self._regions = store, reader, tuple(regions)
        self._unit = reader.unit

    def custody(self, batch_id: str, envelope: bytes) -> None:
        """Keep the platform's signed word that it holds a batch."""
        with self._store.transaction(PLATFORM, "custody", source=PLATFORM) as transaction:
            outbox.advance(transaction.connection, batch_id, "held", custody=envelope)

    def verdicts(
        self,
        batch_id: str,
        outcomes: Sequence[Outcome],
        *,
        receipt: bytes,
        totals: dict[str, int],
        epoch: str,
        refused_attachments: Mapping[int, str] | None = None,
    ) -> None:
        """Settle a batch: every operation gets exactly one outcome, and every attachment.

        ``refused_attachments``: the code of each that the platform did not keep, by its number in the batch.
        ``Refused`` "sync.receipt_mismatch" when the outcomes are not those of the batch's operations.
        """
        with self._store.transaction(PLATFORM, "verdict", source=PLATFORM) as transaction:
            connection = transaction.connection
            sent = outbox.operations_of(connection, batch_id)
            if [(s.index, s.rid) for s in sent] != [(o.index, o.rid) for o in outcomes]:
                raise Refused("sync.receipt_mismatch")
            at = utc_text(self._store.clock.now())
            papers.settle(connection, batch_id, dict(refused_attachments or {}), at)
            pairs = zip(sent, outcomes, strict=True)
            outbox.settle(connection, [(s.id, _state(o.verdict), o.said) for s, o in pairs], at)
            for operation, outcome in zip(sent, outcomes, strict=True):
                if operation.op == "tombstone" and outcome.verdict in ACCEPTED:
                    # The record is void on both sides: whatever of it was set aside before has nothing left to decide.
                    # The platform's own void, when a page brought it already, is still to be taken over.
                    outbox.supersede(connection, operation.rid)
                    incoming.drop_live(connection, [operation.rid])
            rids = [s.rid for s in sent]
            standing, waiting = outbox.standing(connection, rids), incoming.beside(connection, rids)
            here = _records_here(transaction, [(s.type, s.rid) for s in sent])
            for operation, outcome in zip(sent, outcomes, strict=True):
                rid = operation.rid
                _note(transaction, operation, outcome, epoch, here.get(rid), standing.get(rid, "confirmed"))
                if outcome.verdict == "conflict":
                    self._keep_conflict(transaction, operation, outcome, epoch, waiting.get(rid), here.get(rid))
            self._take_over(transaction, [found for rid, found in waiting.items() if rid not in standing])
            outbox.advance(connection, batch_id, "done", receipt=receipt, totals=totals, at=at)

    def page(
        self, arrivals: Iterable[Arrival], *, cursor: str, epoch: str, first: bool = False, last: bool = False
    ) -> Applied:
        """Take over one page of changes together with the cursor behind it.

        ``first``: it begins at cursor 0, so that it and those up to the ``last`` one show every record in scope.
        """
        with self._store.transaction(PLATFORM, "pull", source=PLATFORM) as transaction:
            applied = self._apply(transaction, list(arrivals), epoch, first=first, last=last)
            set_setting(transaction.connection, CURSOR, cursor)
        return applied

    def load(
        self, pages: Iterable[Sequence[Arrival]], *, cursor: str, epoch: str, watch: Callable[[int], None]
    ) -> Applied:
        """Take over everything in scope, all of its pages in one transaction; a new desk's indexes are built last.

        ``watch`` is told how many records have been taken over so far; what it raises undoes all of them.
        """
        total = Applied()
        with self._store.transaction(PLATFORM, "pull", source=PLATFORM) as transaction:
            connection = transaction.connection
            first = True
            with rows_first(connection, self._store.catalogue) if holds_nothing(connection) else nullcontext():
                for arrivals in pages:
                    for start in range(0, len(arrivals), _AT_ONCE):
                        piece = arrivals[start : start + _AT_ONCE]
                        total += self._apply(transaction, piece, epoch, first=first, last=False)
                        first = False
                        watch(total.seen)
            total += self._apply(transaction, [], epoch, first=first, last=True)
            set_setting(connection, CURSOR, cursor)
        return total

    def let_go(self) -> int:
        """Let go of what stayed here outside of the scope only for work that has been settled since; how many."""
        with self._store.reading() as connection:
            if not sighting.watched(connection):
                return 0
        with self._store.transaction(PLATFORM, "pull", source=PLATFORM) as transaction:
            connection = transaction.connection
            gone = let_go(transaction, self._regions, lambda rids: papers.unsettled_of(connection, rids))
            papers.erase_of(connection, gone)
        return len(gone)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _apply(
        self, transaction: Transaction, batch: Sequence[Arrival], epoch: str, *, first: bool, last: bool
    ) -> Applied:
        adopted = beside = known = offered = left = 0
        courses: Counter[Course] = Counter()
        if first:
            sighting.begin(transaction.connection, epoch)
        if whole := sighting.running(transaction.connection, epoch):
            sighting.note(transaction.connection, (a.rid for a in batch))
        unsent = outbox.unsent(transaction.connection, [a.rid for a in batch])
        here = _records_here(transaction, [(a.type, a.rid) for a in batch])
        incoming.drop(transaction.connection, [a.rid for a in batch if a.rid not in unsent])
        waiting = incoming.beside(transaction.connection, sorted(unsent)) if unsent else {}
        for arrival in batch:
            found, theirs = here.get(arrival.rid), arrival.theirs(epoch)
            if not is_news(theirs, found):
                known += 1
                if (older := waiting.get(arrival.rid)) is not None and is_older(older, theirs):
                    # Known by a verdict alone; the version to decide on is this one, not the one from before it.
                    transaction.keep_beside(arrival.type, arrival.rid, theirs.content())
            elif found is not None and found.server_epoch not in ("", epoch):
                unsettled = arrival.rid in unsent
                course = recover(transaction, self._store.catalogue, theirs, found, self._reader, unsent=unsettled)
                courses[course] += 1
                if course is Course.THEIRS:
                    self._take(transaction, theirs, found)
            elif arrival.rid in unsent:
                transaction.keep_beside(arrival.type, arrival.rid, theirs.content())
                beside += 1
            else:
                self._take(transaction, theirs, found)
                adopted += 1
        transaction.flush()
        self._note_cases(transaction, batch)
        if whole and last:
            connection = transaction.connection
            offered, gone = settle_missing(
                *(transaction, epoch, {*OWN_SOURCES, self._unit}, self._regions),
                kept=lambda rids: papers.unsettled_of(connection, rids),
            )
            papers.erase_of(connection, gone)
            left = len(gone)
        return Applied(
            adopted=adopted + courses[Course.THEIRS],
            beside=beside + courses[Course.BESIDE],
            known=known + courses[Course.SAME],
            offered=offered + courses[Course.OFFERED],
            left=left,
        )

    def _note_cases(self, transaction: Transaction, batch: Sequence[Arrival]) -> None:
        """What other desks submitted for review is in the work list as soon as its first step is here."""
        steps = [a for a in batch if a.type == "workflow_event" and not a.tombstone]
        if steps:
            from jmdesk.reviews import arriving

            begun = (arriving.Step(a.region, a.unit, a.values) for a in steps)
            arriving.take_up(transaction.connection, begun, self._unit)

    def _take_over(self, transaction: Transaction, waiting: Sequence[Theirs]) -> None:
        """What waited beside edits that have settled by now, and were merged with it at the platform."""
        transaction.flush()
        for theirs in waiting:
            found = transaction.get(theirs.type, theirs.rid)
            if theirs.whole and found is not None and is_news(theirs, found) and includes(theirs, found):
                self._take(transaction, theirs, found)
        incoming.drop(transaction.connection, [theirs.rid for theirs in waiting])

    def _keep_conflict(
        self,
        transaction: Transaction,
        operation: outbox.Sent,
        outcome: Outcome,
        epoch: str,
        waiting: Theirs | None,
        found: Stored | None,
    ) -> None:
        """Keep what a verdict shows of the platform's version, unless that version is here whole already."""
        if waiting is not None and waiting.whole and waiting.epoch == epoch and waiting.version >= outcome.version:
            return
        shown = Theirs(operation.type, operation.rid, outcome.version, outcome.values, outcome.versions, epoch)
        if found is not None and (found.server_epoch, found.base_version) == (epoch, outcome.version):
            # Sealed in a former history, judged in this one, whose snapshot came in between: no page brings it again.
            unit = "" if found.source in OWN_SOURCES else found.source
            shown = based_on(transaction, self._store.catalogue, found, unit)
        transaction.keep_beside(operation.type, operation.rid, shown.content())

    def _take(self, transaction: Transaction, theirs: Theirs, found: Stored | None) -> None:
        record_type = self._store.catalogue.types[theirs.type]
        hidden = theirs.hidden(record_type, self._reader) if found is not None else ()
        take_theirs(transaction, self._store.catalogue, theirs, found, keep=hidden)


def is_news(theirs: Theirs, found: Stored | None) -> bool:
    """Whether the platform's version is another than the one that the record here is based on."""
    return found is None or found.base_version < theirs.version or found.server_epoch != theirs.epoch


def is_older(beside: Theirs, theirs: Theirs) -> bool:
    """Whether what waits beside a record is of an earlier version, or of another history, than what a page brings."""
    return beside.epoch != theirs.epoch or beside.version < theirs.version


def includes(theirs: Theirs, found: Stored) -> bool:
    """Whether the platform's version is no older than any field here: else a pull brings the one that is not."""
    return theirs.epoch != found.server_epoch or theirs.version >= max(found.field_versions.values(), default=0)


def take_theirs(
    transaction: Transaction,
    catalogue: Catalogue,
    theirs: Theirs,
    found: Stored | None,
    *,
    keep: Collection[str] = (),
) -> None:
    """Make the platform's whole version the record's own: values and base. What was here stays in the change log.

    ``keep`` names fields that the platform does not show to this unit: their values here stay.
    """
    transaction.adopt(
        theirs.type,
        theirs.rid,
        _completed(transaction, catalogue, theirs, found, keep),
        region=theirs.region or (found.region if found is not None else ""),
        versions=dict(theirs.versions),
        version=theirs.version,
        epoch=theirs.epoch,
        source=theirs.unit,
        found=found,
        voided=(theirs.reason or "-") if theirs.tombstone else None,
    )


def _completed(
    transaction: Transaction, catalogue: Catalogue, theirs: Theirs, found: Stored | None, keep: Collection[str]
) -> Record:
    """The platform's values with what never reaches us (recorded here alone, or computed); a tombstone has none."""
    if theirs.tombstone:
        return found.values if found is not None else {}
    record_type, values = catalogue.types[theirs.type], theirs.values
    if found is not None:
        own = {f.identifier for f in record_type.fields if not f.on_wire} | {*keep}
        values = {n: v for n, v in found.values.items() if n in own} | values
    context = _context(transaction.at, catalogue)
    return values | derive(record_type, values, on=context.on, context=context)


@lru_cache(maxsize=1)
def _context(at: str, catalogue: Catalogue) -> DerivedContext:
    """What a derivation looks at beside its record: the same for all that one transaction takes over."""
    return DerivedContext(beijing_date(from_utc_text(at)), catalogue.calendar)


def _records_here(transaction: Transaction, named: Sequence[tuple[str, str]]) -> dict[str, Stored]:
    """The records of these types and ids that this desk has, by id."""
    by_type: dict[str, list[str]] = {}
    for type_id, rid in named:
        by_type.setdefault(type_id, []).append(rid)
    found: dict[str, Stored] = {}
    for type_id, rids in by_type.items():
        found |= transaction.get_many(type_id, rids)
    return found


def _note(
    transaction: Transaction,
    operation: outbox.Sent,
    outcome: Outcome,
    epoch: str,
    found: Stored | None,
    sync: str,
) -> None:
    """Note one outcome on its record, and how the record now stands with the platform (``sync``)."""
    # Given in another history than what stands here is based on, a version says nothing: its snapshot compares values.
    strange = found is not None and found.server_epoch not in ("", epoch)
    if strange or outcome.verdict not in ACCEPTED:
        transaction.mark_sync(operation.type, operation.rid, sync)
        return
    if found is None:
        return
    versions = dict(found.field_versions)
    if outcome.verdict in ("merged", "duplicate"):
        # Other fields moved on too, or may have: the base stays until the pull brings them.
        version = found.base_version
        versions |= dict.fromkeys(operation.fields, outcome.version)
    else:
        version = max(outcome.version, found.base_version)
        if not found.base_version:
            versions = {"*": outcome.version}
        versions |= dict.fromkeys(operation.fields, outcome.version)
        versions = {n: v for n, v in versions.items() if n == "*" or v != versions.get("*")}
    transaction.confirm(operation.type, operation.rid, version=version, versions=versions, epoch=epoch, sync=sync)


def _state(verdict: str) -> str:
    """The outbox state that a verdict leads to."""
    if verdict in ACCEPTED:
        return "done"
    return "conflict" if verdict == "conflict" else "refused"
