"""Statements of the write path: written with SQLAlchemy, compiled once, handed to the driver as they are.

To build a statement anew for every record, and to carry its parameters and rows through SQLAlchemy, costs several times
what SQLite needs to run it. Our columns need no conversion on either way: integers, text, bytes, and booleans, which
SQLite keeps as 0 and 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import BindParameter, ClauseElement, Connection, Table, bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

_DIALECT = sqlite.dialect()


def given(name: str) -> BindParameter[Any]:
    """A value that each run of a statement is given by this name."""
    return bindparam(name, required=False)


class Statement:
    """One statement with its places for values (see ``given``). A value that lacks is a ``KeyError``."""

    def __init__(self, built: ClauseElement) -> None:
        compiled = built.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
        self._text = str(compiled)
        self._order = tuple(getattr(compiled, "positiontup", None) or ())
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def run(self, connection: Connection, **values: Any) -> int:
        """Run it; how many rows it wrote."""
        return int(self._run(connection, values).rowcount)

    def rows(self, connection: Connection, **values: Any) -> list[dict[str, Any]]:
        """Every row, by the names of its columns."""
        cursor = self._run(connection, values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def first(self, connection: Connection, **values: Any) -> dict[str, Any] | None:
        """The first row, if there is one."""
        return next(iter(self.rows(connection, **values)), None)

    def _run(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        fixed = self._fixed
        return driver(connection).execute(
            self._text, [values[name] if name in values else fixed[name] for name in self._order]
        )


def driver(connection: Connection) -> Any:
    """SQLCipher's own connection, inside the same transaction."""
    return connection.connection.driver_connection


@cache
def by_rid(table: Table) -> Statement:
    """The row of one record (``rid``)."""
    return Statement(select(table).where(table.c.rid == given("rid")))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all have the same columns; columns that they do not name are NULL or numbered by SQLite."""
    if rows:
        statement, values = _insertion(table, tuple(rows[0]))
        driver(connection).executemany(statement, map(values, rows))


def update_rows(connection: Connection, table: Table, key: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write the columns that rows name, the same ones in all of them, where the column ``key`` is a row's own."""
    if rows:
        statement, values = _updating(table, key, tuple(rows[0]))
        driver(connection).executemany(statement, map(values, rows))


_Values = Callable[[Mapping[str, Any]], tuple[Any, ...]]


@cache
def _insertion(table: Table, columns: tuple[str, ...]) -> tuple[str, _Values]:
    """The statement and what takes a row's values in its order; all our tables have two columns at least."""
    compiled = insert(table).compile(dialect=_DIALECT, column_keys=list(columns))
    return str(compiled), itemgetter(*(compiled.positiontup or ()))


@lru_cache(maxsize=1024)
def _updating(table: Table, key: str, columns: tuple[str, ...]) -> tuple[str, _Values]:
    written = {name: given(name) for name in columns if name != key}
    compiled = update(table).where(table.c[key] == given(key)).values(written).compile(dialect=_DIALECT)
    return str(compiled), itemgetter(*(getattr(compiled, "positiontup", None) or ()))
