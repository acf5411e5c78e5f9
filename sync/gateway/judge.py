"""The judgement of one operation: scope, role, consent, catalogue, rating, merge. Reads nothing, writes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.types import Record, RecordType
from jmdesk.catalogue.validation import validation
from jmdesk.core.errors import Refused
from jmdesk.ratings.model import shipped
from jmdesk.ratings.verification import differences
from sync.gateway.ledger import RecordKey
from sync.gateway.merge import Held, Outcome, merge
from sync.gateway.policy import Grant, county_of
from sync.protocol.records import Op, Operation, Verdict, VerdictLine

_REFERENCE = re.compile(r"(R\d\d|assessment|workflow_event):([0-9a-f-]{36})")
_RATING = "R16"
_CONSENT = "R04"


@dataclass
class Known:
    """What the judge may look at: the records concerned as they are now, others' regions, consents' kinds."""

    held: dict[RecordKey, Held] = field(default_factory=dict)
    regions: dict[RecordKey, str] = field(default_factory=dict)
    consents: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """An operation's verdict line and, where it changes its record, the record from now on."""

    line: VerdictLine
    held: Held | None = None


class Judge:
    """Judges the operations of one batch in order; ``known`` moves along with what is accepted."""

    def __init__(self, grant: Grant, *, on: date, same_epoch: bool) -> None:
        self._grant = grant
        self._on = on
        self._same_epoch = same_epoch

    def judge(self, operation: Operation, known: Known) -> Judgement:
        """The one outcome of an operation (I9)."""
        type_ = catalogue().types.get(operation.type)
        if type_ is None or type_.local_only:
            return _rejected(operation, "verdict.type_unknown", "type")
        if operation.type not in self._grant.writes:
            roles = ",".join(self._grant.roles)
            return Judgement(VerdictLine(operation.op_id, operation.rid, Verdict.FORBIDDEN, role=roles))
        key = (operation.type, operation.rid)
        held = known.held.get(key)
        region = self._region(operation, type_, held, known)
        if not self._grant.covers(region) or (held is not None and not self._grant.covers(held.region)):
            scope = ",".join(self._grant.regions)
            return Judgement(VerdictLine(operation.op_id, operation.rid, Verdict.FORBIDDEN, scope=scope))
        refused = self._impossible(operation, type_, held, region, known)
        if refused is not None:
            return refused
        outcome = merge(held, operation, type_, same_epoch=self._same_epoch)
        if outcome.fields is None:
            return Judgement(self._unchanged(operation, held, outcome))
        if operation.op is Op.UPSERT:
            refused = self._invalid(operation, type_, held, outcome.fields)
            if refused is not None:
                return refused
        line = VerdictLine(operation.op_id, operation.rid, outcome.verdict, version=outcome.version)
        changed = self._changed(operation, held, outcome, region)
        known.held[key] = changed
        known.regions[key] = region
        if operation.type == _CONSENT:
            known.consents.pop(operation.rid, None)
            if not changed.tombstone:
                known.consents[operation.rid] = str(changed.fields.get("consent_kind", ""))
        return Judgement(line, changed)

    def _region(self, operation: Operation, type_: RecordType, held: Held | None, known: Known) -> str:
        """Where a record lies: what it says itself, else where it lies already, else where what it is part of lies."""
        said = operation.set.get("region_code") if "region_code" in type_.by_identifier else None
        if isinstance(said, str):
            return said
        parent = parent_of(operation, type_)
        if held is not None and parent is None:
            return held.region
        found = known.regions.get(parent) if parent else None
        return found or (held.region if held is not None else self._grant.home)

    def _impossible(
        self, operation: Operation, type_: RecordType, held: Held | None, region: str, known: Known
    ) -> Judgement | None:
        """What makes an operation senseless before it is merged."""
        if held is None and operation.base_version > 0 and (self._same_epoch or operation.op is Op.TOMBSTONE):
            return _rejected(operation, "verdict.record_unknown", "")
        if held is not None and county_of(held.region) != county_of(region):
            return _rejected(operation, "verdict.other_county", "region_code")
        if held is not None and self._same_epoch:
            ahead = max((operation.base_version, *operation.seen.values()))
            if ahead > held.version:
                return _rejected(operation, "verdict.version_unknown", "")
        have = {known.consents.get(rid, "") for rid in operation.consent}
        for identifier in operation.set.keys() & _sealed(type_.id):
            lock = catalogue().lock_of(type_.by_identifier[identifier], operation.set[identifier])
            if lock is not None and lock.effect == "seal" and not have.issuperset(lock.kinds):
                return _rejected(operation, "verdict.consent_missing", identifier)
        return None

    def _invalid(self, operation: Operation, type_: RecordType, held: Held | None, fields: Record) -> Judgement | None:
        """What the catalogue or the rules say against the record as it would be."""
        touched = operation.seen
        for problem in validation(wire=True).of(type_.id).validate(fields, complete=True, on=self._on):
            # What is wrong with fields that others wrote is not this author's to mend.
            if problem.level == "error" and (held is None or problem.field in touched or not problem.field):
                return _refused_field(operation, problem)
        if type_.id == _RATING:
            code = rating_fault(fields)
            if code:
                return _rejected(operation, code, "item_scores")
        return None

    def _unchanged(self, operation: Operation, held: Held | None, outcome: Outcome) -> VerdictLine:
        line = VerdictLine(operation.op_id, operation.rid, outcome.verdict, version=outcome.version)
        if outcome.verdict is not Verdict.CONFLICT or held is None:
            return line
        visible = held.unit == self._grant.unit
        fields = catalogue().types[operation.type].by_identifier
        shown = [i for i in outcome.conflicting if visible or i not in fields or fields[i].disclosure != "U"]
        return VerdictLine(
            *(operation.op_id, operation.rid, outcome.verdict, outcome.version),
            values={i: held.fields[i] for i in shown if i in held.fields},
            versions={i: held.version_of(i) for i in shown},
        )

    def _changed(self, operation: Operation, held: Held | None, outcome: Outcome, region: str) -> Held:
        return Held(
            county=county_of(region),
            region=region,
            unit=held.unit if held is not None else self._grant.unit,
            version=outcome.version,
            tombstone=operation.op is Op.TOMBSTONE,
            fields=outcome.fields or {},
            versions=outcome.versions,
            writers=outcome.writers,
            writer=operation.op_id,
            at=operation.at,
            reason=operation.reason,
        )


