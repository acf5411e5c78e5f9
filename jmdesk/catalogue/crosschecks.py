"""Checks across the fields of one record: what must not exceed what, what goes with what, what asks for a second look.

The comparisons are tables; what is more than a comparison is a small function. Every check looks only at values that
are there, so drafts pass, and expects values that :mod:`jmdesk.catalogue.validation` has accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache
from typing import Literal

from jmdesk.catalogue.derived import COST_PARTS, INCOME_PARTS, birthday, cents, identity, net_income, sum_of
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.regions import Level, Regions, covers, regions
from jmdesk.catalogue.types import Catalogue, Record, Value
from jmdesk.core.clock import beijing_date, from_utc_text

Severity = Literal["error", "warn"]
RecordCheck = Callable[[Record, date], Iterable[Problem]]

NOT_ABOVE: Mapping[str, tuple[tuple[str, str, Severity], ...]] = {
    "R03": (("valid_from", "valid_to", "error"), ("households_resident", "households_total", "warn")),
    "R05": (("labor_count", "population", "error"),),
    "R10": (("balance", "amount", "error"), ("start_date", "due_date", "error")),
    "R11": (("ins_from", "ins_to", "error"),),
    "R14": (("notice_date", "found_date", "warn"),),
    "R17": (
        ("hh_credit", "hh_filed", "error"),
        ("hh_filed", "hh_base", "error"),
        ("hh_no_arrears", "hh_loan", "error"),
        ("npl_balance", "loan_balance", "error"),
    ),
    "R18": (("village_credit", "village_total", "error"),),
    "R19": (
        ("arrears_hh", "loan_hh", "error"),
        ("npl_balance", "loan_balance", "error"),
        ("used_amt", "line_amt", "error"),
    ),
    "R21": (("event_date", "publicity_to", "error"),),
    "R22": (
        ("received_at", "accepted_at", "error"),
        ("accepted_at", "mediation_at", "error"),
        ("received_at", "closed_at", "error"),
        ("recovered_amount", "amount", "warn"),
    ),
    "R25": (
        ("received_at", "annotated_at", "error"),
        ("received_at", "accepted_at", "error"),
        ("received_at", "replied_at", "error"),
    ),
}
"""(type) → pairs whose first must not be above, or later than, the second."""

NOT_FUTURE: Mapping[str, tuple[str, ...]] = {
    "R03": ("counted_on",),
    "R04": ("signed_at", "revoked_at"),
    "R05": ("collect_date",),
    "R06": ("birth_date",),
    "R10": ("start_date",),
    "R13": ("honor_date",),
    "R14": ("found_date", "notice_date"),
    "R20": ("member_since", "pledge_date"),
    "R21": ("event_date",),
    "R22": ("purchase_date", "known_date", "received_at"),
    "R25": ("received_at",),
    "assessment": ("assessed_on",),
}
"""Days and times of what has happened. A warning only: the computer's clock may be the one that is wrong."""

LIMITS: Mapping[str, tuple[tuple[str, Decimal, Severity], ...]] = {
    "R05": (("population", Decimal(30), "warn"),),
    "R16": (("score", Decimal(100), "error"), ("applicable_max", Decimal(100), "error")),
    "R17": (("score", Decimal(100), "error"),),
    "R18": (("score", Decimal(100), "error"),),
    "R23": (("score", Decimal(100), "error"),),
    "R24": (
        ("base_score", Decimal(80), "error"),
        ("gain_score", Decimal(20), "error"),
        ("loss_score", Decimal(40), "error"),
    ),
    "R27": (("rate_pct", Decimal(6), "error"), ("premium_pct", Decimal(2), "error")),
}
"""Largest values: of the models' parts, of the referral scheme's rates, and of what is plausible."""

LEVELS: Mapping[str, tuple[Level, Severity]] = {
    "R05": ("village", "warn"),
    "R17": ("village", "error"),
    "R18": ("town", "error"),
    "R19": ("village", "error"),
}
"""The level of region that a record stands for."""

RECHECK_INCOME = 5_000_000
"""Yearly income of a household, in yuan, above which somebody looks again."""

_BAD_CLASSES = frozenset({"3", "4", "5"})


def comparable(value: Value | None) -> Decimal | str | None:
    """A value in a form that compares: numbers by size, days and times by their text. None for anything else."""
    if type(value) is int:
        return Decimal(value)
    if type(value) is not str:
        return None
    return value if value[4:5] == "-" else Decimal(value)


