"""What keeps a case from going on, and what has changed under it while it was on notice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jmdesk.catalogue.calendar import Deadline
from jmdesk.core.errors import Refused
from jmdesk.ratings import facts
from jmdesk.ratings import queries as ratings
from jmdesk.ratings.scorecard import stored_facts
from jmdesk.ratings.verification import verify
from jmdesk.records.consent_book import read_many
from jmdesk.records.readiness import OWN_SOURCES
from jmdesk.reviews import queries
from jmdesk.reviews.office import Office
from jmdesk.reviews.queries import Line
from jmdesk.reviews.rules import panel_rules
from jmdesk.workflows.standing import Standing

if TYPE_CHECKING:
    from jmdesk.records.writer import Writer
    from jmdesk.store.reading import Connection

RATING_CONSENT = "C4"
OWNERS_STEPS = frozenset({"assess", "score", "recall", "correct"})
"""Steps for the unit that keeps the file: they count its ballots or draw the score up from all of its values."""
_VILLAGES_PART = frozenset({"apply", "screen", "assess", "score"})
CONFIRMED = "confirmed"
"""How a record stands whose last change the platform has confirmed."""
ON_NOTICE = frozenset({"noticed", "objected", "corrected", "decided"})
_NEXT: Mapping[str, str] = {"scored": "review", "returned": "score", "decided": "certify"}
"""What a case that another desk handed over waits for, by state."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something about a case that somebody has to know: ``code`` as in the texts, ``bad`` when it stops the case."""

    code: str
    bad: bool
    params: Mapping[str, object]


