"""Every table of the store: one per record type from the catalogue, and the store's own."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import RecordType
from jmdesk.store.columns import RowCodec, sql_type

metadata = MetaData()

RECORD_COLUMNS = (
    "rid", "rec_region", "rec_catalogue", "rec_source", "rec_created_by", "rec_created_at", "rec_updated_by",
    "rec_updated_at", "rec_revision", "rec_voided", "rec_sync", "base_version", "field_versions", "server_epoch",
    "extension",
)  # fmt: skip
"""What every record carries beside its catalogue fields; the order is the table's."""

_INDEXED = {
    "household_id",
    "subject_id",
    "region_code",
    "applicant_id",
    "target_ref",
    "uscc",
    "id_no",
    "head_person_id",
}


def _index(record_type: RecordType, table: Table) -> None:
    """Every index is paid by every import: only what a list, a dossier or a merge asks for."""
    # Few records are void: what is in force is told by what is not, and costs nothing to keep.
    Index(f"ix_{table.name}_voided", table.c.rec_voided, sqlite_where=table.c.rec_voided.is_not(None))
    if record_type.id == "R16":
        # A rating's row is long, and lists ask only for its grade.
        Index("ix_hh_rating_newest", table.c.household_id, table.c.rid, table.c.rec_voided, table.c.grade)
        board = (table.c.rating_year, table.c.rec_region, table.c.grade, table.c.rating_status, table.c.rec_voided)
        Index("ix_hh_rating_board", *board)
        return
    if record_type.id == "workflow_event":
        # Which cases are under way is told by the latest step of each, without reading any of them.
        steps = (table.c.target_ref, table.c.event_at, table.c.rid, table.c.step, table.c.rec_voided)
        Index("ix_workflow_event_latest", *steps)
        Index("ix_workflow_event_region", table.c.rec_region)
        return
    # A household's parts are reached through it: an index of their region would serve nobody.
    if not record_type.household_field:
        Index(f"ix_{table.name}_region", table.c.rec_region)
    for field in record_type.fields:
        if field.identifier in _INDEXED or (field.key == 1 and field.type.kind != "uuid"):
            Index(f"ix_{table.name}_{field.identifier}", table.c[field.identifier])


def _record_table(record_type: RecordType) -> Table:
    columns: list[Column[object]] = [
        Column("rid", Text, primary_key=True),
        Column("rec_region", Text, nullable=False),
        Column("rec_catalogue", Text, nullable=False),
        Column("rec_source", Text, nullable=False),
        Column("rec_created_by", Text, nullable=False),
        Column("rec_created_at", Text, nullable=False),
        Column("rec_updated_by", Text, nullable=False),
        Column("rec_updated_at", Text, nullable=False),
        Column("rec_revision", Integer, nullable=False),
        Column("rec_voided", Text),
        Column("rec_sync", Text, nullable=False),
        Column("base_version", Integer, nullable=False),
        Column("field_versions", Text, nullable=False),
        Column("server_epoch", Text, nullable=False),
        Column("extension", Text),
    ]
    # Required is a rule of complete records, not of drafts: a half-typed form leaves any column empty.
    columns += [Column(f.identifier, sql_type(f.type)) for f in record_type.fields]
    table = Table(record_type.name, metadata, *columns)
    _index(record_type, table)
    return table


record_tables: dict[str, Table] = {t.id: _record_table(t) for t in catalogue().types.values()}
"""The table of each record type, by the type's id."""

