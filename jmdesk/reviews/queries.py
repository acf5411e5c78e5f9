"""The review's own tables, and what it reads of the archive."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, func, insert, or_, select, update

from jmdesk.reviews.rules import Ballot, Neighbour, Seat
from jmdesk.store.columns import from_json
from jmdesk.store.tables import record_tables, review_batches, review_cases, review_seats, review_ties

HOUSEHOLD, PERSON, RATING, VOTE, OBJECTION = (record_tables[t] for t in ("R05", "R06", "R16", "R15", "R25"))
ASSESSMENT, CONSENT = record_tables["assessment"], record_tables["R04"]
_CHUNK = 500
# Without item_scores, which are most of a rating's row.
_OF_RATING = tuple(
    RATING.c[name]
    for name in (
        "rid", "household_id", "rec_region", "rec_sync", "rec_source", "grade", "score", "rating_status", "rating_year",
        "publicity_range", "cert_no", "valid_to",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """One review of a village in a year. ``notice`` and ``proof`` are paper numbers, "" while there is none.

    ``unit`` is who submitted it, "" for this desk's own unit. What another unit submitted is named by its number and
    the place, because the numbers of two villages may meet.
    """

    number: str
    region: str
    year: int
    opened_at: str
    opened_by: str
    notice: str
    proof: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A rating under review with what lists and papers show of its household."""

    rating: str
    household: str
    number: str
    head: str
    group: str
    address: str
    region: str
    grade: str
    score: str
    status: str
    publicity: tuple[str, ...]
    cert_no: str
    valid_to: str
    sync: str
    year: int
    source: str


def add_batch(connection: Connection, batch: Batch) -> None:
    """Open a batch."""
    row = {n: getattr(batch, n) for n in ("number", "region", "year", "opened_at", "opened_by", "unit")}
    connection.execute(insert(review_batches).values(**row))


def take_up(connection: Connection, batch: Batch, rating: str, household: str) -> None:
    """Note a case that another desk took up, with its batch; what is known already stays as it is."""
    if connection.execute(select(review_cases.c.rating).where(review_cases.c.rating == rating)).first():
        return
    if not batches(connection, batch.number):
        add_batch(connection, batch)
    put_case(connection, batch.number, rating, household)


def batches(connection: Connection, number: str = "") -> list[Batch]:
    """The batches, newest first, or the one of a number."""
    query = select(review_batches).order_by(review_batches.c.opened_at.desc(), review_batches.c.number.desc())
    if number:
        query = query.where(review_batches.c.number == number)
    return [
        Batch(r.number, r.region, r.year, r.opened_at, r.opened_by, r.notice or "", r.posted_proof or "", r.unit)
        for r in connection.execute(query)
    ]


def mark(connection: Connection, number: str, *, notice: str | None = None, proof: str | None = None) -> None:
    """Note the notice in force or its proof; a new notice has no proof yet."""
    values = {"notice": notice, "posted_proof": None} if notice is not None else {"posted_proof": proof}
    connection.execute(update(review_batches).where(review_batches.c.number == number).values(**values))


def put_case(connection: Connection, batch: str, rating: str, household: str) -> None:
    """Review a rating in a batch."""
    connection.execute(delete(review_cases).where(review_cases.c.rating == rating))
    connection.execute(insert(review_cases).values(rating=rating, batch=batch, household=household))


def batch_of(connection: Connection, rating: str) -> str:
    """The batch of a rating, "" for none."""
    return connection.execute(select(review_cases.c.batch).where(review_cases.c.rating == rating)).scalar() or ""


def ratings_of(connection: Connection, batch: str) -> dict[str, str]:
    """The ratings of a batch with their households; of all batches for ""."""
    query = select(review_cases.c.rating, review_cases.c.household)
    if batch:
        query = query.where(review_cases.c.batch == batch)
    return {row.rating: row.household for row in connection.execute(query)}


def seats(connection: Connection, batch: str) -> list[Seat]:
    """The panel of a batch in order of seat numbers."""
    query = select(review_seats).where(review_seats.c.batch == batch).order_by(review_seats.c.no)
    return [Seat(r.no, r.name, r.duty, r.household, r.address, bool(r.attended)) for r in connection.execute(query)]


def put_seat(connection: Connection, batch: str, seat: Seat) -> None:
    """Write a seat, new or changed."""
    connection.execute(delete(review_seats).where(review_seats.c.batch == batch, review_seats.c.no == seat.no))
    row = {n: getattr(seat, n) for n in ("no", "name", "duty", "household", "address")}
    connection.execute(insert(review_seats).values(batch=batch, attended=int(seat.attended), **row))


