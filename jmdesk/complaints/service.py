"""The complaint desk of one vault: intake, steps, who keeps away from what, and the effect on a member's archive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Protocol

from jmdesk.accounts.account import INTERESTS
from jmdesk.catalogue.types import Record
from jmdesk.complaints import queries, rules
from jmdesk.complaints.archive import archive, pause, resume, revoke
from jmdesk.complaints.intake import Intake, checked
from jmdesk.complaints.interests import OFFICE_BEARER, SECRETARY_GENERAL, Interests
from jmdesk.complaints.links import DUPLICATE, MIRRORED, RELATIONS, Linked, chain, links_of
from jmdesk.complaints.queries import ComplaintFilter, Related
from jmdesk.complaints.statistics import Figures, entry, figures
from jmdesk.complaints.wall import Wall, wall
from jmdesk.core.clock import beijing_date, utc_text
from jmdesk.core.errors import Refused
from jmdesk.enterprises import queries as enterprises
from jmdesk.records.serials import Serials
from jmdesk.store import reading
from jmdesk.store.stored import Stored
from jmdesk.workflows.casework import CaseDesk
from jmdesk.workflows.definition import Step
from jmdesk.workflows.service import Bar
from jmdesk.workflows.standing import Standing

if TYPE_CHECKING:
    from jmdesk.records.writer import Writer

PREFIX = "TS"
"""Begins the numbers of complaints."""

_EVENT, _CONDUCT = "R21", "W6"
_EFFECTS = frozenset({"effect", "report"})
"""The steps of a credit event (W6) that must wait for an appeal."""


class ComplaintDesk(CaseDesk, Protocol):
    """What the complaint desk needs of the desk."""

    def judge_anew(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint with where it stands."""

    record: Stored
    standing: Standing


