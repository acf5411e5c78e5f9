"""The worker: one thread that processes batches in custody in the order in which they came."""

from __future__ import annotations

import logging
import threading
import time
from datetime import timedelta
from functools import partial

import psycopg

from jmdesk.core.clock import Clock, SystemClock
from jmdesk.core.errors import KnownError
from sync.gateway.aside import count_fault, count_start, next_batch
from sync.gateway.bell import Bell
from sync.gateway.database import Access, Connection, Database, Role
from sync.gateway.ingest import Ingest
from sync.gateway.journal import event, whereabouts
from sync.gateway.ledger import BatchKey
from sync.gateway.metrics import Metrics
from sync.gateway.precedence import Precedence
from sync.gateway.relocation import Relocation
from sync.gateway.spool import EXPIRES, everywhere, expire

log = logging.getLogger("jmdesk.gateway.worker")

_LOOK_EVERY = 5.0
"""Seconds after which the worker looks by itself: for what another process took in, and for what failed."""
_SWEEP_EVERY = 3_600.0
_COURTESY = 4.0
"""How many times as long as the last batch took the worker gives way at most: a fifth of the time stays its own."""
_COURTESY_SECONDS = 2.0
"""It never gives way for longer: after a large batch neither."""
LOCK = 0x776F726B  # "work"
"""The advisory lock of whoever works; readiness looks for it."""


class Worker:
    """Runs ``Ingest`` in a thread of its own; of several gateways on one database one works, the others wait.

    A batch that breaks the program rests until the next look and is then tried again, a few times (`aside`).
    """

    def __init__(
        self,
        database: Database,
        ingest: Ingest,
        bell: Bell,
        *,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
        precedence: Precedence | None = None,
        expires: timedelta = EXPIRES,
    ) -> None:
        self._expires = expires
        self._database = database
        self._ingest = ingest
        self._bell = bell
        self._clock = clock or SystemClock()
        self._metrics = metrics or Metrics()
        self._precedence = precedence or Precedence()
        self._took = 0.0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._resting: set[str] = set()
        self._everywhere = Access(Role.INGEST)
        self._fresh = True
        self._swept = -_SWEEP_EVERY
        self._relocation = Relocation(database)
        self._thread = threading.Thread(target=self._run, name="jmdesk-ingest", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

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
            self._resting.clear()
            try:
                if connection is None or connection.closed:
                    connection = self._database.connect(Role.INGEST)
                if _is_the_worker(connection):
                    self._work()
            except (psycopg.OperationalError, KnownError) as error:
                event(log, logging.WARNING, "database is away", error=type(error).__name__)
            self._wake.wait(_LOOK_EVERY)
            self._wake.clear()
        if connection is not None:
            connection.close()

    def _work(self) -> None:
        self._everywhere = everywhere(self._database, Role.INGEST)
        due = time.monotonic() - self._swept >= _SWEEP_EVERY
        self._relocation.look(self._everywhere, anyway=due)
        if due:
            self._swept = time.monotonic()
            self._database.run(self._everywhere, partial(expire, now=self._clock.now(), after=self._expires))
        while not self._stop.is_set() and (key := self._next()) is not None:
            self._precedence.give_way(min(_COURTESY * self._took, _COURTESY_SECONDS))
            # A process that was ended by a batch starts with it again: only then is there something to count.
            if self._fresh and not self._database.run(
                self._everywhere, partial(count_start, key=key, now=self._clock.now())
            ):
                self._told_aside(key, "the process ended")
                continue
            self._fresh = False
            self._process(key)

    def _next(self) -> BatchKey | None:
        return self._database.run(self._everywhere, partial(next_batch, resting=tuple(self._resting)))

    def _process(self, key: BatchKey) -> None:
        started = time.monotonic()
        try:
            self._ingest.process(key)
        except psycopg.OperationalError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, other devices' work goes on
            self._resting.add(key[1])
            place = whereabouts(error)
            fault = partial(count_fault, key=key, now=self._clock.now(), fault=place)
            if self._database.run(self._everywhere, fault):
                self._told_aside(key, place)
            else:
                event(log, logging.WARNING, "batch failed", batch=_named(key), fault=place)
            return
        self._took = time.monotonic() - started
        self._metrics.processed(self._took)
        self._bell.ring(key)

    def _told_aside(self, key: BatchKey, fault: str) -> None:
        self._metrics.set_aside.inc()
        event(log, logging.ERROR, "batch is set aside", batch=_named(key), fault=fault)


def _named(key: BatchKey) -> str:
    return f"{key[1]}.{key[2]}.{key[3]}"


def _is_the_worker(connection: Connection) -> bool:
    """Whether this process holds the lock that makes it the one that works; it keeps it while it is connected."""
    held = connection.execute(
        "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
        " AND classid = 0 AND objid = %s)",
        (LOCK,),
    ).fetchone()
    if held and held[0]:
        return True
    row = connection.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
    return bool(row and row[0])
