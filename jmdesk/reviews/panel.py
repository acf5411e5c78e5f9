"""The review panel of a batch: who sits on it, who is kin to whom, ballots and tally sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from jmdesk.attachments.content import Content
from jmdesk.attachments.linking import attach
from jmdesk.catalogue.types import Record
from jmdesk.core.clock import utc_text
from jmdesk.core.errors import Refused
from jmdesk.records.serials import Serials
from jmdesk.records.writer import Writer
from jmdesk.reviews import queries
from jmdesk.reviews.office import Office
from jmdesk.reviews.queries import Batch
from jmdesk.reviews.rules import (
    CLEAR,
    HINT,
    KIN,
    Ballot,
    Neighbour,
    PanelRules,
    Seat,
    check_marks,
    panel_rules,
    relation,
    valid,
)
from jmdesk.reviews.tallying import TallyLine, counted
from jmdesk.store.reading import Connection

NUMBER_PREFIX = "PY"
TALLY_ITEM = "D1"
"""The indicator that the panel's opinion goes into."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A batch as the ballot grid shows it: seats, relations and ballots by (seat, household)."""

    batch: Batch
    seats: tuple[Seat, ...]
    relations: Mapping[tuple[str, str], str]
    ballots: Mapping[tuple[str, str], Ballot]
    tallied: Mapping[str, int]

    def votes(self, household: str) -> int:
        """Valid votes on a household, from ballots or from its tally sheet."""
        cast = sum(1 for (_, of), ballot in self.ballots.items() if of == household and ballot.counts)
        return self.tallied.get(household, cast)


