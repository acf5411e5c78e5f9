"""Recognises households and their parts that are in the store already, so that importing twice makes no duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jmdesk.catalogue.types import Record
from jmdesk.registers import queries
from jmdesk.registers.drafts import HouseholdDraft, RecordDraft
from jmdesk.registers.findings import Finding
from jmdesk.registers.queries import Archive
from jmdesk.store.reading import Connection

_SAME_WHEN: Mapping[str, tuple[str, ...]] = {
    "R07": ("year",),
    "R08": ("land_kind",),
    "R09": ("asset_kind",),
    "R10": ("creditor_type", "creditor_name"),
    "R11": ("ins_kind",),
    "R12": ("season", "product_code"),
    "R13": ("honor_title", "honor_date"),
}
"""What makes two records of a household the same one; of several alike, the n-th in the register is the n-th kept."""


class Recognition:
    """Which of some drafts the store knows. One per batch of drafts; reads in a few queries."""

    def __init__(self, connection: Connection, drafts: Sequence[HouseholdDraft]) -> None:
        members = [member for draft in drafts for member in draft.members]
        villages = {_region(draft) for draft in drafts}
        numbers = [number for draft in drafts if (number := _number(draft))]
        names = [_name(head) for draft in drafts if (head := draft.head)]
        self._by_id = queries.households_by_id_number(connection, [n for m in members if (n := _id_no(m))])
        self._by_number = queries.households_by_number(connection, villages, numbers)
        self._by_name = queries.households_by_head_name(connection, villages, names)
        candidates = set[str]().union(*self._by_id.values(), *self._by_number.values(), *self._by_name.values())
        self._archives = queries.archives(connection, candidates)

    def known(self, draft: HouseholdDraft) -> Archive | None:
        """The archive of the same household, if there is one.

        By the head's identity number; else by the register's number in the same village, when the head's name or a
        member's identity number fits as well; else by the head's name and birth date in the same village.
        """
        head = draft.head
        if head is None:
            return None
        return self._of_head(head) or self._of_number(draft, head) or self._of_name(draft, head)

    def _of_head(self, head: RecordDraft) -> Archive | None:
        """A household whose head has this number: only as head, for a person may be listed in two households."""
        for rid in sorted(self._by_id.get(_id_no(head), ())):
            archive = self._archives.get(rid)
            leader = archive.parts["R06"].get(str(archive.values.get("head_person_id", ""))) if archive else None
            if archive is not None and leader is not None and leader.get("id_no") == _id_no(head):
                return archive
        return None

    def _of_number(self, draft: HouseholdDraft, head: RecordDraft) -> Archive | None:
        people = {_id_no(member) for member in draft.members} - {""}
        for rid in sorted(self._by_number.get((_region(draft), _number(draft)), ())):
            archive = self._archives.get(rid)
            if archive is not None and (archive.head_name() == _name(head) or people & archive.id_numbers()):
                return archive
        return None

    def _of_name(self, draft: HouseholdDraft, head: RecordDraft) -> Archive | None:
        if _id_no(head) or "birth_date" not in head.values:
            return None
        for rid in sorted(self._by_name.get((_region(draft), _name(head)), ())):
            archive = self._archives.get(rid)
            leader = archive.parts["R06"].get(str(archive.values.get("head_person_id", ""))) if archive else None
            if leader is not None and leader.get("birth_date") == head.values["birth_date"]:
                return archive
        return None


def another_name(draft: HouseholdDraft, archive: Archive) -> Finding | None:
    """What to say when the head's identity number is on file under another name.

    With a member in common it is the same family and somebody mended the name: a warning. With nobody in common one
    of the two numbers is wrong, and taking over the archive would mix two families: the household is refused.
    """
    head, kept = draft.head, archive.parts["R06"].values()
    if head is None or not _name(head) or not _id_no(head):
        return None
    on_file = {str(person.get("person_name", "")) for person in kept if person.get("id_no") == _id_no(head)}
    if not on_file or on_file & {_name(head), ""}:
        return None
    names = {str(person.get("person_name", "")) for person in kept}
    numbers = archive.id_numbers() - {_id_no(head)}
    others = [member for member in draft.members if member is not head]
    related = any(_name(member) in names or _id_no(member) in numbers for member in others)
    ref = draft.ref(head, "person_name")
    if related:
        return Finding("registers.name_changed", "warn", "户主", {}, ref)
    return Finding("registers.number_of_another", "error", "证件号码", {}, ref)


def _region(draft: HouseholdDraft) -> str:
    return str(draft.household.values.get("region_code", ""))


def _number(draft: HouseholdDraft) -> str:
    return str(draft.household.values.get("old_household_no", ""))


def _id_no(person: RecordDraft) -> str:
    return str(person.values.get("id_no", ""))


def _name(person: RecordDraft) -> str:
    return str(person.values.get("person_name", ""))


def paired(drafts: Sequence[RecordDraft], kept: Mapping[str, Mapping[str, Record]]) -> list[str | None]:
    """For every draft of a household's parts, the record id it is about, or None for a new one. Each is used once."""
    free: dict[str, dict[str, Record]] = {type_: dict(records) for type_, records in kept.items()}
    found: list[str | None] = []
    for draft in drafts:
        candidates = free.get(draft.type, {})
        rid = _person(draft, candidates) if draft.type == "R06" else _part(draft, candidates)
        if rid is not None:
            del candidates[rid]
        found.append(rid)
    return found


def _person(draft: RecordDraft, candidates: Mapping[str, Record]) -> str | None:
    number, name = draft.values.get("id_no"), draft.values.get("person_name")
    if number is not None:
        same = next((rid for rid, kept in candidates.items() if kept.get("id_no") == number), None)
        if same is not None:
            return same
    for rid, kept in candidates.items():
        if name is not None and kept.get("person_name") == name and (number is None or "id_no" not in kept):
            return rid
    return None


def _part(draft: RecordDraft, candidates: Mapping[str, Record]) -> str | None:
    names = _SAME_WHEN[draft.type]
    wanted = [draft.values.get(name) for name in names]
    return next((rid for rid, kept in candidates.items() if [kept.get(name) for name in names] == wanted), None)
