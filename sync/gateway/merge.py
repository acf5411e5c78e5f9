"""What becomes of one operation on one record: accepted, merged, duplicate, conflict or gone. Pure.

Versions: a record's ``version`` grows by one with each accepted operation. ``versions`` names the fields that are
older than the record, and those that were unset; any other field that has a value carries the record's version, and a
field that never had a value is at 0. ``writers`` says which operation made each older version that is still named.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from jmdesk.catalogue.types import Record, RecordType
from sync.protocol.records import Op, Operation, Verdict


class Held(msgspec.Struct, frozen=True, gc=False):
    """A record as the platform holds it. Its dictionaries are never changed, only replaced."""

    county: str
    region: str
    unit: str
    version: int
    tombstone: bool
    fields: Record
    versions: dict[str, int]
    writers: dict[str, str]
    writer: str
    at: str
    reason: str = ""
    awaits: str = ""
    """The record (``R05:rid``) that says where this one lies, as long as it is not here or awaits one itself."""

    def version_of(self, identifier: str) -> int:
        """The version in which a field was last written; 0 if never."""
        found = self.versions.get(identifier)
        if found is not None:
            return found
        return self.version if identifier in self.fields else 0

    def writer_of(self, version: int) -> str:
        """The operation that made a version, as far as it is still known."""
        return self.writer if version == self.version else self.writers.get(str(version), "")


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """The verdict and, where the record changes, its fields and versions from now on."""

    verdict: Verdict
    version: int
    fields: Record | None = None
    versions: dict[str, int] = {}
    writers: dict[str, str] = {}
    conflicting: tuple[str, ...] = ()
    """The fields of the touched groups whose values the conflict shows."""


def merge(held: Held | None, operation: Operation, type_: RecordType, *, same_epoch: bool = True) -> Outcome:
    """The outcome of an operation on what is held; ``None``: nothing yet, so the operation makes the record.

    ``same_epoch`` false: the author's version numbers are another server history's, so only values are compared.
    """
    if held is None:
        return Outcome(Verdict.ACCEPTED, 1, operation.set)
    if operation.op is Op.TOMBSTONE:
        return _tombstone(held, operation, same_epoch)
    if held.tombstone:
        return Outcome(Verdict.GONE, held.version)
    if _nothing_new(held, operation):
        return Outcome(Verdict.DUPLICATE, held.version)
    touched = {type_.merge_group(identifier) for identifier in (*operation.set, *operation.unset)}
    group = sorted(i for i in held.fields.keys() | held.versions.keys() if type_.merge_group(i) in touched)
    if any(_changed(held, i, operation, same_epoch=same_epoch) for i in group):
        return Outcome(Verdict.CONFLICT, held.version, conflicting=tuple(group))
    return _written(held, operation)


def _written(held: Held, operation: Operation) -> Outcome:
    version = held.version + 1
    fields = {**held.fields, **operation.set}
    for identifier in operation.unset:
        fields.pop(identifier, None)
    versions = {i: held.version_of(i) for i in held.fields.keys() | held.versions.keys()}
    for identifier in operation.set:
        versions.pop(identifier, None)
    versions.update(dict.fromkeys(operation.unset, version))
    named = {str(v) for v in versions.values() if v != version}
    writers = {number: held.writer_of(int(number)) for number in named}
    verdict = Verdict.ACCEPTED if _all_seen(held, operation) else Verdict.MERGED
    return Outcome(verdict, version, fields, versions, writers)


def _tombstone(held: Held, operation: Operation, same_epoch: bool) -> Outcome:
    if held.tombstone:
        return Outcome(Verdict.DUPLICATE, held.version)
    if not same_epoch or not _all_seen(held, operation):
        return Outcome(Verdict.CONFLICT, held.version, conflicting=tuple(sorted(held.fields)))
    return Outcome(Verdict.ACCEPTED, held.version + 1, held.fields, held.versions, held.writers)


def _nothing_new(held: Held, operation: Operation) -> bool:
    fields = held.fields
    return all(i in fields and fields[i] == value for i, value in operation.set.items()) and not any(
        i in fields for i in operation.unset
    )


def _changed(held: Held, identifier: str, operation: Operation, *, same_epoch: bool) -> bool:
    """Whether a field holds something that the author had not seen and did not write himself."""
    version = held.version_of(identifier)
    if not same_epoch:
        return version > 0
    seen = operation.seen.get(identifier, operation.base_version)
    return version > seen and not _own(held.writer_of(version), operation)


def _all_seen(held: Held, operation: Operation) -> bool:
    if operation.base_version >= held.version:
        return True
    later = (int(number) for number in held.writers if int(number) > operation.base_version)
    return all(_own(held.writer_of(version), operation) for version in _and_current(later, held))


def _and_current(versions: Iterable[int], held: Held) -> Iterable[int]:
    yield held.version
    yield from versions


def _own(writer: str, operation: Operation) -> bool:
    """Whether an operation is an earlier one of the same device and chain."""
    return writer != "" and writer.rsplit(".", 2)[0] == operation.op_id.rsplit(".", 2)[0]
