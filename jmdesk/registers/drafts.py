"""What an import makes of a register: one draft per household, each value with the cell it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from jmdesk.catalogue.types import Record
from jmdesk.registers.findings import CellRef, Finding
from jmdesk.registers.sheets import Sheet

Outcome = Literal["read", "warned", "refused"]
HEAD = frozenset({"01", "02"})


@dataclass(slots=True)
class RecordDraft:
    """One record of a household: its type, its values in wire form, and the cell (row, column) of each."""

    type: str
    values: Record
    cells: dict[str, tuple[int, int]]
    row: int
    slot: str = ""


@dataclass(slots=True)
class ConsentDraft:
    """What a register says of the signed authorisation: the day and its paper number."""

    signed_on: str = ""
    number: str = ""


@dataclass(slots=True)
class HouseholdDraft:
    """Everything a register says of one household. ``rows`` are its rows on the sheet, counted from 0."""

    sheet: Sheet
    rows: list[int]
    household: RecordDraft
    members: list[RecordDraft] = field(default_factory=list)
    others: list[RecordDraft] = field(default_factory=list)
    consent: ConsentDraft = field(default_factory=ConsentDraft)
    findings: list[Finding] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        """Refused when anything is an error, warned when a person should look, else read."""
        levels = {finding.level for finding in self.findings}
        return "refused" if "error" in levels else "warned" if "warn" in levels else "read"

    @property
    def head(self) -> RecordDraft | None:
        """The head's draft; None when the register names none, or several."""
        heads = [member for member in self.members if member.values.get("relation") in HEAD]
        return heads[0] if len(heads) == 1 else None

    @property
    def records(self) -> Iterator[RecordDraft]:
        """Every record: the household, its members, all others."""
        yield self.household
        yield from self.members
        yield from self.others

    def ref(self, draft: RecordDraft, identifier: str = "") -> CellRef:
        """The cell of a value; for a value that no cell holds, the first cell of its row."""
        row, column = draft.cells.get(identifier, (draft.row, 0))
        return self.sheet.ref(row, column)
