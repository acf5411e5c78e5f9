"""Opens a copy of a store and looks at all of it: what a backup must pass before it counts as one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlcipher3 import dbapi2

from jmdesk.core.errors import Environment
from jmdesk.store import change_log
from jmdesk.store.change_log import Head
from jmdesk.store.engine import fold_log, open_engines, storage_error


@dataclass(frozen=True, slots=True)
class Copy:
    """A store that is whole: its schema's revision, where its log stands, and its first broken link (0: none)."""

    schema: str
    head: Head
    broken_at: int


def verified(file: Path, key: bytes) -> Copy:
    """What a store's file holds, once every page, every reference and every link of its change log was looked at.

    The file is opened for writing (as SQLite must), nothing is changed. ``Environment``: "store.missing",
    "store.damaged", and those of ``open_engines``.
    """
    if not file.is_file():
        raise Environment("store.missing")
    engines = open_engines(file, key)
    try:
        with engines.write.connect() as connection:
            fold_log(connection)
        with engines.read.connect() as connection:
            check_pages(connection)
            broken = next((seq for seq, _fault in change_log.verify(connection)), 0)
            schema = MigrationContext.configure(connection).get_current_revision() or ""
            return Copy(schema, change_log.read_head(connection), broken)
    except (DBAPIError, dbapi2.DatabaseError) as error:
        raise storage_error(error) from error
    finally:
        engines.close()


def check_pages(connection: Connection) -> None:
    """``Environment`` "store.damaged" unless every page is authentic, every index in order, every reference there.

    After a checkpoint only: pages still in the write-ahead log would raise false alarms.
    """
    if connection.execute(text("PRAGMA cipher_integrity_check")).all():
        raise Environment("store.damaged")
    if [row[0] for row in connection.execute(text("PRAGMA integrity_check"))] != ["ok"]:
        raise Environment("store.damaged")
    if connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
        raise Environment("store.damaged")
