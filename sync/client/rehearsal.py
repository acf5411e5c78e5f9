"""The rehearsal of a synchronisation (报送预演): what would go, what would stay, what would be refused, and why.

Nothing is sealed or sent. What may travel is told by the same ``Readiness`` that seals, what the platform would say by
the same rules that its judge goes by, with the newest packages held here. What others changed meanwhile, only the
platform can know.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import msgspec

from jmdesk.catalogue.types import Record
from jmdesk.core.clock import beijing_date
from jmdesk.ratings.admission import Fault, TypeRules, type_rules
from jmdesk.records.readiness import SEND_ORDER, Hold, Readiness
from jmdesk.store import outbox, reading
from jmdesk.store.outbox import Waiting
from sync.client.sealing import CHECK_EVERY, MOST_RECORDS, part_records, unknown_there
from sync.protocol.records import Verdict
from sync.protocol.roles import may_send

if TYPE_CHECKING:
    from jmdesk.desk import Desk
    from jmdesk.store.store import Connection
    from sync.client.steering import Steering

MOST_LISTED: Final = 300
"""Records listed by name; more are counted."""
_LINE_OVERHEAD: Final = 260
"""Bytes of a line beside its values: names of the operation and the record, versions, times."""
_SEALED: Final = 16
_MANIFEST: Final = 1_600


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One change that would not be taken: its record, why (a stable code with a text), and what fills the text.

    ``verdict`` is "" for what stays here, else what the platform would say (rejected, forbidden); ``path`` the field.
    """

    type: str
    rid: str
    code: str
    verdict: str = ""
    path: str = ""
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Rehearsal:
    """What a synchronisation would do now. Counts are changes; ``bytes`` and ``batches`` are estimates of what travels.

    ``held`` and ``refused`` count by code; ``obstacles`` lists up to ``MOST_LISTED`` of each with their records.
    ``catalogue`` and ``rules`` are the versions it was held against; ``under_way`` batches were sealed before.
    """

    catalogue: str
    rules: str
    ready: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    batches: int = 0
    under_way: int = 0
    held: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    obstacles: list[Obstacle] = field(default_factory=list)

    @property
    def records(self) -> int:
        """Changes that would be sent and taken."""
        return sum(self.ready.values())

    @property
    def clean(self) -> bool:
        """Whether nothing stands in the way of anything."""
        return not self.held and not self.refused

    def as_json(self) -> dict[str, object]:
        """The object that ``jmdesk sync --rehearse --json`` prints."""
        return {
            "catalogue": self.catalogue,
            "rules": self.rules,
            "records": self.records,
            "by_type": dict(self.ready),
            "bytes": self.bytes,
            "batches": self.batches,
            "batches_under_way": self.under_way,
            "held": dict(self.held),
            "refused": dict(self.refused),
            "obstacles": [
                {"type": o.type, "record": o.rid, "code": o.code, "verdict": o.verdict or "held", "field": o.path}
                for o in self.obstacles
            ],
        }


