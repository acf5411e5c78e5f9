"""Changes of whole families, as the office knows them: done in one transaction, with a reason, seen in both histories.

A rehearsal does the very same inside a transaction that is then taken back, so that what is said before is what will
happen. Consents: the household's are its head's, so another head signs anew; a person's own go with the person and end
with a death. Values whose signatures are no longer complete wait again (30 days), nothing is lost at once. Ratings: a
household that ends takes its ratings with it; where only facts change, the rating stays until it is reviewed.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import singledispatchmethod

from jmdesk.catalogue.household_checks import HEAD
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.households.numbers import Numbering
from jmdesk.households.operation import (
    HEAD_RELATION,
    VERBS,
    ChangeHead,
    Depart,
    Died,
    Effects,
    Left,
    Merge,
    MoveMember,
    Operation,
    Relocate,
    Split,
)
from jmdesk.households.passage import Passage
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import Writer
from jmdesk.store.stored import Stored

COUNTY = 6
"""Digits of a region code that name the county."""
_FOUNDING = ("region_code", "group_no", "address", "household_type", "resident_status", "main_industry")
"""What a household that splits off has in common with the one it comes from, until somebody says otherwise."""


class _Rehearsed(Exception):
    """Takes a rehearsal back."""


def _take_back() -> None:
    raise _Rehearsed


class Operations:
    """Family changes at one desk. ``block``: the desk block of household numbers; ``regions``: what the desk covers."""

    def __init__(
        self, desk: Workplace, *, actor: str, block: Callable[[], str], regions: Callable[[], tuple[str, ...]]
    ) -> None:
        self._desk, self._actor, self._block, self._regions = desk, actor, block, regions

    def rehearse(self, operation: Operation) -> Effects:
        """What an operation would do, with nothing written. Errors as ``perform``, but for the reason."""
        effects = Effects()
        with suppress(_Rehearsed), self._desk.records.writing(VERBS[type(operation)], reason="-") as writer:
            effects = self._run(writer, operation, "-")
            _take_back()
        return effects

    def perform(self, operation: Operation, reason: str) -> Effects:
        """Do it: all of it or nothing.

        ``Refused`` "records.reason_needed"; "store.no_such_record" for a person or household that is not here or void;
        "households.same_household", "households.not_a_member", "households.nobody_left", "households.two_heads",
        "households.beyond_scope" for what makes no sense; "permissions.…" for what the user may not do.
        """
        if not reason.strip():
            raise Refused("records.reason_needed")
        with self._desk.records.writing(VERBS[type(operation)], reason=reason.strip()) as writer:
            return self._run(writer, operation, reason.strip())

    def _run(self, writer: Writer, operation: Operation, reason: str) -> Effects:
        passage = Passage(writer, reason)
        self._do(operation, passage)
        return passage.effects

    @singledispatchmethod
    def _do(self, operation: object, _passage: Passage) -> None:
        raise TypeError(type(operation).__name__)

    # -- within a household ----------------------------------------------------------------------------------------

    @_do.register
    def _change_head(self, operation: ChangeHead, passage: Passage) -> None:
        household = passage.require("R05", operation.household)
        members = passage.members(operation.household)
        if operation.person not in members:
            raise Refused("households.not_a_member")
        passage.seat_head(household, members, operation.person, operation.relations)
        passage.settle(household.rid, head_changed=True)
        passage.effects.household = household.rid

    @_do.register
    def _died(self, operation: Died, passage: Passage) -> None:
        self._gone(passage, operation.person, operation.head, f"死亡：{operation.on}")

    @_do.register
    def _left(self, operation: Left, passage: Passage) -> None:
        self._gone(passage, operation.person, operation.head, f"迁出：{operation.on}")

    def _gone(self, passage: Passage, rid: str, successor: str, what: str) -> None:
        person = passage.require("R06", rid)
        household = passage.require("R05", str(person.values.get("household_id", "")))
        was_head = household.values.get("head_person_id") == rid
        passage.end_own_consents(rid, what)
        passage.writer.void("R06", rid, f"{what}；{passage.reason}")
        passage.note(household.rid, f"成员减少，{what}；{passage.reason}")
        rest = passage.members(household.rid)
        if was_head and successor:
            if successor not in rest:
                raise Refused("households.not_a_member")
            passage.seat_head(household, rest, successor, {})
        elif was_head:
            passage.change("R05", household.rid, {}, ["head_person_id"])
        passage.count_people(household.rid, [person], -1)
        passage.settle(household.rid, head_changed=was_head)
        passage.effects.household = household.rid

    # -- between households ----------------------------------------------------------------------------------------

    @_do.register
    def _move_member(self, operation: MoveMember, passage: Passage) -> None:
        person = passage.require("R06", operation.person)
        home = passage.require("R05", str(person.values.get("household_id", "")))
        to = passage.require("R05", operation.to)
        if home.rid == to.rid:
            raise Refused("households.same_household")
        if operation.relation in HEAD:
            raise Refused("households.two_heads")
        self._hand_over(passage, home, to, {operation.person: operation.relation})
        passage.effects.household = to.rid

    def _hand_over(self, passage: Passage, home: Stored, to: Stored, relations: dict[str, str]) -> None:
        """Move some members, count both households anew, and settle what that means for their consents."""
        was_head = home.values.get("head_person_id") in relations
        people = [passage.require("R06", rid) for rid in relations]
        for person in people:
            passage.carry_person(person, to, relations[person.rid])
        if not passage.members(home.rid):
            raise Refused("households.nobody_left")
        if was_head:
            passage.change("R05", home.rid, {}, ["head_person_id"])
        passage.count_people(home.rid, people, -1)
        passage.count_people(to.rid, people, 1)
        names = "、".join(str(person.values.get("person_name", "")) for person in people)
        passage.note(home.rid, f"转出：{names} → {to.values.get('household_id', '')}；{passage.reason}")
        passage.note(to.rid, f"转入：{names} ← {home.values.get('household_id', '')}；{passage.reason}")
        passage.settle(home.rid, head_changed=was_head)
        passage.settle(to.rid)

    @_do.register
    def _split(self, operation: Split, passage: Passage) -> None:
        home = passage.require("R05", operation.household)
        members = passage.members(operation.household)
        if operation.head not in operation.members or not set(operation.members) <= set(members):
            raise Refused("households.not_a_member")
        founded = self._found(passage, home, operation)
        relations = {rid: operation.relations.get(rid, "") for rid in operation.members}
        passage.effects.unrelated += sum(not code for rid, code in relations.items() if rid != operation.head)
        relations[operation.head] = HEAD_RELATION
        self._hand_over(passage, home, founded, relations)
        passage.effects.household = founded.rid

    def _found(self, passage: Passage, home: Stored, operation: Split) -> Stored:
        writer = passage.writer
        numbering = Numbering(writer.transaction.connection, self._block())
        values: Record = {name: home.values[name] for name in _FOUNDING if name in home.values}
        if operation.address:
            values["address"] = operation.address
        rid = writer.create("R05", {
            **values,
            "household_id": numbering.next(str(home.values["region_code"])),
            "head_person_id": operation.head,
            "population": 0,
            "labor_count": 0,
            "collect_date": beijing_date(self._desk.clock.now()).isoformat(),
            "collector_id": self._actor,
            "verify_level": "1",
            "archive_status": "20",
        })  # fmt: skip
        numbering.save()
        return passage.require("R05", rid)

    @_do.register
    def _merge(self, operation: Merge, passage: Passage) -> None:
        kept, gone = passage.require("R05", operation.kept), passage.require("R05", operation.gone)
        if kept.rid == gone.rid:
            raise Refused("households.same_household")
        known = {m.values.get("id_no") for m in passage.members(kept.rid).values()} - {None}
        people = passage.members(gone.rid)
        for rid, person in people.items():
            if person.values.get("id_no") in known:
                passage.end_own_consents(rid, "并户，同一人")
                passage.end("R06", rid, f"并户，同一人已在 {kept.values.get('household_id', '')}；{passage.reason}")
                continue
            relation = operation.relations.get(rid, "")
            passage.effects.unrelated += not relation
            passage.carry_person(person, kept, "" if relation in HEAD else relation)
        moved = [m for m in people.values() if m.values.get("id_no") not in known]
        passage.count_people(kept.rid, moved, 1)
        passage.carry_parts(gone, kept)
        passage.end_household(gone, f"并入 {kept.values.get('household_id', '')}")
        passage.note(kept.rid, f"并入 {gone.values.get('household_id', '')}；{passage.reason}")
        passage.settle(kept.rid)
        passage.effects.household = kept.rid

    # -- between places --------------------------------------------------------------------------------------------

    @_do.register
    def _relocate(self, operation: Relocate, passage: Passage) -> None:
        household = passage.require("R05", operation.household)
        old = str(household.values.get("region_code", household.region))
        if not any(operation.region.startswith(code.rstrip("0")) for code in self._regions()):
            raise Refused("households.beyond_scope")
        if old == operation.region:
            raise Refused("households.same_village")
        place: Record = {"region_code": operation.region, "group_no": operation.group, "address": operation.address}
        if old[:COUNTY] == operation.region[:COUNTY]:
            passage.writer.change(
                "R05", household.rid, place, reason=f"迁村：{old} → {operation.region}；{passage.reason}"
            )
            passage.effects.moved += passage.place_parts(household.rid, operation.region)
            passage.review_ratings(household.rid)
            passage.effects.household = household.rid
            return
        self._across(passage, household, place)

    def _across(self, passage: Passage, household: Stored, place: Record) -> None:
        """Across counties: every record is made anew there and voided here, and each side names the other."""
        numbering = Numbering(passage.writer.transaction.connection, self._block())
        number = numbering.next(str(place["region_code"]))
        numbering.save()
        made = passage.copy_household(household, {**place, "household_id": number})
        passage.end_household(household, f"迁往 {place['region_code']}，新户编号 {number}")
        passage.note(made, f"迁自 {household.values.get('household_id', '')}；{passage.reason}")
        passage.effects.household = made

    @_do.register
    def _depart(self, operation: Depart, passage: Passage) -> None:
        if not operation.destination.strip():
            raise Refused("households.destination_needed")
        household = passage.require("R05", operation.household)
        for rid in passage.members(household.rid):
            passage.end_own_consents(rid, "整户迁出")
        passage.end_household(household, f"整户迁往 {operation.destination.strip()}")
        passage.effects.household = household.rid
