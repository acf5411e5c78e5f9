"""The worker: one thread that processes batches in custody in the order in which they came."""

from __future__ import annotations

import logging
import threading

import psycopg

from jmdesk.core.errors import KnownError
from sync.gateway.bell import Bell
from sync.gateway.database import READ, Connection, Database
from sync.gateway.ingest import Ingest
from sync.gateway.ledger import BatchKey
from sync.gateway.problem import whereabouts
from sync.protocol.states import PlatformBatch

log = logging.getLogger("jmdesk.gateway.worker")

_LOOK_EVERY = 5.0
"""Seconds after which the worker looks by itself, for batches that another process took in."""
_LOCK = 0x776F726B  # "work"


class Worker:
    """Runs ``Ingest`` in a thread of its own; of several gateways on one database one works, the others wait.

    A batch that breaks the program is set aside with an error in the log, and so is what follows it in its device's
    chain; every other device's batches go on. It is tried again when the gateway starts anew.
    """

    def __init__(self, database: Database, ingest: Ingest, bell: Bell) -> None:
        self._database = database
        self._ingest = ingest
        self._bell = bell
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._aside: set[str] = set()
        self._thread = threading.Thread(target=self._run, name="jmdesk-ingest", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def notify(self) -> None:
        """There is a batch to process."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the batch in hand and end."""
        self._stop.set()
        self._wake.set()
        self._thread.join()

    def _run(self) -> None:
        connection: Connection | None = None
        while not self._stop.is_set():
            try:
                if connection is None or connection.closed:
                    connection = self._database.connect()
                if _is_the_worker(connection):
                    while not self._stop.is_set() and (key := self._next()) is not None:
                        self._process(key)
            except (psycopg.OperationalError, KnownError) as error:
                log.warning("database is away: %s", type(error).__name__)
            self._wake.wait(_LOOK_EVERY)
            self._wake.clear()
        if connection is not None:
            connection.close()

    def _next(self) -> BatchKey | None:
        def work(connection: Connection) -> BatchKey | None:
            row = connection.execute(
                "SELECT county, device, epoch, seq FROM batches WHERE state = %s AND NOT device = ANY(%s)"
                " ORDER BY received, epoch, seq LIMIT 1",
                (PlatformBatch.IN_CUSTODY.value, list(self._aside)),
            ).fetchone()
            return (row[0], row[1], row[2], row[3]) if row else None

        return self._database.run(READ, work)

    def _process(self, key: BatchKey) -> None:
        try:
            self._ingest.process(key)
            self._bell.ring()
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other devices' work goes on
            self._aside.add(key[1])
            place = whereabouts(error)
            log.error("batch %s.%s.%s is set aside: %s", *key[1:], place)  # noqa: TRY400 - a traceback quotes data


def _is_the_worker(connection: Connection) -> bool:
    """Whether this process holds the lock that makes it the one that works; it keeps it while it is connected."""
    held = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        " AND classid = 0 AND objid = %s)",
        (_LOCK,),
    ).fetchone()
    if held and held[0]:
        return True
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
    return bool(row and row[0])
