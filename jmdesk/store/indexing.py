"""What a command adds to the search index and takes from it, inserted in bulk with the rest of the command."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, func, select, text

from jmdesk.catalogue.types import Record, RecordType
from jmdesk.store.among import among_given
from jmdesk.store.columns import json_text
from jmdesk.store.search import search_subject, terms_of
from jmdesk.store.statements import Statement, driver, given, insert_rows
from jmdesk.store.stored import Stored
from jmdesk.store.tables import search_entries

_LAST = Statement(select(func.max(search_entries.c.id).label("id")))
_FOUND = Statement(select(search_entries.c.id).where(search_entries.c.rid == given("rid")))
_INDEXED = Statement(select(search_entries.c.id).where(search_entries.c.rid.in_(among_given("rids"))))
_DROP = Statement(delete(search_entries).where(search_entries.c.id == given("id")))
_DROP_TERMS = Statement(text("DELETE FROM search_terms WHERE rowid = :id"))
_RENEW_TERMS = Statement(text("UPDATE search_terms SET terms = :terms WHERE rowid = :id"))


class Indexing:
    """The search index as one transaction changes it; ``flush`` before the transaction ends."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._pending: list[tuple[dict[str, Any], str]] = []
        self._next_id: int | None = None

    def add(self, record_type: RecordType, rid: str, values: Record) -> int:
        """Index a record that is not in the index; how many rows wait for that."""
        terms = terms_of(record_type, values)
        if not terms:
            return 0
        if self._next_id is None:
            last = _LAST.first(self._connection)
            self._next_id = ((last and last["id"]) or 0) + 1
        entry = {
            "id": self._next_id,
            "rid": rid,
            "type": record_type.id,
            "subject": search_subject(record_type, rid, values),
        }
        self._next_id += 1
        self._pending.append((entry, terms))
        return 2

    def renew(self, record_type: RecordType, rid: str, found: Stored, values: Record) -> int:
        """The same for a record that was changed: most edits change nothing that it is found by, and cost nothing."""
        same_subject = search_subject(record_type, rid, found.values) == search_subject(record_type, rid, values)
        if found.voided is None and same_subject:
            words = (f.identifier for f in record_type.searchable)
            if all(found.values.get(word) == values.get(word) for word in words):
                return 0
            self.flush()
            terms, entry = terms_of(record_type, values), _FOUND.first(self._connection, rid=rid)
            if terms and entry is not None:
                _RENEW_TERMS.run(self._connection, id=entry["id"], terms=terms)
                return 0
        self.drop(rid)
        return self.add(record_type, rid, values)

    def drop(self, *rids: str) -> None:
        """Take records out of the index."""
        self.flush()
        for found in _INDEXED.rows(self._connection, rids=json_text(rids)):
            _DROP_TERMS.run(self._connection, id=found["id"])
            _DROP.run(self._connection, id=found["id"])

    def flush(self) -> None:
        """Insert what waits."""
        if not self._pending:
            return
        entries, self._pending = self._pending, []
        insert_rows(self._connection, search_entries, [entry for entry, _ in entries])
        driver(self._connection).executemany(
            "INSERT INTO search_terms(rowid, terms) VALUES (?, ?)", [(entry["id"], terms) for entry, terms in entries]
        )
