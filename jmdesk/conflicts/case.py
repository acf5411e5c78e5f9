"""One record that waits for a person's decision: what kind of case it is, and both sides of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.types import Catalogue
from jmdesk.conflicts.rules import Compared, base_of, compare, disjoint
from jmdesk.inbox import includes
from jmdesk.store import change_log, incoming, outbox, reading
from jmdesk.store.incoming import Theirs
from jmdesk.store.outbox import Line
from jmdesk.store.reading import Connection
from jmdesk.store.stored import Stored


class Kind(Enum):
    """What happened on the two sides."""

    EDITED = "edited"
    """Both changed the record: decided field by field."""
    VOIDED_HERE = "voided_here"
    """Voided here, changed on the platform."""
    VOIDED_THERE = "voided_there"
    """Changed here, voided on the platform: such a record cannot be revived."""
    REFUSED = "refused"
    """The platform refused what was sent: mended and sent anew."""


@dataclass(frozen=True, slots=True)
class Case:
    """A record with its unsettled edits and the platform's version, as far as it is here (``theirs``).

    ``under_way``: a sealed operation of it has no verdict yet, so nothing can be decided now. ``fields`` is empty where
    one side is void, and for refusals.
    """

    kind: Kind
    record: Stored
    lines: tuple[Line, ...]
    theirs: Theirs | None
    fields: tuple[Compared, ...] = ()

    @property
    def type(self) -> str:
        """The record's type."""
        return self.record.type

    @property
    def rid(self) -> str:
        """The record's id."""
        return self.record.rid

    @property
    def under_way(self) -> bool:
        """Whether the platform has not answered yet on edits of this record."""
        return any(line.state == "sealed" for line in self.lines)

    @property
    def whole(self) -> bool:
        """Whether everything is here that a decision needs.

        A verdict may have confirmed an edit since the platform's version came: that version is an old one, and taking
        it would put the edit back here alone. The next exchange brings the one that includes it.
        """
        if self.kind is Kind.REFUSED:
            return True
        theirs = self.theirs
        return theirs is not None and theirs.whole and (theirs.tombstone or includes(theirs, self.record))

    @property
    def decided_there(self) -> bool:
        """Whether the platform has set the edits aside, rather than a newer version waiting beside unsent ones."""
        return any(line.state in ("conflict", "refused") for line in self.lines)

    @property
    def mergeable(self) -> bool:
        """Whether the sides can be joined without asking: no merge group was changed on both, or both voided it."""
        if self.under_way or not self.whole:
            return False
        if self.kind is Kind.EDITED:
            return disjoint(self.fields)
        return self.kind is Kind.VOIDED_THERE and self.record.voided is not None

    @property
    def seen(self) -> str:
        """What a decision was made on: another one means that either side has moved since."""
        theirs = self.theirs
        version = f"{theirs.epoch}:{theirs.version}:{theirs.whole}" if theirs is not None else "-"
        return f"{self.record.revision}:{version}:{','.join(f'{line.id}{line.state}' for line in self.lines)}"

    @property
    def verdict(self) -> Line | None:
        """The latest line that the platform set aside."""
        return next((line for line in reversed(self.lines) if line.state in ("conflict", "refused")), None)


def without(theirs: Theirs, hidden: Collection[str]) -> Theirs:
    """The platform's version as it is shown to somebody who does not see some fields."""
    values = {name: value for name, value in theirs.values.items() if name not in hidden}
    return Theirs(
        *(theirs.type, theirs.rid, theirs.version, values, theirs.versions, theirs.epoch, theirs.tombstone),
        *(theirs.reason, theirs.region, theirs.unit, theirs.at, theirs.origin, theirs.received_at),
    )


def case_of(connection: Connection, catalogue: Catalogue, reader: Reader, type_id: str, rid: str) -> Case | None:
    """The case of a record as it stands now; ``None`` when nothing is to be decided. ``reader`` is this desk."""
    lines = outbox.unsettled(connection, rid)
    record = reading.get(connection, type_id, rid) if lines else None
    if record is None:
        return None
    theirs = incoming.beside(connection, [rid]).get(rid)
    kind = _kind(record, lines, theirs)
    if kind is None:
        return None
    fields: Sequence[Compared] = ()
    if kind is Kind.EDITED and theirs is not None:
        fields = _compared(connection, catalogue, reader, record, lines, theirs)
    return Case(kind, record, tuple(lines), theirs, tuple(fields))


def _kind(record: Stored, lines: Iterable[Line], theirs: Theirs | None) -> Kind | None:
    if (theirs is not None and theirs.tombstone) or any(line.verdict == "gone" for line in lines):
        return Kind.VOIDED_THERE
    if theirs is not None or any(line.state == "conflict" for line in lines):
        return Kind.EDITED if record.voided is None else Kind.VOIDED_HERE
    return Kind.REFUSED if any(line.state == "refused" for line in lines) else None


def _compared(
    connection: Connection, catalogue: Catalogue, reader: Reader, record: Stored, lines: Sequence[Line], theirs: Theirs
) -> Sequence[Compared]:
    record_type = catalogue.types[record.type]
    base = base_of(change_log.history(connection, record.rid), min(line.first_seq for line in lines))
    touched = {name for line in lines for name in line.fields}
    hidden = theirs.hidden(record_type, reader)
    fields = compare(record_type, base, record.values, theirs.values, touched, hidden)
    if theirs.whole:
        return fields
    # A verdict tells only of what it conflicts with; of the rest nothing is known yet.
    return [field for field in fields if field.name in theirs.values or field.name in theirs.versions]