class CrossChecks:
    """The checks of every type of one catalogue, put together when a type is first asked for."""

    def __init__(self, catalogue_: Catalogue, regions_: Regions) -> None:
        self._catalogue = catalogue_
        self._regions = regions_
        self._of: dict[str, tuple[RecordCheck, ...]] = {}

    def check(self, type_id: str, record: Record, on: date) -> list[Problem]:
        """Every problem across the fields of a record, on a day; none for a type without checks."""
        checks = self._of.get(type_id)
        if checks is None:
            checks = self._of[type_id] = tuple(self._checks(type_id))
        problems: list[Problem] = []
        for check in checks:
            if found := check(record, on):
                problems.extend(self._labelled(type_id, problem) for problem in found)
        return problems

    def _labelled(self, type_id: str, problem: Problem) -> Problem:
        label = self._label(type_id, problem.field)
        return Problem(problem.field, problem.code, problem.level, {"label": label, **problem.params})

    def _label(self, type_id: str, identifier: str) -> str:
        field = self._catalogue.types[type_id].by_identifier.get(identifier)
        return field.label if field else identifier

    def _checks(self, type_id: str) -> Iterator[RecordCheck]:
        for low, high, level in NOT_ABOVE.get(type_id, ()):
            yield _not_above(low, high, level, self._label(type_id, high))
        for identifier, limit, level in LIMITS.get(type_id, ()):
            yield _limit(identifier, limit, level)
        for identifier in NOT_FUTURE.get(type_id, ()):
            yield _not_future(identifier)
        if type_id in LEVELS:
            yield _region_level(*LEVELS[type_id], self._regions)
        yield from _OWN.get(type_id, ())


def _not_above(low: str, high: str, level: Severity, other: str) -> RecordCheck:
    def check(record: Record, _on: date) -> Iterable[Problem]:
        if low not in record or high not in record:
            return ()
        first, second = record[low], record[high]
        if type(first) is int and type(second) is int and first <= second:
            return ()
        small, large = comparable(first), comparable(second)
        if isinstance(small, str) and isinstance(large, str) and small > large:
            return (Problem(low, "crosscheck.later", level, {"other": other}),)
        if isinstance(small, Decimal) and isinstance(large, Decimal) and small > large:
            return (Problem(low, "crosscheck.above", level, {"other": other}),)
        return ()

    return check


def _limit(identifier: str, limit: Decimal, level: Severity) -> RecordCheck:
    too_much = Problem(identifier, "crosscheck.limit", level, {"limit": str(limit)})
    whole = int(limit)

    def check(record: Record, _on: date) -> Iterable[Problem]:
        given = record.get(identifier)
        if given is None or (type(given) is int and given <= whole):
            return ()
        value = comparable(given)
        return (too_much,) if isinstance(value, Decimal) and value > limit else ()

    return check


def _not_future(identifier: str) -> RecordCheck:
    future = Problem(identifier, "crosscheck.future", "warn")

    def check(record: Record, on: date) -> Iterable[Problem]:
        value = record.get(identifier)
        # Days compare as they are written; only what is not plainly past is looked at closely.
        if not isinstance(value, str) or value < _written(on):
            return ()
        return (future,) if _day(value) > on else ()

    return check


@lru_cache(maxsize=8)
def _written(on: date) -> str:
    return on.isoformat()


def _region_level(wanted: Level, level: Severity, regions_: Regions) -> RecordCheck:
    name = {"village": "村(社区)", "town": "镇(街)"}.get(wanted, wanted)
    other = Problem("region_code", "crosscheck.region_level", level, {"wanted": name})
    right = frozenset(region.code for region in regions_.within("", wanted, quasi=True))

    def check(record: Record, _on: date) -> Iterable[Problem]:
        code = record.get("region_code")
        if code in right:
            return ()
        region = regions_.get(code) if isinstance(code, str) else None
        return (other,) if region is not None and region.level != wanted else ()

    return check


def _day(value: str) -> date:
    return beijing_date(from_utc_text(value)) if value.endswith("Z") else date.fromisoformat(value)


def _person(record: Record, on: date) -> Iterator[Problem]:
    born, sex = identity(record, on)
    typed_birth, typed_sex = record.get("birth_date"), record.get("sex")
    if born is not None and isinstance(typed_birth, str) and typed_birth != born.isoformat():
        yield Problem("birth_date", "crosscheck.birth_date", "error")
    if sex and typed_sex in ("1", "2") and typed_sex != sex:
        yield Problem("sex", "crosscheck.sex", "warn")
    known = born or (date.fromisoformat(typed_birth) if isinstance(typed_birth, str) else None)
    if known is None:
        return
    under = on <= birthday(known, 14)
    if record.get("is_under14", under) is not under:
        yield Problem("is_under14", "crosscheck.under14", "error")
    if under and "id_no" in record:
        yield Problem("id_no", "crosscheck.child_id", "warn")
    if record.get("is_labor") is True and on < birthday(known, 16):
        yield Problem("is_labor", "crosscheck.child_labour", "warn")


