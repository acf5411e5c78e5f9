"""What the desk is held against: the same rows, loaded and written without anything that makes them safe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Engine, Table, select, text

from jmdesk.desk import Desk
from jmdesk.ratings import queries
from jmdesk.store import reading
from jmdesk.store.engine import open_engines
from jmdesk.store.search import terms_of
from jmdesk.store.statements import driver, insert_rows
from jmdesk.store.tables import SEARCH_TERMS_DDL, codec, metadata, record_tables
from tests.bench.stopwatch import Work

_KEY = bytes(range(32))
_PER_TRANSACTION = 1000
_Taken = TypeVar("_Taken")


class PlainCopy:
    """Every row of a desk's store and every search term, ready to be written into an empty one of the same kind."""

    def __init__(self, desk: Desk) -> None:
        self._rows: list[tuple[Table, list[dict[str, Any]]]] = []
        with desk.store.reading() as connection:
            for table in metadata.sorted_tables:
                rows = [dict(row) for row in connection.execute(select(table)).mappings()]
                self._rows.append((table, rows))
            number: dict[str, int] = dict(
                connection.exec_driver_sql("SELECT rid, id FROM search_entries").tuples().all()
            )
            self._terms = [
                (number[row["rid"]], terms_of(desk.catalogue.types[type_], codec(type_).to_record(row)))
                for type_, table in record_tables.items()
                for row in connection.execute(select(table)).mappings()
                if row["rid"] in number
            ]

    def write(self, file: Path, measured: Callable[[Work], _Taken]) -> _Taken:
        """Insert everything in one transaction, in bulk; what ``measured`` says that takes, the tables being there."""
        engines = open_engines(file, _KEY)
        metadata.create_all(engines.write)
        with engines.write.begin() as connection:
            connection.execute(text(SEARCH_TERMS_DDL))
        taken = measured(lambda: self._insert(engines.write))
        engines.close()
        file.unlink()
        return taken

    def _insert(self, engine: Engine) -> None:
        with engine.begin() as connection:
            for table, rows in self._rows:
                insert_rows(connection, table, rows)
            driver(connection).executemany("INSERT INTO search_terms(rowid, terms) VALUES (?, ?)", self._terms)


class PlainRating:
    """Loads what a rating looks at and writes ratings of the same size, without scoring anything."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        with desk.store.reading() as connection:
            self._rids = queries.household_ids(connection)
            self._ratings = reading.find(connection, "R16")

    def run(self) -> None:
        """Some thousand households per transaction, as rating does."""
        desk = self._desk
        for start in range(0, len(self._rids), _PER_TRANSACTION):
            part = slice(start, start + _PER_TRANSACTION)
            with desk.records.writing("rate") as writer:
                connection = writer.transaction.connection
                queries.found_households(connection, self._rids[part], desk.catalogue, writer.on)
                queries.stored_ratings(connection, self._rids[part], writer.on.year)
                for rating in self._ratings[part]:
                    writer.transaction.create("R16", rating.values, region=rating.region)
