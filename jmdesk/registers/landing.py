"""Puts one household into the store through the writer: new, or what has changed of a known one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from jmdesk.catalogue.types import Record
from jmdesk.consents.service import HOUSEHOLD_KINDS, PERSON_KINDS, Signature, write_consents
from jmdesk.households.numbers import Numbering
from jmdesk.records.consent_book import is_adult
from jmdesk.records.writer import Writer
from jmdesk.registers.drafts import HEAD, HouseholdDraft, RecordDraft
from jmdesk.registers.findings import Finding
from jmdesk.registers.identity import paired
from jmdesk.registers.queries import Archive

Landed = Literal["new", "changed", "unchanged"]
_KEPT = frozenset({"archive_status", "verify_level"})
"""What a register does not overrule in an archive that is there already."""


@dataclass(slots=True)
class Landing:
    """Writes households inside one transaction. ``collector`` is the importing user."""

    writer: Writer
    numbering: Numbering
    collector: str
    persons: int = 0
    records: int = 0
    signed: list[str] = field(default_factory=list)
    """The consents written."""

    def land(self, draft: HouseholdDraft, known: Archive | None, signature: Signature | None) -> tuple[Landed, str]:
        """Write a draft; what became of it, and the household's record id."""
        if known is None:
            return "new", self._create(draft, signature)
        return ("changed" if self._update(draft, known, signature) else "unchanged"), known.rid

    def _create(self, draft: HouseholdDraft, signature: Signature | None) -> str:
        """The household first, then its consents, so that what they open is kept in place from the start."""
        writer, new_id = self.writer, self.writer.transaction.new_id
        household, rids = new_id(), [new_id() for _ in draft.members]
        region = str(draft.household.values["region_code"])
        head = next(rid for rid, m in zip(rids, draft.members, strict=True) if m.values.get("relation") in HEAD)
        values: Record = {
            **draft.household.values,
            "household_id": self.numbering.next(region),
            "head_person_id": head,
            "collector_id": self.collector,
        }
        writer.create("R05", values, rid=household, checked=True)
        if signature is not None:
            self.signed += write_consents(writer, household, (), signature, kinds=HOUSEHOLD_KINDS)
        for rid, member in zip(rids, draft.members, strict=True):
            self._new_person(household, rid, member)
        if signature is not None:
            adults = [rid for rid, m in zip(rids, draft.members, strict=True) if self._adult(m)]
            self.signed += write_consents(writer, household, adults, signature, kinds=PERSON_KINDS)
        for record in draft.others:
            self._new_part(household, record)
        self.records += 1
        return household

    def _adult(self, member: RecordDraft) -> bool:
        return is_adult(member.values.get("birth_date"), member.values.get("is_under14"), self.writer.on)

    def _new_person(self, household: str, rid: str, member: RecordDraft) -> None:
        values: Record = {**member.values, "person_id": rid, "household_id": household}
        self.writer.create("R06", values, rid=rid, checked=True)
        self.persons += 1
        self.records += 1

    def _new_part(self, household: str, record: RecordDraft) -> None:
        owner: Record = {"subject_id": f"R05:{household}"} if record.type == "R13" else {"household_id": household}
        self.writer.create(record.type, {**record.values, **owner}, checked=True)
        self.records += 1

    def _update(self, draft: HouseholdDraft, known: Archive, signature: Signature | None) -> bool:
        """Write only what differs; people and records that the register does not list stay."""
        parts = [*draft.members, *draft.others]
        rids = paired(parts, known.parts)
        changed = self._sign(known, signature)
        changed |= self._set("R05", known.rid, draft.household, known.values)
        for record, found in zip(parts, rids, strict=True):
            rid = found
            if rid is not None:
                changed |= self._set(record.type, rid, record, known.parts[record.type][rid])
            elif record.type == "R06":
                rid = self.writer.transaction.new_id()
                self._new_person(known.rid, rid, record)
                changed = True
            else:
                self._new_part(known.rid, record)
                changed = True
            if record is draft.head and rid is not None:
                self._lead(draft, known, rid)
        return changed

    def _lead(self, draft: HouseholdDraft, known: Archive, head: str) -> None:
        """Another head than before: the archive follows the register, and somebody should look at the old one."""
        if known.values.get("head_person_id") == head:
            return
        self.writer.change("R05", known.rid, {"head_person_id": head}, checked=True)
        ref = draft.ref(draft.head or draft.household, "person_name")
        draft.findings.append(Finding("registers.head_changed", "warn", "户主", {}, ref))

    def _set(self, type_id: str, rid: str, record: RecordDraft, kept: Record) -> bool:
        """Change the values that came from cells and differ from what is kept."""
        said = {name: value for name, value in record.values.items() if name in record.cells and name not in _KEPT}
        different = {name: value for name, value in said.items() if kept.get(name) != value}
        if not different:
            return False
        if "id_no" in different and "sex" in record.values:
            different["sex"] = record.values["sex"]
        self.records += 1
        return self.writer.change(type_id, rid, different, checked=True)

    def _sign(self, known: Archive, signature: Signature | None) -> bool:
        """Write the consents that the household had not given before, and put in place what they open."""
        if signature is None:
            return False
        writer = self.writer
        given = known.consents(writer.on)
        kinds = [kind for kind in HOUSEHOLD_KINDS if kind not in given.signed | given.declined]
        unsigned = [
            rid
            for rid, member in known.parts["R06"].items()
            if is_adult(member.get("birth_date"), member.get("is_under14"), writer.on)
            and not given.by_person.get(rid, set()) >= set(PERSON_KINDS)
        ]
        written = self._write(known.rid, (), signature, kinds) + self._write(
            known.rid, unsigned, signature, PERSON_KINDS if not given.declined & set(PERSON_KINDS) else ()
        )
        if written:
            self.signed += written
            writer.release(known.rid)
        return bool(written)

    def _write(self, household: str, adults: Sequence[str], signature: Signature, kinds: Sequence[str]) -> list[str]:
        return write_consents(self.writer, household, adults, signature, kinds=kinds) if kinds else []
