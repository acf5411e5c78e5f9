"""Rating as an office does it: one household, or every household of a village, town or county in one go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.core.errors import Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.households.queries import by_number
from jmdesk.ratings import engine, facts, queries, reference
from jmdesk.ratings.collect import OWN_UNIT_ALONE, Basis, collect
from jmdesk.ratings.document import Document
from jmdesk.ratings.explanation import Subject, explain
from jmdesk.ratings.facts import Facts
from jmdesk.ratings.model import RulePackage
from jmdesk.ratings.queries import FoundHousehold, RatingRow, StoredRating
from jmdesk.ratings.reference import ReferenceValues
from jmdesk.ratings.rulebook import Rulebook
from jmdesk.ratings.scorecard import Scorecard
from jmdesk.ratings.verification import verify
from jmdesk.records.workplace import Workplace
from jmdesk.records.writer import Writer

FIRST_RATING = "10"
"""CL-RSTAT: rated by the program, not yet reviewed; only such a rating may be replaced."""

_PER_TRANSACTION = 1000
_NOWHERE: Final[Mapping[str, Facts]] = MappingProxyType({})
_MOST_FAILURES = 200


class Outcome(Enum):
    """What became of one household in a run."""

    NEW = "new"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"
    UNDER_REVIEW = "under_review"
    DECLINED = "declined"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Rating:
    """A household's rating with everything that explains it; ``awaiting`` marks a draft that may not be sent yet."""

    rid: str
    household: str
    region: str
    year: int
    status: str
    card: Scorecard
    awaiting: bool


@dataclass(slots=True)
class Tally:
    """What a run over many households did. ``failures`` holds household and error, at most 200 of them."""

    of: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, Refused]] = field(default_factory=list)
    cancelled: bool = False

    @property
    def done(self) -> int:
        """Households looked at."""
        return self.outcomes.total()


@dataclass(frozen=True, slots=True)
class Computed:
    """Scorecards by household, and why some have none."""

    cards: dict[str, Scorecard]
    failed: dict[str, Refused]


