"""Whether the platform would take a record: the rules of its data, the same at the gateway's judge and in a rehearsal.

Pure: nothing is read or written. Scope, roles and merging are the judge's own affair.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from jmdesk.catalogue.types import Catalogue, Record, RecordType, Value
from jmdesk.catalogue.validation import RecordValidator, validation_of
from jmdesk.core.errors import Refused
from jmdesk.ratings.model import RulePackage
from jmdesk.ratings.rulebook import Rulebook
from jmdesk.ratings.verification import differences

RATING = "R16"
_RID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_REFERENCE = re.compile(rf"(?:(R\d\d|assessment|workflow_event):)?({_RID})")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a record is not taken: a stable code, the field concerned ("" for the whole), what fills the text."""

    code: str
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TypeRules:
    """What is needed to judge records of one type under one catalogue, looked up once."""

    catalogue: Catalogue
    type: RecordType
    validator: RecordValidator
    sealed: frozenset[str]
    """Fields whose values travel only with consents on record."""
    parents: tuple[tuple[str, str], ...]
    """(field, target type or "" for untyped) of the references that place a record, the strongest first; none where a
    record says its region itself."""
    says_region: bool

    def region(self, values: Mapping[str, Value]) -> str:
        """The region that a record of this type says it lies in, or nothing."""
        said = values.get("region_code") if self.says_region else None
        return said if isinstance(said, str) else ""

    def parent(self, values: Mapping[str, Value]) -> tuple[str, str] | None:
        """The record (type, rid) that a record says it is part of: the household, the enterprise, the subject."""
        for identifier, target in self.parents:
            value = values.get(identifier)
            match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
            if match and (target == "") == (match[1] is not None):
                return target or match[1], match[2]
        return None

    def lacking_consent(self, values: Mapping[str, Value], kinds: Collection[str]) -> Fault | None:
        """The first value that needs consents of other kinds than those on record."""
        if values.keys().isdisjoint(self.sealed):
            return None
        have = frozenset(kinds)
        for identifier in values.keys() & self.sealed:
            lock = self.catalogue.lock_of(self.type.by_identifier[identifier], values[identifier])
            if lock is not None and lock.effect == "seal" and not have.issuperset(lock.kinds):
                return Fault("verdict.consent_missing", identifier)
        return None

    def fault(self, fields: Record, on: date, rules: Rulebook, touched: Iterable[str] | None = None) -> Fault | None:
        """What the catalogue or the rating rules say against a whole record on a day.

        ``touched``: the author's own fields, for what others wrote is not his to mend; None where all is his.
        """
        own = None if touched is None else frozenset(touched)
        for problem in self.validator.validate(fields, complete=True, on=on):
            if problem.level == "error" and (own is None or problem.field in own or not problem.field):
                params = {name: str(value) for name, value in problem.params.items()}
                return Fault(problem.code, problem.field, params)
        code = rating_fault(fields, rules) if self.type.id == RATING else ""
        return Fault(code, "item_scores") if code else None


@lru_cache(maxsize=1024)
def type_rules(catalogue: Catalogue, type_id: str) -> TypeRules | None:
    """The rules of a type; None for one that never travels or that the catalogue does not have."""
    type_ = catalogue.types.get(type_id)
    if type_ is None or type_.local_only:
        return None
    rank = {"R05": 0, "R20": 1, "": 2, "R06": 3}
    says_region = "region_code" in type_.by_identifier
    references = [f for f in type_.fields if f.type.kind == "ref" and f.type.target in rank and not says_region]
    references.sort(key=lambda f: rank[f.type.target])
    locks = {f.identifier: catalogue.lock_of(f) for f in type_.fields}
    sealed = frozenset(name for name, lock in locks.items() if lock is not None and lock.effect == "seal")
    return TypeRules(
        catalogue,
        type_,
        validation_of(catalogue, wire=True).of(type_id),
        sealed,
        tuple((f.identifier, f.type.target) for f in references),
        says_region,
    )


def rating_fault(fields: Mapping[str, object], rules: Rulebook | None = None) -> str:
    """The code of what is wrong with a rating when it is computed anew from the facts it carries, or nothing.

    A reviewer may move the grade by one step; then a second rater stands on the record (rule JM-HH-1, review).
    """
    label = str(fields.get("model_ver", ""))
    try:
        package = (rules or Rulebook()).of(label)
    except Refused:
        return "verdict.rules_unknown"
    wrong = differences(fields, package)
    if wrong == ("grade",) and "second_rater" in fields:
        right = differences({**fields, "grade": ""}, package)
        return "" if right == ("grade",) and _one_step(fields, package) else "verdict.rating_differs"
    return "verdict.rating_differs" if wrong else ""


def _one_step(fields: Mapping[str, object], package: RulePackage) -> bool:
    grades = [band.grade for band in package.bands] + [package.unbanded]
    given = str(fields["grade"])
    right = next((g for g in grades if not differences({**fields, "grade": g}, package)), None)
    return right is not None and given in grades and abs(grades.index(right) - grades.index(given)) == 1
