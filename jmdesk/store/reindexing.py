"""The search index can be made anew from the records: looked at by ``jmdesk doctor``, mended by its ``--repair``."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, text

from jmdesk.catalogue.types import Catalogue
from jmdesk.store import reading
from jmdesk.store.indexing import Indexing
from jmdesk.store.search import terms_of
from jmdesk.store.tables import record_tables, search_entries

_PAGE = 1000


def faults(connection: Connection, catalogue: Catalogue) -> int:
    """How many records are in the index and should not be, or the other way round; one more where its halves differ."""
    known = {row.rid: row.type for row in connection.execute(select(search_entries.c.rid, search_entries.c.type))}
    wrong = 0
    for type_id in _searched(catalogue):
        for rid in _findable(connection, catalogue, type_id):
            wrong += known.pop(rid, None) != type_id
    entries = connection.execute(select(func.count()).select_from(search_entries)).scalar_one()
    terms = connection.execute(text("SELECT count(*) FROM search_terms")).scalar_one()
    return wrong + len(known) + int(entries != terms)


def rebuild(connection: Connection, catalogue: Catalogue) -> int:
    """Make the index anew inside a transaction; how many records it has."""
    connection.execute(text("DELETE FROM search_terms"))
    connection.execute(delete(search_entries))
    made = 0
    for type_id in _searched(catalogue):
        index = Indexing(connection)
        for start in range(0, reading.count(connection, type_id), _PAGE):
            for one in reading.find(connection, type_id, limit=_PAGE, offset=start):
                made += index.add(catalogue.types[type_id], one.rid, one.values) > 0
        index.flush()
    return made


def _searched(catalogue: Catalogue) -> list[str]:
    return [name for name in record_tables if catalogue.types[name].searchable]


def _findable(connection: Connection, catalogue: Catalogue, type_id: str) -> list[str]:
    """The records of a type that have something to be found by."""
    record_type, found = catalogue.types[type_id], list[str]()
    for start in range(0, reading.count(connection, type_id), _PAGE):
        page = reading.find(connection, type_id, limit=_PAGE, offset=start)
        found += [one.rid for one in page if terms_of(record_type, one.values)]
    return found
