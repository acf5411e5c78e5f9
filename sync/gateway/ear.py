"""Listens to what another process or command says through PostgreSQL, in a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import selectors
import socket
import threading
from collections.abc import Callable
from typing import Self

import psycopg
from psycopg import sql

from jmdesk.core.errors import KnownError
from sync.gateway.database import Connection, Database, Role
from sync.gateway.journal import event, whereabouts

log = logging.getLogger("jmdesk.gateway.ear")


class Ear:
    """Calls ``heard`` when something is said on ``channel``, and by itself every so many seconds.

    ``heard`` is also called once at the start and after each lost connection: what was said meanwhile nobody heard.
    What it fails with is logged; it is called again next time.
    """

    def __init__(self, database: Database, role: Role, channel: str, heard: Callable[[], object], every: float) -> None:
        self._database, self._role, self._channel = database, role, channel
        self._heard, self._every = heard, every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"jmdesk-ear-{channel}", daemon=True)

    def __enter__(self) -> Self:
        self._told, self._tell = socket.socketpair()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._tell.close()
        self._thread.join()
        self._told.close()

    def _listen(self) -> None:
        while not self._stopped.is_set():
            with contextlib.suppress(psycopg.Error, KnownError), self._database.connect(self._role) as connection:
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                self._listen_to(connection)
            self._stopped.wait(self._every)

    def _listen_to(self, connection: Connection) -> None:
        with selectors.DefaultSelector() as either:
            either.register(self._told, selectors.EVENT_READ)
            either.register(connection.fileno(), selectors.EVENT_READ)
            while not self._stopped.is_set():
                self._call()
                either.select(self._every)
                if not self._stopped.is_set():
                    list(connection.notifies(timeout=0))  # one call for all that was said

    def _call(self) -> None:
        try:
            self._heard()
        except (psycopg.Error, KnownError, OSError) as error:
            event(log, logging.WARNING, "could not follow what was told", error=whereabouts(error))
