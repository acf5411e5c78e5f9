"""A whole copy of the store in a new file under another key, by SQLite's own backup."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlcipher3 import dbapi2

from jmdesk.core.errors import Environment
from jmdesk.store.engine import Engines, raw_connection, storage_error


def copy_store(engines: Engines, file: Path, key: bytes) -> None:
    """Write the store into ``file`` (which must not exist) under a raw 32-byte key, check it, and flush it to disk.

    The caller keeps writers away. ``Environment``: "store.disk_full", "store.disk_error" and the like; "store.damaged"
    when the copy is not the same. What was written of a failed copy is the caller's to remove.
    """
    try:
        target = raw_connection(file, key)
        try:
            with engines.write.connect() as connection:
                driver: Any = connection.connection.driver_connection
                driver.backup(target)
                _compare(driver, target)
        finally:
            target.close()
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