def _income(record: Record, _on: date) -> Iterator[Problem]:
    total = sum_of(record, INCOME_PARTS)
    for identifier, computed in _SUMS.items():
        if identifier in record and computed(record) not in (None, record[identifier]):
            yield Problem(identifier, "crosscheck.sum", "error")
    stated = total or record.get("income_total")
    if isinstance(stated, str) and cents(stated) > RECHECK_INCOME * 100:
        yield Problem("income_total", "crosscheck.income_recheck", "warn", {"limit": "500万元"})


_SUMS: Mapping[str, Callable[[Record], str | None]] = {
    "income_total": lambda record: sum_of(record, INCOME_PARTS),
    "exp_total": lambda record: sum_of(record, COST_PARTS),
    "net_income": net_income,
}


def _debt(record: Record, _on: date) -> Iterator[Problem]:
    if record.get("five_class") in _BAD_CLASSES and not record.get("overdue_days"):
        yield Problem("overdue_days", "crosscheck.five_class", "warn")


def _production(record: Record, _on: date) -> Iterator[Problem]:
    if record.get("has_contract") is False and "fulfil_rate" in record:
        yield Problem("fulfil_rate", "crosscheck.no_contract", "warn")


def _region(record: Record, _on: date) -> Iterator[Problem]:
    parent, code = record.get("parent_code"), record.get("region_code")
    if isinstance(parent, str) and isinstance(code, str) and (parent == code or not covers(parent, code)):
        yield Problem("parent_code", "crosscheck.parent", "error")


def _consent(record: Record, _on: date) -> Iterator[Problem]:
    state, signed, valid_to = record.get("consent_state"), record.get("signed_at"), record.get("valid_to")
    if state in ("1", "2") and signed is None:
        yield Problem("signed_at", "crosscheck.needed", "error")
    if state == "4" and "revoked_at" not in record:
        yield Problem("revoked_at", "crosscheck.needed", "error")
    if record.get("consent_kind") == "C5" and "recipient_uscc" not in record:
        yield Problem("recipient_uscc", "crosscheck.needed", "error")
    if isinstance(signed, str) and isinstance(valid_to, str) and _day(signed).isoformat() > valid_to:
        yield Problem("valid_to", "crosscheck.before_signing", "error")


def _vote(record: Record, _on: date) -> Iterator[Problem]:
    scores = record.get("item_scores")
    if scores is None:
        return
    values = list(scores.values()) if isinstance(scores, dict) else scores if isinstance(scores, list) else []
    if not all(type(value) is int and 1 <= value <= 5 for value in values):
        yield Problem("item_scores", "crosscheck.vote_range", "error")
    if values and record.get("recused") is True:
        yield Problem("item_scores", "crosscheck.recused", "error")


def _rating(record: Record, _on: date) -> Iterator[Problem]:
    if "first_rater" in record and record["first_rater"] == record.get("second_rater"):
        yield Problem("second_rater", "crosscheck.same_person", "error")


def _enterprise(record: Record, _on: date) -> Iterator[Problem]:
    code, kind = record.get("uscc"), record.get("ent_type")
    if isinstance(code, str) and isinstance(kind, str) and kind != "99" and not code.startswith(kind):
        yield Problem("ent_type", "crosscheck.ent_type", "warn")
    if "revenue_main" in record and "revenue_year" not in record:
        yield Problem("revenue_year", "crosscheck.needed", "warn")


def _event(record: Record, _on: date) -> Iterator[Problem]:
    if record.get("basis_kind") == "1" and "doc_no" not in record:
        yield Problem("doc_no", "crosscheck.needed", "error")


def _complaint(record: Record, _on: date) -> Iterator[Problem]:
    if record.get("is_anonymous") is False and "complainant_name" not in record:
        yield Problem("complainant_name", "crosscheck.needed", "warn")
    if record.get("respondent_is_member") is True and "uscc" not in record:
        yield Problem("uscc", "crosscheck.needed", "warn")
    if "closed_at" in record and "outcome" not in record:
        yield Problem("outcome", "crosscheck.needed", "error")


def _selection(record: Record, _on: date) -> Iterator[Problem]:
    if record.get("decision") == "4" and "revoke_reason" not in record:
        yield Problem("revoke_reason", "crosscheck.needed", "error")


_OWN: Mapping[str, tuple[RecordCheck, ...]] = {
    "R03": (_region,),
    "R04": (_consent,),
    "R06": (_person,),
    "R07": (_income,),
    "R10": (_debt,),
    "R12": (_production,),
    "R15": (_vote,),
    "R16": (_rating,),
    "R20": (_enterprise,),
    "R21": (_event,),
    "R22": (_complaint,),
    "R23": (_selection,),
}


@cache
def cross_checks() -> CrossChecks:
    """The checks by the catalogue and regions that ship with this program."""
    return CrossChecks(catalogue(), regions())
