"""Whether a process of the gateway can do its work now: each thing that it needs is tried, not assumed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

import psycopg

from jmdesk.core.clock import Clock
from jmdesk.core.errors import KnownError
from sync.gateway.database import Access, Connection, Database, Role, check_schema, one
from sync.gateway.worker import LOCK

CLOCK_APART: Final = timedelta(seconds=30)
"""How far this computer's clock and the database's may lie apart."""

OK: Final = "ok"


class Readiness:
    """The checks of one process. ``role`` is the database role of its work; ``alive`` and ``signer`` ask its parts."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        role: Role = Role.API,
        *,
        alive: Callable[[], bool] = lambda: True,
        signer: Callable[[], object] = lambda: None,
    ) -> None:
        self._database, self._clock, self._access = database, clock, Access(role)
        self._alive, self._signer = alive, signer

    def look(self) -> Mapping[str, str]:
        """What each check found, by its name: ``ok``, or in a word what is wrong."""
        found = {
            "database": self._asked(lambda c: _no(one(c, "SELECT count(*) > 0 FROM platform")[0], "not founded")),
            "schema": self._asked(_schema),
            "spool": self._asked(_spool),
            "ingest": self._asked(_ingest) if self._alive() else "stopped",
            "clock": self._asked(self._clocks),
        }
        try:
            self._signer()
        except KnownError:
            return found | {"signer": "unreachable"}
        return found | {"signer": OK}

    def _asked(self, check: Callable[[Connection], str]) -> str:
        try:
            return self._database.run(self._access, check)
        except (psycopg.Error, KnownError):
            return "unreachable"

    def _clocks(self, connection: Connection) -> str:
        (theirs,) = one(connection, "SELECT clock_timestamp()")
        return _no(abs(theirs - self._clock.now()) <= CLOCK_APART, "apart from the database's")


def _no(fine: bool, fault: str) -> str:
    return OK if fine else fault


def _schema(connection: Connection) -> str:
    try:
        check_schema(connection)
    except KnownError as error:
        return error.code.rpartition(".")[2]
    return OK


def _spool(connection: Connection) -> str:
    """Whether parts can be kept: the database takes writes, and a whole file can be put down on its way there."""
    (writable,) = one(
        connection, "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'"
    )
    try:
        with tempfile.TemporaryFile() as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError:
        return "no temporary files"
    return _no(writable, "read-only")


def _ingest(connection: Connection) -> str:
    """Whether some process works: it holds the worker's lock as long as it is connected."""
    (held,) = one(
        connection,
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        (LOCK,),
    )
    return _no(held, "nobody works")
