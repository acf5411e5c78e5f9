"""Filling a store that holds nothing yet: what is made of rows is made once, behind all of them, not row by row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, exists, select

from jmdesk.catalogue.loader import catalogue
from jmdesk.catalogue.types import Catalogue
from jmdesk.store import standings
from jmdesk.store.tables import change_log, outbox, record_tables, search_entries


def holds_nothing(connection: Connection) -> bool:
    """Whether there is no record that ever travels, and nothing to send."""
    tables = [outbox, *(table for type_id, table in record_tables.items() if not catalogue().types[type_id].local_only)]
    return not any(connection.execute(select(exists(select(1).select_from(table)))).scalar() for table in tables)


@contextmanager
def rows_first(connection: Connection, known: Catalogue) -> Iterator[None]:
    """Without indexes of records, log and search, and without standings, for as long as rows come.

    All of it is back behind them, or everything is undone.
    """
    made = connection.exec_driver_sql(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
    )
    filled = {table.name for table in (*record_tables.values(), change_log, search_entries)}
    later = [(kind, name, text) for kind, name, table, text in made if kind == "trigger" or table in filled]
    for kind, name, _ in later:
        connection.exec_driver_sql(f'DROP {kind} "{name}"')
    yield
    for _, _, text in later:
        connection.exec_driver_sql(text)
    standings.rebuild(connection, known)
