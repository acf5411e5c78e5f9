"""What a record needs after the platform went back to an older state (a restore from a backup).

Version numbers of two histories of the platform cannot be compared, so values are: a value that this desk has seen in
the record before is one that the platform has gone back to, and what was confirmed since has to be offered again. A
value never seen here is somebody's work: newer, or made after the restore without knowledge of ours.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.types import Catalogue, Record, RecordType
from jmdesk.store import change_log, incoming, outbox, sighting
from jmdesk.store.change_log import Change
from jmdesk.store.incoming import Theirs
from jmdesk.store.stored import Stored
from jmdesk.store.transaction import Transaction

LOST: Final = "平台恢复后已没有这条记录，重新报送"


class Course(Enum):
    """What became of a confirmed record that a restored platform shows."""

    SAME = "same"
    """The platform holds what it had confirmed: only the version numbers are new."""
    THEIRS = "theirs"
    """The platform has moved on, and nothing here is unsettled: its version is to be taken over."""
    OFFERED = "offered"
    """The platform has gone back to what was seen here before: what it lost waits to be sent again."""
    BESIDE = "beside"
    """Both sides have something of their own: the platform's version waits beside it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The fields that the platform holds otherwise than it had confirmed them.

    ``lost``: it went back to a value seen here before; ``since`` is the first log entry that it no longer knows.
    ``ahead``: changed there afterwards. ``unclear``: nobody can tell, so a person decides.
    """

    lost: tuple[str, ...] = ()
    ahead: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()
    since: int = 0

    def and_unseen(self, changes: Mapping[str, int]) -> Difference:
        """With fields changed here that the platform does not show to this unit, by their last log entry.

        Nobody here can tell whether it lost them: they are offered again, and what it kept is a duplicate to it.
        """
        if not changes:
            return self
        since = min(changes.values()) if not self.since else min(self.since, *changes.values())
        return replace(self, lost=tuple(sorted({*self.lost, *changes})), since=since)

    @property
    def open(self) -> tuple[str, ...]:
        """The fields whose confirmed values are unsettled again."""
        return (*self.lost, *self.unclear)


def confirmed_values(record: Stored, history: Iterable[Change], unsettled_since: int | None) -> Record:
    """What the platform had confirmed: the values before the first unsettled edit (log entry ``unsettled_since``)."""
    values = dict(record.values)
    if unsettled_since is None:
        return values
    settled: set[str] = set()
    for change in history:
        if change.seq < unsettled_since:
            continue
        for name in change.before.keys() | change.after.keys():
            if name in settled:
                continue
            settled.add(name)
            if name in change.before:
                values[name] = change.before[name]
            else:
                values.pop(name, None)
    return values


def based_on(transaction: Transaction, catalogue: Catalogue, record: Stored, unit: str) -> Theirs:
    """The platform's whole version that a record here is based on: what stood here before the first unsettled edit.

    ``unit`` is the record's, empty for this desk's own.
    """
    lines = outbox.unsettled(transaction.connection, record.rid)
    history = change_log.history(transaction.connection, record.rid)
    confirmed = confirmed_values(record, history, min((line.first_seq for line in lines), default=None))
    values = {name: confirmed[name] for name in catalogue.types[record.type].travelling(confirmed)}
    versions = {"*": record.base_version, **record.field_versions}
    return Theirs(
        *(record.type, record.rid, record.base_version, values, versions, record.server_epoch),
        region=record.region,
        unit=unit,
    )


def difference(
    names: Iterable[str], record: Stored, confirmed: Record, theirs: Theirs, history: Sequence[Change]
) -> Difference:
    """How the platform's record differs from what it had confirmed, in the fields ``names``.

    ``history`` ends before the first unsettled edit.
    """
    lost: dict[str, int] = {}
    ahead, unclear = [], []
    for name in names:
        value = theirs.values.get(name)
        if confirmed.get(name) == value:
            continue
        seq = max((c.seq for c in history if _mentions(c, name) and c.before.get(name) == value), default=None)
        if seq is not None:
            lost[name] = seq
        elif theirs.versions.get(name, theirs.version) > record.version_of(name):
            ahead.append(name)
        else:
            unclear.append(name)
    # Before a field's every value both sides count as changed, so that the conflict desk asks.
    since = 1 if unclear else min(lost.values(), default=0)
    return Difference(tuple(sorted(lost)), tuple(sorted(ahead)), tuple(sorted(unclear)), since)


def recover(
    transaction: Transaction, catalogue: Catalogue, theirs: Theirs, record: Stored, reader: Reader, *, unsent: bool
) -> Course:
    """Compare a record of the platform's former history with what the restored one holds, and note what to do.

    ``unsent``: it has unsettled edits; ``reader`` is this desk.
    """
    connection, type_id, rid = transaction.connection, record.type, record.rid
    lines = outbox.unsettled(connection, rid) if unsent else []
    since = min((line.first_seq for line in lines), default=None)
    if theirs.tombstone:
        return _voided_there(transaction, theirs, record, unsent=unsent)
    record_type = catalogue.types[type_id]
    hidden = theirs.hidden(record_type, reader)
    agrees = not unsent and record.voided is None and same(record_type, record.values, theirs, reader)
    if agrees and not hidden:
        return _rebased(transaction, theirs, record)
    history = change_log.history(connection, rid)
    settled = [change for change in history if since is None or change.seq < since]
    confirmed = confirmed_values(record, history, since)
    names = _compared(record_type, confirmed, theirs, reader)
    found = difference(names, record, confirmed, theirs, settled).and_unseen(_last_changes(hidden, settled))
    void = record.voided is not None
    if found.ahead and not (found.open or void or lines):
        return Course.THEIRS
    if found.ahead or found.unclear:
        _offer(transaction, record, found, void=void)
        transaction.keep_beside(type_id, rid, theirs.content())
        return Course.BESIDE
    _rebased(transaction, theirs, record)
    course = Course.SAME
    if found.lost or (void and not lines):
        _offer(transaction, record, found, void=void)
        course = Course.OFFERED
    if any(line.state == "conflict" for line in lines):
        # A verdict of the former history set it aside: it can be decided only beside the platform's whole version.
        transaction.keep_beside(type_id, rid, theirs.content())
    return course


def same(record_type: RecordType, values: Record, theirs: Theirs, reader: Reader) -> bool:
    """Whether the platform holds exactly these values, as far as it shows them to this reader."""
    there = theirs.values
    return all(values.get(name) == there.get(name) for name in _compared(record_type, values, theirs, reader))


def _compared(record_type: RecordType, values: Record, theirs: Theirs, reader: Reader) -> list[str]:
    hidden = theirs.hidden(record_type, reader)
    return [n for n in record_type.travelling({**values, **theirs.values}) if n not in hidden]


def _voided_there(transaction: Transaction, theirs: Theirs, record: Stored, *, unsent: bool) -> Course:
    if unsent:
        transaction.keep_beside(record.type, record.rid, theirs.content())
        return Course.BESIDE
    return Course.THEIRS if record.voided is None else _rebased(transaction, theirs, record)


def _rebased(transaction: Transaction, theirs: Theirs, record: Stored) -> Course:
    incoming.drop(transaction.connection, [record.rid])
    versions = {"*": theirs.version, **theirs.versions}
    transaction.confirm(
        record.type, record.rid, version=theirs.version, versions=versions, epoch=theirs.epoch, sync=record.sync
    )
    transaction.flush()
    return Course.SAME


def _offer(transaction: Transaction, record: Stored, found: Difference, *, void: bool) -> None:
    since = found.since or change_log.read_head(transaction.connection).count
    if void:
        transaction.offer_since(record.type, record.rid, (), "tombstone", since)
    elif found.open:
        transaction.offer_since(record.type, record.rid, found.open, "upsert", since)


def _last_changes(names: Collection[str], history: Sequence[Change]) -> dict[str, int]:
    """The last log entry of each of these fields that has one."""
    return {name: change.seq for change in history for name in names if _mentions(change, name)}


def _mentions(change: Change, name: str) -> bool:
    return name in change.before or name in change.after


def settle_missing(
    transaction: Transaction,
    epoch: str,
    own_sources: Collection[str],
    regions: Sequence[str],
    kept: Callable[[list[str]], Collection[str]],
) -> tuple[int, list[str]]:
    """Deal with what a whole snapshot of history ``epoch`` lacks: how many were offered again, which were let go of.

    Tombstones are part of a snapshot, so what it lacks was lost by a restore or lies outside of this desk's scope. What
    this unit recorded is offered again as new and the platform's verdict decides; what others recorded is theirs to
    offer. Nothing with unsettled edits is let go of, nor what ``kept`` names among the ids that it is given; outside of
    the scope it goes later (`let_go`).
    """
    connection = transaction.connection
    missing = sighting.missing(connection)
    sighting.forget(connection)
    rids = [rid for _, rid in missing]
    unsettled = {*outbox.standing(connection, rids), *kept(rids)}
    offered, left, beyond = 0, list[str](), list[tuple[str, str]]()
    for type_id, rid in missing:
        record = transaction.get(type_id, rid)
        if record is None:
            continue
        inside = record.region.startswith(tuple(regions))
        if inside and record.source in own_sources:
            if record.server_epoch:
                transaction.offer_anew(type_id, rid, LOST)
                offered += record.voided is None
        elif rid not in unsettled and (not inside or record.server_epoch == epoch):
            transaction.leave(type_id, rid)
            left.append(rid)
        elif not inside:
            beyond.append((type_id, rid))
    sighting.watch(connection, beyond)
    return offered, left


def let_go(transaction: Transaction, regions: Sequence[str], kept: Callable[[list[str]], Collection[str]]) -> list[str]:
    """Let go of what stayed here outside of the scope for work that has been settled since; which. As above."""
    connection = transaction.connection
    beyond = sighting.watched(connection)
    rids = [rid for _, rid in beyond]
    unsettled = {*outbox.standing(connection, rids), *kept(rids)}
    left, still = list[str](), list[tuple[str, str]]()
    for type_id, rid in beyond:
        record = transaction.get(type_id, rid)
        if record is None or record.region.startswith(tuple(regions)):
            continue
        if rid in unsettled:
            still.append((type_id, rid))
        else:
            transaction.leave(type_id, rid)
            left.append(rid)
    sighting.watch(connection, still)
    return left
