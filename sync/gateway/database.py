"""PostgreSQL as the gateway uses it: a pool per login, roles without rights beyond their work, migrations at start.

PostgreSQL 16 or newer. A process has the logins of its own work only; one login of the owner stands for all of them
where nobody made others (`setup` makes them).
"""

from __future__ import annotations

import queue
import selectors
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, LiteralString, Self, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from jmdesk.core.errors import Environment
from sync.gateway.embedded import EmbeddedPostgres
from sync.gateway.logins import FILE, complete_logins, read_logins

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
    SIGNER = "jmdesk_signer"
    """Reads the sealed signing keys, and nothing else."""
    ADMIN = "jmdesk_admin"
    """Proposes and decides over devices, requests and held batches; sees no value of a record."""
    AUDIT = "jmdesk_audit"
    """Looks at what was done, by which device and when; at no value of a record."""
    PUBLIC = "jmdesk_public"
    """Asks for one certificate by its number, as anybody may; reads no table."""


LOOKERS = frozenset({Role.READ, Role.AUDIT})
LOGGED_IN = tuple(role for role in Role if role is not Role.OWNER)
"""The roles that have logins of their own."""


@dataclass(frozen=True, slots=True)
class Access:
    """In which role and over which rows a transaction runs; row-level security holds it to that.

    ``counties`` are 6-digit codes, ``regions`` prefixes of 12-digit ones. Whoever only looks and names no county
    sees all of them.
    """

    role: Role
    counties: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    durable: bool = True
    """Whether the commit waits for the disk."""

    def fleeting(self) -> Access:
        """For what nobody was promised yet (a session, a part before custody): a power cut may take the last second
        of it, never what was committed durably after it.
        """
        return replace(self, durable=False)


OWNER = Access(Role.OWNER)
READ = Access(Role.READ)


class _Pool:
    """The connections of one login."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._idle: queue.LifoQueue[Connection] = queue.LifoQueue()
        self._places = threading.BoundedSemaphore(size)
        self._closed = False

    @contextmanager
    def lent(self) -> Iterator[Connection]:
        """A connection that answers; it goes back at the end."""
        with self._places:
            connection = self._take()
            try:
                yield connection
            finally:
                if connection.closed or self._closed:
                    connection.close()
                else:
                    self._idle.put(connection)

    def connect(self) -> Connection:
        """A connection of its own."""
        try:
            return psycopg.connect(self._url, autocommit=True, connect_timeout=10, application_name="jmdesk-gateway")
        except psycopg.OperationalError:
            raise Environment("gateway.database_unreachable") from None

    def close(self) -> None:
        """Close what is idle; what is lent closes when it comes back."""
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


class Database:
    """Pools of connections to one PostgreSQL, handed out per transaction. Thread-safe.

    ``logins`` is one URL that may take every role, or a URL per role; at most ``size`` connections each.
    ``Environment``: ``gateway.database_unreachable`` when no connection can be made, ``gateway.no_login`` for a role
    that this process has no login for.
    """

    def __init__(self, logins: str | Mapping[Role, str], size: int = 12) -> None:
        if isinstance(logins, str):
            pool = _Pool(logins, size)
            self._pools = dict.fromkeys(Role, pool)
        else:
            self._pools = {role: _Pool(url, size) for role, url in logins.items()}

    @property
    def roles(self) -> frozenset[Role]:
        """The roles that this process may take."""
        return frozenset(self._pools)

    @contextmanager
    def transaction(self, access: Access) -> Iterator[Connection]:
        """One transaction in a role; it commits at the end and rolls back on an error."""
        with self._pool(access.role).lent() as connection:
            try:
                _begin(connection, access)
                yield connection
            except BaseException:
                with suppress(psycopg.Error):  # a connection that is gone has rolled back by itself
                    connection.rollback()
                raise
            connection.commit()

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

    def connect(self, role: Role = Role.OWNER) -> Connection:
        """A connection outside the pools, as the login of a role; the caller closes it."""
        return self._pool(role).connect()

    def close(self) -> None:
        """Close the idle connections; those in use close when they come back."""
        for pool in set(self._pools.values()):
            pool.close()

    def _pool(self, role: Role) -> _Pool:
        pool = self._pools.get(role)
        if pool is None:
            raise Environment("gateway.no_login", role=role.value)
        return pool


def _answers(connection: Connection) -> bool:
    """Whether an idle connection is still there: a server that ended it has said so, and else says nothing."""
    with selectors.DefaultSelector() as told:
        told.register(connection.fileno(), selectors.EVENT_READ)
        if not told.select(0):
            return True
    try:
        connection.execute("SELECT")
    except psycopg.Error:
        return False
    return True


def _begin(connection: Connection, access: Access) -> None:
    if access.role is Role.OWNER:
        connection.execute("BEGIN")
        return
    counties, regions = access.counties, access.regions
    if access.role in LOOKERS and not counties:
        counties, regions = ("*",), regions or ("",)
    # SET LOCAL itself, all in one message: Citus passes these statements on to its workers, but not set_config().
    connection.execute(
        sql.SQL("BEGIN; SET LOCAL ROLE {}; SET LOCAL jmdesk.counties = {}; SET LOCAL jmdesk.regions = {}{}").format(
            sql.Identifier(access.role.value),
            sql.Literal(",".join(counties)),
            sql.Literal(",".join(f"{prefix}%" for prefix in regions)),
            sql.SQL("" if access.durable else "; SET LOCAL synchronous_commit = off"),
        ),
        prepare=False,  # only a plain message may hold several statements
    )


def widen(connection: Connection, counties: Sequence[str]) -> None:
    """Let the rest of a transaction see the rows of these counties too."""
    connection.execute(sql.SQL("SET LOCAL jmdesk.counties = {}").format(sql.Literal(",".join(counties))))


def one(
    connection: Connection, query: LiteralString, parameters: Sequence[object] | Mapping[str, object] = ()
) -> TupleRow:
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


def head() -> str:
    """The schema revision that this program works with."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return ScriptDirectory.from_config(config).get_current_head() or ""


