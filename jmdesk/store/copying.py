"""A whole copy of the store in a new file under another key, by SQLite's own backup."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection
from sqlcipher3 import dbapi2

from jmdesk.core.errors import Environment, Refused
from jmdesk.core.progress import Cancelled, Progress, never, silent
from jmdesk.store.engine import raw_connection, storage_error

_STEP: Final = 1024
"""Pages between two looks at who wants to know, or to stop."""


class _Stopped(Exception):
    """Somebody cancelled."""


def copy_store(
    connection: Connection, file: Path, key: bytes, progress: Progress = silent, cancelled: Cancelled = never
) -> None:
    """Write the store into ``file`` (which must not exist) under a raw 32-byte key, check it, and flush it to disk.

    What is copied is what ``connection`` sees: inside a reading transaction that is one state, while others write on.
    ``progress`` counts pages. ``Refused`` "store.cancelled"; ``Environment``: "store.disk_full", "store.disk_error"
    and the like; "store.damaged" when the copy is not the same. What was written of a failed copy is the caller's to
    remove.
    """

    def told(_status: int, remaining: int, total: int) -> None:
        progress(total - remaining, total)
        if cancelled():
            raise _Stopped

    driver: Any = connection.connection.driver_connection
    try:
        target = raw_connection(file, key)
        try:
            driver.backup(target, pages=_STEP, progress=told)
            _compare(driver, target)
        finally:
            target.close()
    except _Stopped:
        raise Refused("store.cancelled") from None
    except dbapi2.DatabaseError as error:
        raise storage_error(error) from error
    handle = os.open(file, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _compare(source: Any, target: Any) -> None:
    """Every page of the copy decrypts and is authentic, and every table has as many rows."""
    target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = target.execute("PRAGMA cipher_integrity_check").fetchall()
    if damaged or _rows(source) != _rows(target):
        raise Environment("store.damaged")


def _rows(connection: Any) -> dict[str, int]:
    names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}  # noqa: S608
