"""The household review at one desk: cases of W2 with everything that a step brings about, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from jmdesk.catalogue.types import Record
from jmdesk.core.errors import Refused
from jmdesk.papers import queries as papers
from jmdesk.ratings import queries as ratings
from jmdesk.records.readiness import OWN_SOURCES
from jmdesk.reviews import documents, queries
from jmdesk.reviews.certificates import TEMPLATE, issue_certificate, sealed_pdf
from jmdesk.reviews.filing import Filing
from jmdesk.reviews.notices import LEFT, Notices
from jmdesk.reviews.office import Office
from jmdesk.reviews.panel import Panel
from jmdesk.reviews.queries import Line
from jmdesk.reviews.rules import adjusted
from jmdesk.reviews.watch import Trouble, Watch
from jmdesk.workflows.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jmdesk.records.writer import Writer
    from jmdesk.workflows.definition import Step

W2, RATING = "W2", "R16"
POSTING = frozenset({"post", "repost"})
RATABLE = frozenset({"10", "15", "85"})
"""CL-RSTAT: states from which the first rating may be drawn up anew."""
CORRECTABLE = frozenset({"30", "40", "50", "35"})
ANNUAL = {"keep": "维持原等级", "raise": "提级，新年度结果另行公示", "lower": "降级，按新年度结果执行"}
"""The yearly review's results as the household is told."""
_SLIPS = {
    "recall": "review-recall",
    "return": "review-return",
    "correct": "review-correction",
    "reissue": "review-reissue",
    "withdraw": "review-withdrawal",
    "keep": "review-annual",
    "raise": "review-annual",
    "lower": "review-annual",
    "stop": "review-stop",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A rating under review: its line, where it stands, its valid votes, what is wrong or ready."""

    line: Line
    standing: Standing
    votes: int
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """What one step did to many cases: done, and those that refused it with the reason. ``paper``: what it gave out."""

    done: tuple[str, ...]
    refused: tuple[tuple[str, Refused], ...]
    paper: str = ""


class Reviews:
    """The household reviews of one desk. Every step goes through ``take``, ``advance`` or ``step_back``."""

    def __init__(self, desk: Office) -> None:
        self._desk = desk
        self.panel = Panel(desk)
        self.watch = Watch(desk)
        self.filing = Filing(desk, self.panel)
        self.notices = Notices(desk)
        self._taking: set[str] = set()

    # -- reading ---------------------------------------------------------------------------------------------------

    def cases(self, batch: str) -> list[Case]:
        """Every case of a batch in order of household numbers."""
        with self._desk.store.reading() as connection:
            found = queries.lines(connection, queries.ratings_of(connection, batch))
        return self._cases(batch, found)

    def case(self, rating: str) -> Case:
        """One case. ``Refused`` "reviews.not_in_batch"."""
        with self._desk.store.reading() as connection:
            batch, found = queries.batch_of(connection, rating), queries.lines(connection, [rating])
        if not batch or not found:
            raise Refused("reviews.not_in_batch")
        return self._cases(batch, found)[0]

    def batch_of(self, rating: str) -> str:
        """The batch that a rating is reviewed in, "" for none."""
        with self._desk.store.reading() as connection:
            return queries.batch_of(connection, rating)

    def candidates(self, batch: str) -> list[str]:
        """Households of the batch's village that no review of the year has yet; none for a batch of another unit."""
        found = self.panel.batch(batch)
        if found.unit:
            return []
        with self._desk.store.reading() as connection:
            return queries.open_households(connection, found.region, found.year, {*OWN_SOURCES, self._desk.unit})

    # -- steps -----------------------------------------------------------------------------------------------------

    def apply(self, batch: str, households: Sequence[str]) -> Bulk:
        """Take up households into a batch: a draft rating each, and the application. Others refuse with their reason.

        Reasons: "ratings.declined", "ratings.bad_facts", "reviews.in_batch". ``Refused`` "reviews.owners_step" for a
        batch that another unit submitted.
        """
        found, done, refused = self.panel.batch(batch), list[str](), list[tuple[str, Refused]]()
        if found.unit:
            raise Refused("reviews.owners_step")
        for household in households:
            try:
                with self._desk.records.writing("review", reason=batch) as writer:
                    done.append(self._apply(writer, batch, household, found.year))
            except Refused as error:
                refused.append((household, error))
        return Bulk(tuple(done), tuple(refused))

    def take(
        self,
        rating: str,
        step: str,
        *,
        details: Mapping[str, object] | None = None,
        reason: str = "",
        grade: str = "",
    ) -> Standing:
        """Take one step of one case with all that belongs to it (rating, papers, certificate).

        ``grade`` is the town's grade at "review", empty for the computed one. ``Refused``: as ``Workflows.take`` and
        the codes ``reviews.…`` of the step.
        """
        with self._desk.records.writing("step", reason=reason) as writer:
            reached = self._write(writer, rating, step, dict(details or {}), reason, grade)
            if step in POSTING:
                self.notices.anew(writer, rating, f"增列：{reason}" if reason else "公示名单增列")
            return reached

    def advance(
        self, step: str, cases: Sequence[str], *, details: Mapping[str, object] | None = None, reason: str = ""
    ) -> Bulk:
        """Take one step of many cases, each by itself; posting a notice is one act for all that can be posted."""
        if step in POSTING:
            return self._post(step, cases, dict(details or {}), reason)
        done, refused = list[str](), list[tuple[str, Refused]]()
        for rating in cases:
            try:
                self.take(rating, step, details=details, reason=reason)
                done.append(rating)
            except Refused as error:
                refused.append((rating, error))
        return Bulk(tuple(done), tuple(refused))

    def step_back(self, rating: str, reason: str) -> Standing:
        """Take back the latest step of a case; the record shows what it showed before.

        Errors as ``Workflows``; "reviews.others_step" for a step that another unit took.
        """
        case = self._desk.workflows.standing(W2, RATING, rating)
        if not self.is_own_step(case):
            raise Refused("reviews.others_step")
        values: Record = {}
        gone: list[str] = []
        if case.taken and case.taken[-1].step == "review":
            values, gone = {"grade": self._own_grade(rating)}, ["second_rater"]
        return self._desk.workflows.step_back(W2, RATING, rating, reason, values=values, unset=gone)

    def is_own_step(self, case: Standing) -> bool:
        """Whether the latest step of a case was taken by this unit, so that it may be taken back here."""
        return not case.taken or case.taken[-1].org == self._desk.unit

    def object_to(self, rating: str, applicant: str, ground: str) -> str:
        """Record an objection raised during the notice: the case of W11, marked at once, and the pause of this one.

        ``applicant`` is a reference (``"R05:<rid>"``). ``ground`` goes along with the step to the town, which settles
        it: it names nobody. Gives the objection's record id. ``Refused`` as ``take``.
        """
        from jmdesk.core.clock import utc_text
        from jmdesk.records.serials import Serials

        with self._desk.records.writing("step", reason=ground) as writer:
            found = writer.transaction.get(RATING, rating)
            if found is None:
                raise Refused("reviews.not_in_batch")
            writer.transaction.flush()
            serials = Serials(writer.transaction.connection, self._desk.number_block)
            number = serials.next("YY", found.region, writer.on.year)
            values: Record = {
                "case_no": number,
                "case_kind": "1",
                "applicant_id": applicant,
                "target_ref": f"{RATING}:{rating}",
                "reason": ground.strip(),
                "received_at": utc_text(self._desk.clock.now()),
            }
            rid = writer.create("R25", values, region=found.region)
            self._desk.workflows.write(writer, "W11", "R25", rid, "receive")
            self._write(writer, rating, "object", {"case_no": number, "ground": ground.strip()}, "", "")
        return rid

    def seal_pdf(self, number: str, data: bytes) -> bytes:
        """The PDF of a paper as it is handed out: a certificate bears a code over its bytes, no other."""
        with self._desk.store.reading() as connection:
            found = papers.get(connection, number)
        if found is None or found.template != TEMPLATE:
            return data
        return sealed_pdf(data, number, self._desk.workflows.today, self._desk.seal_keys())

    def stop_withdrawn(self) -> list[str]:
        """Stop every review whose household has withdrawn its consent to be rated; gives the ratings stopped.

        A withdrawal takes effect at once: the name leaves the notice, which is printed anew for the others with the
        same dates. Harmless to call again.
        """
        stopped = []
        for rating in self.watch.withdrawn():
            with suppress(Refused):
                self.take(rating, "stop", reason="本人撤回授权(评定与公示)")
                stopped.append(rating)
        return stopped

    def catch_up(self) -> list[str]:
        """What has to follow from what arrived: reviews without consent stop, notices lose who left them elsewhere.

        Gives the ratings stopped. Harmless to call again.
        """
        stopped = self.stop_withdrawn()
        for batch in self.panel.batches():
            left = self.notices.left_elsewhere(batch) if batch.notice else ""
            if left:
                with self._desk.records.writing("review", reason=batch.number) as writer:
                    self.notices.anew(writer, left, LEFT)
        return stopped

    def bar(self, writer: Writer, rating: str, step: Step) -> None:
        """What stands against a step of W2. ``Refused`` "reviews.own_page" for one that goes around this service."""
        if rating not in self._taking:
            raise Refused("reviews.own_page")
        self.watch.check(writer, rating, step.id)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _apply(self, writer: Writer, batch: str, household: str, year: int) -> str:
        self._desk.ratings.rate_within(writer, household, year=year, replacing=frozenset({"10"}))
        writer.transaction.flush()
        connection = writer.transaction.connection
        rating = ratings.stored_ratings(connection, [household], year)[household].rid
        if queries.batch_of(connection, rating):
            raise Refused("reviews.in_batch")
        queries.put_case(connection, batch, rating, household)
        self._write(writer, rating, "apply", {"batch": batch}, "", "")
        return rating

    def _write(
        self, writer: Writer, rating: str, step: str, details: dict[str, object], reason: str, grade: str
    ) -> Standing:
        values = self._before(writer, rating, step, details, reason, grade)
        with self._own(rating):
            reached = self._desk.workflows.write(
                writer, W2, RATING, rating, step, details=details, reason=reason, values=values
            )
        self._after(writer, rating, step, details, reason)
        return reached

    @contextmanager
    def _own(self, rating: str) -> Iterator[None]:
        self._taking.add(rating)
        try:
            yield
        finally:
            self._taking.discard(rating)

    def _before(
        self, writer: Writer, rating: str, step: str, details: dict[str, object], reason: str, grade: str
    ) -> Record:
        """What a step does to the rating before it is written down, and the values it puts on it."""
        if step == "assess":
            self._check_votes(writer, rating, reason)
        if step == "score":
            return self._score(writer, rating, details)
        if step == "correct":
            self._rate(writer, rating, CORRECTABLE)
        if step == "review":
            return self._review(writer, rating, details, reason, grade)
        if step in POSTING:
            return self._notice_days(step)
        if step in ("certify", "reissue"):
            self._certify(writer, rating, step, details, reason)
        if step == "decide":
            self._check_decider(details)
        return {}

    def _after(self, writer: Writer, rating: str, step: str, details: dict[str, object], reason: str) -> None:
        if step in _SLIPS:
            told = {**details, "result": ANNUAL[step]} if step in ANNUAL else details
            self._slip(writer, rating, step, told, reason)
        if step in ("correct", "stop"):
            self.notices.anew(writer, rating, LEFT, leaving=rating)

    def _check_votes(self, writer: Writer, rating: str, reason: str) -> None:
        connection = writer.transaction.connection
        batch, line = queries.batch_of(connection, rating), queries.lines(connection, [rating])[0]
        votes, least = self.panel.valid_votes(connection, batch, line.household), self.panel.rules.least_votes
        if votes < least and not reason.strip():
            raise Refused("reviews.too_few_votes", votes=votes, least=least)

    def _rate(self, writer: Writer, rating: str, replacing: frozenset[str]) -> None:
        writer.transaction.flush()
        line = queries.lines(writer.transaction.connection, [rating])[0]
        self._desk.ratings.rate_within(writer, line.household, year=line.year, replacing=replacing)
        writer.transaction.flush()

    def _score(self, writer: Writer, rating: str, details: dict[str, object]) -> Record:
        self._rate(writer, rating, RATABLE)
        found = writer.transaction.get(RATING, rating)
        if found is None or "item_scores" not in found.values:
            raise Refused("reviews.awaiting_consent")
        details["digest"] = str(found.values.get("input_digest", ""))
        return {"first_rater": self._desk.actor}

    def _review(self, writer: Writer, rating: str, details: dict[str, object], reason: str, grade: str) -> Record:
        found = self.case(rating).line
        if not details.get("paper"):
            self.watch.check_recorder(writer, found)
        current = self._desk.ratings.latest(found.household, year=found.year)
        package = self._desk.ratings.package_of(current.card.model)
        given = adjusted(current.card, package, grade, reason)
        if given != current.card.grade:
            details["adjusted"] = package.rank(current.card.grade) - package.rank(given)
            details["ground"] = reason.strip()  # the unit that submitted the case is told why
        return {"grade": given, "second_rater": self._desk.actor}

    def _own_grade(self, rating: str) -> str:
        found = self.case(rating).line
        return self._desk.ratings.latest(found.household, year=found.year).card.grade

    def _notice_days(self, step: str) -> Record:
        today = self._desk.workflows.today
        last = self.watch.notice_end(today)
        return {"publicity_range": [today.isoformat(), last.day.isoformat()], **self._second(step)}

    def _second(self, step: str) -> Record:
        return {"second_rater": self._desk.actor} if step == "repost" else {}

    def _check_decider(self, details: Mapping[str, object]) -> None:
        guard = self._desk.records.guard
        if guard.matrix is not None and "R11" not in guard.roles and not details.get("paper"):
            raise Refused("reviews.paper_needed")

    def _certify(self, writer: Writer, rating: str, step: str, details: dict[str, object], reason: str) -> None:
        writer.transaction.flush()
        line = queries.lines(writer.transaction.connection, [rating])[0]
        if step == "reissue":
            with suppress(Refused):  # given out at another desk, whose register has it
                self._desk.papers.strike(writer, line.cert_no, str(details.get("ground") or reason))
            until = date.fromisoformat(line.valid_to)
        else:
            today = self._desk.workflows.today
            years = self.panel.rules.certificate_years
            until = today.replace(year=today.year + years, day=min(today.day, 28)) - timedelta(days=1)
            details["valid_to"] = until.isoformat()
        details["cert_no"], details["cert_digest"] = issue_certificate(self._desk, writer, line, until)

    def _slip(self, writer: Writer, rating: str, step: str, details: Mapping[str, object], reason: str) -> None:
        writer.transaction.flush()
        line = queries.lines(writer.transaction.connection, [rating])[0]
        values = documents.slip(self._desk, line, details, reason)
        self._desk.papers.write(writer, _SLIPS[step], RATING, rating, values)

    def _post(self, step: str, cases: Sequence[str], details: dict[str, object], reason: str) -> Bulk:
        refused = list[tuple[str, Refused]]()
        with self._desk.records.writing("step", reason=reason) as writer:
            fit = []
            for rating in cases:
                try:
                    self.watch.check(writer, rating, step)
                    fit.append(rating)
                except Refused as error:
                    refused.append((rating, error))
            for rating in fit:
                self._write(writer, rating, step, dict(details), reason, "")
            paper = self.notices.anew(writer, fit[0], "公示名单增列") if fit else ""
        return Bulk(tuple(fit), tuple(refused), paper)

    def _cases(self, batch: str, found: Iterable[Line]) -> list[Case]:
        lines = list(found)
        if not lines:
            return []
        standings = self._desk.workflows.standings(W2, RATING, [line.rating for line in lines])
        sheet = self.panel.sheet(batch, [line.household for line in lines])
        troubles = self.watch.troubles(lines, standings)
        return [
            Case(
                line,
                standings[line.rating],
                sheet.votes(line.household),
                tuple(troubles.get(line.rating, ())),
            )
            for line in lines
        ]
