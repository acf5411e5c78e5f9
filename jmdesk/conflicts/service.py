"""The conflict desk: what waits for a decision, and the commands that decide it, each in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from enum import Enum
from typing import Protocol

from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.types import Record
from jmdesk.conflicts import queries, rerating
from jmdesk.conflicts.case import Case, Kind, case_of, without
from jmdesk.conflicts.rules import Choice, Compared, Side, chosen, kept, mixed, undecided
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.inbox import take_theirs
from jmdesk.ratings.service import Ratings
from jmdesk.records.masking import numbers_masked, shown_value
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import Writer
from jmdesk.store import change_log, incoming

MOST = 300
"""Cases listed at a time."""

MERGED = "合并不冲突的修改"
NO_VALUE = "(空)"


class Whole(Enum):
    """The decision on a record that one side has voided."""

    VOID = "void"
    KEEP = "keep"
    """Keep the platform's record, though it was voided here."""
    RENEW = "renew"
    """Accept that the platform voided it, and record what stands here as a new record."""


class ConflictDesk(Workplace, Protocol):
    """Where conflicts are decided: by which unit in which roles, with the ratings that rest on what changed."""

    @property
    def ratings(self) -> Ratings: ...
    @property
    def reader(self) -> Reader: ...


class Conflicts:
    """What waits for a decision at one desk.

    A decision leaves both values in the change log: one entry takes over the platform's version, a second puts back
    what stays mine, which goes out as a new operation that has seen the platform's versions. The set-aside outbox lines
    are superseded and keep their verdicts. A decision cannot be undone, for the base has moved: it is changed by
    editing the record again.
    """

    def __init__(self, desk: ConflictDesk) -> None:
        self._desk = desk
        self._due: tuple[tuple[int, date], list[str]] | None = None

    # -- looking ---------------------------------------------------------------------------------------------------

    def cases(self, limit: int = MOST) -> list[Case]:
        """What waits for a decision, the oldest first; nothing that the user must keep away from."""
        with self._desk.store.reading() as connection:
            found = (
                case_of(connection, self._desk.catalogue, self._desk.reader, type_id, rid)
                for type_id, rid in queries.waiting(connection, limit)
            )
            return [self._shown(case) for case in found if case is not None and not self._kept_from(case)]

    def case(self, type_id: str, rid: str) -> Case:
        """One record's case. ``Refused`` "conflicts.none" when nothing is to be decided on it (any more)."""
        with self._desk.store.reading() as connection:
            found = case_of(connection, self._desk.catalogue, self._desk.reader, type_id, rid)
        if found is None or self._kept_from(found):
            raise Refused("conflicts.none")
        return self._shown(found)

    def _kept_from(self, case: Case) -> bool:
        """Whether a case is for others: of a record to keep away from, or over a value that the user does not see."""
        guard = self._desk.records.guard
        if case.type in guard.avoided.types or guard.avoided.hides(case.type, case.record.values):
            return True
        hidden = guard.hidden(case.type)
        return any(field.clash and field.name in hidden for field in case.fields)

    def _shown(self, case: Case) -> Case:
        """A case without the values that the user does not see; what becomes of them needs no decision."""
        hidden = self._desk.records.guard.hidden(case.type)
        if not hidden:
            return case
        return replace(
            case,
            record=self._desk.records.shown(case.record),
            theirs=without(case.theirs, hidden) if case.theirs is not None else None,
            fields=tuple(field for field in case.fields if field.name not in hidden),
        )

    def newer_beside(self) -> int:
        """How many records have a newer version of the platform beside edits that were not set aside."""
        with self._desk.store.reading() as connection:
            return queries.beside_count(connection)

    def ratings_due(self) -> list[str]:
        """Households to be rated again, because a fact of their rating has changed since; at most 200."""
        desk = self._desk
        with desk.store.reading() as connection:
            # Nothing changes without a log entry, so the answer holds until there is another one, or another day.
            state = (change_log.read_head(connection).count, beijing_date(desk.clock.now()))
            if self._due is None or self._due[0] != state:
                self._due = (state, rerating.due(connection, desk.catalogue, desk.ratings, state[1]))
            return list(self._due[1])

    def can_renew(self, type_id: str) -> bool:
        """Whether a voided record of a type may be recorded anew: not one that others point at."""
        types = self._desk.catalogue.types.values()
        return not any(field.type.target == type_id for other in types for field in other.fields)

    # -- deciding --------------------------------------------------------------------------------------------------

    def settle(self, type_id: str, rid: str, choices: Mapping[str, Choice], *, reason: str, seen: str) -> None:
        """Decide field by field what a record that was changed on both sides says from now on.

        ``choices`` by field; where only one side changed a field its value stays unless chosen otherwise. ``seen`` is
        ``Case.seen`` of what was decided on. ``Refused``: "conflicts.reason_needed", "conflicts.undecided" and those of
        `_open`.
        """

        def decide(writer: Writer, case: Case) -> None:
            open_fields = undecided(case.fields, choices)
            if open_fields:
                raise Refused("conflicts.undecided", count=len(open_fields))
            if self._desk.catalogue.types[type_id].bookkeeping and mixed(case.fields, choices):
                raise Refused("conflicts.goes_together")
            writer.transaction.reason = self._told(case, choices, reason.strip())
            self._join(writer, case, choices)

        self._decide("settle", type_id, rid, reason, seen, {Kind.EDITED}, decide)

    def settle_whole(self, type_id: str, rid: str, decision: Whole, *, reason: str, seen: str) -> str:
        """Decide on a record that one side voided; returns the record id to go on with.

        ``Refused`` as `settle`, and "conflicts.cannot_renew", "conflicts.wrong_decision".
        """
        result = rid

        def decide(writer: Writer, case: Case) -> None:
            nonlocal result
            if decision is (Whole.KEEP if case.kind is Kind.VOIDED_THERE else Whole.RENEW):
                raise Refused("conflicts.wrong_decision")
            if decision is Whole.RENEW and (not self.can_renew(type_id) or case.record.voided is not None):
                raise Refused("conflicts.cannot_renew")
            self._take_theirs(writer, case)
            if decision is Whole.VOID and case.kind is Kind.VOIDED_HERE:
                writer.void(type_id, rid, reason)
            elif decision is Whole.RENEW:
                result = self._renew(writer, case)

        self._decide("settle", type_id, rid, reason, seen, {Kind.VOIDED_HERE, Kind.VOIDED_THERE}, decide)
        return result

    def merge(self, type_id: str, rid: str) -> None:
        """Join both sides of a record that changed different things; ``Refused`` "conflicts.clash" otherwise."""

        def decide(writer: Writer, case: Case) -> None:
            if not case.mergeable:
                raise Refused("conflicts.clash")
            self._join(writer, case, {})

        self._decide("merge", type_id, rid, MERGED, None, {Kind.EDITED, Kind.VOIDED_THERE}, decide)

    def merge_all(self) -> int:
        """Join every record whose sides changed different things; how many were joined."""
        merged = 0
        for case in self.cases():
            if case.mergeable:
                self.merge(case.type, case.rid)
                merged += 1
        return merged

    def send_again(self, type_id: str, rid: str, reason: str = "") -> None:
        """Put a refused record into the outbox anew as it stands: the reason lay elsewhere and is gone."""

        def decide(writer: Writer, case: Case) -> None:
            writer.transaction.offer_again(case.type, case.rid, reason.strip())

        self._decide("resend", type_id, rid, reason or "-", None, {Kind.REFUSED}, decide)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _decide(
        self,
        verb: str,
        type_id: str,
        rid: str,
        reason: str,
        seen: str | None,
        kinds: set[Kind],
        decide: Callable[[Writer, Case], None],
    ) -> None:
        """Run a decision on a case that is still what it was."""
        if not reason.strip():
            raise Refused("conflicts.reason_needed")
        self._desk.records.guard.require("edit", type_id)
        with self._desk.records.writing(verb, reason=reason.strip()) as writer:
            connection = writer.transaction.connection
            case = case_of(connection, self._desk.catalogue, self._desk.reader, type_id, rid)
            if case is None or case.kind not in kinds or self._kept_from(case):
                raise Refused("conflicts.none")
            if case.under_way:
                raise Refused("conflicts.under_way")
            if not case.whole:
                raise Refused("conflicts.not_whole")
            if seen is not None and case.seen != seen:
                raise Refused("conflicts.moved_on")
            decide(writer, case)

    def _take_theirs(self, writer: Writer, case: Case) -> None:
        """Move the record to the platform's version and close everything that was open of it."""
        if case.theirs is None:
            raise Refused("conflicts.not_whole")
        transaction = writer.transaction
        transaction.supersede(case.rid)
        incoming.drop(transaction.connection, [case.rid])
        # Hidden values that no edit is about stay; edited ones are put back as edits, for they have to be sent.
        touched = {name for line in case.lines for name in line.fields}
        keep = case.theirs.hidden(self._desk.catalogue.types[case.type], self._desk.reader) - touched
        take_theirs(transaction, self._desk.catalogue, case.theirs, case.record, keep=keep)

    def _join(self, writer: Writer, case: Case, choices: Mapping[str, Choice]) -> None:
        self._take_theirs(writer, case)
        set_, unset = kept(case.fields, choices)
        hidden = self._hidden(case)
        if set_ or unset or hidden:
            writer.change(case.type, case.rid, hidden | set_, unset, reason=writer.transaction.reason, checked=True)

    def _hidden(self, case: Case) -> Record:
        """My edits of fields that the platform keeps for another unit alone: it shows no value to compare them with."""
        compared = {field.name for field in case.fields}
        touched = {name for line in case.lines for name in line.fields}
        return {name: case.record.values[name] for name in touched - compared if name in case.record.values}

    def _renew(self, writer: Writer, case: Case) -> str:
        record_type = self._desk.catalogue.types[case.type]
        rid = writer.transaction.new_id()
        values = {
            name: value
            for name, value in case.record.values.items()
            if name.startswith("x_") or record_type.by_identifier[name].is_input
        }
        own = {f.identifier: rid for f in record_type.key_fields if f.type.kind == "uuid"}
        return writer.create(case.type, {**values, **own}, rid=rid, checked=True)

    def _told(self, case: Case, choices: Mapping[str, Choice], reason: str) -> str:
        """The reason with the other sides' values that are to be kept as a note, numbers masked."""
        notes = [
            self._note(case.type, field, chosen(field, choices).side)
            for field in case.fields
            if field.differs and chosen(field, choices).note
        ]
        return f"{reason}(备注：{'；'.join(notes)})" if notes else reason

    def _note(self, type_id: str, field: Compared, side: Side) -> str:
        known = self._desk.catalogue.types[type_id].by_identifier.get(field.name)
        other, whose = (field.theirs, "平台") if side is Side.MINE else (field.mine, "本机")
        if other is None:
            text = NO_VALUE
        else:
            text = shown_value(self._desk.catalogue, known, numbers_masked(known, other)) if known else str(other)
        return f"{known.label if known else field.name} {whose}为 {text}"
