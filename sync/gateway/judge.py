"""The judgement of one operation: scope, role, consent, catalogue, rating, merge. Reads nothing, writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache

import msgspec

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.problems import Problem
from jmdesk.catalogue.types import Catalogue, Record, RecordType
from jmdesk.catalogue.validation import RecordValidator, validation_of
from jmdesk.core.errors import Refused
from jmdesk.ratings.model import RulePackage
from jmdesk.ratings.rulebook import Rulebook
from jmdesk.ratings.verification import differences
from sync.gateway.editions import Editions
from sync.gateway.ledger import RecordKey, Step
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

    def learn(self, steps: Iterable[Step]) -> None:
        """What became of earlier operations, in order."""
        changed = {step.key: step.held for step in steps if step.held is not None}
        self.held |= changed
        self.regions |= {key: held.region for key, held in changed.items()}
        for key, held in changed.items():
            if key[0] == _CONSENT:
                self.note(key, held)

    def note(self, key: RecordKey, held: Held) -> None:
        """A record is from now on as ``held``."""
        self.held[key] = held
        self.regions[key] = held.region
        if key[0] == _CONSENT:
            self.consents.pop(key[1], None)
            if not held.tombstone:
                self.consents[key[1]] = str(held.fields.get("consent_kind", ""))


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """An operation's verdict line and, where it changes its record, the record from now on."""

    line: VerdictLine
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the judge needs of one record type, looked up once."""

    catalogue: Catalogue
    type: RecordType
    validator: RecordValidator
    sealed: frozenset[str]
    """Fields whose values travel only with consents on record."""
    parents: tuple[tuple[str, str], ...]
    """(field, target type or "" for untyped) of the references that place a record, the strongest first."""
    says_region: bool


@cache
def _rules(type_id: str) -> _Rules | None:
    return _rules_of(catalogue(), type_id)


@lru_cache(maxsize=1024)
def _rules_of(known: Catalogue, type_id: str) -> _Rules | None:
    type_ = known.types.get(type_id)
    if type_ is None or type_.local_only:
        return None
    rank = {"R05": 0, "R20": 1, "": 2, "R06": 3}
    references = [f for f in type_.fields if f.type.kind == "ref" and f.type.target in rank]
    references.sort(key=lambda f: rank[f.type.target])
    locks = {f.identifier: known.lock_of(f) for f in type_.fields}
    sealed = frozenset(name for name, lock in locks.items() if lock is not None and lock.effect == "seal")
    return _Rules(
        known,
        type_,
        validation_of(known, wire=True).of(type_id),
        sealed,
        tuple((f.identifier, f.type.target) for f in references),
        "region_code" in type_.by_identifier,
    )


class Judge:
    """Judges the operations of one batch in order; ``known`` moves along with what is accepted."""

    def __init__(self, grant: Grant, *, on: date, same_epoch: bool, editions: Editions | None = None) -> None:
        """``editions``: the catalogues and rules that operations may name; without them the program's own."""
        self._grant = grant
        self._editions = editions or Editions()
        self._on = on
        self._same_epoch = same_epoch

    def judge(self, operation: Operation, known: Known) -> Judgement:
        """The one outcome of an operation (I9)."""
        known_catalogue = self._editions.catalogue(operation.catalogue)
        if known_catalogue is None:
            return _rejected(operation, "verdict.catalogue_unknown", "catalogue")
        rules = _rules_of(known_catalogue, operation.type)
        if rules is None:
            return _rejected(operation, "verdict.type_unknown", "type")
        if operation.type not in self._grant.writes:
            roles = ",".join(self._grant.roles)
            return Judgement(VerdictLine(operation.op_id, operation.rid, Verdict.FORBIDDEN, role=roles))
        key = (operation.type, operation.rid)
        held = known.held.get(key)
        region = self._region(operation, held, known)
        if not self._grant.covers(region) or (held is not None and not self._grant.covers(held.region)):
            scope = ",".join(self._grant.regions)
            return Judgement(VerdictLine(operation.op_id, operation.rid, Verdict.FORBIDDEN, scope=scope))
        refused = self._impossible(operation, rules, held, region, known)
        if refused is not None:
            return refused
        outcome = merge(held, operation, rules.type, same_epoch=self._same_epoch)
        fields = outcome.fields
        if fields is None:
            return Judgement(self._unchanged(operation, rules, held, outcome))
        if operation.op is Op.UPSERT:
            refused = self._invalid(operation, rules, held, fields)
            if refused is not None:
                return refused
        line = VerdictLine(operation.op_id, operation.rid, outcome.verdict, outcome.version)
        changed = self._changed(operation, held, outcome, fields, region)
        known.note(key, changed)
        return Judgement(line, changed)

    def _region(self, operation: Operation, held: Held | None, known: Known) -> str:
        """Where a record lies: what it says itself, else where what it is part of lies, else where it lies already."""
        said = said_region(operation)
        if said:
            return said
        parent = parent_of(operation)
        if held is not None and parent is None:
            return held.region
        found = known.regions.get(parent) if parent else None
        return found or (held.region if held is not None else self._grant.home)

    def _impossible(
        self, operation: Operation, rules: _Rules, held: Held | None, region: str, known: Known
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
        if rules.sealed.isdisjoint(operation.set):
            return None
        have = {known.consents.get(rid, "") for rid in operation.consent}
        for identifier in operation.set.keys() & rules.sealed:
            lock = rules.catalogue.lock_of(rules.type.by_identifier[identifier], operation.set[identifier])
            if lock is not None and lock.effect == "seal" and not have.issuperset(lock.kinds):
                return _rejected(operation, "verdict.consent_missing", identifier)
        return None

    def _invalid(self, operation: Operation, rules: _Rules, held: Held | None, fields: Record) -> Judgement | None:
        """What the catalogue or the rules say against the record as it would be."""
        touched = operation.seen
        for problem in rules.validator.validate(fields, complete=True, on=self._on):
            # What is wrong with fields that others wrote is not this author's to mend.
            if problem.level == "error" and (held is None or problem.field in touched or not problem.field):
                return _refused_field(operation, problem)
        if operation.type == _RATING:
            code = rating_fault(fields, self._editions.rules)
            if code:
                return _rejected(operation, code, "item_scores")
        return None

    def _unchanged(self, operation: Operation, rules: _Rules, held: Held | None, outcome: Outcome) -> VerdictLine:
        line = VerdictLine(operation.op_id, operation.rid, outcome.verdict, version=outcome.version)
        if outcome.verdict is not Verdict.CONFLICT or held is None:
            return line
        visible = held.unit == self._grant.unit
        fields = rules.type.by_identifier
        shown = [i for i in outcome.conflicting if visible or i not in fields or fields[i].disclosure != "U"]
        return VerdictLine(
            *(operation.op_id, operation.rid, outcome.verdict, outcome.version),
            values={i: held.fields[i] for i in shown if i in held.fields},
            versions={i: held.version_of(i) for i in shown},
        )

    def _changed(self, operation: Operation, held: Held | None, outcome: Outcome, fields: Record, region: str) -> Held:
        # By position: so many keywords would cost as much as the merge.
        return Held(
            county_of(region),
            region,
            held.unit if held is not None else self._grant.unit,
            outcome.version,
            operation.op is Op.TOMBSTONE,
            fields,
            outcome.versions,
            outcome.writers,
            operation.op_id,
            operation.at,
            operation.reason,
        )


def said_region(operation: Operation) -> str:
    """The region that a record says it lies in, where its type has one."""
    rules = _rules(operation.type)
    if rules is None or not rules.says_region:
        return ""
    said = operation.set.get("region_code")
    return said if isinstance(said, str) else ""


def parent_of(operation: Operation) -> RecordKey | None:
    """The record that an operation says its record is part of: the household, the enterprise, the subject."""
    rules = _rules(operation.type)
    for identifier, target in rules.parents if rules else ():
        value = operation.set.get(identifier)
        if isinstance(value, str):
            if target:
                return target, value
            match = _REFERENCE.fullmatch(value)
            if match:
                return match[1], match[2]
    return None


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
