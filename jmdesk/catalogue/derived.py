"""Values that are computed, not collected: one pure function per derived field of the catalogue.

A function that lacks its sources gives None: the value is then absent (computed fields) or may be typed (fields that
the catalogue calls "entered").
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any

from jmdesk.catalogue import idno
from jmdesk.catalogue.calendar import Deadline, WorkCalendar, work_calendar
from jmdesk.catalogue.types import Record, RecordType, Value
from jmdesk.core.clock import beijing_date, from_utc_text
from jmdesk.core.numbers import round_half_up, unscaled
from jmdesk.core.resources import resource

INCOME_PARTS = (
    "income_crop",
    "income_breed",
    "income_labor",
    "income_business",
    "income_property",
    "income_transfer",
    "income_other",
)
COST_PARTS = ("cost_production", "exp_living")
SMALL_SAMPLE = 5
"""Villages with fewer borrowing households are shown as "<5"."""
RETENTION_YEARS = 5
"""Regulation on the Credit Reporting Industry, article 16: five years from the end of the conduct."""
CHILD_AGE = 14
"""Personal Information Protection Law, article 31."""
BACKBONE_REVENUE = Decimal("100000.00")
"""10,000-yuan units; "one billion and above" includes the figure itself (Civil Code, article 1259)."""

_CITIZEN_DOCUMENTS = frozenset({"111", "112", "113"})


@dataclass(frozen=True, slots=True)
class DerivedContext:
    """What lies outside the record: the day, the calendar, and the records it sums up.

    ``villages``: a town's R17 records of the same year. ``expected``: identifiers that count for completeness.
    ``members``: the household's R06 records. A field whose context is not given is left alone.
    """

    on: date
    calendar: WorkCalendar | None = None
    villages: Sequence[Record] = ()
    expected: Sequence[str] = ()
    members: Sequence[Record] | None = None
    expected_of_member: Sequence[str] = field(default=())


Derivation = Callable[[Record, DerivedContext], Value | None]


def cents(value: str) -> int:
    """A canonical amount at two decimals as a whole number of its hundredths: ``"12.50"`` is 1250."""
    return int(value.replace(".", "", 1))


def sum_of(record: Record, parts: Iterable[str]) -> str | None:
    """The sum of the amounts that are there, at two decimals; None when none is."""
    found = [cents(value) for part in parts if isinstance(value := record.get(part), str)]
    return unscaled(sum(found), 2) if found else None


def net_income(record: Record) -> str | None:
    """Total income less what producing it cost; living costs are no deduction. None without any income."""
    total = sum_of(record, INCOME_PARTS)
    if total is None:
        return None
    return unscaled(cents(total) - cents(sum_of(record, COST_PARTS[:1]) or "0.00"), 2)


def identity(record: Record, on: date) -> tuple[date | None, str]:
    """Birth date and sex ("1", "2" or "") by the identity number of a person; nothing from any other document."""
    number = record.get("id_no")
    if not isinstance(number, str) or record.get("id_type", "111") not in _CITIZEN_DOCUMENTS:
        return None, ""
    if idno.is_sound(number, on):
        return date.fromisoformat(number[6:14]), "1" if number[16] in "13579" else "2"
    verdict = idno.check(number, on)
    return (None, "") if verdict.verdict == "error" else (verdict.birth_date, verdict.sex)


def birthday(born: date, years: int) -> date:
    """The day on which somebody completes ``years``; who was born on 29 February does so on 28 February."""
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return born.replace(year=born.year + years, day=28)


def age(born: date, on: date) -> int:
    """Completed years on a day."""
    return on.year - born.year - (on < birthday(born, on.year - born.year))


def _birth_date(record: Record, context: DerivedContext) -> Value | None:
    born, _ = identity(record, context.on)
    return born.isoformat() if born else None


def _is_under_14(record: Record, context: DerivedContext) -> Value | None:
    born, _ = identity(record, context.on)
    if born is None:
        typed = record.get("birth_date")
        if not isinstance(typed, str):
            return None
        born = date.fromisoformat(typed)
    # An age is complete on the day after the birthday: on the birthday itself a guardian still signs.
    return context.on <= birthday(born, CHILD_AGE)


def _retain_until(record: Record, _context: DerivedContext) -> Value | None:
    end = record.get("end_date")
    return birthday(date.fromisoformat(end), RETENTION_YEARS).isoformat() if isinstance(end, str) else None


def _suppressed(record: Record, _context: DerivedContext) -> Value | None:
    borrowers = record.get("loan_hh")
    return borrowers < SMALL_SAMPLE if isinstance(borrowers, int) else None


def _percent(part: int, whole: int) -> str | None:
    return f"{round_half_up(Fraction(100 * part, whole)):.1f}" if whole else None


def _hh_credit_pct(_record: Record, context: DerivedContext) -> Value | None:
    def total(identifier: str) -> int:
        return sum(value for village in context.villages if isinstance(value := village.get(identifier), int))

    return _percent(total("hh_credit"), total("hh_base"))


def _total(record: Record, _context: DerivedContext) -> Value | None:
    parts = [record.get(name) for name in ("base_score", "gain_score", "loss_score")]
    if not all(isinstance(part, str) for part in parts):
        return None
    base, gain, loss = (Decimal(str(part)) for part in parts)
    return f"{min(max(base + gain - loss, Decimal(0)), Decimal(100)):.1f}"


def _is_green(record: Record, _context: DerivedContext) -> Value | None:
    grade = record.get("gc_grade")
    return grade in ("A", "B") if grade is not None else None


def _is_backbone(record: Record, context: DerivedContext) -> Value | None:
    green, revenue = _is_green(record, context), record.get("revenue_main")
    if green is None or not isinstance(revenue, str):
        return None
    return bool(green) and Decimal(revenue) >= BACKBONE_REVENUE


@cache
def _deadlines() -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(
        resource("calendar/deadlines.json").read_text(encoding="utf-8")
    )
    return loaded


def request_deadline(kind: str, received_at: str, calendar: WorkCalendar) -> Deadline | None:
    """When a rights request (R25) of a kind is due; None for a kind without a term."""
    term = _deadlines()["R25"].get(kind)
    if term is None:
        return None
    start = beijing_date(from_utc_text(received_at))
    count = calendar.deadline if term["unit"] == "working" else calendar.natural_deadline
    return count(start, term["days"])


def _due_at(record: Record, context: DerivedContext) -> Value | None:
    kind, received = record.get("case_kind"), record.get("received_at")
    if not isinstance(kind, str) or not isinstance(received, str):
        return None
    due = request_deadline(kind, received, context.calendar or work_calendar())
    return due.ends_at if due is not None else None


def _completeness(record: Record, context: DerivedContext) -> Value | None:
    if context.members is None or not context.expected:
        return None
    wanted = len(context.expected) + len(context.expected_of_member) * len(context.members)
    there = sum(name in record for name in context.expected)
    there += sum(name in member for member in context.members for name in context.expected_of_member)
    return _percent(there, wanted)


DERIVED: Mapping[tuple[str, str], Derivation] = {
    ("R05", "completeness_pct"): _completeness,
    ("R06", "birth_date"): _birth_date,
    ("R06", "is_under14"): _is_under_14,
    ("R07", "income_total"): lambda record, _: sum_of(record, INCOME_PARTS),
    ("R07", "exp_total"): lambda record, _: sum_of(record, COST_PARTS),
    ("R07", "net_income"): lambda record, _: net_income(record),
    ("R14", "retain_until"): _retain_until,
    ("R18", "hh_credit_pct"): _hh_credit_pct,
    ("R19", "suppressed"): _suppressed,
    ("R24", "total"): _total,
    ("R24", "is_green"): _is_green,
    ("R24", "is_backbone"): _is_backbone,
    ("R25", "due_at"): _due_at,
}
"""(type, field) → how it is computed; exactly the fields that the catalogue marks as derived."""

_BY_TYPE: dict[str, list[tuple[str, Derivation]]] = {}
for (_type, _identifier), _derivation in DERIVED.items():
    _BY_TYPE.setdefault(_type, []).append((_identifier, _derivation))


def derive(record_type: RecordType, record: Record, *, on: date, context: DerivedContext | None = None) -> Record:
    """The derived values of a valid record, without those whose sources are missing.

    ``on`` is the day for ages; ``context``, when given, brings its own day and what else the derivations need.
    """
    derivations = _BY_TYPE.get(record_type.id)
    if not derivations:
        return {}
    used = context or DerivedContext(on)
    return {name: value for name, derivation in derivations if (value := derivation(record, used)) is not None}
