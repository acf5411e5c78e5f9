"""Listening: uvicorn with deadlines of its own (it has none), bounded connections, and a goodbye that loses nothing."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from jmdesk.core.errors import Environment

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from sync.gateway.certificates import Certificates


@dataclass(frozen=True, slots=True)
class Lines:
    """How long a connection may take, in seconds, and how many there may be."""

    head: float = 15
    """Over the head of a request (slow loris)."""
    linger: float = 15
    """Over the rest of a body whose request was answered already: whoever sends it shall read the answer."""
    reading: float = 60
    """Before it is dropped while its answer is left unread."""
    connections: int = 500
    """In all; what comes beyond them is told 503."""
    each: int = 200
    """Of one address; a county's desks may share one."""


_GOODBYE_SECONDS = 10
_FAREWELL_SECONDS = 0.5
_START_SECONDS = 60


class Crowd:
    """How many connections each address has. Within one event loop only."""

    def __init__(self, most: int, free: Callable[[str], bool] = lambda _: False) -> None:
        self._most, self._free = most, free
        self._counts: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """Count a connection; whether the address may have it."""
        if self._free(address):
            return True
        self._counts[address] += 1
        return self._counts[address] <= self._most

    def leave(self, address: str) -> None:
        """A connection ended."""
        if self._counts[address] > 1:
            self._counts[address] -= 1
        else:
            self._counts.pop(address, None)


class DeadlineProtocol(H11Protocol):
    """uvicorn's h11 protocol with deadlines for the head of each request and the reading of each answer.

    Bodies have theirs in ``body``.
    """

    lines: ClassVar[Lines] = Lines()
    crowd: ClassVar[Crowd] = Crowd(Lines().each)
    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _lingering: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.access_log = False  # it writes paths; the door writes routes
        if self.crowd.enter(self._address):
            self._watch()
        else:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is not h11.SEND_BODY:
            self._settle()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self.crowd.leave(self._address)
        self._forget()
        self._settle()
        self.resume_writing()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(self.lines.reading, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

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

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():  # over TLS that waits for a goodbye, which a resting desk does not send
            self.loop.call_later(_FAREWELL_SECONDS, self._leave)
        elif self.conn.their_state is h11.SEND_BODY:  # answered before the body's end: it may still come, not for ever
            self._lingering = self.loop.call_later(self.lines.linger, self.transport.abort)

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self.loop.call_later(_FAREWELL_SECONDS, self._leave)

    def _leave(self) -> None:
        if self.transport.get_write_buffer_size():
            self.loop.call_later(_FAREWELL_SECONDS, self._leave)
        else:
            self.transport.abort()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.lines.head, self._late)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _settle(self) -> None:
        if self._lingering is not None:
            self._lingering.cancel()
            self._lingering = None

    def _late(self) -> None:
        self._deadline = None
        if self.conn.their_state is h11.IDLE and self.conn.our_state is h11.IDLE:
            self.transport.close()
            self.loop.call_later(_FAREWELL_SECONDS, self._leave)


class _Server(uvicorn.Server):
    """uvicorn's server that says when it listens and when it ends, and leaves signals to its caller's cleaning up."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], ending: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready, self._ending = ready, ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._ending()
        await super().shutdown(sockets)

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


class Listener:
    """One application on one address, in the calling thread or in one of its own.

    ``listen`` is ``(host, port)``, port 0 for any free one; without ``tls`` it is plain HTTP, for the loopback only.
    ``ending`` is called when it stops, before it waits for the requests under way. ``Environment``:
    ``gateway.cannot_listen``, ``gateway.plain_loopback``, ``gateway.not_starting``.
    """

    def __init__(
        self,
        app: Starlette,
        listen: tuple[str, int],
        tls: Certificates | None,
        *,
        lines: Lines | None = None,
        free: Callable[[str], bool] = lambda _: False,
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        if tls is None and listen[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise Environment("gateway.plain_loopback", host=listen[0])
        self._socket = bound(*listen)
        self.port: int = self._socket.getsockname()[1]
        self._listening = threading.Event()
        self._announce: Callable[[], None] = lambda: None
        lines = lines or Lines()
        counted = type("Counted", (DeadlineProtocol,), {"lines": lines, "crowd": Crowd(lines.each, free)})
        self.server = _Server(_config(app, tls, counted, lines.connections), self._on_ready, ending)
        self._thread: threading.Thread | None = None

    def serve(self, announce: Callable[[], None] | None = None) -> None:
        """Serve until told to stop (SIGINT, SIGTERM or ``stop``); ``announce`` is called once it listens."""
        if announce is not None:
            self._announce = announce
        try:
            self.server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def start(self) -> None:
        """Serve in a thread; returns once it listens."""
        self._thread = threading.Thread(target=self.serve, name="jmdesk-listener", daemon=True)
        self._thread.start()
        if not self._listening.wait(timeout=_START_SECONDS):
            raise Environment("gateway.not_starting")

    def stop(self) -> None:
        """Answer what is under way, and end."""
        self.server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        else:
            self._socket.close()

    def _on_ready(self) -> None:
        self._listening.set()
        self._announce()


def _config(
    app: Starlette, files: Certificates | None, protocol: type[asyncio.Protocol], connections: int
) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="asyncio",
        http=protocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=connections,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=_GOODBYE_SECONDS,
        h11_max_incomplete_event_size=32 * 1024,
        ssl_certfile=files.certificate if files else None,
        ssl_keyfile=files.key if files else None,
    )


def bound(host: str, port: int) -> socket.socket:
    """A TCP socket at an address. ``Environment`` ``gateway.cannot_listen``: taken, or not this computer's."""
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