change_log = Table(
    "change_log",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("command", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("rid", Text, nullable=False),
    Column("commitment", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
Index("ix_change_log_rid", change_log.c.rid)

change_values = Table(
    "change_values",
    metadata,
    Column("seq", Integer, ForeignKey("change_log.seq"), primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("content", Text, nullable=False),
)
"""The erasable side of the log: what the commitment commits to (reason, fields before and after)."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("type", Text, nullable=False),
    Column("rid", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("fields", Text, nullable=False),
    Column("op", Text, nullable=False),
    Column("first_seq", Integer, nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("batch_id", Text),
    Column("batch_index", Integer),
    Column("verdict", Text),
    Column("verdict_code", Text),
    Column("verdict_path", Text),
    Column("verdict_params", Text),
    Column("settled_at", Text),
)
Index("ix_outbox_batch", outbox.c.batch_id, outbox.c.batch_index, sqlite_where=outbox.c.batch_id.is_not(None))
Index("ix_outbox_state", outbox.c.state, outbox.c.type)
Index("ix_outbox_rid", outbox.c.rid)

batches = Table(
    "batches",
    metadata,
    Column("batch_id", Text, primary_key=True),
    Column("device", Text, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("records", Integer, nullable=False),
    Column("file", Text, nullable=False),
    Column("manifest_sha256", Text, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("custody", LargeBinary),
    Column("receipt", LargeBinary),
    Column("totals", Text),
    Column("settled_at", Text),
)
Index("ux_batches_chain", batches.c.device, batches.c.epoch, batches.c.seq, unique=True)

awaiting_consent = Table(
    "awaiting_consent",
    metadata,
    Column("rid", Text, primary_key=True),
    Column("field", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("household", Text, nullable=False),
    Column("lock", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("since", Text, nullable=False),
)
Index("ix_awaiting_household", awaiting_consent.c.household)
# An import asks which households list somebody with one of its identity numbers, also while they wait.
Index("ix_awaiting_id_no", awaiting_consent.c.value, sqlite_where=awaiting_consent.c.field == "id_no")

household_standings = Table(
    "household_standings",
    metadata,
    Column("number", Text, primary_key=True),
    Column("rid", Text, primary_key=True),
    Column("region", Text, nullable=False),
    Column("village_group", Text, nullable=False),
    Column("sync", Text, nullable=False),
    Column("grade", Text, nullable=False),
    Column("due", Text, nullable=False),
    Column("consents", Integer, nullable=False),
    Column("waiting", Integer, nullable=False),
    Column("incomplete", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What lists ask of each household in force (see ``standings``), in the order in which they show it."""
Index("ux_household_standings_rid", household_standings.c.rid, unique=True)

stale_standings = Table("stale_standings", metadata, Column("rid", Text, primary_key=True), sqlite_with_rowid=False)
"""Households touched in the transaction under way; empty at any other time."""

incoming = Table(
    "incoming",
    metadata,
    Column("rid", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("received_at", Text, nullable=False),
)
"""The platform's newer version of a record that still has unsent edits here: theirs, kept beside mine."""

sighted = Table("sighted", metadata, Column("rid", Text, primary_key=True), sqlite_with_rowid=False)
"""Records that a snapshot under way has shown so far; empty at any other time."""

attachment_contents = Table(
    "attachment_contents",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("original_sha256", Text, nullable=False),
    Column("media", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("scripted", Integer, nullable=False),
    Column("added_at", Text, nullable=False),
    Column("thumbnail", LargeBinary),
    Column("content", LargeBinary, nullable=False),
)
"""Documents by the SHA-256 of what is kept; the large columns stand last, so that lists never read them."""

attachment_links = Table(
    "attachment_links",
    metadata,
    Column("link", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("rid", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("caption", Text, nullable=False),
    Column("added_at", Text, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("named", Integer),
    Column("removed_at", Text),
    Column("removed_by", Text),
    Column("removed_for", Text),
)
"""Which record a document belongs to. ``named``: the outbox line whose operation last named it to the platform."""
Index("ix_attachment_links_rid", attachment_links.c.rid)
Index("ix_attachment_links_sha256", attachment_links.c.sha256)

attachment_sendings = Table(
    "attachment_sendings",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("county", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("batch_id", Text),
    Column("n", Integer),
    Column("code", Text),
    Column("settled_at", Text),
)
"""How far a document is on its way to a county's records: waiting, sealed, done, refused."""
Index("ix_attachment_sendings_batch", attachment_sendings.c.batch_id)
Index("ix_attachment_sendings_state", attachment_sendings.c.state)

search_entries = Table(
    "search_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("rid", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text, nullable=False),
)
"""One line per searchable record; its terms are in the full-text table ``search_terms`` under the same row id."""
Index("ux_search_entries_rid", search_entries.c.rid, unique=True)
Index("ix_search_entries_subject", search_entries.c.subject)

packages = Table(
    "packages",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("effective", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("min_client", Text, nullable=False),
    Column("issued", Text, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
    Column("files", Text, nullable=False),
    Column("received_at", Text, nullable=False),
    Column("outcome", Text),
)
"""Issues of signed packages; ``outcome`` says what taking effect did to the records, once it has."""
Index("ux_packages_sequence", packages.c.kind, packages.c.name, packages.c.sequence, unique=True)

papers = Table(
    "papers",
    metadata,
    Column("number", Text, primary_key=True),
    Column("template", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("rid", Text, nullable=False),
    Column("issued_at", Text, nullable=False),
    Column("issued_by", Text, nullable=False),
    Column("document", LargeBinary),
    Column("voided_at", Text),
    Column("void_reason", Text),
)
"""Papers that were given out: their numbers never disappear, a voided one keeps its place."""
Index("ix_papers_record", papers.c.type, papers.c.rid)

review_batches = Table(
    "review_batches",
    metadata,
    Column("number", Text, primary_key=True),
    Column("region", Text, nullable=False),
    Column("year", Integer, nullable=False),
    Column("opened_at", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("notice", Text),
    Column("posted_proof", Text),
)
"""Reviews of a village in a year. ``notice``: the number of the notice in force; ``posted_proof``: of its proof.

``unit``: who submitted it, "" for this desk's own; what others submitted arrives with the steps of its cases.
"""

review_cases = Table(
    "review_cases",
    metadata,
    Column("rating", Text, primary_key=True),
    Column("batch", Text, nullable=False),
    Column("household", Text, nullable=False),
)
"""Which batch a rating is reviewed in."""
Index("ix_review_cases_batch", review_cases.c.batch)

review_seats = Table(
    "review_seats",
    metadata,
    Column("batch", Text, primary_key=True),
    Column("no", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("duty", Text, nullable=False),
    Column("household", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("attended", Integer, nullable=False),
)
"""Members of a batch's panel: names stay here, ballots carry only the number of the seat."""

review_ties = Table(
    "review_ties",
    metadata,
    Column("batch", Text, primary_key=True),
    Column("no", Text, primary_key=True),
    Column("household", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("ground", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("by", Text, nullable=False),
)
"""What was declared of a member and a household: related (kin) or not (clear)."""

drafts = Table(
    "drafts",
    metadata,
    Column("user", Text, primary_key=True),
    Column("page", Text, primary_key=True),
    Column("record", Text, primary_key=True),
    Column("content", Text, nullable=False),
    Column("saved_at", Text, nullable=False),
)
"""What somebody typed into a form and has not saved; outside the change log, never sent."""

sync_diary = Table(
    "sync_diary",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Text, nullable=False),
    Column("way", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("received", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("told", Text, nullable=False),
)
"""Each exchange in words: ``told`` holds its lines by language, as they were when it ended."""

settings = Table("settings", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
"""Small state of this vault: chain position, cursor, trust, counters, remembered import mappings."""

SEARCH_TERMS_DDL = (
    "CREATE VIRTUAL TABLE search_terms USING fts5(terms, content='', contentless_delete=1, detail=none, "
    "prefix='1,2,3,4,5', tokenize='unicode61 remove_diacritics 0')"
)
"""Prefixes of up to five characters: a syllable (chen, liang) begins so many names that merging them would be slow."""


@cache
def codec(type_id: str) -> RowCodec:
    """The converter of a record type's rows."""
    return RowCodec(catalogue().types[type_id])
