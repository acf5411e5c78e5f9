"""Puts the file of one household together, and writes down that it was handed out."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from jmdesk.attachments import queries as attachment_queries
from jmdesk.attachments.service import Attachments
from jmdesk.audit.service import Audit
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_text, utc_text
from jmdesk.core.errors import Refused
from jmdesk.core.media import PDF
from jmdesk.households.queries import Dossier
from jmdesk.households.service import Households
from jmdesk.inspections import contents
from jmdesk.inspections.contents import Part
from jmdesk.ratings.service import Ratings
from jmdesk.rights.scope import Holdings, holdings_of
from jmdesk.store import change_log, reading
from jmdesk.workflows.casework import CaseDesk

_SUFFIX: Final = {PDF: ".pdf", "image/jpeg": ".jpg", "image/png": ".png"}
_MOST_CHANGES: Final = 400


class InspectionDesk(CaseDesk, Protocol):
    """The open desk whose files are inspected."""

    @property
    def audit(self) -> Audit: ...
    @property
    def households(self) -> Households: ...
    @property
    def ratings(self) -> Ratings: ...
    @property
    def attachments(self) -> Attachments: ...


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A document that goes into the folder beside the file."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """A household's file: its parts in order and the documents beside it. ``mark`` stands at the head of every page."""

    household: str
    number: str
    title: str
    mark: str
    parts: tuple[Part, ...]
    enclosures: tuple[Enclosure, ...]
    withheld: int
    """Documents that the user may not see: they are listed, not handed out."""


class Inspections:
    """The files of one desk's households."""

    def __init__(self, desk: InspectionDesk) -> None:
        self._desk = desk

    def file(self, household: str, purpose: str) -> HouseholdFile:
        """The file of a household (record id) as this user may see it: masked, and without hidden parts.

        Scans show what a mask hides; they are enclosed for those alone who may see everything of their record.
        ``Refused``: "exports.purpose_needed", "households.none_found", the guard's.
        """
        if not purpose.strip():
            raise Refused("exports.purpose_needed")
        desk = self._desk
        found = desk.households.dossier(household)
        desk.guard.require("export", "R05", found.household.region)
        with desk.store.reading() as connection:
            held = holdings_of(connection, desk.catalogue, household)
        listed, enclosures, withheld = self._enclosures(held)
        parts = [*self._form(found), *self._review(found, held), contents.attachments_part(listed)]
        number = str(found.household.values.get("household_id", ""))
        return HouseholdFile(
            household,
            number,
            f"农户信用信息档案　{number}",
            self._mark(purpose),
            tuple(parts),
            tuple(enclosures),
            withheld,
        )

    def note(self, file: HouseholdFile, purpose: str, *, sha256: str, pages: int) -> None:
        """Write down that the file was handed out, before it is: who, when, what for, its digest."""
        told: Record = {"sha256": sha256, "pages": pages, "format": "pdf", "masked": True}
        told["attachments"] = len(file.enclosures)
        self._desk.audit.note("export", "R05", file.household, told, reason=purpose.strip())

    # -- inside ----------------------------------------------------------------------------------------------------

    def _form(self, found: Dossier) -> list[Part]:
        """Consents and the collection form."""
        may, catalogue = self._desk.guard.may, self._desk.catalogue
        parts = [contents.consents_part(catalogue, found)] if may("read", "R04") else []
        parts.append(contents.household_part(catalogue, found))
        parts += [contents.members_part(catalogue, found)] if may("read", "R06") else []
        return parts + [contents.type_part(catalogue, found, name) for name in contents.IN_ORDER if may("read", name)]

    def _review(self, found: Dossier, held: Holdings) -> list[Part]:
        """Ratings with their steps and papers, objections, and the history."""
        desk, may, parts = self._desk, self._desk.guard.may, list[Part]()
        if may("read", "R16"):
            parts += self._explanation(found)
            ratings = {one.rid: one for one in found.ratings}
            cases = desk.workflows.standings("W2", "R16", ratings)
            years = {
                rid: year for rid, one in ratings.items() if isinstance(year := one.values.get("rating_year"), int)
            }
            begun = sorted((years.get(rid, 0), rid) for rid, case in cases.items() if case.taken)
            parts.append(contents.steps_part((year, cases[rid]) for year, rid in begun))
            for paper in (paper for _, rid in begun for paper in desk.papers.of("R16", rid)):
                title = f"《{paper.label}》{paper.number}" + ("(已作废)" if paper.voided_at else "")
                with suppress(Refused):  # erased with the household's consent
                    parts.append(Part(title, paper=desk.papers.document(paper.number)))
        if may("read", "R25"):
            parts.append(contents.requests_part(desk.catalogue, held.requests))
        return [*parts, self._changes(held)]

    def _explanation(self, found: Dossier) -> list[Part]:
        try:
            return [Part("逐项得分说明书", self._desk.ratings.explanation(found.household.rid))]
        except Refused:
            return []

    def _changes(self, held: Holdings) -> Part:
        desk = self._desk
        with desk.store.reading() as connection:
            users = {one.rid: str(one.values.get("user_name", "")) for one in reading.find(connection, "R02")}
            every = [change for one in held.own for change in change_log.history(connection, one.rid)]
        seen = [
            change for change in every if change.verb not in change_log.EVENTS and desk.guard.may("read", change.type)
        ]
        latest = sorted(seen, key=lambda change: change.seq)[-_MOST_CHANGES:]
        return contents.changes_part(desk.catalogue, latest, users)

    def _enclosures(self, held: Holdings) -> tuple[list[tuple[str, str, str, str]], list[Enclosure], int]:
        desk, listed, enclosed, withheld = self._desk, list[tuple[str, str, str, str]](), list[Enclosure](), 0
        for one in (*held.consents, *held.own, *held.negatives, *held.requests):
            with desk.store.reading() as connection:
                found = attachment_queries.of_record(connection, one.rid, "")
            for document in found:
                try:
                    content = desk.attachments.data(document.link)
                except Refused:
                    content, name, withheld = b"", "不提供", withheld + 1
                else:
                    name = f"附件{len(enclosed) + 1:02d}{_SUFFIX.get(document.media, '.bin')}"
                    enclosed.append(Enclosure(name, content))
                label = desk.catalogue.types[one.type].label
                listed.append((document.caption or label, label, name, document.sha256[:16]))
        return listed, enclosed, withheld

    def _mark(self, purpose: str) -> str:
        desk = self._desk
        with desk.store.reading() as connection:
            user = reading.get(connection, "R02", desk.actor)
        name = str(user.values.get("user_name", "")) if user else ""
        at = beijing_text(utc_text(desk.clock.now()))
        return f"{desk.unit_name}　{name}　{at}　用途：{purpose.strip()}　已遮蔽"