def drop_seat(connection: Connection, batch: str, no: str) -> None:
    """Take a seat away."""
    connection.execute(delete(review_seats).where(review_seats.c.batch == batch, review_seats.c.no == no))


def put_tie(
    connection: Connection, batch: str, no: str, household: str, kind: str, ground: str, at: str, by: str
) -> None:
    """Write down what was declared."""
    key = (review_ties.c.batch == batch, review_ties.c.no == no, review_ties.c.household == household)
    connection.execute(delete(review_ties).where(*key))
    row = {"batch": batch, "no": no, "household": household, "kind": kind, "ground": ground, "at": at, "by": by}
    connection.execute(insert(review_ties).values(**row))


def ties(connection: Connection, batch: str) -> dict[tuple[str, str], str]:
    """What was declared in a batch: (seat, household) → kin or clear."""
    query = select(review_ties.c.no, review_ties.c.household, review_ties.c.kind).where(review_ties.c.batch == batch)
    return {(no, household): kind for no, household, kind in connection.execute(query)}


def ballots(connection: Connection, batch: str) -> dict[tuple[str, str], tuple[str, Ballot]]:
    """The ballots of a batch: (seat, household) → record id and ballot."""
    columns = (VOTE.c.rid, VOTE.c.reviewer_no, VOTE.c.household_id, VOTE.c.knows_household, VOTE.c.recused)
    query = select(*columns, VOTE.c.item_scores).where(VOTE.c.review_batch == batch, VOTE.c.rec_voided.is_(None))
    found = {}
    for rid, no, household, knows, recused, scores in connection.execute(query):
        marks = from_json(scores) if scores else {}
        own = {str(name): int(mark) for name, mark in marks.items()} if isinstance(marks, dict) else {}
        found[no, household] = (rid, Ballot(no, household, own, bool(knows), bool(recused)))
    return found


def votes_of(connection: Connection, ratings: Sequence[str]) -> dict[str, int]:
    """How many votes ratings themselves carry, by household: all that other units see of a panel."""
    found = {}
    for chunk in _chunks(ratings):
        query = select(RATING.c.household_id, RATING.c.item_scores).where(RATING.c.rid.in_(chunk))
        for household, text in connection.execute(query):
            voters = from_json(text) if text else {}
            for name in ("facts", "D1", "voters"):
                voters = voters.get(name) if isinstance(voters, dict) else None
            found[household] = len(voters) if isinstance(voters, list) else 0
    return found


def tally_records(connection: Connection, household: str, year: int) -> list[str]:
    """The tally sheets of a household in a year, by record id."""
    query = select(ASSESSMENT.c.rid).where(
        ASSESSMENT.c.subject_id == f"R05:{household}",
        ASSESSMENT.c.rating_year == year,
        ASSESSMENT.c.item == "D1",
        ASSESSMENT.c.rec_voided.is_(None),
    )
    return list(connection.execute(query).scalars())


def tallied_votes(
    connection: Connection, households: Sequence[str], year: int, batch: str
) -> dict[str, tuple[int, ...]]:
    """The sums of the votes that the tally sheets of a batch hold, by household."""
    found = {}
    for chunk in _chunks([f"R05:{rid}" for rid in households]):
        query = select(ASSESSMENT.c.subject_id, ASSESSMENT.c.facts).where(
            ASSESSMENT.c.subject_id.in_(chunk),
            ASSESSMENT.c.rating_year == year,
            ASSESSMENT.c.item == "D1",
            ASSESSMENT.c.basis.startswith(batch, autoescape=True),
            ASSESSMENT.c.rec_voided.is_(None),
        )
        for subject, text in connection.execute(query):
            facts = from_json(text) if text else {}
            voters = facts.get("voters") if isinstance(facts, dict) else None
            sums = tuple(int(vote[0]) for vote in voters) if isinstance(voters, list) else ()
            found[str(subject).partition(":")[2]] = sums
    return found


def tallies(connection: Connection, households: Sequence[str], year: int, batch: str) -> dict[str, int]:
    """How many votes the tally sheets of a batch hold, by household."""
    return {rid: len(sums) for rid, sums in tallied_votes(connection, households, year, batch).items()}