class Watch:
    """Looks after the cases of one desk; writes nothing."""

    def __init__(self, desk: Office) -> None:
        self._desk = desk

    # -- what keeps a step from being taken ------------------------------------------------------------------------

    def check(self, writer: Writer, rating: str, step: str) -> None:
        """``Refused`` with the code of what stands against a step.

        "reviews.consent_missing" without the consent to be rated and published; "reviews.not_credit" and
        "reviews.is_credit"; "reviews.notice_running"; "reviews.objection_open"; "reviews.input_changed";
        "reviews.no_head" for a notice without a name; "reviews.still_agreed" for a stop without a withdrawal;
        "reviews.owners_step" for what only the unit that keeps the file can do.
        """
        writer.transaction.flush()
        connection = writer.transaction.connection
        line = queries.lines(connection, [rating])[0]
        if step in OWNERS_STEPS and self.is_elsewhere(line):
            raise Refused("reviews.owners_step")
        consents = read_many(connection, [line.household], writer.on)[line.household]
        agreed = RATING_CONSENT in consents.signed
        if step in ("post", "repost", "decide", "certify") and not agreed:
            raise Refused("reviews.consent_missing")
        if step in ("post", "repost") and not line.head:
            raise Refused("reviews.no_head")
        if step == "stop" and agreed:
            raise Refused("reviews.still_agreed")
        credit = self._is_credit(writer, rating, line.grade)
        if step in ("post", "repost", "decide", "certify") and not credit:
            raise Refused("reviews.not_credit")
        if step == "close" and credit and agreed:
            raise Refused("reviews.is_credit")
        if step in ("settle", "decide") and self._open_objections(connection, [rating]):
            raise Refused("reviews.objection_open")
        if step == "decide":
            self._check_notice(line)
            if self._changed(connection, [line]):
                raise Refused("reviews.input_changed")

    def check_recorder(self, writer: Writer, line: Line) -> None:
        """Who keeps a village's archive for it does not also review it.

        ``Refused`` "reviews.recorder" for who collected or typed the household, or took a step of the village's part.
        """
        if not self._desk.is_kept(line.region):
            return
        household = writer.transaction.get("R05", line.household)
        recorders = {household.values.get("collector_id"), household.created_by} if household is not None else set()
        case = self._desk.workflows.within(writer, "W2", "R16", line.rating)
        recorders |= {event.actor for event in case.taken if event.step in _VILLAGES_PART}
        if self._desk.actor in recorders:
            raise Refused("reviews.recorder")

    def is_elsewhere(self, line: Line) -> bool:
        """Whether another unit keeps the rating, so that ballots and some values are not shown here."""
        return line.source not in OWN_SOURCES and line.source != self._desk.unit

    def notice_end(self, since: date) -> Deadline:
        """The last day of a notice that is posted on a day, as the workflow's clock counts it."""
        definition = self._desk.workflows.workflow_of("R16")
        days = next(c.days for c in definition.clocks if c.id == "notice") if definition else 7
        return self._desk.catalogue.calendar.natural_deadline(since, days)

    def _check_notice(self, line: Line) -> None:
        """Over only after both the day that was printed and the day that the calendar of today gives."""
        if not line.publicity:
            raise Refused("reviews.notice_running", day="-")
        end = max(date.fromisoformat(line.publicity[1]), self.notice_end(date.fromisoformat(line.publicity[0])).day)
        if self._desk.workflows.today <= end:
            raise Refused("reviews.notice_running", day=end.isoformat())

    def _is_credit(self, writer: Writer, rating: str, grade: str) -> bool:
        found = writer.transaction.get("R16", rating)
        label = str(found.values.get("model_ver", "")) if found else ""
        return self._desk.ratings.package_of(label).is_credit_grade(grade)

    # -- what has changed ------------------------------------------------------------------------------------------

    def troubles(self, lines: Sequence[Line], standings: Mapping[str, Standing]) -> dict[str, list[Trouble]]:
        """What to know about cases: withdrawn consents, changed inputs, objections, notices that are over.

        And decisions without the platform's receipt: a certificate given out before it is provisional for good.
        """
        found: dict[str, list[Trouble]] = defaultdict(list)
        watched = [line for line in lines if standings[line.rating].state in ON_NOTICE]
        if not watched:
            return found
        today = self._desk.workflows.today
        with self._desk.store.reading() as connection:
            consents = read_many(connection, [line.household for line in watched], today)
            changed = self._changed(connection, watched)
            objected = self._open_objections(connection, [line.rating for line in watched])
        for line in watched:
            if RATING_CONSENT not in consents[line.household].signed:
                found[line.rating].append(Trouble("consent", bad=True, params={}))
            if line.rating in changed:
                found[line.rating].append(Trouble("changed", bad=True, params={"grade": changed[line.rating]}))
            if line.rating in objected:
                found[line.rating].append(Trouble("objection", bad=True, params={}))
            if standings[line.rating].state == "decided" and self._desk.platform and line.sync != CONFIRMED:
                found[line.rating].append(Trouble("unsent", bad=False, params={}))
            if standings[line.rating].state == "noticed":
                found[line.rating] += self._notice_state(line, today)
        return found

    def _notice_state(self, line: Line, today: date) -> list[Trouble]:
        if not line.publicity:
            return []
        start, printed = (date.fromisoformat(day) for day in line.publicity)
        counted = self.notice_end(start)
        end = max(printed, counted.day)
        if today > end:
            return [Trouble("ready", bad=False, params={"day": end.isoformat()})]
        if counted.provisional:
            return [Trouble("provisional", bad=False, params={"day": end.isoformat()})]
        return [Trouble("later", bad=False, params={"day": end.isoformat()})] if counted.day > printed else []

    def withdrawn(self) -> list[str]:
        """Ratings whose review goes on, or whose certificate stands, though the consent was withdrawn."""
        with self._desk.store.reading() as connection:
            mine = queries.ratings_of(connection, "")
            if not mine:
                return []
            consents = read_many(connection, sorted(set(mine.values())), self._desk.workflows.today)
            revoked = queries.revoked(connection, RATING_CONSENT, sorted(set(mine.values())))
        gone = [
            rating
            for rating, household in mine.items()
            if household in revoked and RATING_CONSENT not in consents[household].signed
        ]
        standings = self._desk.workflows.standings("W2", "R16", gone)
        return [rating for rating in gone if not standings[rating].is_final or standings[rating].state == "certified"]

    def waiting(self) -> dict[str, int]:
        """What the home page counts: cases in trouble, notices that are over, yearly reviews that are due.

        And cases that wait for this user, whichever desk they come from.
        """
        with self._desk.store.reading() as connection:
            lines = queries.lines(connection, queries.ratings_of(connection, ""))
        standings = self._desk.workflows.standings("W2", "R16", [line.rating for line in lines])
        troubles = self.troubles(lines, standings)
        today, mine = self._desk.workflows.today, self.mine(standings.values())
        late = sum(any(due.day and due.day < today for due in standings[line.rating].open_dues()
                       if due.clock.id != "notice") for line in lines)  # fmt: skip
        return {
            "overdue": late,
            "trouble": sum(any(t.bad for t in found) for found in troubles.values()),
            "ready": sum(any(t.code == "ready" for t in found) for found in troubles.values()),
            "annual": len(self._annual(lines, standings)),
            "review": mine["scored"],
            "returned": mine["returned"],
            "certify": mine["decided"],
        }

    def mine(self, cases: Iterable[Standing]) -> Counter[str]:
        """How many cases that another person or desk handed over wait for this user, by state."""
        found = Counter[str]()
        for case in cases:
            step = case.definition.steps.get(_NEXT.get(case.state, ""))
            if step is not None and not self._desk.workflows.may(step, case):
                found[case.state] += 1
        return found

    def _annual(self, lines: Sequence[Line], standings: Mapping[str, Standing]) -> list[str]:
        """Certificates whose yearly review is due, or that have run out."""
        today, days = self._desk.workflows.today, timedelta(days=panel_rules().annual_after_days)
        due = []
        for line in lines:
            case = standings[line.rating]
            last = case.last("certify", "keep", "raise")
            if (
                case.state == "certified"
                and last is not None
                and (last.day + days <= today or line.valid_to < str(today))
            ):
                due.append(line.rating)
        return due

    def _changed(self, connection: Connection, lines: Sequence[Line]) -> dict[str, str]:
        """Ratings whose facts would now earn another grade, with that grade ("" when the records contradict).

        A fact that changed without changing the grade does not: the rating keeps the facts it was published on.
        """
        changed: dict[str, str] = {}
        away = {line.household for line in lines if self.is_elsewhere(line)}
        for year in {line.year for line in lines}:
            own = {line.household: line.rating for line in lines if line.year == year}
            stored = ratings.stored_ratings(connection, list(own), year)
            kept = {household: found for household, found in stored.items() if found.rid == own[household]}
            for label in {str(found.values["model_ver"]) for found in kept.values()}:
                package = self._desk.ratings.package_of(label)
                of_model = [h for h, found in kept.items() if found.values["model_ver"] == label]
                given = {
                    household: facts.from_stored(stored_facts(kept[household].item_scores), package)
                    for household in away.intersection(of_model)
                }
                cards = self._desk.ratings.computed(of_model, package, year=year, elsewhere=given).cards
                for household in of_model:
                    now = cards[household].grade if household in cards else ""
                    if now != verify(kept[household].item_scores, package).grade:
                        changed[own[household]] = now
        return changed

    def _open_objections(self, connection: Connection, rated: Sequence[str]) -> set[str]:
        found = queries.objections(connection, rated)
        cases = [rid for entries in found.values() for rid, _ in entries]
        standings = self._desk.workflows.standings("W11", "R25", cases) if cases else {}
        return {rating for rating, entries in found.items() if any(not standings[rid].is_final for rid, _ in entries)}
