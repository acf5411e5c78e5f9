"""From the records of one household to the facts of its rating. Pure: records in wire form in, plain facts out.

What a household chose not to provide does not apply; what is merely not recorded does not apply either, except where
the model says otherwise (no main trade recorded: 0 points; no resources recorded: none). Decision records 8 and 9.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from jmdesk.catalogue.derived import INCOME_PARTS, birthday, net_income, sum_of
from jmdesk.catalogue.types import Catalogue, Record, RecordType
from jmdesk.ratings.findings import vetoes
from jmdesk.ratings.model import RulePackage
from jmdesk.ratings.reference import ReferenceValues

BANKS = frozenset({"1", "2", "3"})
"""CL-CRED: rural bank, other bank, small-loan company; the rest is private debt, which A1 does not judge."""
VERIFIED = frozenset({"3", "4"})
"""CL-VERIFY: checked against vouchers, or against a department's data."""
MIGRANT_WORKERS = "6"
_OWN_LEVEL = {"R07": "evidence_level", "R09": "value_basis"}
_COUNTED = ("R07", "R08", "R09", "R10", "R12")
_MOST_EVIDENCE = 200


@dataclass(frozen=True, slots=True)
class HouseholdFile:
    """Everything a rating may look at: the household, its members, its records by type, what it declined (C2, C3).

    ``parts`` holds R07–R10 and R12, R13 and R14 about the household or its head, R15 and ``assessment``.
    """

    rid: str
    household: Record
    members: Sequence[Record] = ()
    parts: Mapping[str, Sequence[Record]] = field(default_factory=dict)
    declined: frozenset[str] = frozenset()

    def of(self, type_id: str) -> Sequence[Record]:
        """The records of one type."""
        return self.parts.get(type_id, ())


@dataclass(frozen=True, slots=True)
class Basis:
    """What a rating is made with beside the household: rules, reference values, catalogue, year and day."""

    package: RulePackage
    reference: ReferenceValues
    catalogue: Catalogue
    year: int
    on: date


Found: TypeAlias = object
"""An indicator's input, or a ``Reason``."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an indicator does not apply; ``inputs`` where it has inputs all the same (a guarantee without an income)."""

    code: str
    inputs: object = None


Collector: TypeAlias = Callable[[HouseholdFile, Basis], Found]


def collect(file: HouseholdFile, basis: Basis) -> dict[str, object]:
    """The facts of a household as plain JSON values, to be checked by ``facts.from_object``."""
    inputs: dict[str, object] = {}
    reasons: dict[str, str] = {}
    evidence: dict[str, str] = {}
    assessed = {str(a.get("item")): a for a in _assessments(file, basis.year)}
    for indicator in basis.package.indicators:
        found = _from_assessment(assessed.get(indicator.id), collected=indicator.id in _RECORDED)
        if found is None and indicator.id in COLLECTORS:
            found = COLLECTORS[indicator.id](file, basis)
        if isinstance(found, Reason):
            reasons[indicator.id], found = found.code, found.inputs
        inputs[indicator.id] = found
        grounds = str(assessed.get(indicator.id, {}).get("basis", "")).strip()
        if grounds:
            evidence[indicator.id] = grounds[:_MOST_EVIDENCE]
    claimed = vetoes(file.of("R14"), basis.on)
    return {**inputs, "vetoes": claimed, "not_applicable": reasons, "evidence": evidence}


def _assessments(file: HouseholdFile, year: int) -> list[Record]:
    """The assessments of a year, the latest last."""
    of_year = [record for record in file.of("assessment") if record.get("rating_year") == year]
    return sorted(of_year, key=lambda record: str(record.get("assessed_on", "")))


def _from_assessment(record: Record | None, *, collected: bool) -> Found:
    """What the village assessed: an input, or ``{"not_applicable": code}``; inputs never replace what records say."""
    facts = record.get("facts") if record else None
    if not isinstance(facts, dict) or not facts:
        return None
    if set(facts) == {"not_applicable"}:
        return Reason(str(facts["not_applicable"]))
    return None if collected else facts


def years_before(day: date, years: int) -> date:
    """The same day some years earlier; 29 February becomes the 28th."""
    return birthday(day, -years)