def neighbours(connection: Connection, households: Sequence[str]) -> dict[str, Neighbour]:
    """What kinship is judged by, household by household."""
    names: dict[str, list[str]] = defaultdict(list)
    for chunk in _chunks(households):
        people = select(PERSON.c.household_id, PERSON.c.person_name).where(
            PERSON.c.household_id.in_(chunk), PERSON.c.rec_voided.is_(None)
        )
        for household, name in connection.execute(people):
            names[household].append(name or "")
    found = {}
    for chunk in _chunks(households):
        query = select(HOUSEHOLD.c.rid, HOUSEHOLD.c.address).where(HOUSEHOLD.c.rid.in_(chunk))
        for rid, address in connection.execute(query):
            found[rid] = Neighbour(rid, tuple(names[rid]), address or "")
    return found


def lines(connection: Connection, ratings: Iterable[str]) -> list[Line]:
    """Ratings with their households, in order of household number."""
    wanted, found = sorted(set(ratings)), list[Line]()
    for chunk in _chunks(wanted):
        query = (
            select(*_OF_RATING, HOUSEHOLD.c.household_id.label("number"), HOUSEHOLD.c.group_no, HOUSEHOLD.c.address,
                   PERSON.c.person_name)
            .join(HOUSEHOLD, HOUSEHOLD.c.rid == RATING.c.household_id)
            .join(PERSON, PERSON.c.rid == HOUSEHOLD.c.head_person_id, isouter=True)
            .where(RATING.c.rid.in_(chunk), RATING.c.rec_voided.is_(None))
        )  # fmt: skip
        found += [_line(row) for row in connection.execute(query).mappings()]
    return sorted(found, key=lambda line: (line.number, line.rating))


def _line(row: RowMapping) -> Line:
    return Line(
        rating=row["rid"],
        household=row["household_id"],
        number=row["number"] or "",
        head=row["person_name"] or "",
        group=row["group_no"] or "",
        address=row["address"] or "",
        region=row["rec_region"],
        grade=row["grade"] or "",
        score="" if row["grade"] == "NR" or row["score"] is None else _tenths(row["score"]),
        status=row["rating_status"] or "",
        publicity=tuple(from_json(row["publicity_range"])) if row["publicity_range"] else (),
        cert_no=row["cert_no"] or "",
        valid_to=row["valid_to"] or "",
        sync=row["rec_sync"],
        year=row["rating_year"] or 0,
        source=row["rec_source"],
    )


def open_households(connection: Connection, region: str, year: int, sources: Iterable[str]) -> list[str]:
    """Households of a village that no batch of the year reviews yet, in order of their numbers.

    ``sources``: whose files; what another unit keeps is for that unit to take up.
    """
    taken = (
        select(review_cases.c.household)
        .join(review_batches, review_batches.c.number == review_cases.c.batch)
        .where(review_batches.c.year == year)
    )
    closed = func.coalesce(HOUSEHOLD.c.archive_status, "").in_(("60", "70"))
    query = select(HOUSEHOLD.c.rid).where(
        HOUSEHOLD.c.rec_voided.is_(None), HOUSEHOLD.c.rec_region == region, ~closed, HOUSEHOLD.c.rid.not_in(taken),
        HOUSEHOLD.c.rec_source.in_(list(sources)),
    )  # fmt: skip
    return list(connection.execute(query.order_by(HOUSEHOLD.c.household_id)).scalars())


def revoked(connection: Connection, kind: str, households: Sequence[str]) -> set[str]:
    """The households that have withdrawn a consent of this kind, whether or not they gave it again later."""
    found: set[str] = set()
    for chunk in _chunks([f"R05:{rid}" for rid in households]):
        query = select(CONSENT.c.subject_id).where(
            CONSENT.c.subject_id.in_(chunk),
            CONSENT.c.consent_kind == kind,
            CONSENT.c.rec_voided.is_(None),
            or_(CONSENT.c.consent_state == "4", CONSENT.c.revoked_at.is_not(None)),
        )
        found |= {str(subject).partition(":")[2] for subject in connection.execute(query).scalars()}
    return found


def objections(connection: Connection, ratings: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Objections to ratings: rating → (record id, case number), voided ones left out."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for chunk in _chunks([f"R16:{rid}" for rid in ratings]):
        query = select(OBJECTION.c.target_ref, OBJECTION.c.rid, OBJECTION.c.case_no).where(
            OBJECTION.c.target_ref.in_(chunk), OBJECTION.c.rec_voided.is_(None), OBJECTION.c.case_kind.in_(("1", "2"))
        )
        for target, rid, number in connection.execute(query):
            found[str(target).partition(":")[2]].append((rid, number or ""))
    return dict(found)


def _tenths(number: int) -> str:
    return f"{number // 10}.{number % 10}"


def _chunks(items: Sequence[str]) -> Iterable[list[str]]:
    return (list(items[at : at + _CHUNK]) for at in range(0, len(items), _CHUNK))