def parent_of(operation: Operation, type_: RecordType) -> RecordKey | None:
    """The record that an operation says its record is part of: the household, the enterprise, the subject."""
    for identifier, target in _parents(type_.id):
        value = operation.set.get(identifier)
        if isinstance(value, str):
            if target:
                return target, value
            match = _REFERENCE.fullmatch(value)
            if match:
                return match[1], match[2]
    return None


def rating_fault(fields: Mapping[str, object]) -> str:
    """The code of what is wrong with a rating when it is computed anew from the facts it carries, or nothing.

    A reviewer may move the grade by one step; then a second rater stands on the record (rule JM-HH-1, review).
    """
    label = str(fields.get("model_ver", ""))
    try:
        package = shipped(label.partition("@")[0])
    except Refused:
        return "verdict.rules_unknown"
    if package.label != label:
        return "verdict.rules_unknown"
    wrong = differences(fields, package)
    if wrong == ("grade",) and "second_rater" in fields:
        right = differences({**fields, "grade": ""}, package)
        return "" if right == ("grade",) and _one_step(fields, package.label) else "verdict.rating_differs"
    return "verdict.rating_differs" if wrong else ""


def _one_step(fields: Mapping[str, object], label: str) -> bool:
    package = shipped(label.partition("@")[0])
    grades = [band.grade for band in package.bands] + [package.unbanded]
    given = str(fields["grade"])
    right = next((g for g in grades if not differences({**fields, "grade": g}, package)), None)
    return right is not None and given in grades and abs(grades.index(right) - grades.index(given)) == 1


@cache
def _parents(type_id: str) -> tuple[tuple[str, str], ...]:
    """(field, target type or "" for untyped) of the references that place a record, the strongest first."""
    type_ = catalogue().types[type_id]
    rank = {"R05": 0, "R20": 1, "": 2, "R06": 3}
    found = [
        (rank[f.type.target], f.identifier, f.type.target)
        for f in type_.fields
        if f.type.kind == "ref" and f.type.target in rank
    ]
    return tuple((identifier, target) for _, identifier, target in sorted(found))


@cache
def _sealed(type_id: str) -> frozenset[str]:
    """Fields whose values travel only with consents on record."""
    known = catalogue()
    return frozenset(
        f.identifier
        for f in known.types[type_id].fields
        if (lock := known.lock_of(f)) is not None and lock.effect == "seal"
    )


def _rejected(operation: Operation, code: str, path: str) -> Judgement:
    return Judgement(VerdictLine(operation.op_id, operation.rid, Verdict.REJECTED, code=code, path=path))


def _refused_field(operation: Operation, problem: Problem) -> Judgement:
    params = {name: str(value) for name, value in problem.params.items()}
    return Judgement(
        VerdictLine(
            *(operation.op_id, operation.rid, Verdict.REJECTED),
            code=problem.code,
            path=problem.field,
            params=params,
        )
    )