def rehearse(desk: Desk, steering: Steering) -> Rehearsal:
    """Try every waiting change on the rules of sending and of the platform. Reads only; ``Stopped`` when asked to."""
    found = Rehearsal(desk.catalogue.version, desk.ratings.package.label)
    with desk.store.reading() as connection:
        found.under_way = len(outbox.batch_list(connection, open_only=True))
        trial = _Trial(desk, connection)
        waiting = trial.judged()
        for number, (change, obstacle) in enumerate(waiting, 1):
            if number % CHECK_EVERY == 1:
                steering.check()
                steering.tell("rehearse", number, 0)
            _note(found, change, obstacle)
    found.bytes = trial.weight.total()
    found.batches = -(-found.records // MOST_RECORDS)
    return found


def _note(found: Rehearsal, change: Waiting, obstacle: Obstacle | None) -> None:
    if obstacle is None:
        found.ready[change.record.type] = found.ready.get(change.record.type, 0) + 1
        return
    counts = found.refused if obstacle.verdict else found.held
    counts[obstacle.code] += 1
    if sum(bool(o.verdict) == bool(obstacle.verdict) for o in found.obstacles) < MOST_LISTED:
        found.obstacles.append(obstacle)


class _Weight:
    """What the lines of parts would weigh: gathered as parts are, compressed, and forgotten."""

    def __init__(self, per_part: int) -> None:
        self._per_part, self._lines, self._sum = per_part, list[bytes](), 0
        self._parts = 0

    def add(self, waiting: Waiting) -> None:
        values = {name: waiting.record.values.get(name) for name in waiting.fields}
        self._lines.append(msgspec.json.encode(values) + waiting.record.rid.encode() * (_LINE_OVERHEAD // 36))
        if len(self._lines) >= self._per_part:
            self._close()

    def total(self) -> int:
        """Bytes of everything, manifest and seals with it; 0 for nothing."""
        if self._lines:
            self._close()
        return self._sum + _MANIFEST + self._parts * 200 if self._parts else 0

    def _close(self) -> None:
        self._sum += len(zlib.compress(b"\n".join(self._lines), 6)) + _SEALED
        self._lines = []
        self._parts += 1


class _Trial:
    """The changes of one outbox under trial."""

    def __init__(self, desk: Desk, connection: Connection) -> None:
        self._connection, self._catalogue = connection, desk.catalogue
        self._readiness = Readiness(connection, desk.catalogue, desk.clock)
        self._rules = desk.packages.rulebook()
        self._on = beijing_date(desk.clock.now())
        grant = desk.grant
        self._roles = may_send(grant.roles) if grant is not None else None
        self._regions = desk.regions if grant is not None else ("",)
        self._kinds: dict[str, str] = {}
        self.weight = _Weight(part_records(desk))

    def judged(self) -> Iterator[tuple[Waiting, Obstacle | None]]:
        """Each change in the order in which it would travel, with what stands in its way."""
        for waiting, held in self._readiness.judged(outbox.drafts(self._connection, types=SEND_ORDER)):
            hold = unknown_there(waiting) or held
            obstacle = _held(waiting, hold) if hold is not None else self._refusal(waiting)
            if obstacle is None:
                self.weight.add(waiting)
            yield waiting, obstacle

    def _refusal(self, waiting: Waiting) -> Obstacle | None:
        """What the platform would say against a change."""
        record = waiting.record
        rules = type_rules(self._catalogue, record.type)
        if rules is None:
            return _refused(waiting, Fault("verdict.type_unknown", "type"))
        if self._roles is not None and record.type not in self._roles:
            return _refused(waiting, Fault("sync.verdict_forbidden"), Verdict.FORBIDDEN)
        if not record.region.startswith(tuple(self._regions)):
            return _refused(waiting, Fault("sync.verdict_forbidden", "region_code"), Verdict.FORBIDDEN)
        if waiting.op == "tombstone":
            return None
        fault = self._fault(rules, waiting)
        return _refused(waiting, fault) if fault is not None else None

    def _fault(self, rules: TypeRules, waiting: Waiting) -> Fault | None:
        values = waiting.record.values
        travelling: Record = {name: values[name] for name in rules.type.travelling(values)}
        changed = {name: values[name] for name in waiting.fields if name in values}
        if not rules.sealed.isdisjoint(changed):
            kinds = [self._kind(rid) for rid in self._readiness.consents(waiting)]
            lacking = rules.lacking_consent(changed, kinds)
            if lacking is not None:
                return lacking
        touched = None if not waiting.record.base_version else waiting.fields
        return rules.fault(travelling, self._on, self._rules, touched)

    def _kind(self, consent: str) -> str:
        if consent not in self._kinds:
            found = reading.get(self._connection, "R04", consent)
            self._kinds[consent] = str(found.values.get("consent_kind", "")) if found is not None else ""
        return self._kinds[consent]


def _held(waiting: Waiting, hold: Hold) -> Obstacle:
    params = {"lock": hold.detail, "problem": hold.detail}
    return Obstacle(waiting.record.type, waiting.record.rid, hold.code, params=params)


def _refused(waiting: Waiting, fault: Fault, verdict: Verdict = Verdict.REJECTED) -> Obstacle:
    record = waiting.record
    return Obstacle(record.type, record.rid, fault.code, verdict.value, fault.path, fault.params)
