"""Steps of a case, taken at this desk: allowed, recorded and shown on the subject record in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from jmdesk.catalogue.calendar import WorkCalendar, work_calendar
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date, from_utc_text, utc_text
from jmdesk.core.errors import Refused
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import Writer
from jmdesk.store import reading
from jmdesk.workflows import queries
from jmdesk.workflows.definition import BACK, Book, Definition, Step, book
from jmdesk.workflows.standing import HAPPENED, Event, Standing, standing

Bar = Callable[[Writer, str, Step], None]
"""What a part of the office has against a step of a case, by the subject's record id: says so as ``Refused``."""

Effect = Callable[[Writer, str, Step, Mapping[str, object]], Record]
"""What follows from a step in the same command (papers, other records), by the subject's record id and the details of
the step; gives what the subject record shows after it. A step with an effect that a step back could not take away is
not reversible."""


def each(*bars: Bar) -> Bar:
    """Several bars as one, asked in turn."""

    def bar(writer: Writer, rid: str, step: Step) -> None:
        for one in bars:
            one(writer, rid, step)

    return bar


if TYPE_CHECKING:
    from jmdesk.attachments.content import Content

_RULES = "rules"
_PAPER = "paper"
_SCAN = "scan"
_WRITTEN = "written_at"


class Workflows:
    """The cases of one desk. ``actor`` and ``unit`` are written into each step, ``roles`` decide what may be taken.

    None as roles: the vault's only user, who does every duty of the office. Maker and checker differ all the same.
    """

    def __init__(
        self,
        desk: Workplace,
        *,
        actor: str,
        unit: str,
        roles: Callable[[], frozenset[str] | None],
        definitions: Book | None = None,
        calendar: WorkCalendar | None = None,
        bars: Mapping[str, Bar] | None = None,
        effects: Mapping[str, Effect] | None = None,
    ) -> None:
        self._desk, self._actor, self._unit, self._roles = desk, actor, unit, roles
        self._book = definitions or book()
        self._calendar = calendar or work_calendar()
        self._bars, self._effects = bars or {}, effects or {}

    @property
    def today(self) -> date:
        """The day in Beijing."""
        return beijing_date(self._desk.clock.now())

    def standing(self, workflow: str, type_id: str, rid: str) -> Standing:
        """Where one case stands."""
        return self.standings(workflow, type_id, (rid,))[rid]

    def standings(self, workflow: str, type_id: str, rids: Iterable[str]) -> dict[str, Standing]:
        """Where many cases stand; one without a step stands at the beginning."""
        wanted = {f"{type_id}:{rid}": rid for rid in rids}
        with self._desk.store.reading() as connection:
            found = queries.events_about(connection, wanted)
        return {rid: self._standing(workflow, found.get(target, [])) for target, rid in wanted.items()}

    def under_way(self, workflow: str) -> dict[str, Standing]:
        """Every case of a workflow that has begun and is not over, by the record id of its subject."""
        versions = [made for made in self._book.all() if made.id == workflow]
        ending = {s.id for made in versions for s in made.steps.values() if s.to and made.states[s.to].final}
        with self._desk.store.reading() as connection:
            found = queries.cases_under_way(connection, versions[-1].subject, ending)
            avoided = self._desk.records.guard.avoided.records.get(versions[-1].subject)
            if avoided:
                seen = reading.find(connection, versions[-1].subject, reading.Filter(rids=found, without=avoided))
                found = [one.rid for one in seen]
        standings = self.standings(workflow, versions[-1].subject, found)
        return {rid: case for rid, case in standings.items() if case.taken and not case.is_final}

    def workflow_of(self, type_id: str, rid: str = "") -> Definition | None:
        """The workflow in force today for cases about records of a type, if there is one.

        Where a type has several, the one that this record's case began under, else the one that its values belong to.
        """
        names = dict.fromkeys(made.id for made in self._book.all() if made.subject == type_id)
        found = [self._book.in_force(name, self.today) for name in names]
        if len(found) < 2 or not rid:
            return found[0] if found else None
        with self._desk.store.reading() as connection:
            events = queries.events_about(connection, (f"{type_id}:{rid}",)).get(f"{type_id}:{rid}", [])
            record = reading.get(connection, type_id, rid)
        begun = {str(event.details.get(_RULES, "")).partition("/")[0] for event in events}
        values = record.values if record is not None else {}
        chosen = [made for made in found if made.id in begun] or [made for made in found if made.concerns(values)]
        return (chosen or found)[0]

    def workflows(self) -> list[Definition]:
        """The versions in force today, one for each workflow."""
        return [self._book.in_force(name, self.today) for name in dict.fromkeys(made.id for made in self._book.all())]

    def may(self, step: Step, case: Standing) -> str:
        """What keeps this user from a step that the case allows: "role", "same_person", or "" for nothing."""
        own = self._roles()
        if step.roles and own is not None and step.roles.isdisjoint(own):
            return "role"
        if step.paper != "counts" and self._made_by_me(step, case):
            return "same_person"
        return ""

    def take(
        self,
        workflow: str,
        type_id: str,
        rid: str,
        step: str,
        *,
        details: Mapping[str, object] | None = None,
        reason: str = "",
        values: Record | None = None,
        on: date | None = None,
        also: Callable[[Writer], None] | None = None,
    ) -> Standing:
        """Take a step; ``values`` go into the subject record and ``also`` writes what belongs to it, all or nothing.

        ``on`` is the day on which it happened, where it is written down later: clocks and rules go by that day.

        ``Refused`` "workflows.not_now", "workflows.role", "workflows.same_person", "workflows.needs",
        "workflows.paper", "workflows.version", "workflows.day"; "store.no_such_record" when the subject is gone.
        """
        with self._desk.records.writing("step", reason=reason) as writer:
            reached = self.write(
                writer, workflow, type_id, rid, step, details=details, reason=reason, values=values, on=on
            )
            if also is not None:
                also(writer)
        return reached

    def write(
        self,
        writer: Writer,
        workflow: str,
        type_id: str,
        rid: str,
        step: str,
        *,
        details: Mapping[str, object] | None = None,
        reason: str = "",
        values: Record | None = None,
        on: date | None = None,
    ) -> Standing:
        """The same inside a command of the caller's. Errors as ``take``."""
        before = self._current(writer, workflow, type_id, rid, on)
        chosen = before.definition.steps.get(step)
        if chosen is None or chosen not in before.next_steps():
            raise Refused("workflows.not_now", step=chosen.label if chosen else step, state=before.label)
        if workflow in self._bars:
            self._bars[workflow](writer, rid, chosen)
        subject = writer.transaction.get(type_id, rid)
        self._desk.records.guard.require_free(type_id, subject.values if subject is not None else {})
        given = {**(details or {}), **self._dated(before, on)}
        self._check(chosen, before, given)
        given, scan = _scanned(given)
        event = self._record(writer, before, type_id, rid, chosen, given, reason)
        if scan is not None:
            from jmdesk.attachments.linking import attach

            writer.transaction.flush()
            attach(writer, "workflow_event", event.rid, scan, caption=f"{chosen.label} 纸质签批")
        projected: Record = {**chosen.shows(event.at, event.details), **(values or {})}  # type: ignore[dict-item]
        if workflow in self._effects:
            projected = {**projected, **self._effects[workflow](writer, rid, chosen, event.details)}
        if projected or chosen.clears:
            writer.change(type_id, rid, projected, chosen.clears, reason=reason)
        return standing(before.definition, [*before.taken, *before.disputed, event], self._calendar)

    def step_back(
        self,
        workflow: str,
        type_id: str,
        rid: str,
        reason: str,
        *,
        values: Record | None = None,
        unset: Iterable[str] = (),
    ) -> Standing:
        """Take back the latest step; it stays in the history. ``values`` and ``unset`` put the subject record right.

        ``Refused`` "workflows.reason" without a reason, "workflows.no_way_back" when the step cannot be taken back.
        """
        if not reason.strip():
            raise Refused("workflows.reason")
        with self._desk.records.writing("step_back", reason=reason) as writer:
            before = self._current(writer, workflow, type_id, rid)
            if not before.can_go_back():
                raise Refused("workflows.no_way_back", state=before.label)
            last = before.taken[-1]
            self._check_role(before.definition.steps[last.step])
            undone = before.definition.steps[last.step]
            event = self._record(writer, before, type_id, rid, None, {"of": last.rid}, reason)
            kept = dict(values or {})
            earlier = self._projected(before.definition, before.taken[:-1])
            gone = [name for name in (*undone.fields, *unset) if name not in kept and name not in earlier]
            put_back = {name: earlier[name] for name in (*undone.fields, *undone.clears) if name in earlier}
            if gone or kept or put_back:
                writer.change(type_id, rid, {**put_back, **kept}, gone, reason=reason)
        return standing(before.definition, [*before.taken, *before.disputed, event], self._calendar)

    def within(self, writer: Writer, workflow: str, type_id: str, rid: str) -> Standing:
        """Where one case stands inside a command, with the steps that the command has taken already."""
        return self._current(writer, workflow, type_id, rid)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _current(self, writer: Writer, workflow: str, type_id: str, rid: str, on: date | None = None) -> Standing:
        writer.transaction.flush()
        target = f"{type_id}:{rid}"
        found = queries.events_about(writer.transaction.connection, (target,))
        return self._standing(workflow, found.get(target, []), on)

    def _standing(self, workflow: str, events: list[Event], on: date | None = None) -> Standing:
        own = [event for event in events if str(event.details.get(_RULES, "")).startswith(f"{workflow}/")]
        return standing(self._definition(workflow, own, on), own, self._calendar)

    def _dated(self, before: Standing, on: date | None) -> dict[str, object]:
        """The member of the details that says when it happened; nothing for today. ``Refused`` "workflows.day"."""
        earliest = before.taken[-1].day if before.taken else date.min
        if on is None or on == self.today:
            return {}
        if not earliest <= on < self.today:
            raise Refused("workflows.day", day=on.isoformat())
        return {HAPPENED: on.isoformat()}

    def _definition(self, workflow: str, events: list[Event], on: date | None = None) -> Definition:
        """The version under which the case was begun, whatever is in force today."""
        if not events:
            return self._book.in_force(workflow, on or self.today)
        first = min(events, key=lambda e: (e.at, e.rid))
        version = str(first.details[_RULES]).partition("/")[2]
        try:
            return self._book.version(workflow, version)
        except KeyError:
            raise Refused("workflows.version", version=version) from None

    def _check(self, step: Step, before: Standing, details: Mapping[str, object]) -> None:
        missing = [label for name, label in step.needs.items() if details.get(name) in (None, "", [], {})]
        if missing:
            raise Refused("workflows.needs", step=step.label, missing="、".join(missing))
        paper = details.get(_PAPER)
        if paper is not None:
            whole = isinstance(paper, Mapping) and paper.get("signer") and paper.get("date")
            if not step.paper or not whole:
                raise Refused("workflows.paper", step=step.label)
        self._check_role(step)
        if paper is not None and step.paper == "counts":
            return  # the one who signed is the checker; the desk only keeps the paper
        maker = self._made_by_me(step, before)
        if maker is not None:
            raise Refused("workflows.same_person", step=step.label, other=maker.label)

    def _made_by_me(self, step: Step, case: Standing) -> Step | None:
        """The step taken by this user that another person has to check."""
        for maker in step.not_by:
            event = case.last(maker)
            if event is not None and event.actor == self._actor:
                return case.definition.steps[maker]
        return None

    def _check_role(self, step: Step) -> None:
        own = self._roles()
        if step.roles and own is not None and step.roles.isdisjoint(own):
            labels = self._desk.catalogue.code_lists["CL-ROLE"]
            names = "、".join(labels.label(role) for role in sorted(step.roles, key=lambda role: int(role[1:])))
            raise Refused("workflows.role", step=step.label, roles=names)

    def _record(
        self,
        writer: Writer,
        before: Standing,
        type_id: str,
        rid: str,
        step: Step | None,
        details: dict[str, object],
        reason: str,
    ) -> Event:
        """Write a step down; None is the step back.

        A step never stands before the one it follows: where a clock was set wrong, it takes the second after, and
        says when it was really written.
        """
        subject = writer.transaction.get(type_id, rid)
        if subject is None:
            raise Refused("store.no_such_record")
        kept = {name: subject.values[name] for name in (step.keeps if step else ()) if name in subject.values}
        made_under, now = before.definition, utc_text(self._desk.clock.now())
        whole = {_RULES: f"{made_under.id}/{made_under.version}", **kept, **details}
        name = step.id if step else BACK
        latest = max((event.at for event in (*before.taken, *before.disputed)), default="")
        at = now if latest <= now else utc_text(from_utc_text(latest) + timedelta(seconds=1))
        if at != now:
            whole[_WRITTEN] = now
        values: Record = {
            "target_ref": f"{type_id}:{rid}",
            "step": name,
            "event_at": at,
            "actor_id": self._actor,
            "org_uscc": self._unit,
            "details": whole,
        }
        if reason.strip():
            values["reason"] = reason.strip()
        made = writer.create("workflow_event", values, region=subject.region)
        return Event(made, name, at, self._actor, self._unit, reason.strip(), whole)

    @staticmethod
    def _projected(definition: Definition, taken: Iterable[Event]) -> Record:
        """What the steps so far put on the subject record."""
        shown: Record = {}
        for event in taken:
            step = definition.steps[event.step]
            for name in step.clears:
                shown.pop(name, None)
            shown.update(step.shows(event.at, event.details))  # type: ignore[arg-type]
        return shown


def _scanned(details: Mapping[str, object]) -> tuple[dict[str, object], Content | None]:
    """The details with the scan of a signed paper named by its hash, and the scan: given as the path of a document.

    Errors as ``read_document``.
    """
    paper = details.get(_PAPER)
    scan = paper.get(_SCAN) if isinstance(paper, Mapping) else None
    if not isinstance(paper, Mapping) or not isinstance(scan, Path):
        return dict(details), None
    from jmdesk.attachments.intake import read_document

    content = read_document(scan)
    return {**details, _PAPER: {**paper, _SCAN: content.sha256}}, content
