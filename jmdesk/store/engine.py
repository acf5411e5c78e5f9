"""Opens the SQLCipher file: one write connection, a small pool of read-only ones.

A database key that is not set raises no error in SQLCipher, it writes a plain file: so the header bytes are checked
after creation, and the key's form before use.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool, StaticPool
from sqlcipher3 import dbapi2

from jmdesk.core.errors import Environment, Refused
from jmdesk.store.folding import LONG_BYTES, LONGEST_PAGES, Folding
from jmdesk.store.statements import driver

if TYPE_CHECKING:
    from collections.abc import Callable

_RAW_KEY = re.compile(r"x'[0-9a-f]{64}'")
_CACHE_KIB = 65536  # decrypted pages stay in memory: without it every scan pays decryption again
_STATEMENTS = 1024
"""Statements that a connection keeps compiled. Once so many are there, the driver lets go of the newest, not of those
that are no longer used: with its own hundred, what a desk does most often was compiled anew each time.
"""
for _kind in (type(None), bytes):
    # Both are bound as they are. Unless it is told so, the driver asks every value for an adapter: a microsecond each.
    dbapi2.register_adapter(_kind, lambda value: value)
_SQLITE_ATTACH = 24
_SQLITE_DENY = 1


def _authorise(action: int, *_details: object) -> int:
    """Deny ATTACH: an injected statement must not copy the store into a plain file."""
    return _SQLITE_DENY if action == _SQLITE_ATTACH else 0


def raw_connection(path: Path, key: bytes) -> Any:
    """A connection under a raw 32-byte key with nothing else set. Any other key raises ``ValueError``."""
    connection = dbapi2.connect(
        str(path), isolation_level=None, check_same_thread=False, timeout=10, cached_statements=_STATEMENTS
    )
    quoted = f"x'{key.hex()}'"
    if not _RAW_KEY.fullmatch(quoted):
        raise ValueError("the store's key is 32 bytes")
    run = connection.execute
    run("PRAGMA cipher_log_level = NONE")
    # OFF on purpose (decision record 6): wiping and locking every allocation makes each insert 8 to 12 times dearer.
    run("PRAGMA cipher_memory_security = OFF")
    connection.set_key(quoted)
    if not run("PRAGMA cipher_version").fetchone():
        raise RuntimeError("this SQLite has no encryption")
    return connection


def _connect(path: Path, key: bytes, *, read_only: bool) -> Any:
    connection = raw_connection(path, key)
    run = connection.execute
    try:
        run("SELECT count(*) FROM sqlite_master").fetchone()
    except dbapi2.DatabaseError as error:
        connection.close()
        known = storage_error(error)  # a full or failing disk also stops the first read, and is no damage
        raise (Environment("store.damaged") if known is error else known) from error
    if not read_only:
        run("PRAGMA journal_mode = WAL")
        run(f"PRAGMA wal_autocheckpoint = {LONGEST_PAGES}")
        run(f"PRAGMA journal_size_limit = {LONG_BYTES}")
    run("PRAGMA synchronous = FULL")  # NORMAL loses acknowledged commits in a power cut
    run("PRAGMA foreign_keys = ON")
    run("PRAGMA secure_delete = ON")
    run("PRAGMA temp_store = MEMORY")
    run("PRAGMA trusted_schema = OFF")
    run("PRAGMA cell_size_check = ON")
    run(f"PRAGMA cache_size = -{_CACHE_KIB}")
    if read_only:
        run("PRAGMA query_only = ON")
    connection.set_authorizer(_authorise)
    return connection


def _engine(connect: Callable[[], Any], **pool: Any) -> Engine:
    return create_engine("sqlite+pysqlite://", module=dbapi2, creator=connect, hide_parameters=True, **pool)


@dataclass(frozen=True, slots=True)
class Engines:
    """The store's two doors: ``write`` (one connection, BEGIN IMMEDIATE) and ``read`` (up to four, query only)."""

    write: Engine
    read: Engine
    folding: Folding

    def fold(self) -> None:
        """Write everything of the write-ahead log into the file; nobody may write meanwhile."""
        self.folding.settle()
        with self.write.connect() as connection:
            fold_log(connection)

    def close(self) -> None:
        """Close every connection; the write-ahead log is folded into the file first.

        A disk that fails then costs nothing: what was committed lies in the log, and the next opening folds it.
        """
        self.folding.close()
        with suppress(dbapi2.DatabaseError, DBAPIError):
            self.fold()
        self.write.dispose()
        self.read.dispose()


def open_engines(path: Path, key: bytes) -> Engines:
    """The engines of the SQLCipher file ``path`` under a raw 32-byte key; the file is made when missing.

    ``Environment`` "store.damaged" when the key does not open it (the vault has already proved the passphrase right),
    "store.unreadable" when the system refuses the file.
    """
    fresh = not path.exists()

    def write_connection() -> Any:
        return _connect(path, key, read_only=False)

    write = _engine(write_connection, poolclass=StaticPool)

    @event.listens_for(write, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    read = _engine(lambda: _connect(path, key, read_only=True), poolclass=QueuePool, pool_size=4, max_overflow=2)
    try:
        with write.connect() as connection:
            if fresh:
                connection.execute(text("CREATE TABLE IF NOT EXISTS settings_probe (x)"))
                connection.execute(text("DROP TABLE settings_probe"))
                connection.commit()
                fold_log(connection)
    except OperationalError as error:
        raise storage_error(error) from error
    except dbapi2.OperationalError as error:
        raise storage_error(error) from error
    if fresh and path.read_bytes()[:16].startswith(b"SQLite format 3"):
        path.unlink()
        raise RuntimeError("the store was created without encryption")
    return Engines(write, read, Folding(path, write_connection))


def fold_log(connection: Connection) -> None:
    """Write everything of the write-ahead log into the file."""
    driver(connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")


def storage_error(error: Exception) -> Exception:
    """The known error behind a database error: full disk, read-only folder, locked or damaged file."""
    said = str(getattr(error, "orig", error)).lower()
    if "full" in said:
        return Environment("store.disk_full")
    if "readonly" in said or "unable to open" in said:
        return Environment("store.read_only")
    if "locked" in said or "busy" in said:
        return Refused("store.busy")
    if "i/o" in said:  # a stick that was pulled out, a quota: what was committed is whole
        return Environment("store.disk_error")
    if "malformed" in said or "not a database" in said:
        return Environment("store.damaged")
    return error
