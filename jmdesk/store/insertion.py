"""Inserts many rows at once past SQLAlchemy's parameter handling, which costs more than the insert itself.

The statement is still SQLAlchemy's own, compiled once per table and set of columns; rows go to the driver as tuples.
Our columns need no conversion on the way in: integers, text, bytes and booleans, which SQLite keeps as 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Table, insert
from sqlalchemy.dialects import sqlite

_DIALECT = sqlite.dialect()


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; columns that they do not name are NULL or numbered by SQLite."""
    if rows:
        statement, values = _insertion(table, tuple(rows[0]))
        connection.exec_driver_sql(statement, [values(row) for row in rows])


@cache
def _insertion(table: Table, columns: tuple[str, ...]) -> tuple[str, Callable[[Mapping[str, Any]], tuple[Any, ...]]]:
    """The statement and what takes a row's values in its order; all our tables have two columns at least."""
    compiled = insert(table).compile(dialect=_DIALECT, column_keys=list(columns))
    return str(compiled), itemgetter(*(compiled.positiontup or ()))