def _amount(record: Record, name: str) -> Decimal:
    value = record.get(name)
    return Decimal(value) if isinstance(value, str) else Decimal(0)


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _day(record: Record, name: str) -> date | None:
    value = record.get(name)
    return date.fromisoformat(value) if isinstance(value, str) else None


def _whole(record: Record, name: str) -> int | None:
    value = record.get(name)
    return value if isinstance(value, int) else None


# -- A: performance -----------------------------------------------------------------------------------------------


def _repayment(file: HouseholdFile, basis: Basis) -> Found:
    if "C2" in file.declined:
        return Reason("declined")
    loans = [debt for debt in file.of("R10") if debt.get("creditor_type") in BANKS and "balance" in debt]
    loans = [debt for debt in loans if _in_window(debt, basis.on)]
    if not loans:
        return Reason("none")
    classes = [str(debt["five_class"]) for debt in loans if _amount(debt, "balance") > 0 and "five_class" in debt]
    return {
        "max_overdue_days": max(_whole(debt, "overdue_days") or 0 for debt in loans),
        "current_overdue_days": max(_days_past_due(debt, basis.on) for debt in loans),
        "worst_five_class": max(classes, default=None),
    }


def _in_window(debt: Record, on: date) -> bool:
    """Loans still owed, and those that ended within the last 24 months (or nobody knows when)."""
    due = _day(debt, "due_date")
    return _amount(debt, "balance") > 0 or due is None or due >= years_before(on, 2)


def _days_past_due(debt: Record, on: date) -> int:
    due = _day(debt, "due_date")
    return max((on - due).days, 0) if due is not None and _amount(debt, "balance") > 0 else 0


def _orders(file: HouseholdFile, _basis: Basis) -> Found:
    """The lowest rate among the written orders of the latest season that has one: like A1, the worst counts."""
    ordered = [record for record in file.of("R12") if record.get("has_contract") is True and "fulfil_rate" in record]
    if not ordered:
        return Reason("none")
    latest = max(str(record.get("season", "")) for record in ordered)
    rates = [_amount(record, "fulfil_rate") for record in ordered if str(record.get("season", "")) == latest]
    return {"fulfil_rate": f"{min(rates):.1f}"}


# -- B: business --------------------------------------------------------------------------------------------------


def _trade(file: HouseholdFile, basis: Basis) -> Found:
    since = _whole(file.household, "industry_since")
    return {"years": max(basis.year - since, 0) if since is not None else None}


def _income(file: HouseholdFile, year: int) -> tuple[str | None, str | None]:
    """Total and net income of the latest year that has an income, not later than ``year``."""
    if "C3" in file.declined:
        return None, None
    known = [r for r in file.of("R07") if (_whole(r, "year") or 0) <= year and sum_of(r, INCOME_PARTS) is not None]
    if not known:
        return None, None
    latest = max(known, key=lambda record: _whole(record, "year") or 0)
    return sum_of(latest, INCOME_PARTS), net_income(latest)


def _lacking_income(file: HouseholdFile) -> str:
    return "declined" if "C3" in file.declined else "unrecorded"


def _income_per_head(file: HouseholdFile, basis: Basis) -> Found:
    _, net = _income(file, basis.year)
    population = _whole(file.household, "population")
    if net is None or not population:
        return Reason(_lacking_income(file))
    town = basis.reference.town(str(file.household.get("region_code", "")))
    if town is None or town.net_income_per_head is None:
        return Reason("no_reference")
    return {"net_income": net, "population": population, "town_reference": town.net_income_per_head}


def _labor(file: HouseholdFile, _basis: Basis) -> Found:
    labor, population = _whole(file.household, "labor_count"), _whole(file.household, "population")
    if labor is None or not population or labor > population:
        return Reason("unrecorded")
    return {"labor": labor, "population": population}


def _resources(file: HouseholdFile, basis: Basis) -> Found:
    if file.household.get("household_type") == MIGRANT_WORKERS:
        return Reason("migrant_worker")
    if "C3" in file.declined:
        return Reason("declined")
    areas: dict[str, Decimal] = {}
    for land in file.of("R08"):
        kind = land.get("land_kind")
        if isinstance(kind, str):
            areas[kind] = areas.get(kind, Decimal(0)) + _amount(land, "area_mu")
    if not areas:
        return []
    town = basis.reference.town(str(file.household.get("region_code", "")))
    medians = town.resources if town is not None else {}
    rows = [
        {"kind": kind, "quantity": _money(area), "median": medians[kind]}
        for kind, area in sorted(areas.items())
        if kind in medians
    ]
    return rows or Reason("no_reference")


