"""What a document does to its record, inside one transaction: linked, named by its digest field, offered, taken off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from jmdesk.attachments import queries
from jmdesk.attachments.content import Content
from jmdesk.attachments.queries import Attachment
from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Record, RecordType
from jmdesk.core.errors import Refused
from jmdesk.records.writer import Writer
from jmdesk.store.stored import Stored

LOGGED: Final = "attachment"
"""The name under which the change log has a document's hash."""

MOST_PER_RECORD: Final = 50

CONSENT: Final = "R04"
SCAN_PENDING: Final = "1"
SCAN_FILED: Final = "2"
"""CL-CSTATE: signed and the scan still to be filed; signed."""


def county_of(region: str) -> str:
    """The 6 digits of the county that a record's region lies in."""
    return region.ljust(6, "0")[:6]


def digest_field(record_type: RecordType) -> str:
    """The field of a type that names a document by its hash; empty for most."""
    return next(
        (f.identifier for f in record_type.fields if f.type.kind == "digest" and not record_type.bookkeeping), ""
    )


def attach(writer: Writer, type_id: str, rid: str, content: Content, *, caption: str = "") -> str:
    """Link a document to a record and return the link; the same document again gives the link that is there.

    A free digest field of the record takes its hash, and a consent whose scan was still to be filed is filed.
    ``Refused``: "store.no_such_record", "attachments.record_void", "records.bookkeeping", "attachments.too_many".
    """
    transaction = writer.transaction
    record = _open_record(writer, type_id, rid)
    present = queries.of_record(transaction.connection, rid, "")
    same = next((found for found in present if found.sha256 == content.sha256), None)
    if same is not None:
        return same.link
    if len(present) >= MOST_PER_RECORD:
        raise Refused("attachments.too_many", most=MOST_PER_RECORD)
    queries.keep(transaction.connection, content, transaction.at)
    field = digest_field(catalogue().types[type_id])
    if field and record.values.get(field, content.sha256) != content.sha256:
        field = ""
    row = _row(writer, type_id, rid, content.sha256, field, caption)
    queries.add_links(transaction.connection, [row])
    _name(writer, record, field, content.sha256)
    transaction.annotate(type_id, rid, {}, {LOGGED: content.sha256}, offer=True)
    queries.want(transaction.connection, content.sha256, county_of(record.region))
    return str(row["link"])


def file_scan(writer: Writer, scan: Content, consents: Iterable[str]) -> None:
    """Link one scan to consents that this very transaction has created with its hash (``doc_digest``).

    Their creation is what the log says of it.
    """
    writer.transaction.flush()
    connection = writer.transaction.connection
    rows = [_row(writer, CONSENT, rid, scan.sha256, "doc_digest", "") for rid in consents]
    if not rows:
        return
    queries.keep(connection, scan, writer.transaction.at)
    queries.add_links(connection, rows)
    regions = queries.regions_of(connection, CONSENT, scan.sha256)
    for county in sorted({county_of(region) for region in regions}):
        queries.want(connection, scan.sha256, county)


def detach(writer: Writer, found: Attachment, reason: str) -> None:
    """Take a document off its record; the history keeps that it was there and why it went."""
    transaction = writer.transaction
    if not reason.strip():
        raise Refused("attachments.reason_needed")
    record = _open_record(writer, found.type, found.rid)
    queries.mark_removed(transaction.connection, found.link, transaction.at, transaction.actor, reason.strip())
    if found.field and record.values.get(found.field) == found.sha256:
        pending: Record = {"consent_state": SCAN_PENDING} if _filed(record) else {}
        writer.change(found.type, found.rid, pending, [found.field], reason=reason, checked=True)
    transaction.annotate(found.type, found.rid, {LOGGED: found.sha256}, {}, reason=reason.strip(), offer=False)
    left = queries.of_record(transaction.connection, found.rid, county_of(record.region))
    if all(other.state != "waiting" for other in left):
        transaction.withdraw_bare(found.type, found.rid)
    queries.forget_unwanted(transaction.connection, found.sha256)


def restore(writer: Writer, found: Attachment) -> None:
    """Put a document back that was taken off. ``Refused`` "attachments.erased" when its content is gone."""
    transaction = writer.transaction
    record = _open_record(writer, found.type, found.rid)
    if not found.media:
        raise Refused("attachments.erased")
    queries.mark_removed(transaction.connection, found.link, "", "", "")
    if found.field and found.field not in record.values:
        _name(writer, record, found.field, found.sha256)
    transaction.annotate(found.type, found.rid, {}, {LOGGED: found.sha256}, offer=True)
    queries.want(transaction.connection, found.sha256, county_of(record.region))


def _open_record(writer: Writer, type_id: str, rid: str) -> Stored:
    record_type = catalogue().types[type_id]
    if record_type.bookkeeping or record_type.local_only:
        raise Refused("records.bookkeeping", label=record_type.label)
    found = writer.transaction.get(type_id, rid)
    if found is None:
        raise Refused("store.no_such_record")
    if found.voided is not None:
        raise Refused("attachments.record_void")
    writer.guard.require("edit", type_id, found.region)
    return found


def _filed(record: Stored) -> bool:
    return record.type == CONSENT and record.values.get("consent_state") == SCAN_FILED


def _name(writer: Writer, record: Stored, field: str, sha256: str) -> None:
    if not field:
        return
    named: Record = {field: sha256}
    if record.type == CONSENT and record.values.get("consent_state") == SCAN_PENDING:
        named["consent_state"] = SCAN_FILED
    writer.change(record.type, record.rid, named, checked=True)


def _row(writer: Writer, type_id: str, rid: str, sha256: str, field: str, caption: str) -> dict[str, object]:
    transaction = writer.transaction
    return {
        "link": transaction.new_id(),
        "type": type_id,
        "rid": rid,
        "field": field,
        "sha256": sha256,
        "caption": caption.strip()[:100],
        "added_at": transaction.at,
        "added_by": transaction.actor,
    }
