"""One family change under way: carries people and their records over, ends what ends, counts what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from jmdesk.catalogue.household_checks import HEAD
from jmdesk.catalogue.types import Record, RecordType
from jmdesk.core.errors import Refused
from jmdesk.households.operation import HEAD_RELATION, Effects
from jmdesk.records.consent_book import OPEN_STATES
from jmdesk.records.writer import Writer
from jmdesk.store import reading
from jmdesk.store.reading import Filter
from jmdesk.store.stored import Stored

EXPIRED = "5"
_PARTS = ("R07", "R08", "R09", "R10", "R11", "R12")
_ABOUT = ("R13", "R14", "assessment")
_STAYS_ON_RECORD = ("R14",)
"""A finding with a legal document outlives the household's archive here, as long as the law keeps it."""


class Passage:
    """Bound to one writer; ``effects`` is what has come of it so far."""

    def __init__(self, writer: Writer, reason: str) -> None:
        self.writer, self.reason = writer, reason
        self.effects = Effects()

    # -- reading ---------------------------------------------------------------------------------------------------

    def require(self, type_id: str, rid: str) -> Stored:
        """A record in force. ``Refused`` "store.no_such_record"; guarded, for an operation edits what it names."""
        found = self.writer.transaction.get(type_id, rid)
        if found is None or found.voided is not None:
            raise Refused("store.no_such_record")
        self.writer.guard.require("edit", type_id, found.region)
        return found

    def members(self, household: str) -> dict[str, Stored]:
        """The members of a household in force, by record id."""
        return {one.rid: one for one in self._find("R06", {"household_id": household})}

    def _find(self, type_id: str, where: Mapping[str, str]) -> list[Stored]:
        self.writer.transaction.flush()
        return reading.find(self.writer.transaction.connection, type_id, Filter(where=dict(where)))

    def _parts(self, household: str, more: Sequence[str] = ()) -> Iterator[Stored]:
        for type_id in (*_PARTS, *more):
            yield from self._find(type_id, {"household_id": household})
        for type_id in _ABOUT:
            yield from self._find(type_id, {"subject_id": f"R05:{household}"})

    def _whole(self, record: Stored) -> Record:
        """A record's values with those that wait for a consent."""
        waiting = reading.sealed(self.writer.transaction.connection, rid=record.rid)
        return {**record.values, **{one.field: one.value for one in waiting}}

    def _type(self, record: Stored) -> RecordType:
        return self.writer.catalogue.types[record.type]

    # -- people ----------------------------------------------------------------------------------------------------

    def seat_head(
        self, household: Stored, members: Mapping[str, Stored], person: str, relations: Mapping[str, str]
    ) -> None:
        """Make a member the head; the others are to them what ``relations`` says, else nothing is said any more."""
        for rid, member in members.items():
            relation = HEAD_RELATION if rid == person else relations.get(rid, "")
            if rid != person and relation in HEAD:
                raise Refused("households.two_heads")
            if relation:
                self.change("R06", rid, {"relation": relation})
            else:
                self.effects.unrelated += 1
                self.change("R06", rid, {}, ["relation"] if member.values.get("relation") in HEAD else [])
        self.change("R05", household.rid, {"head_person_id": person})

    def carry_person(self, person: Stored, to: Stored, relation: str) -> None:
        """Put a person into another household, with what of them waits for a consent and their own consents."""
        set_: Record = {"household_id": to.rid, **({"relation": relation} if relation else {})}
        self._carry(person, set_, () if relation else ("relation",))
        consents = self._in_force(f"R06:{person.rid}")
        self.effects.carried_consents += len(consents)
        for record in (person, *consents):
            self._place(record, to.region)

    def count_people(self, household: str, people: Iterable[Stored], sign: int) -> None:
        """Add or take away people from what the household's form says of its size."""
        values = self.require("R05", household).values
        moved = list(people)
        sizes = {
            "population": len(moved),
            "labor_count": sum(person.values.get("is_labor") is True for person in moved),
        }
        set_: Record = {}
        for name, number in sizes.items():
            stated = values.get(name)
            if isinstance(stated, int) and number:
                set_[name] = max(0, stated + sign * number)
        self.change("R05", household, set_)

    # -- records of a household ------------------------------------------------------------------------------------

    def carry_parts(self, gone: Stored, kept: Stored) -> None:
        """Give the records of one household to another; a year both have given stays with the one that goes."""
        years = {one.values.get("year") for one in self._find("R07", {"household_id": kept.rid})}
        for record in list(self._parts(gone.rid)):
            if record.type == "R07" and record.values.get("year") in years:
                continue
            own = self._type(record).household_field
            self._carry(record, {own: kept.rid} if own else {"subject_id": f"R05:{kept.rid}"})
            self._place(record, kept.region)
            self.effects.moved += 1

    def place_parts(self, household: str, region: str) -> int:
        """Let everything of a household lie in another region; how many records."""
        members = list(self.members(household).values())
        subjects = [f"R05:{household}", *(f"R06:{one.rid}" for one in members)]
        records = [*members, *self._parts(household, ("R15", "R16"))]
        records += [one for subject in subjects for one in self._find("R04", {"subject_id": subject})]
        for record in [*records, self.require("R05", household)]:
            self._place(record, region)
        return len(records)

    def end_parts(self, household: str, told: str) -> None:
        """Void what is still a household's own when it ends; ratings among it, findings with a document not."""
        for record in [*self.members(household).values(), *list(self._parts(household, ("R16",)))]:
            if record.type in _STAYS_ON_RECORD:
                continue
            if record.type == "R16":
                self.effects.ratings_ended += 1
            else:
                self.effects.left_behind += 1
            self.end(record.type, record.rid, told)

    def end_household(self, household: Stored, what: str) -> None:
        """Void a household with what is still its own; its consents lapse."""
        told = f"{what}；{self.reason}"
        self.end_household_consents(household.rid, what)
        self.end_parts(household.rid, told)
        self.writer.void("R05", household.rid, told)

    def take_over(self, stays: Stored, goes: Stored, names: Sequence[str]) -> None:
        """Give a person record some values of another of the same person, and the consents that were signed there."""
        other = self._whole(goes)
        self.change("R06", stays.rid, {name: other[name] for name in names if name in other})
        for consent in self._in_force(f"R06:{goes.rid}"):
            self.writer.follow("R04", consent.rid, {"subject_id": f"R06:{stays.rid}"}, reason=self.reason)
            self.effects.carried_consents += 1

    def copy_household(self, household: Stored, changes: Record) -> str:
        """Write a household anew with all that is in force about it but its ratings; the new record id."""
        writer, new = self.writer, self.writer.transaction.new_id
        people = self.members(household.rid)
        named = {household.rid: new(), **{rid: new() for rid in people}}
        head = named.get(str(household.values.get("head_person_id", "")), "")
        values = {**self._whole(household), **changes, **({"head_person_id": head} if head else {})}
        writer.create("R05", values, rid=named[household.rid], checked=True)
        for rid, person in people.items():
            whole = {**self._whole(person), "person_id": named[rid], "household_id": named[household.rid]}
            writer.create("R06", whole, rid=named[rid], checked=True)
        for old, to in named.items():
            subject = f"{'R05' if old == household.rid else 'R06'}:"
            for consent in self._in_force(f"{subject}{old}"):
                own = new()
                again = {**consent.values, "consent_id": own, "subject_id": f"{subject}{to}"}
                writer.create("R04", again, rid=own, checked=True)
                self.effects.carried_consents += 1
        for record in list(self._parts(household.rid)):
            own = self._type(record).household_field or "subject_id"
            reference = named[household.rid] if own != "subject_id" else f"R05:{named[household.rid]}"
            writer.create(record.type, {**self._whole(record), own: reference}, checked=True)
            self.effects.moved += 1
        writer.release(named[household.rid])
        return named[household.rid]

    def end(self, type_id: str, rid: str, told: str) -> None:
        """Void a record because of what happened to its household; nobody is asked again."""
        sealed = reading.sealed(self.writer.transaction.connection, rid=rid)
        self.writer.transaction.void(type_id, rid, told)
        self.writer.transaction.unseal(rid, [one.field for one in sealed])

    # -- consents and ratings --------------------------------------------------------------------------------------

    def end_household_consents(self, household: str, what: str) -> None:
        """The household's own consents lapse: who signed them is no longer its head."""
        self.effects.household_consents += self._lapse(f"R05:{household}", what)

    def end_own_consents(self, person: str, what: str) -> None:
        """A person's own consents end with them."""
        self.effects.own_consents += self._lapse(f"R06:{person}", what)

    def settle(self, household: str, *, head_changed: bool = False) -> None:
        """Bring a household's values in line with who must sign for them now, and mark its rating for review."""
        if head_changed:
            self.end_household_consents(household, "户主变更，由新户主重新签署")
        self.effects.withheld += self.writer.withhold(household)
        self.effects.released += self.writer.release(household)
        self.review_ratings(household)

    def review_ratings(self, household: str) -> None:
        """Note in the history of the household's rating that its facts have changed; it stays until reviewed."""
        ratings = sorted(self._find("R16", {"household_id": household}), key=lambda one: one.rid)
        for rating in ratings[-1:]:
            self.effects.ratings_to_review += 1
            self.writer.remark("R16", rating.rid, f"户情变动，待复核：{self.reason}")

    def _in_force(self, subject: str) -> list[Stored]:
        return [
            one
            for one in self._find("R04", {"subject_id": subject})
            if one.values.get("consent_state") in OPEN_STATES and "revoked_at" not in one.values
        ]

    def _lapse(self, subject: str, what: str) -> int:
        found = self._in_force(subject)
        for consent in found:
            self.writer.follow("R04", consent.rid, {"consent_state": EXPIRED}, reason=f"{what}；{self.reason}")
        return len(found)

    # -- writing ---------------------------------------------------------------------------------------------------

    def change(self, type_id: str, rid: str, set_: Record, unset: Sequence[str] = ()) -> None:
        """Change what the operation changes of a record, under its reason."""
        if set_ or unset:
            self.writer.follow(type_id, rid, set_, unset, reason=self.reason)

    def note(self, household: str, text: str) -> None:
        """A line in a household's history."""
        self.writer.remark("R05", household, text)

    def _carry(self, record: Stored, set_: Record, unset: Sequence[str] = ()) -> None:
        """Change whose a record is; what may have to be sealed is judged anew, under the household it comes to."""
        sealable = self.writer.catalogue.sealable[record.type]
        judged = {name: value for name, value in self._whole(record).items() if name in sealable}
        self.change(record.type, record.rid, {**judged, **set_}, unset)

    def _place(self, record: Stored, region: str) -> None:
        if record.region != region:
            self.writer.transaction.place(record.type, record.rid, region)
