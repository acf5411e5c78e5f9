"""A register as a whole: its files and sheets understood, what was left out, and its first households to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from jmdesk.catalogue.forbidden import refused_column
from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, never
from jmdesk.registers.drafts import HouseholdDraft
from jmdesk.registers.findings import Finding
from jmdesk.registers.households import drafts
from jmdesk.registers.layout import Form, Table, found_on
from jmdesk.registers.mapping import Mapping, fingerprint, guessed
from jmdesk.registers.reading import read_books
from jmdesk.registers.sheets import Book, Sheet
from jmdesk.registers.wording import SHEETS_OF_TEMPLATES, Wording, wording


@dataclass(frozen=True, slots=True)
class Register:
    """``parts`` are the tables and forms found, in order; ``notes`` say what was left out and what to look at.

    ``office`` names the wording: mappings are remembered under it.
    """

    name: str
    parts: tuple[Table | Form, ...]
    notes: tuple[Finding, ...]
    office: str
    known: Wording = field(default_factory=wording, repr=False)

    def guess(self, remembered: Mapping | None = None) -> Mapping:
        """The mapping that fits best, the office's earlier choices first."""
        return guessed(self.parts, remembered, self.known)

    def households(self, mapping: Mapping, on: date) -> Iterator[HouseholdDraft]:
        """Every household, in order."""
        return drafts(self.parts, mapping, on, self.known)

    def preview(self, mapping: Mapping, on: date, most: int = 20) -> list[HouseholdDraft]:
        """The first households, as they would be imported."""
        return list(islice(self.households(mapping, on), most))

    def remarks(self, mapping: Mapping) -> list[Finding]:
        """The notes, with those that depend on the mapping: hidden rows, columns left out, doubts."""
        return [*self.notes, *_hidden(self.parts, mapping), *_left_out(mapping)]


def open_register(
    source: Path, password: str | None = None, known: Wording | None = None, cancelled: Cancelled = never
) -> Register:
    """Read a file, or a folder of files. Raises what reading raises, and ``registers.no_register``.

    ``known``: the wording of a desk's catalogue (``wording_of``), with the city's own columns. ``cancelled`` is asked
    between files and between rows; then ``Refused("registers.cancelled")``.
    """
    known = known or wording()
    parts: list[Table | Form] = []
    notes: list[Finding] = []
    for book in read_books(source, password, cancelled):
        if isinstance(book, tuple):
            name, problem = book
            notes.append(_note("registers.file_refused", "warn", name=name, reason=problem.message_for_user().text))
            continue
        if book.unsaved:
            notes.append(_note("registers.unsaved", "warn", name=book.name))
        if book.macros:
            notes.append(_note("registers.macros_not_run", name=book.name))
        parts += _parts(book, notes, known)
    if not parts:
        raise Refused("registers.no_register")
    return Register(source.name, tuple(parts), tuple(notes), fingerprint(parts), known)


def _parts(book: Book, notes: list[Finding], known: Wording) -> Iterator[Table | Form]:
    for sheet in book.sheets:
        if not sheet.rows or sheet.name in SHEETS_OF_TEMPLATES:
            continue
        if sheet.hidden:
            notes.append(_note("registers.hidden_sheet_skipped", sheet=sheet.name))
            continue
        found = found_on(sheet, known)
        if found is None:
            notes.append(_note("registers.sheet_skipped", sheet=sheet.name))
            continue
        if isinstance(found, Table) and found.stray:
            notes.append(_note("registers.stray_rows", "warn", sheet=sheet.name, count=found.stray))
        yield found


def _note(code: str, level: str = "note", **params: object) -> Finding:
    return Finding(code, "warn" if level == "warn" else "note", "", params)


def _hidden(parts: tuple[Table | Form, ...], mapping: Mapping) -> Iterator[Finding]:
    code = "registers.hidden_rows_skipped" if mapping.skip_hidden else "registers.hidden_rows_read"
    for part in parts:
        hidden = _hidden_data(part)
        if hidden:
            yield _note(code, "warn", sheet=part.sheet.name, count=hidden)


def _hidden_data(part: Table | Form) -> int:
    sheet: Sheet = part.sheet
    if not sheet.hidden_rows or isinstance(part, Form):
        return 0
    return sum(number in sheet.hidden_rows for number, _, _ in part.data_rows())


def _left_out(mapping: Mapping) -> Iterator[Finding]:
    for choice in mapping.columns:
        meaning, forbidden = choice.meaning, refused_column(choice.header)
        if forbidden is not None:
            yield _note("registers.column_forbidden", "warn", header=choice.header, kind=forbidden.label)
        elif meaning is None:
            yield _note("registers.column_left_out", header=choice.header)
        elif meaning.described is not None and not meaning.described.default_on:
            yield _note("registers.column_off", header=choice.header)
    for code in mapping.doubts:
        yield _note(code, "warn")
