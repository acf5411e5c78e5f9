"""Papers given out by this desk: filled, numbered, kept, found again, voided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from jmdesk.core.clock import beijing_date, utc_text
from jmdesk.core.errors import Refused
from jmdesk.papers import queries
from jmdesk.papers.queries import Paper
from jmdesk.papers.template import Template, fill, marked, shipped
from jmdesk.records.serials import Serials
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import Writer
from jmdesk.store import reading
from jmdesk.store.reading import Connection

_RECORDS: Final = {"batch": "R16", "register": "R17", "selections": "R23", "green_cards": "R24"}
"""Matters of the office that are no records, by the type of the records that they are about."""
NUMBER = "number"
"""The name under which a template finds the number of the paper."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A paper just given out: what the register holds, and the document as ``.docx`` bytes."""

    paper: Paper
    document: bytes


class Papers:
    """The papers of one desk. ``block`` gives the desk block of numbers, ``actor`` is written into the register.

    ``mark`` stands at the head of every page, for a demonstration.
    """

    def __init__(
        self,
        desk: Workplace,
        *,
        actor: str,
        block: Callable[[], str],
        templates: Callable[[], Mapping[str, Template]] = shipped,
        mark: str = "",
    ) -> None:
        self._desk, self._actor, self._block, self._templates, self._mark = desk, actor, block, templates, mark

    def template(self, name: str) -> Template:
        """A template by id. ``Refused`` "papers.unknown"."""
        try:
            return self._templates()[name]
        except KeyError:
            raise Refused("papers.unknown", name=name) from None

    def draft(self, name: str, values: Mapping[str, object]) -> bytes:
        """A filled document without a number, to be looked at. Errors as ``fill``."""
        return self._filled(self.template(name), {NUMBER: "（未编号）", **values})

    def issue(self, name: str, type_id: str, rid: str, values: Mapping[str, object]) -> Issued:
        """Give a paper about a record a number and keep it. Errors as ``write``."""
        with self._desk.records.writing("paper") as writer:
            return self.write(writer, name, type_id, rid, values)

    def write(
        self,
        writer: Writer,
        name: str,
        type_id: str,
        rid: str,
        values: Mapping[str, object],
        *,
        number: str = "",
        region: str = "",
    ) -> Issued:
        """The same inside a command of the caller's, for a step that gives out a paper.

        The number is the caller's (a complaint's own), or the next of the template's. With ``region`` the subject is a
        matter of the office that is no record (a review's batch). ``Refused`` as ``fill``, "papers.unknown",
        "store.no_such_record" when the subject is gone.
        """
        template = self.template(name)
        subject = None if region else writer.transaction.get(type_id, rid)
        if subject is None and not region:
            raise Refused("store.no_such_record")
        region = subject.region if subject is not None else region
        now = self._desk.clock.now()
        writer.transaction.flush()
        connection = writer.transaction.connection
        if not number:
            number = Serials(connection, self._block()).next(template.prefix, region, beijing_date(now).year)
        document = self._filled(template, {NUMBER: number, **values})
        paper = Paper(
            number, template.id, template.version, template.label, type_id, rid, utc_text(now), self._actor, "", ""
        )
        queries.add(connection, paper, document)
        if subject is not None:
            writer.transaction.remark(type_id, rid, f"出具《{template.label}》{number}")
        return Issued(paper, document)

    def _filled(self, template: Template, values: Mapping[str, object]) -> bytes:
        document = fill(template, values)
        return marked(document, self._mark) if self._mark else document

    def void(self, number: str, reason: str) -> Paper:
        """Void a paper; its number stays in the register. Errors as ``strike``."""
        with self._desk.records.writing("paper", reason=reason.strip()) as writer:
            return self.strike(writer, number, reason)

    def strike(self, writer: Writer, number: str, reason: str) -> Paper:
        """The same inside a command of the caller's. ``Refused`` "papers.no_such_number", "records.reason_needed"."""
        if not reason.strip():
            raise Refused("records.reason_needed")
        connection = writer.transaction.connection
        found = queries.get(connection, number)
        if found is None or found.voided_at:
            raise Refused("papers.no_such_number", number=number)
        queries.void(connection, number, utc_text(self._desk.clock.now()), reason.strip())
        if found.type in self._desk.catalogue.types:
            writer.transaction.remark(found.type, found.rid, f"作废《{found.label}》{number}：{reason.strip()}")
        return queries.get(connection, number) or found

    # -- reading ---------------------------------------------------------------------------------------------------

    def of(self, type_id: str, rid: str) -> list[Paper]:
        """The papers about one record, oldest first. ``Refused`` "permissions.…" where the user may not read it."""
        with self._desk.store.reading() as connection:
            self._require_read(connection, type_id, rid)
            return queries.of_record(connection, type_id, rid)

    def register(self, name: str) -> list[Paper]:
        """Every number of one kind of paper, voided ones too; without those of what the user may not read."""
        with self._desk.store.reading() as connection:
            found = queries.by_prefix(connection, self.template(name).prefix)
            return [paper for paper in found if self._may_read(connection, paper)]

    def document(self, number: str) -> bytes:
        """A paper as it was given out, ``.docx``.

        ``Refused`` "papers.no_such_number", also when it was erased; "permissions.…" where the user may not read what
        it is about, or must keep away from a value of such records: a paper tells all of its record.
        """
        with self._desk.store.reading() as connection:
            paper, found = queries.get(connection, number), queries.document(connection, number)
            if paper is None or found is None:
                raise Refused("papers.no_such_number", number=number)
            self._require_read(connection, paper.type, paper.rid)
        if self._desk.records.guard.avoided.fields.get(_RECORDS.get(paper.type, paper.type)):
            raise Refused("permissions.interest", label=paper.label)
        return found

    def _require_read(self, connection: Connection, type_id: str, rid: str) -> None:
        """``Refused`` as the guard says about the record, or about the records of which a matter of the office is."""
        guard, subject = self._desk.records.guard, None
        if type_id not in _RECORDS:
            subject = reading.get(connection, type_id, rid)
        guard.require("read", _RECORDS.get(type_id, type_id), subject.region if subject is not None else "")
        if subject is not None:
            guard.require_seen(type_id, subject.values)

    def _may_read(self, connection: Connection, paper: Paper) -> bool:
        try:
            self._require_read(connection, paper.type, paper.rid)
        except Refused:
            return False
        return True
