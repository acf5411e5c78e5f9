"""The judgement of one operation: scope, role, consent, catalogue, rating, merge. Reads nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import msgspec

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record
from jmdesk.ratings.admission import Fault, TypeRules, type_rules
from sync.gateway.editions import Editions
from sync.gateway.ledger import RecordKey, Step
from sync.gateway.merge import Held, Outcome, merge
from sync.gateway.policy import Grant, county_of
from sync.protocol.records import Op, Operation, Verdict, VerdictLine

_CONSENT = "R04"


@dataclass
class Known:
    """What the judge may look at: the records concerned as they are now, others' regions, consents' kinds.

    ``regions``: where records lie for good, not where one lies as long as it awaits another.
    """

    held: dict[RecordKey, Held] = field(default_factory=dict)
    regions: dict[RecordKey, str] = field(default_factory=dict)
    consents: dict[str, str] = field(default_factory=dict)

    def learn(self, steps: Iterable[Step]) -> None:
        """What became of earlier operations, in order."""
        changed = {step.key: step.held for step in steps if step.held is not None}
        self.held |= changed
        self.regions |= {key: held.region for key, held in changed.items() if not held.awaits}
        for key, held in changed.items():
            if key[0] == _CONSENT:
                self.note(key, held)

    def note(self, key: RecordKey, held: Held) -> None:
        """A record is from now on as ``held``."""
        self.held[key] = held
        if held.awaits:
            self.regions.pop(key, None)
        else:
            self.regions[key] = held.region
        if key[0] == _CONSENT:
            self.consents.pop(key[1], None)
            if not held.tombstone:
                self.consents[key[1]] = str(held.fields.get("consent_kind", ""))


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """An operation's verdict line and, where it changes its record, the record from now on."""

    line: VerdictLine
    held: Held | None = None


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
        rules = type_rules(known_catalogue, operation.type)
        if rules is None:
            return _rejected(operation, "verdict.type_unknown", "type")
        kept_from = self._grant.kept_from.get(operation.type, frozenset())
        if operation.type not in self._grant.writes or not kept_from.isdisjoint(operation.set):
            roles = ",".join(self._grant.roles)
            return Judgement(VerdictLine(operation.op_id, operation.rid, Verdict.FORBIDDEN, role=roles))
        key = (operation.type, operation.rid)
        held = known.held.get(key)
        region, awaits = self._place(operation, held, known)
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
        changed = self._changed(operation, held, outcome, fields, region, awaits)
        known.note(key, changed)
        return Judgement(line, changed)

    def _place(self, operation: Operation, held: Held | None, known: Known) -> tuple[str, str]:
        """Where a record lies, and the record that it awaits to say so.

        The region that it says itself, else that of what it is part of; until that one has its place this one stays
        where it is, a new one at the sender's home (`relocation.follow`).
        """
        if said := said_region(operation):
            return said, ""
        parent = parent_of(operation)
        if parent is not None and (found := known.regions.get(parent)):
            return found, ""
        if held is None:
            return self._grant.home, ":".join(parent or ())
        return held.region, ":".join(parent) if parent is not None else held.awaits

    def _impossible(
        self, operation: Operation, rules: TypeRules, held: Held | None, region: str, known: Known
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
        have = [known.consents.get(rid, "") for rid in operation.consent]
        fault = rules.lacking_consent(operation.set, have)
        return _refused(operation, fault) if fault is not None else None

    def _invalid(self, operation: Operation, rules: TypeRules, held: Held | None, fields: Record) -> Judgement | None:
        """What the catalogue or the rules say against the record as it would be."""
        touched = None if held is None else operation.seen
        fault = rules.fault(fields, self._on, self._editions.rules, touched)
        return _refused(operation, fault) if fault is not None else None

    def _unchanged(self, operation: Operation, rules: TypeRules, held: Held | None, outcome: Outcome) -> VerdictLine:
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

    def _changed(
        self, operation: Operation, held: Held | None, outcome: Outcome, fields: Record, region: str, awaits: str
    ) -> Held:
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
            awaits,
        )


def said_region(operation: Operation) -> str:
    """The region that a record says it lies in, where its type has one."""
    rules = type_rules(catalogue(), operation.type)
    if rules is None or not rules.says_region:
        return ""
    said = operation.set.get("region_code")
    return said if isinstance(said, str) else ""


def parent_of(operation: Operation) -> RecordKey | None:
    """The record that an operation says its record is part of: the household, the enterprise, the subject."""
    rules = type_rules(catalogue(), operation.type)
    return rules.parent(operation.set) if rules is not None else None


def _rejected(operation: Operation, code: str, path: str) -> Judgement:
    return Judgement(VerdictLine(operation.op_id, operation.rid, Verdict.REJECTED, code=code, path=path))


def _refused(operation: Operation, fault: Fault) -> Judgement:
    return Judgement(
        VerdictLine(
            *(operation.op_id, operation.rid, Verdict.REJECTED),
            code=fault.code,
            path=fault.path,
            params=dict(fault.params),
        )
    )
