"""A record as the store holds it, and the way from a table row to it."""

from __future__ import annotations

from dataclasses import dataclass

from jmdesk.catalogue.types import Record
from jmdesk.store.columns import Row, from_json
from jmdesk.store.tables import codec


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the store holds it: values in wire form and what goes with them."""

    type: str
    rid: str
    region: str
    values: Record
    voided: str | None
    sync: str
    revision: int
    base_version: int
    field_versions: dict[str, int]
    server_epoch: str
    source: str
    created_by: str
    created_at: str
    updated_by: str
    updated_at: str

    def version_of(self, name: str) -> int:
        """The platform's version of a field that this record is based on; 0 when the platform has none."""
        return self.field_versions.get(name, self.field_versions.get("*", 0))


def stored(type_id: str, row: Row) -> Stored:
    """A table row as a ``Stored``."""
    return Stored(
        type=type_id,
        rid=row["rid"],
        region=row["rec_region"],
        values=codec(type_id).to_record(row),
        voided=row["rec_voided"],
        sync=row["rec_sync"],
        revision=row["rec_revision"],
        base_version=row["base_version"],
        field_versions=from_json(row["field_versions"]),
        server_epoch=row["server_epoch"],
        source=row["rec_source"],
        created_by=row["rec_created_by"],
        created_at=row["rec_created_at"],
        updated_by=row["rec_updated_by"],
        updated_at=row["rec_updated_at"],
    )
