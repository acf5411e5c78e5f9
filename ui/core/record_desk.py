"""Loading, saving and telling the history of one record of any type, in words: what every form and dossier needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jmdesk.attachments.linking import LOGGED
from jmdesk.catalogue.types import Field, Record, RecordType
from jmdesk.core.clock import beijing_text
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.records.masking import AWAITING
from jmdesk.records.service import Entry
from jmdesk.store.change_log import Change
from ui.core import wording
from ui.core.i18n import tr
from ui.core.labels import Labels

SHOWN_DIGITS = 12
"""Of a document's hash: enough to tell two apart."""


def is_for_machines(record_type: RecordType, field: Field) -> bool:
    """Whether a field holds ids, digests or workings that nobody reads on screen."""
    if field.type.kind == "uuid":
        return bool(field.key)
    if record_type.id == "R16" and field.identifier == "item_scores":
        return True  # the rating page explains them in words
    return record_type.bookkeeping and field.type.kind == "digest"


@dataclass(frozen=True, slots=True)
class Loaded:
    """One record ready for the form."""

    entry: Entry
    title: str
    closed_locks: frozenset[str]
    """Consent locks that its household has not opened."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One value before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Deed:
    """One entry of a record's history, in words."""

    at: str
    who: str
    verb: str
    reason: str
    changes: tuple[FieldChange, ...]


class RecordDesk:
    """Loads and saves records of any type; every method may take its time and is called on the runner."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.labels = Labels(desk)

    def load(self, type_id: str, rid: str) -> Loaded:
        """A record with its title and the locks that are closed for it."""
        entry = self.desk.records.get(type_id, rid)
        values = entry.record.values
        return Loaded(entry, self.labels.heading(type_id, values), self.closed_locks(type_id, rid, values))

    def closed_locks(self, type_id: str, rid: str, values: Record) -> frozenset[str]:
        """The names of the consent locks that are closed for a record of a household; none when it has no household."""
        from jmdesk.records.consent_book import subject_household

        record_type = self.desk.catalogue.types[type_id]
        household = subject_household(record_type, rid, values)
        names = {f.lock for f in record_type.fields if f.lock}
        if household is None or not names:
            return frozenset()
        given = self.desk.consents.of(household)
        return frozenset(name for name in names if not given.opens(self.desk.catalogue.locks[name]))

    def save(self, type_id: str, rid: str, set_: Record, unset: Sequence[str]) -> str:
        """Create (empty ``rid``) or change a record; gives its id. ``InvalidRecord`` names what is wrong."""
        record_type = self.desk.catalogue.types[type_id]
        if record_type.bookkeeping:
            raise Refused("records.bookkeeping", label=record_type.label)
        if rid:
            self.desk.records.change(type_id, rid, set_, unset)
            return rid
        with self.desk.records.writing("create") as writer:
            made = writer.transaction.new_id()
            own = next((f.identifier for f in record_type.key_fields if f.type.kind == "uuid"), "")
            return writer.create(type_id, {**set_, own: made} if own else set_, rid=made)

    def history(self, rid: str) -> list[Deed]:
        """What was done to a record, the latest first, numbers masked."""
        return [self._deed(change) for change in reversed(self.desk.records.history(rid))]

    def _deed(self, change: Change) -> Deed:
        names = [name for name in dict.fromkeys((*change.before, *change.after)) if self._is_told(change, name)]
        who = change.actor if change.actor == "platform" else self.labels.of("R02", change.actor)
        return Deed(
            beijing_text(change.at),
            tr("平台") if who == "platform" else who,
            wording.deed(change.verb),
            change.reason,
            tuple(self._field_change(change, name) for name in names),
        )

    def _is_told(self, change: Change, name: str) -> bool:
        """Whether a value says something to a person: ids, digests and what a rating keeps for machines do not."""
        record_type = self.desk.catalogue.types[change.type]
        field = record_type.by_identifier.get(name)
        return field is None or not is_for_machines(record_type, field)

    def _field_change(self, change: Change, name: str) -> FieldChange:
        if name == "voided":
            words = {True: tr("已作废"), False: tr("有效")}
            return FieldChange(tr("状态"), words[bool(change.before.get(name))], words[bool(change.after.get(name))])
        if name == LOGGED:
            said = (str(side.get(name, ""))[:SHOWN_DIGITS] for side in (change.before, change.after))
            return FieldChange(tr("附件(内容摘要)"), *said)
        field = self.desk.catalogue.types[change.type].by_identifier.get(name)
        if field is None:
            return FieldChange(name, str(change.before.get(name, "")), str(change.after.get(name, "")))
        say = self.labels.words
        return FieldChange(field.label, say(field, change.before.get(name)), say(field, change.after.get(name)))


def awaiting_text(since: str) -> str:
    """What stands beside a value that waits for a consent."""
    return f"{AWAITING} {tr('自 {day} 起暂存', day=beijing_text(since)[:10])}"
