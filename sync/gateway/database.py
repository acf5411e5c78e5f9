"""PostgreSQL as the gateway uses it: a small pool, roles without rights beyond their work, migrations at start."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, LiteralString, Self, TypeVar

import psycopg
from psycopg.rows import TupleRow

from jmdesk.core.errors import Environment
from sync.gateway.embedded import EmbeddedPostgres

Connection = psycopg.Connection[TupleRow]
_Result = TypeVar("_Result")

RETRIES = 5
"""How often a transaction that PostgreSQL broke off (deadlock, serialisation) is tried again."""


class Role(StrEnum):
    """A database role: what a transaction may touch, whoever logged in."""

    OWNER = "owner"
    """Whoever owns the schema: migrations, keys, units."""
    API = "jmdesk_api"
    """Enrols, takes batches in, hands changes out; cannot write a record."""
    INGEST = "jmdesk_ingest"
    """Writes records and verdicts, in the counties of the batch alone."""
    READ = "jmdesk_read"
    """Looks, for the operators' commands."""


@dataclass(frozen=True, slots=True)
class Access:
    """In which role and over which rows a transaction runs; row-level security holds it to that.

    ``counties`` are 6-digit codes, ``regions`` prefixes of 12-digit ones.
    """

    role: Role
    counties: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


OWNER = Access(Role.OWNER)
READ = Access(Role.READ)


class Database:
    """A pool of connections to one PostgreSQL, handed out per transaction.

    ``Environment`` ``gateway.database_unreachable`` when no connection can be made. Thread-safe.
    """

    def __init__(self, url: str, size: int = 12) -> None:
        self._url = url
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(size)
        self._closed = False

    @contextmanager
    def transaction(self, access: Access) -> Iterator[Connection]:
        """One transaction in a role; it commits at the end and rolls back on an error."""
        with self._places:
            connection = self._take()
            try:
                with connection.transaction():
                    _assume(connection, access)
                    yield connection
            finally:
                if connection.closed or self._closed:
                    connection.close()
                else:
                    self._idle.put(connection)

    def run(self, access: Access, work: Callable[[Connection], _Result]) -> _Result:
        """``work`` in a transaction of its own, once more when PostgreSQL broke it off for another's sake."""
        for _ in range(RETRIES):
            try:
                with self.transaction(access) as connection:
                    return work(connection)
            except (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure):
                continue
        with self.transaction(access) as connection:
            return work(connection)

    def connect(self) -> Connection:
        """A connection outside the pool; the caller closes it."""
        try:
            return psycopg.connect(self._url, autocommit=True, connect_timeout=10, application_name="jmdesk-gateway")
        except psycopg.OperationalError:
            raise Environment("gateway.database_unreachable") from None

    def close(self) -> None:
        """Close the idle connections; those in use close when they come back."""
        self._closed = True
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    def _take(self) -> Connection:
        while True:
            try:
                connection = self._idle.get_nowait()
            except queue.Empty:
                return self.connect()
            if not connection.closed and not connection.broken and _answers(connection):
                return connection
            connection.close()


def _answers(connection: Connection) -> bool:
    """Whether an idle connection is still there (the server may have been restarted meanwhile)."""
    try:
        connection.execute("SELECT")
    except psycopg.Error:
        return False
    return True


def _assume(connection: Connection, access: Access) -> None:
    if access.role is Role.OWNER:
        return
    connection.execute(
        "SELECT set_config('role', %s, true), set_config('jmdesk.counties', %s, true),"
        " set_config('jmdesk.regions', %s, true)",
        (access.role.value, ",".join(access.counties), ",".join(f"{prefix}%" for prefix in access.regions)),
    )


def one(connection: Connection, query: LiteralString, parameters: Sequence[object] = ()) -> TupleRow:
    """The row of a query that always has one; ``LookupError`` if it has none."""
    row = connection.execute(query, parameters).fetchone()
    if row is None:
        raise LookupError(query)
    return row


def migrate(url: str) -> None:
    """Bring the schema to this program's revision; several starting at once wait for one another.

    ``Environment`` ``gateway.newer_schema`` when a newer program has been here.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    here = Path(__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(here).replace("%", "%%"))
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        if "Can't locate revision" in str(error):
            raise Environment("gateway.newer_schema") from None
        raise


class Storage:
    """The database that a data folder stands for: the embedded one, or a server elsewhere by URL."""

    def __init__(self, data: Path, url: str = "", settings: Mapping[str, Any] | None = None) -> None:
        data.mkdir(parents=True, exist_ok=True)
        kept = data / "database.url"
        self._embedded: EmbeddedPostgres | None = None
        if not url and kept.exists():
            url = kept.read_text(encoding="utf-8").strip()
        elif url:
            kept.touch(mode=0o600)
            kept.write_text(url, encoding="utf-8")
        if not url:
            self._embedded = EmbeddedPostgres(data, settings)
            url = self._embedded.url
        self.url = url
        self.database = Database(url)
        try:
            self.database.connect().close()
            migrate(url)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections and let go of the embedded server."""
        self.database.close()
        if self._embedded:
            self._embedded.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