class Ratings:
    """Ratings of the households of one desk, under one rule package and one set of reference values."""

    def __init__(
        self,
        desk: Workplace,
        *,
        package: RulePackage | None = None,
        values: ReferenceValues | None = None,
        rules: Rulebook | None = None,
    ) -> None:
        """``rules``: every rule package at hand; ``package``: the one to rate by, else the one in force."""
        self._desk = desk
        self._rules = rules or Rulebook()
        self.package = package or self._rules.in_force()
        self.values = values or reference.shipped()
        if not self.package.activatable:
            raise Refused("ratings.not_activatable", model=self.package.model)

    def rate(self, household: str, *, year: int | None = None) -> Rating:
        """Rate one household (record id) now and store it.

        ``Refused``: "households.none_found"; "ratings.declined" when it has declined to be rated;
        "ratings.under_review" when this year's rating is past its first step; "ratings.bad_facts" for records that
        contradict each other.
        """
        self._desk.records.guard.require("create", "R16")
        with self._desk.records.writing("rate") as writer:
            basis = self._basis(writer, year)
            tally = Tally(of=1)
            for _ in self._rate_some(writer, [household], basis, tally):
                pass
            if not tally.done:
                raise Refused("households.none_found")
            if tally.failures:
                raise tally.failures[0][1]
            if tally.outcomes[Outcome.DECLINED]:
                raise Refused("ratings.declined")
            if tally.outcomes[Outcome.UNDER_REVIEW]:
                raise Refused("ratings.under_review")
        return self.latest(household, year=basis.year)

    def rate_within(self, writer: Writer, household: str, *, year: int, replacing: frozenset[str]) -> Outcome:
        """Rate one household inside a command of the caller's; a rating in one of these states may be replaced.

        ``Refused``: as ``rate``.
        """
        tally = Tally(of=1)
        for _ in self._rate_some(writer, [household], self._basis(writer, year), tally, replacing):
            pass
        if not tally.done:
            raise Refused("households.none_found")
        if tally.failures:
            raise tally.failures[0][1]
        (outcome,) = tally.outcomes
        if outcome in _NOT_COUNTED:
            raise Refused("ratings.declined" if outcome is Outcome.DECLINED else "ratings.under_review")
        return outcome

    def computed(
        self,
        households: Sequence[str],
        package: RulePackage | None = None,
        *,
        year: int,
        elsewhere: Mapping[str, Facts] = _NOWHERE,
    ) -> Computed:
        """What ratings made now would say, nothing written: the scorecards, and the error of those that have none.

        ``elsewhere``: of households that another unit keeps, the facts of their ratings, for what is not shown here.
        """
        found, failed = dict[str, Scorecard](), dict[str, Refused]()
        chosen, on = package or self.package, beijing_date(self._desk.clock.now())
        basis = Basis(chosen, self.values, self._desk.catalogue, year, on)
        with self._desk.store.reading() as connection:
            for start in range(0, len(households), _PER_TRANSACTION):
                some = households[start : start + _PER_TRANSACTION]
                for rid, file in queries.found_households(connection, some, self._desk.catalogue, on).items():
                    try:
                        own = facts.from_object(collect(file.file, basis), chosen)
                        if rid in elsewhere:
                            own = facts.completed(own, elsewhere[rid], OWN_UNIT_ALONE)
                        found[rid] = engine.score(own, chosen)
                    except Refused as error:
                        failed[rid] = error
        return Computed(found, failed)

    def stored(self, households: Sequence[str], year: int) -> dict[str, StoredRating]:
        """The newest rating of a year of each household."""
        with self._desk.store.reading() as connection:
            return queries.stored_ratings(connection, households, year)

    def package_of(self, label: str) -> RulePackage:
        """A rule package at hand by its label. ``Refused`` "ratings.unknown_model"."""
        return self._package_of(label)

    def households(self, region_prefix: str = "") -> list[str]:
        """The households of a region whose files are in use, in order of their numbers."""
        with self._desk.store.reading() as connection:
            return queries.household_ids(connection, region_prefix)

    def rate_all(
        self,
        region_prefix: str = "",
        *,
        year: int | None = None,
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> Tally:
        """Rate every household of a region: some thousand per transaction, so that a cancelled run keeps whole ones.

        A household whose records contradict each other is reported and never stops the others.
        """
        self._desk.records.guard.require("create", "R16", region_prefix)
        with self._desk.store.reading() as connection:
            rids = queries.household_ids(connection, region_prefix)
        tally = Tally(of=len(rids))
        progress(0, tally.of)
        for start in range(0, len(rids), _PER_TRANSACTION):
            if cancelled():
                tally.cancelled = True
                break
            with self._desk.records.writing("rate") as writer:
                basis = self._basis(writer, year)
                for done in self._rate_some(writer, rids[start : start + _PER_TRANSACTION], basis, tally):
                    if done % 100 == 0:
                        progress(start + done, tally.of)
            progress(min(start + _PER_TRANSACTION, tally.of), tally.of)
        return tally

    def latest(self, household: str, *, year: int | None = None) -> Rating:
        """The newest rating of a household, recomputed from its own facts.

        ``Refused``: "ratings.none" when there is none; "ratings.unknown_model" when its rule package is not here.
        """
        with self._desk.store.reading() as connection:
            stored = queries.stored_ratings(connection, [household], year).get(household)
        if stored is None:
            raise Refused("ratings.none")
        self._desk.records.guard.require("read", "R16", stored.region)
        return self._rating(stored)

    def explanation(self, household: str, *, year: int | None = None) -> Document:
        """The explanation of a household's newest rating; errors as ``latest``."""
        rating = self.latest(household, year=year)
        with self._desk.store.reading() as connection:
            number, head = queries.labels(connection, household)
        subject = Subject(
            number, rating.year, self._desk.catalogue.regions.label(rating.region), head, draft=rating.awaiting
        )
        return explain(rating.card, self._package_of(rating.card.model), subject)

    def find(self, number: str) -> str:
        """The record id of a household by its number or id. ``Refused`` "households.none_found"."""
        with self._desk.store.reading() as connection:
            rid = by_number(connection, number)
        if rid is None:
            raise Refused("households.none_found")
        return rid

    def page(
        self, year: int, *, region_prefix: str = "", grade: str = "", offset: int = 0, limit: int = 100
    ) -> list[RatingRow]:
        """Lines of a year's ratings in order of household number."""
        with self._desk.store.reading() as connection:
            return queries.ratings_page(connection, year, region_prefix, grade, offset, limit)

    def grades_by_village(self, year: int, region_prefix: str = "") -> dict[str, dict[str, int]]:
        """How many households of each village have which grade in a year."""
        with self._desk.store.reading() as connection:
            return queries.grades_by_village(connection, year, region_prefix)

    def this_year(self) -> int:
        """The rating year of today in Jiangmen."""
        return beijing_date(self._desk.clock.now()).year

    # -- inside ----------------------------------------------------------------------------------------------------

    def _basis(self, writer: Writer, year: int | None) -> Basis:
        return Basis(self.package, self.values, self._desk.catalogue, year or writer.on.year, writer.on)

    def _rate_some(
        self,
        writer: Writer,
        rids: Sequence[str],
        basis: Basis,
        tally: Tally,
        replacing: frozenset[str] = frozenset({FIRST_RATING}),
    ) -> Iterator[int]:
        connection = writer.transaction.connection
        households = queries.found_households(connection, rids, self._desk.catalogue, writer.on)
        earlier = queries.stored_ratings(connection, rids, basis.year)
        for done, (rid, found) in enumerate(households.items(), 1):
            try:
                card = engine.score(facts.from_object(collect(found.file, basis), self.package), self.package)
            except Refused as error:
                tally.outcomes[Outcome.FAILED] += 1
                if len(tally.failures) < _MOST_FAILURES:
                    tally.failures.append((rid, error))
            else:
                outcome = self._keep(writer, found, card, earlier.get(rid), basis.year, replacing)
                tally.outcomes[outcome] += 1
                tally.grades.update([card.grade] if outcome not in _NOT_COUNTED else [])
            yield done

    def _keep(
        self,
        writer: Writer,
        found: FoundHousehold,
        card: Scorecard,
        earlier: StoredRating | None,
        year: int,
        replacing: frozenset[str],
    ) -> Outcome:
        if not found.file.declined.isdisjoint(("C1", "C4")):
            return Outcome.DECLINED
        if earlier is not None and earlier.values.get("rating_status") not in replacing:
            return Outcome.UNDER_REVIEW
        values = _wire(card)
        if earlier is None:
            self._create(writer, found, values, year)
            return Outcome.NEW
        if all(earlier.values.get(name) == values[name] for name in ("model_ver", "input_digest", "grade")):
            return Outcome.UNCHANGED
        gone = [] if "veto_codes" in values else ["veto_codes"]
        writer.change("R16", earlier.rid, values, gone, checked=True)
        return Outcome.REPLACED

    def _create(self, writer: Writer, found: FoundHousehold, values: Record, year: int) -> None:
        """Write a new rating straight into the transaction: region and consents of the household are known already."""
        transaction, household = writer.transaction, found.file.rid
        rid = transaction.new_id()
        values |= {"rating_id": rid, "household_id": household, "rating_year": year}
        values |= {"first_rater": transaction.actor, "rating_status": FIRST_RATING}
        catalogue = self._desk.catalogue
        lock = catalogue.lock_of(catalogue.types["R16"].by_identifier["item_scores"], values["item_scores"])
        sealed: Record = {}
        if lock is not None and lock.effect == "seal" and not found.consents.opens(lock):
            sealed["item_scores"] = values.pop("item_scores")
            transaction.seal("R16", rid, household, lock.name, sealed)
        transaction.create("R16", values, region=found.region, rid=rid)

    def _rating(self, stored: StoredRating) -> Rating:
        package = self._package_of(str(stored.values.get("model_ver", "")))
        card = verify(stored.item_scores, package)
        year = stored.values.get("rating_year")
        return Rating(
            rid=stored.rid,
            household=stored.household,
            region=stored.region,
            year=year if isinstance(year, int) else 0,
            status=str(stored.values.get("rating_status", "")),
            card=card,
            awaiting=stored.awaiting,
        )

    def _package_of(self, label: str) -> RulePackage:
        if label == self.package.label:
            return self.package
        return self._rules.of(label)


_NOT_COUNTED = (Outcome.DECLINED, Outcome.UNDER_REVIEW)


def _wire(card: Scorecard) -> Record:
    """The computed fields of R16; ``Scorecard`` knows them as plain objects, the store as wire values."""
    values: Record = {}
    for name, value in card.record_values().items():
        if isinstance(value, str | int | bool | list | dict):
            values[name] = value
    return values
