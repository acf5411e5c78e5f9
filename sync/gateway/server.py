"""The running gateway: database, keys, worker, and uvicorn behind TLS with deadlines of its own."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from jmdesk.core.clock import Clock, SystemClock
from jmdesk.core.errors import Environment
from jmdesk.core.ids import TimeOrderedIds
from sync.gateway.app import Gateway, build_app
from sync.gateway.bell import Bell
from sync.gateway.certificates import Certificates, own_certificates
from sync.gateway.database import OWNER, Storage
from sync.gateway.ingest import Ingest
from sync.gateway.keys import load_keys
from sync.gateway.units import store_regions
from sync.gateway.worker import Worker

if TYPE_CHECKING:
    from starlette.applications import Starlette

HEADER_SECONDS = 15
"""How long a connection may take over the head of a request (slow loris)."""
_CONNECTIONS = 500
_GOODBYE_SECONDS = 10
_START_SECONDS = 60


class DeadlineProtocol(H11Protocol):
    """uvicorn's h11 protocol, with a deadline for the head of each request; bodies have theirs in ``body``."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """As uvicorn's; an idle connection is dropped at once, for TLS would wait for the desk's goodbye."""
        if self.transport.is_closing():
            # It waits for a goodbye that may never come; closed a second time it would only be forgotten.
            self.transport.abort()
            return
        cycle: RequestResponseCycle | None = self.cycle
        drop = (cycle is None or cycle.response_complete) and not self.transport.get_write_buffer_size()
        super().shutdown()
        if drop:
            self.transport.abort()

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self._late)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self.conn.their_state is h11.IDLE and self.conn.our_state is h11.IDLE:
            self.transport.close()


class _Server(uvicorn.Server):
    """uvicorn's server that says when it listens and leaves signals to its caller's cleaning up."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the gateway listens, and the authority certificate that desks need (``None``: the city's own)."""

    url: str
    authority: Path | None


class Running:
    """A gateway over a data folder, from start to stop; in the calling thread or in one of its own.

    ``listen`` is ``(host, port)``, port 0 for any free one. ``tls`` are certificate files; without them the gateway
    makes its own. ``Environment`` ``gateway.cannot_listen`` when the address is taken or not this computer's.
    """

    def __init__(
        self,
        storage: Storage,
        data: Path,
        listen: tuple[str, int],
        *,
        tls: Certificates | None = None,
        clock: Clock | None = None,
    ) -> None:
        clock = clock or SystemClock()
        host, port = listen
        files = tls or own_certificates(data, [host], clock)
        keys = load_keys(storage.database, data, clock)
        storage.database.run(OWNER, store_regions)
        bell = Bell()
        self.worker = Worker(storage.database, Ingest(storage.database, keys, clock), bell)
        self.gateway = Gateway(storage.database, keys, clock, TimeOrderedIds(clock), self.worker.notify, bell)
        self._socket = _bound(host, port)
        shown = f"[{host}]" if ":" in host else host
        self.address = Address(f"https://{shown}:{self._socket.getsockname()[1]}", files.authority)
        self._listening = threading.Event()
        self._announce: Callable[[Address], None] = lambda _: None
        self._server = _Server(_config(build_app(self.gateway), files), self._on_ready)
        self._thread: threading.Thread | None = None

    def serve(self, announce: Callable[[Address], None] | None = None) -> None:
        """Serve until told to stop (SIGINT, SIGTERM or ``stop``); ``announce`` is called once it listens."""
        if announce is not None:
            self._announce = announce
        self.worker.start()
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self.worker.stop()
            self._socket.close()

    def start(self) -> None:
        """Serve in a thread; returns once it listens."""
        self._thread = threading.Thread(target=self.serve, name="jmdesk-gateway", daemon=True)
        self._thread.start()
        if not self._listening.wait(timeout=_START_SECONDS):
            raise Environment("gateway.not_starting")

    def stop(self) -> None:
        """Finish what is in hand and end."""
        self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()

    def _on_ready(self) -> None:
        self._listening.set()
        self._announce(self.address)


def _config(app: Starlette, files: Certificates) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=DeadlineProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
        h11_max_incomplete_event_size=32 * 1024,
        ssl_certfile=files.certificate,
        ssl_keyfile=files.key,
    )


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        # asyncio turns Nagle's delay off only where the protocol is named; without it each answer takes 40 ms more.
        found = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise Environment("gateway.cannot_listen", host=host, port=port, reason=error.strerror or "") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        found.close()
        raise Environment("gateway.cannot_listen", host=host, port=port, reason=error.strerror or "") from None
    return found
