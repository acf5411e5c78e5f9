"""The platform's newer version of a record that has unsettled edits here: kept beside mine until a person decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select

from jmdesk.catalogue.disclosure import Reader
from jmdesk.catalogue.types import Record, RecordType
from jmdesk.store.among import among
from jmdesk.store.columns import from_json
from jmdesk.store.tables import incoming


class Theirs(msgspec.Struct, frozen=True):
    """A record as the platform holds it. A verdict alone shows only the touched fields (``whole`` is false then).

    ``versions`` has the record's version under ``"*"`` when it is whole, and every field whose version differs;
    ``origin`` is the operation that wrote it, as far as the platform says.
    """

    type: str
    rid: str
    version: int
    values: Record
    versions: Mapping[str, int]
    epoch: str = ""
    tombstone: bool = False
    reason: str = ""
    region: str = ""
    unit: str = ""
    at: str = ""
    origin: str = ""
    received_at: str = ""

    @property
    def whole(self) -> bool:
        """Whether a page of changes brought the whole record, not only a verdict what it conflicts with."""
        return "*" in self.versions

    @property
    def device(self) -> str:
        """The key id of the desk that wrote this version; empty when it is not known."""
        return self.origin.partition(".")[0]

    def hidden(self, record_type: RecordType, reader: Reader) -> frozenset[str]:
        """The fields that the platform does not show to this reader."""
        return reader.withheld(record_type, self.unit) - self.values.keys()

    def content(self) -> dict[str, Any]:
        """What the store keeps."""
        return {
            "version": self.version,
            "values": self.values,
            "versions": dict(self.versions),
            "epoch": self.epoch,
            "tombstone": self.tombstone,
            "reason": self.reason,
            "region": self.region,
            "unit": self.unit,
            "at": self.at,
            "origin": self.origin,
        }


def beside(connection: Connection, rids: Iterable[str]) -> dict[str, Theirs]:
    """What waits beside these records, by record id."""
    found: dict[str, Theirs] = {}
    for row in connection.execute(select(incoming).where(incoming.c.rid.in_(among(rids)))):
        found[row.rid] = Theirs(row.type, row.rid, **from_json(row.content), received_at=row.received_at)
    return found


def every(connection: Connection, limit: int) -> dict[str, Theirs]:
    """What waits beside any record, the latest first."""
    query = select(incoming.c.rid).order_by(incoming.c.received_at.desc(), incoming.c.rid).limit(limit)
    return beside(connection, connection.execute(query).scalars())


def drop_live(connection: Connection, rids: Iterable[str]) -> None:
    """Forget the platform's versions of these records that are not void there."""
    drop(connection, [rid for rid, theirs in beside(connection, rids).items() if not theirs.tombstone])


def drop(connection: Connection, rids: Iterable[str]) -> None:
    """Forget what waited beside these records: it has been taken over or decided."""
    connection.execute(delete(incoming).where(incoming.c.rid.in_(among(rids))))
