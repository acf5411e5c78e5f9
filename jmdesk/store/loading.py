"""Filling a store that holds nothing yet: the indexes are built once, behind all rows, instead of row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, exists, select

from jmdesk.catalogue.loader import catalogue
from jmdesk.store.tables import change_log, outbox, record_tables, search_entries

_HASH_BYTES = 16 * 1024 * 1024
"""How many new terms the full-text index sorts in memory before it writes them out; SQLite's own figure is 1 MiB."""


def holds_nothing(connection: Connection) -> bool:
    """Whether there is no record that ever travels, and nothing to send."""
    tables = [outbox, *(table for type_id, table in record_tables.items() if not catalogue().types[type_id].local_only)]
    return not any(connection.execute(select(exists(select(1).select_from(table)))).scalar() for table in tables)


@contextmanager
def indexes_last(connection: Connection) -> Iterator[None]:
    """Without the indexes of records, log and search for as long as rows come; they are back, or all is undone."""
    tables = [*record_tables.values(), change_log, search_entries]
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda index: str(index.name))]
    for index in indexes:
        index.drop(connection)
    _configure(connection, "hashsize", _HASH_BYTES)
    yield
    for index in indexes:
        index.create(connection)
    _configure(connection, "hashsize", 1024 * 1024)


def _configure(connection: Connection, option: str, value: int) -> None:
    connection.exec_driver_sql("INSERT INTO search_terms(search_terms, rank) VALUES (?, ?)", (option, value))