def check_schema(connection: Connection) -> None:
    """For a process that may not migrate. ``Environment``: ``gateway.older_schema``, ``gateway.newer_schema``."""
    (found,) = one(connection, "SELECT version_num FROM alembic_version")
    wanted = head()
    if found != wanted:
        raise Environment("gateway.older_schema" if found < wanted else "gateway.newer_schema")


class Storage:
    """The database that a data folder stands for: the embedded one, or a server elsewhere by URL or by ``logins.json``.

    Who has the owner's login brings the schema up to date; who has not makes sure that it is.
    """

    def __init__(self, data: Path, url: str = "", settings: Mapping[str, Any] | None = None) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.database = Database({})
        self._embedded: EmbeddedPostgres | None = None
        logins = {Role(name): login for name, login in read_logins(data / FILE).items()}
        owner = _kept(data / "database.url", url) or logins.get(Role.OWNER, "")
        if not owner and (not logins or (data / "postgres.password").exists()):
            self._embedded = EmbeddedPostgres(data, settings)
            owner = self._embedded.url
        self.url = owner
        """The owner's login; empty where this process has none."""
        try:
            if owner:
                _Pool(owner, 1).connect().close()
                migrate(owner)
            if self._embedded is not None:
                made = complete_logins(data, owner, LOGGED_IN)
                logins = {Role(name): login for name, login in made.items()}
            if logins:
                self.database = Database({Role.OWNER: owner, **logins} if owner else logins)
            else:
                self.database = Database(owner)
            if not owner:
                self.database.run(Access(min(logins)), check_schema)
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


def _kept(file: Path, url: str) -> str:
    """The URL that was given, kept for the next start; without one, the URL that was kept."""
    if url:
        file.touch(mode=0o600)
        file.write_text(url, encoding="utf-8")
        return url
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""