# -- C: ability to repay ------------------------------------------------------------------------------------------


def _debt_burden(file: HouseholdFile, basis: Basis) -> Found:
    total, _ = _income(file, basis.year)
    if "C2" in file.declined:
        return Reason("declined")
    if total is None:
        return Reason(_lacking_income(file))
    return {"debt": _money(sum((_amount(debt, "balance") for debt in file.of("R10")), Decimal(0))), "income": total}


def _guarantees(file: HouseholdFile, basis: Basis) -> Found:
    if "C2" in file.declined:
        return Reason("debt_declined")
    _, net = _income(file, basis.year)
    guarantee = sum((_amount(debt, "guarantee_out") for debt in file.of("R10")), Decimal(0))
    inputs = {"guarantee": _money(guarantee), "net_income": net}
    return inputs if net is not None or guarantee == 0 else Reason(_lacking_income(file), inputs)


# -- D: opinion, E: information -----------------------------------------------------------------------------------


def _ballots(file: HouseholdFile, _basis: Basis) -> Found:
    """The anonymous tally of the latest batch: ballots of reviewers who know the household and are not its kin."""
    votes = [v for v in file.of("R15") if v.get("knows_household") is True and v.get("recused") is not True]
    latest = max((str(vote.get("review_batch", "")) for vote in votes), default="")
    tally = []
    for vote in votes:
        marks = _marks(vote.get("item_scores"))
        if marks and str(vote.get("review_batch", "")) == latest:
            tally.append([sum(marks), len(marks)])
    return {"voters": tally} if tally else Reason("too_few")


def _marks(scores: object) -> list[int]:
    marks = list(scores.values()) if isinstance(scores, Mapping) else scores
    return [mark for mark in marks if isinstance(mark, int)] if isinstance(marks, list) else []


def _honours(file: HouseholdFile, basis: Basis) -> Found:
    since = years_before(basis.on, 5)
    levels = [
        str(honour["honor_level"])
        for honour in file.of("R13")
        if honour.get("opt_out") is not True
        and "honor_level" in honour
        and since <= (_day(honour, "honor_date") or date.min) <= basis.on
    ]
    return {"level": min(levels, default=None)}


def _completeness(file: HouseholdFile, basis: Basis) -> Found:
    expected = [(file.household, basis.catalogue.types["R05"])]
    expected += [(member, basis.catalogue.types["R06"]) for member in file.members]
    asked = [name in record for record, type_ in expected for name in _required(type_)]
    return {"filled": sum(asked), "required": len(asked)}


def _required(type_: RecordType) -> list[str]:
    return [f.identifier for f in type_.fields if f.required and f.is_input and f.default_on]


def _verification(file: HouseholdFile, basis: Basis) -> Found:
    verified = total = 0
    for type_id, record in _counted(file):
        known = sum(1 for f in basis.catalogue.types[type_id].fields if f.is_input and f.identifier in record)
        level = record.get(_OWN_LEVEL.get(type_id, ""), file.household.get("verify_level"))
        total += known
        verified += known if level in VERIFIED else 0
    return {"verified": verified, "fields": total}


def _counted(file: HouseholdFile) -> Iterator[tuple[str, Record]]:
    yield "R05", file.household
    yield from (("R06", member) for member in file.members)
    for type_id in _COUNTED:
        yield from ((type_id, record) for record in file.of(type_id))


COLLECTORS: Mapping[str, Collector] = {
    "A1": _repayment,
    "A3": _orders,
    "B1": _trade,
    "B2": _income_per_head,
    "B3": _labor,
    "B4": _resources,
    "C1": _debt_burden,
    "C2": _guarantees,
    "D1": _ballots,
    "D2": _honours,
    "E1": _completeness,
    "E2": _verification,
}
"""Indicators that records answer; the others (A2, A4, a city's own) are answered by assessments alone."""

OWN_UNIT_ALONE = frozenset({"D1", "D2", "E1", "E2"})
"""Indicators that rest on values which the platform shows to the record's own unit alone (class U): ballots, honours
that somebody did not want counted, fields that count as filled. Another unit takes them from the rating itself."""

_RECORDED = frozenset(COLLECTORS) - {"D1"}