class Complaints:
    """The complaints of one desk. Every verb asks first whether the user must keep away (``interests``)."""

    def __init__(self, desk: ComplaintDesk) -> None:
        self._desk = desk

    # -- who keeps away --------------------------------------------------------------------------------------------

    def interests(self, user: str = "") -> Interests:
        """What a user (this one, if none is named) has a part in."""
        with self._desk.store.reading() as connection:
            return self._interests(connection, user or self._desk.actor)

    def declared(self, user: str = "") -> tuple[str, ...]:
        """The unified codes of the firms that a user declared as his own."""
        with self._desk.store.reading() as connection:
            found = reading.get(connection, "R02", user or self._desk.actor)
        codes = found.values.get(INTERESTS) if found else None
        return tuple(str(code) for code in codes) if isinstance(codes, list) else ()

    def declare(self, codes: Iterable[str], user: str = "") -> None:
        """Record the firms of a user's own. Everybody for himself; the secretary-general for everybody.

        ``Refused`` "complaints.declare_for_others", "complaints.unknown_firm" for a code that is no member's.
        """
        user, wanted = user or self._desk.actor, sorted(set(codes))
        guard = self._desk.records.guard
        if user != self._desk.actor and guard.matrix is not None and SECRETARY_GENERAL not in guard.roles:
            raise Refused("complaints.declare_for_others")
        with self._desk.records.writing("interests") as writer:
            known = {code for _, code, _ in queries.firms_by_code(writer.transaction.connection, wanted)}
            if known != set(wanted):
                raise Refused("complaints.unknown_firm")
            writer.bookkeep("R02", user, {INTERESTS: list[object](wanted)})
        self._desk.judge_anew()

    def bar(self, writer: Writer, rid: str, _step: Step) -> None:
        """The desk's bar against steps of the workflow, from whichever page: ``Refused`` "complaints.interest" …"""
        found = writer.transaction.get(rules.TYPE, rid)
        own = self._interests(writer.transaction.connection, self._desk.actor)
        own.require_free(found.values if found else {})

    def bar_own(self, type_id: str) -> Bar:
        """A bar against steps in the case of a firm of the user's own: ``Refused`` "permissions.interest"."""

        def bar(writer: Writer, rid: str, _step: Step) -> None:
            found = writer.transaction.get(type_id, rid)
            own = self._interests(writer.transaction.connection, self._desk.actor)
            if own.owns(type_id, rid, found.values if found else {}):
                raise Refused("permissions.interest", label=self._desk.catalogue.types[type_id].label)

        return bar

    def _interests(self, connection: reading.Connection, user: str) -> Interests:
        found = reading.get(connection, "R02", user)
        codes = found.values.get(INTERESTS) if found else None
        if found is None or not isinstance(codes, list) or not codes:
            return Interests()
        firms = queries.firms_by_code(connection, [str(code) for code in codes])
        roles = found.values.get("x_roles")
        office = OFFICE_BEARER in roles if isinstance(roles, list) else found.values.get("role") == OFFICE_BEARER
        return Interests(frozenset(rid for rid, _, _ in firms), frozenset(name for _, _, name in firms), office=office)

    # -- intake ----------------------------------------------------------------------------------------------------

    def register(self, intake: Intake) -> Case:
        """Take a complaint down: number, record and first step in one transaction.

        ``Refused`` "complaints.intake_needs", "complaints.interest", "complaints.office_bearer", "workflows.day";
        ``InvalidRecord``.
        """
        values = checked(intake)
        desk, now = self._desk, self._desk.clock.now()
        with desk.records.writing("create") as writer:
            connection = writer.transaction.connection
            self._interests(connection, desk.actor).require_free(values)
            values |= self._firm(connection, values)
            region = writer.home_region
            # A letter that is written down days later was received at some time of its day.
            received = f"{intake.on.isoformat()}T01:00:00Z" if intake.on else utc_text(now)
            year = (intake.on or beijing_date(now)).year
            values["complaint_no"] = Serials(connection, desk.number_block).next(PREFIX, region, year)
            values["received_at"], values["handler_id"] = received, desk.actor
            rid = writer.create(rules.TYPE, values)
            case = desk.workflows.write(
                writer, rules.WORKFLOW, rules.TYPE, rid, "receive", details={"choice": intake.choice_text}, on=intake.on
            )
        return Case(self.get(rid), case)

    def related(self, values: Record, besides: str = "") -> list[Related]:
        """Other complaints about the same firm; the same order and the same product come first."""
        self.interests().require_free(values)
        with self._desk.store.reading() as connection:
            return queries.related(
                connection,
                firm=str(values.get("uscc", "")),
                name=str(values.get("respondent_name", "")),
                product=str(values.get("product", "")),
                order_no=str(values.get("order_no", "")),
                besides=besides,
            )

    def linked(self, case: Case) -> list[Linked]:
        """The complaints that people linked with this one, and those linked with them; the direct ones first."""
        own, seen = self.interests(), dict[str, Case]()

        def follow(numbers: Iterable[str]) -> dict[str, Mapping[str, str]]:
            with self._desk.store.reading() as connection:
                found = queries.numbered(connection, numbers)
            standings = self._desk.workflows.standings(rules.WORKFLOW, rules.TYPE, [one.rid for one in found])
            for one in found:
                if not own.touches(one.values):
                    seen[str(one.values["complaint_no"])] = Case(one, standings[one.rid])
            return {number: links_of(seen[number].standing) for number in numbers if number in seen}

        number = str(case.record.values.get("complaint_no", ""))
        whole = chain(number, links_of(case.standing), follow)
        follow([other for other in whole if other not in seen])
        lines = [
            Linked(
                seen[other].record.rid,
                other,
                str(seen[other].record.values.get("product", "")),
                seen[other].standing.label,
                relation,
                direct,
            )
            for other, (relation, direct) in whole.items()
            if other in seen
        ]
        return sorted(lines, key=lambda line: (not line.direct, line.number))

    @staticmethod
    def _firm(connection: reading.Connection, values: Record) -> Record:
        """The name and the membership of the firm that a complaint names by its record."""
        rid = values.get("uscc")
        found = reading.get(connection, "R20", rid) if isinstance(rid, str) else None
        if found is None:
            return {"respondent_is_member": False}
        name = str(found.values.get("ent_name", values["respondent_name"]))
        return {"respondent_name": name, "respondent_is_member": is_member(found.values)}

    # -- cases -----------------------------------------------------------------------------------------------------

    def get(self, rid: str) -> Stored:
        """One complaint. ``Refused`` "complaints.interest", "complaints.office_bearer", "store.no_such_record"."""
        own = self.interests()
        own.require_open()
        found = self._desk.records.get(rules.TYPE, rid).record
        own.require_free(found.values)
        return found

    def case(self, rid: str) -> Case:
        """One complaint with where it stands. Errors as ``get``."""
        return Case(self.get(rid), self._desk.workflows.standing(rules.WORKFLOW, rules.TYPE, rid))

    def under_way(self) -> list[Case]:
        """Every open case that the user may see. ``Refused`` "complaints.office_bearer"."""
        own = self.interests()
        own.require_open()
        standings = self._desk.workflows.under_way(rules.WORKFLOW)
        found = self._desk.records.find(rules.TYPE, reading.Filter(rids=list(standings)))
        return [Case(one, standings[one.rid]) for one in found if not own.touches(one.values)]

    def count(self, wanted: ComplaintFilter) -> int:
        """How many complaints a list shows."""
        wanted = self._seen(wanted)
        with self._desk.store.reading() as connection:
            return queries.count(connection, wanted)

    def page(self, wanted: ComplaintFilter, offset: int, limit: int) -> list[Case]:
        """A page of the list, the newest first."""
        wanted = self._seen(wanted)
        with self._desk.store.reading() as connection:
            found = queries.page(connection, wanted, offset, limit)
        standings = self._desk.workflows.standings(rules.WORKFLOW, rules.TYPE, [one.rid for one in found])
        return [Case(self._desk.records.shown(one), standings[one.rid]) for one in found]

    def _seen(self, wanted: ComplaintFilter) -> ComplaintFilter:
        own = self.interests()
        own.require_open()
        self._desk.records.guard.require("read", rules.TYPE)
        return replace(wanted, hidden_firms=own.firms, hidden_names=own.names)

    # -- figures ---------------------------------------------------------------------------------------------------

    def figures(self, year: int) -> Figures:
        """The figures of a year, firms named: for the desk; ``statistics.published`` of them for everybody else.

        ``Refused`` "complaints.nothing_to_report", "complaints.office_bearer", "permissions.action".
        """
        # A firm of the user's own is counted, but not named.
        return self._figures(year, named_own=False)

    def wall(self, year: int) -> Wall:
        """The charts for a meeting: what may be published, members as numbers but the user's own. As ``figures``."""
        return wall(self._figures(year, named_own=True), self._desk.unit_name, self.interests().names)

    def _figures(self, year: int, *, named_own: bool) -> Figures:
        desk = self._desk
        own = self.interests()
        own.require_open()
        desk.records.guard.require("print", rules.TYPE)
        with desk.store.reading() as connection:
            found, members = queries.of_year(connection, year), enterprises.members(connection)
        if not found:
            raise Refused("complaints.nothing_to_report", year=year)
        today, lists = beijing_date(desk.clock.now()), desk.catalogue.code_lists
        standings = desk.workflows.standings(rules.WORKFLOW, rules.TYPE, [one.rid for one, _, _ in found])
        entries = [
            entry(
                one.values,
                standings[one.rid],
                lists["CL-CLUSTER"].label(cluster) if cluster else "",
                "" if own.touches(one.values) and not named_own else name,
                today,
            )
            for one, cluster, name in found
        ]
        names = {"kind": "CL-CPK", "problem": "CL-PROBLEM", "outcome": "CL-OUT"}
        return figures(year, entries, {key: lists[listed].values for key, listed in names.items()}, members)

    # -- steps -----------------------------------------------------------------------------------------------------

    def take(
        self,
        rid: str,
        step: str,
        details: Mapping[str, object] | None = None,
        *,
        reason: str = "",
        on: date | None = None,
    ) -> Standing:
        """Take a step with what belongs to it. ``Refused`` as ``Workflows.take`` and "complaints.…"."""
        given = dict(details or {})
        desk = self._desk
        with desk.records.writing("step", reason=reason) as writer:
            record = writer.transaction.get(rules.TYPE, rid)
            if record is None:
                raise Refused("store.no_such_record")
            before = desk.workflows.within(writer, rules.WORKFLOW, rules.TYPE, rid)
            self._check(writer, record.values, before, step, given)
            self._affect_archive(writer, record, before, step, given)
            return desk.workflows.write(
                writer, rules.WORKFLOW, rules.TYPE, rid, step, details=given, reason=reason, on=on
            )

    def _affect_archive(
        self, writer: Writer, record: Stored, before: Standing, step: str, given: dict[str, object]
    ) -> None:
        """What a step does to the member's archive; the event is remembered in the step."""
        event = rules.archived_event(before)
        if step == "archive":
            given["event"] = archive(writer, record, str(given.get("polarity", "")))
            self._desk.workflows.write(writer, _CONDUCT, _EVENT, str(given["event"]), "register")
        elif step == "appeal" and event:
            given["before"] = pause(writer, event)
        elif step == "uphold" and event:
            appeal = before.last("appeal")
            kept = appeal.details.get("before") if appeal is not None else None
            resume(writer, event, kept if isinstance(kept, dict) else {})
        elif step == "revoke" and event:
            revoke(writer, event, str(given.get("ground", "")))

    def follow(self, writer: Writer, rid: str, step: Step, details: Mapping[str, object]) -> Record:
        """What a step brings about in another complaint: a link, its undoing and a merger stand in both.

        ``Refused`` "complaints.no_such_number", "complaints.link_itself", "complaints.relation",
        "complaints.linked_already", "complaints.not_linked"; "complaints.interest" for the other one.
        """
        if step.id not in ("link", "unlink", "merge") or MIRRORED in details:
            return {}
        other = self._numbered(writer, str(details.get("into" if step.id == "merge" else "other", "")))
        own = writer.transaction.get(rules.TYPE, rid)
        number = str(own.values.get("complaint_no", "")) if own is not None else ""
        if other.rid == rid:
            raise Refused("complaints.link_itself")
        if step.id == "link" and details.get("relation") not in RELATIONS:
            raise Refused("complaints.relation", relations="、".join(RELATIONS))
        there = links_of(self._desk.workflows.within(writer, rules.WORKFLOW, rules.TYPE, other.rid))
        if step.id == "link" and number in there:
            raise Refused("complaints.linked_already", number=other.values["complaint_no"])
        if step.id == "unlink" and number not in there:
            raise Refused("complaints.not_linked", number=other.values["complaint_no"])
        if step.id != "merge" or number not in there:
            half = {"other": number, "relation": details.get("relation", DUPLICATE), MIRRORED: True}
            if step.id == "unlink":
                half = {"other": number, "ground": details.get("ground", ""), MIRRORED: True}
            name = "unlink" if step.id == "unlink" else "link"
            self._desk.workflows.write(writer, rules.WORKFLOW, rules.TYPE, other.rid, name, details=half)
        return {}

    @staticmethod
    def _numbered(writer: Writer, number: str) -> Stored:
        wanted = reading.Filter({"complaint_no": number.strip()})
        found = reading.find(writer.transaction.connection, rules.TYPE, wanted, limit=1) if number.strip() else []
        if not found:
            raise Refused("complaints.no_such_number", number=number)
        return found[0]

    def bar_event(self, writer: Writer, rid: str, step: Step) -> None:
        """The bar against a credit event's taking effect while the appeal runs: "complaints.appeal_runs"."""
        found = writer.transaction.get(_EVENT, rid)
        number = found.values.get("doc_no") if found is not None else None
        if step.id not in _EFFECTS or not isinstance(number, str) or not number.startswith(PREFIX):
            return
        wanted = reading.Filter({"complaint_no": number})
        for one in reading.find(writer.transaction.connection, rules.TYPE, wanted):
            if self._desk.workflows.within(writer, rules.WORKFLOW, rules.TYPE, one.rid).state == "appealed":
                raise Refused("complaints.appeal_runs", number=number)

    def _check(self, writer: Writer, values: Record, before: Standing, step: str, given: dict[str, object]) -> None:
        if step == "refuse_nonmember" and values.get("respondent_is_member") is True:
            raise Refused("complaints.is_member")
        if step == "refuse_late" and "known_date" in values and not rules.is_late(values):
            raise Refused("complaints.not_late")
        if step == "accept" and not given.get("choice"):
            given["choice"] = rules.choice_of(before)
        if step == "mediate":
            self._check_mediator(writer, values, before, str(given.get("mediator", "")))
        if step == "confirm_finding" and given.get("fault") != rules.proposed_finding(before):
            raise Refused("complaints.finding_differs")
        if step == "archive" and rules.archived_event(before):
            raise Refused("complaints.archived_already")

    def _check_mediator(self, writer: Writer, values: Record, before: Standing, mediator: str) -> None:
        """A mediator is free of interest and has not withdrawn (complaint rules of 2019, article 17)."""
        connection = writer.transaction.connection
        if reading.get(connection, "R02", mediator) is None:
            raise Refused("complaints.mediator_unknown")
        own = self._interests(connection, mediator)
        if own.shut_out or own.touches(values) or mediator in rules.recused(before):
            raise Refused("complaints.mediator_recused")


def is_member(values: Mapping[str, object]) -> bool:
    """Whether an enterprise's record is that of a member, not only of a firm in the trade."""
    return bool(values.get("member_no") or values.get("member_since"))