class Panel:
    """Batches and their panels at one desk. Names stay in this vault; what travels are anonymous tallies."""

    def __init__(self, desk: Office, rules: PanelRules | None = None) -> None:
        self._desk, self.rules = desk, rules or panel_rules()

    # -- batches ---------------------------------------------------------------------------------------------------

    def open_batch(self, region: str, year: int | None = None) -> str:
        """Begin the review of a village (12-digit code) in a year; gives the batch's number. The guard's errors."""
        self._desk.records.guard.require("create", "R16", region)
        with self._desk.records.writing("review") as writer:
            writer.transaction.flush()
            connection, year = writer.transaction.connection, year or writer.on.year
            number = Serials(connection, self._desk.number_block).next(NUMBER_PREFIX, region, writer.on.year)
            at = writer.transaction.at
            queries.add_batch(connection, Batch(number, region, year, at, self._desk.actor, "", ""))
        return number

    def batches(self) -> list[Batch]:
        """Every batch, newest first."""
        with self._desk.store.reading() as connection:
            return queries.batches(connection)

    def batch(self, number: str) -> Batch:
        """One batch. ``Refused`` "reviews.no_batch"."""
        with self._desk.store.reading() as connection:
            return _batch(connection, number)

    # -- seats -----------------------------------------------------------------------------------------------------

    def seats(self, batch: str) -> list[Seat]:
        """The members of a panel."""
        with self._desk.store.reading() as connection:
            return queries.seats(connection, batch)

    def seat(self, batch: str, name: str, duty: str = "", *, household: str = "", address: str = "") -> Seat:
        """Give somebody a seat; ``household`` is the record of their own household where it is in the archive.

        ``Refused`` "reviews.no_batch", "reviews.no_name".
        """
        if not name.strip():
            raise Refused("reviews.no_name")
        with self._writing(batch) as (connection, _):
            taken = [int(seat.no) for seat in queries.seats(connection, batch)]
            if household and not address:
                found = queries.neighbours(connection, [household]).get(household)
                address = found.address if found else ""
            no = f"{max(taken, default=0) + 1:02d}"
            made = Seat(no, name.strip()[:50], duty.strip()[:30], household, address.strip()[:100], attended=False)
            queries.put_seat(connection, batch, made)
        return made

    def attend(self, batch: str, no: str, *, present: bool) -> None:
        """Tick who came. ``Refused`` "reviews.no_seat", "reviews.has_voted" for one whose ballots are in."""
        with self._writing(batch) as (connection, _):
            seat = _seat(connection, batch, no)
            if not present and any(key[0] == no for key in queries.ballots(connection, batch)):
                raise Refused("reviews.has_voted", no=no)
            queries.put_seat(connection, batch, replace(seat, attended=present))

    def dismiss(self, batch: str, no: str) -> None:
        """Take a seat away. ``Refused`` "reviews.no_seat", "reviews.has_voted"."""
        with self._writing(batch) as (connection, _):
            _seat(connection, batch, no)
            if any(key[0] == no for key in queries.ballots(connection, batch)):
                raise Refused("reviews.has_voted", no=no)
            queries.drop_seat(connection, batch, no)

    def declare(self, batch: str, no: str, household: str, *, related: bool, ground: str = "") -> None:
        """Write down whether a member is kin to a household; kin stand aside, and a vote already cast is voided.

        ``Refused`` "reviews.no_seat"; "reviews.same_household" for one who denies living there.
        """
        with self._writing(batch) as (connection, writer):
            seat = _seat(connection, batch, no)
            if not related and seat.household == household:
                raise Refused("reviews.same_household", no=no)
            kind = KIN if related else CLEAR
            at, by = writer.transaction.at, self._desk.actor
            queries.put_tie(connection, batch, no, household, kind, ground.strip()[:200], at, by)
            if related:
                self._keep(writer, batch, Ballot(no, household, {}, knows=True, recused=True))

    def sheet(self, batch: str, households: Sequence[str]) -> Sheet:
        """Everything the ballot grid shows."""
        with self._desk.store.reading() as connection:
            found = _batch(connection, batch)
            seats = tuple(queries.seats(connection, batch))
            near, ties = queries.neighbours(connection, households), queries.ties(connection, batch)
            relations = {
                (seat.no, rid): kind
                for seat in seats
                for rid, other in near.items()
                if (kind := relation(seat, other, ties.get((seat.no, rid), "")))
            }
            ballots = {key: ballot for key, (_, ballot) in queries.ballots(connection, batch).items()}
            if found.unit:
                tallied = queries.votes_of(connection, list(queries.ratings_of(connection, batch)))
            else:
                tallied = queries.tallies(connection, households, found.year, batch)
        return Sheet(found, seats, relations, ballots, tallied)

    # -- votes -----------------------------------------------------------------------------------------------------

    def vote(self, batch: str, no: str, household: str, marks: Mapping[str, int], *, knows: bool = True) -> None:
        """Enter one ballot line; entering it again replaces it.

        ``Refused``: "reviews.kin_vote" for a relative, "reviews.hint_open" while a likely kinship has not been
        answered, "reviews.absent" for one who was not there, "reviews.marks", "reviews.no_seat",
        "reviews.voting_over" once the household's score was drawn up.
        """
        if knows:
            check_marks(marks, self.rules)
        with self._writing(batch) as (connection, writer):
            seat = _seat(connection, batch, no)
            if not seat.attended:
                raise Refused("reviews.absent", no=no)
            self._check_open(connection, batch, household)
            kind = self._relation(connection, batch, seat, household)
            if kind == KIN:
                raise Refused("reviews.kin_vote", no=no)
            if kind == HINT:
                raise Refused("reviews.hint_open", no=no)
            self._keep(writer, batch, Ballot(no, household, dict(marks) if knows else {}, knows, recused=False))

    def tally(self, batch: str, household: str, voters: Sequence[tuple[int, int]], *, basis: str = "") -> None:
        """Enter the line of one household: for each valid vote the sum of its marks and their number.

        Errors as ``tally_sheet``; "reviews.marks" also where votes have another number of marks than there are items.
        """
        if not all(count == len(self.rules.items) for _, count in voters):
            raise Refused("reviews.marks", lowest=self.rules.lowest, highest=self.rules.highest)
        sums = tuple(total for total, _ in voters)
        self.tally_sheet(batch, [TallyLine(household, len(sums), sums)], basis=basis)

    def tally_sheet(
        self, batch: str, lines: Sequence[TallyLine], *, scan: Content | None = None, basis: str = ""
    ) -> int:
        """Enter a tally sheet instead of ballots, all of it or nothing; gives how many households.

        ``scan`` becomes evidence of every line. ``Refused`` "reviews.marks"; "reviews.votes_differ" where sums and
        valid votes differ in number, "reviews.total_differs" where they do not add up to the total on the paper,
        "reviews.too_many_votes" when there are more than members who were there and are not kin,
        "reviews.voting_over".
        """
        with self._writing(batch) as (connection, writer):
            found = _batch(connection, batch)
            for line in lines:
                self._check_open(connection, batch, line.household)
                self._check_line(line, self._able(connection, batch, line.household))
                self._write_line(writer, found, line, basis, scan)
        return len(lines)

    def able(self, batch: str, households: Sequence[str]) -> dict[str, int]:
        """How many members could vote on each household: there, not kin, no likely kinship left open."""
        with self._desk.store.reading() as connection:
            return {household: self._able(connection, batch, household) for household in households}

    def tallied_lines(self, batch: str) -> dict[str, TallyLine]:
        """The lines of the tally sheets that were entered, by household."""
        with self._desk.store.reading() as connection:
            found = _batch(connection, batch)
            households = list(queries.ratings_of(connection, batch).values())
            voters = queries.tallied_votes(connection, households, found.year, batch)
        return {rid: TallyLine(rid, len(sums), sums, sum(sums)) for rid, sums in voters.items()}

    def valid_votes(self, connection: Connection, batch: str, household: str) -> int:
        """How many votes on a household count."""
        found = _batch(connection, batch)
        tallied = queries.tallies(connection, [household], found.year, batch)
        if household in tallied:
            return tallied[household]
        return len(valid(b for (_, of), (_, b) in queries.ballots(connection, batch).items() if of == household))

    # -- inside ----------------------------------------------------------------------------------------------------

    def _able(self, connection: Connection, batch: str, household: str) -> int:
        seats = (seat for seat in queries.seats(connection, batch) if seat.attended)
        return sum(self._relation(connection, batch, seat, household) not in (KIN, HINT) for seat in seats)

    def _check_line(self, line: TallyLine, most: int) -> None:
        match counted(line, self.rules, most).fault:
            case "marks":
                raise Refused("reviews.marks", lowest=self.rules.lowest, highest=self.rules.highest)
            case "number":
                raise Refused("reviews.votes_differ", valid=line.valid, entered=len(line.sums))
            case "total":
                raise Refused("reviews.total_differs", total=line.total or 0, sum=sum(line.sums))
            case "too_many":
                raise Refused("reviews.too_many_votes", most=most)

    def _write_line(self, writer: Writer, batch: Batch, line: TallyLine, basis: str, scan: Content | None) -> None:
        connection, marks = writer.transaction.connection, len(self.rules.items)
        values: Record = {
            "subject_id": f"R05:{line.household}",
            "rating_year": batch.year,
            "item": TALLY_ITEM,
            "facts": {"voters": [[total, marks] for total in sorted(line.sums)]},
            "basis": f"{batch.number} {basis.strip() or '评议计票表'}"[:200],
            "assessed_on": writer.on.isoformat(),
            "assessor_id": self._desk.actor,
        }
        for rid in queries.tally_records(connection, line.household, batch.year):
            writer.void("assessment", rid, "重新录入计票表")
        rid = writer.create("assessment", values)
        if scan is not None:
            writer.transaction.flush()
            attach(writer, "assessment", rid, scan, caption=f"计票表 {batch.number}")

    def _relation(self, connection: Connection, batch: str, seat: Seat, household: str) -> str:
        near = queries.neighbours(connection, [household]).get(household, Neighbour(household, (), ""))
        return relation(seat, near, queries.ties(connection, batch).get((seat.no, household), ""))

    def _check_open(self, connection: Connection, batch: str, household: str) -> None:
        rating = next((r for r, of in queries.ratings_of(connection, batch).items() if of == household), None)
        if rating is None:
            raise Refused("reviews.not_in_batch")
        state = self._desk.workflows.standing("W2", "R16", rating).state
        if state not in ("applied", "screened", "returned", "recalled"):
            raise Refused("reviews.voting_over")

    def _keep(self, writer: Writer, batch: str, ballot: Ballot) -> None:
        values: Record = {
            "review_batch": batch,
            "reviewer_no": ballot.seat,
            "household_id": ballot.household,
            "knows_household": ballot.knows,
            "recused": ballot.recused,
            "voted_at": utc_text(self._desk.clock.now()),
        }
        if ballot.marks:
            values["item_scores"] = dict(ballot.marks)
        earlier = queries.ballots(writer.transaction.connection, batch).get((ballot.seat, ballot.household))
        if earlier is None:
            writer.create("R15", values)
        else:
            writer.change("R15", earlier[0], values, [] if ballot.marks else ["item_scores"])

    @contextmanager
    def _writing(self, batch: str) -> Iterator[tuple[Connection, Writer]]:
        """One command about a batch: the connection with everything written so far, and the writer."""
        with self._desk.records.writing("review", reason=batch) as writer:
            writer.guard.require("create", "R15")
            writer.transaction.flush()
            if _batch(writer.transaction.connection, batch).unit:
                raise Refused("reviews.owners_step")
            yield writer.transaction.connection, writer


def _batch(connection: Connection, number: str) -> Batch:
    found = queries.batches(connection, number)
    if not found:
        raise Refused("reviews.no_batch")
    return found[0]


def _seat(connection: Connection, batch: str, no: str) -> Seat:
    for seat in queries.seats(connection, batch):
        if seat.no == no:
            return seat
    raise Refused("reviews.no_seat", no=no)
