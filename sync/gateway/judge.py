"""The judgement of one operation: scope, role, consent, catalogue, rating, merge. Reads nothing, writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record
from jmdesk.ratings.admission import Fault, TypeRules, type_rules
from sync.gateway.editions import Editions
from sync.gateway.ledger import RecordKey, Step
from sync.gateway.merge import Held, Outcome, merge
from sync.gateway.policy import Grant, county_of
from sync.protocol.records import Op, Operation, Verdict

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
        for step in steps:
            if step.held is not None:
                self.note(step.key, step.held)

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


class Judge:
    """Judges the operations of one batch in order; ``known`` moves along with what is accepted."""

    def __init__(self, grant: Grant, *, on: date, same_epoch: bool, editions: Editions | None = None) -> None:
        """``editions``: the catalogues and rules that operations may name; without them the program's own."""
        self._grant = grant
        self._editions = editions or Editions()
        self._on = on
        self._same_epoch = same_epoch
        self._rules: dict[tuple[str, str], TypeRules] = {}

    def judge(self, operation: Operation, known: Known) -> Step:
        """The one outcome of an operation (I9)."""
        key = (operation.type, operation.rid)
        rules = self._rules.get((operation.catalogue, operation.type)) or self._admitted(operation, key)
        if isinstance(rules, Step):
            return rules
        kept_from = self._grant.kept_from.get(operation.type)
        if kept_from and not operation.set.keys().isdisjoint(kept_from):
            return self._forbidden(key)
        held = known.held.get(key)
        region, awaits = self._place(operation, rules, held, known)
        if not self._grant.covers(region) or (held is not None and not self._grant.covers(held.region)):
            return Step(key, Verdict.FORBIDDEN, said={"scope": ",".join(self._grant.regions)})
        fault = self._impossible(operation, held, region) or self._lacking_consent(operation, rules, known)
        if fault is not None:
            return _rejected(key, fault)
        outcome = merge(held, operation, rules.type, same_epoch=self._same_epoch)
        fields = outcome.fields
        if fields is None:
            return Step(key, outcome.verdict, outcome.version, said=self._shown(rules, held, outcome))
        if operation.op is Op.UPSERT:
            fault = rules.fault(fields, self._on, self._editions.rules, None if held is None else operation.seen)
            if fault is not None:
                return _rejected(key, fault)
        changed = self._changed(operation, held, outcome, fields, region, awaits)
        known.note(key, changed)
        return Step(key, outcome.verdict, outcome.version, changed)

    def _admitted(self, operation: Operation, key: RecordKey) -> TypeRules | Step:
        """The rules of a type under the catalogue that an operation names, kept for the next one; or why not."""
        known_catalogue = self._editions.catalogue(operation.catalogue)
        if known_catalogue is None:
            return _rejected(key, Fault("verdict.catalogue_unknown", "catalogue"))
        rules = type_rules(known_catalogue, operation.type)
        if rules is None:
            return _rejected(key, Fault("verdict.type_unknown", "type"))
        if operation.type not in self._grant.writes:
            return self._forbidden(key)
        self._rules[operation.catalogue, operation.type] = rules
        return rules

    def _forbidden(self, key: RecordKey) -> Step:
        return Step(key, Verdict.FORBIDDEN, said={"role": ",".join(self._grant.roles)})

    def _place(self, operation: Operation, rules: TypeRules, held: Held | None, known: Known) -> tuple[str, str]:
        """Where a record lies, and the record that it awaits to say so.

        The region that it says itself, else that of what it is part of; until that one has its place this one stays
        where it is, a new one at the sender's home (`relocation.follow`).
        """
        if said := rules.region(operation.set):
            return said, ""
        parent = rules.parent(operation.set)
        if parent is not None and (found := known.regions.get(parent)):
            return found, ""
        if held is None:
            return self._grant.home, ":".join(parent or ())
        return held.region, ":".join(parent) if parent is not None else held.awaits

    def _impossible(self, operation: Operation, held: Held | None, region: str) -> Fault | None:
        """What makes an operation senseless before it is merged."""
        if held is None:
            senseless = operation.base_version > 0 and (self._same_epoch or operation.op is Op.TOMBSTONE)
            return Fault("verdict.record_unknown") if senseless else None
        if county_of(held.region) != county_of(region):
            return Fault("verdict.other_county", "region_code")
        if self._same_epoch and max((operation.base_version, *operation.seen.values())) > held.version:
            return Fault("verdict.version_unknown")
        return None

    def _lacking_consent(self, operation: Operation, rules: TypeRules, known: Known) -> Fault | None:
        return rules.lacking_consent(operation.set, [known.consents.get(rid, "") for rid in operation.consent])

    def _shown(self, rules: TypeRules, held: Held | None, outcome: Outcome) -> dict[str, object] | None:
        """Of a conflict, what the platform holds of the touched fields: as much as the sender's unit may see."""
        if outcome.verdict is not Verdict.CONFLICT or held is None:
            return None
        visible = held.unit == self._grant.unit
        fields = rules.type.by_identifier
        shown = [i for i in outcome.conflicting if visible or i not in fields or fields[i].disclosure != "U"]
        return {
            "values": {i: held.fields[i] for i in shown if i in held.fields},
            "versions": {i: held.version_of(i) for i in shown},
        }

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


def place_of(operation: Operation) -> tuple[str, RecordKey | None]:
    """The region that an operation says its record lies in, if any, and the record that it says it is part of."""
    rules = type_rules(catalogue(), operation.type)
    return (rules.region(operation.set), rules.parent(operation.set)) if rules is not None else ("", None)


def _rejected(key: RecordKey, fault: Fault) -> Step:
    said = {"code": fault.code, "path": fault.path, "params": dict(fault.params)}
    return Step(key, Verdict.REJECTED, said={name: value for name, value in said.items() if value})
