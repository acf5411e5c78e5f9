"""The running gateway: all of it in one process, or one of its three parts."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg

from jmdesk import version
from jmdesk.core.clock import Clock, SystemClock
from jmdesk.core.errors import KnownError
from jmdesk.core.ids import TimeOrderedIds
from sync.gateway.app import Gateway, build_app
from sync.gateway.bell import Bell
from sync.gateway.certificates import Certificates, own_certificates
from sync.gateway.database import OWNER, Access, Database, Role, Storage
from sync.gateway.door import Door
from sync.gateway.ear import Ear
from sync.gateway.ingest import Ingest
from sync.gateway.keys import CHANNEL as TRUST
from sync.gateway.keys import api_keys, ingest_keys, load_keys, signing_keys
from sync.gateway.limiter import client_address
from sync.gateway.listener import Listener
from sync.gateway.metrics import Metrics
from sync.gateway.ops import build_ops
from sync.gateway.precedence import Precedence
from sync.gateway.readiness import Readiness
from sync.gateway.settings import Settings
from sync.gateway.signer import SignerClient, SignerServer
from sync.gateway.spool import everywhere
from sync.gateway.units import store_regions
from sync.gateway.worker import Worker

_CHANNEL = "jmdesk_batches"
"""On which the API tells ingest, in another process, of a batch in custody."""
_LISTEN_SECONDS = 2.0
_RENEW_SECONDS = 60.0
"""How often keys and trust are read again without anybody saying so."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the gateway listens, and the authority certificate that desks need (``None``: the city's own)."""

    url: str
    authority: Path | None


class Running:
    """A gateway over a data folder, from start to stop; in the calling thread or in one of its own.

    ``listen`` is ``(host, port)``, port 0 for any free one. ``tls`` are certificate files; without them the gateway
    makes its own. With a ``signer`` it is the API alone: it has no private key and does no ingest. ``Environment``
    ``gateway.cannot_listen`` when the address is taken or not this computer's.
    """

    def __init__(
        self,
        storage: Storage,
        data: Path,
        listen: tuple[str, int],
        *,
        tls: Certificates | None = None,
        clock: Clock | None = None,
        settings: Settings | None = None,
        signer: SignerClient | None = None,
    ) -> None:
        self._settings = settings or Settings()
        clock, database, bell = clock or SystemClock(), storage.database, Bell()
        precedence = Precedence()
        host = listen[0]
        files = tls or own_certificates(data, [host], clock)
        self.metrics = Metrics()
        self.worker: Worker | None = None
        if signer is None:
            keys = load_keys(database, data, clock)
            database.run(OWNER, store_regions)
            ingest = Ingest(database, keys, clock)
            self.worker = Worker(
                *(database, ingest, bell),
                clock=clock,
                metrics=self.metrics,
                precedence=precedence,
                expires=self._settings.expires,
            )
            notify = self.worker.notify
        else:
            keys = api_keys(database, signer)
            notify = _Herald(database).notify
        self._ear = Ear(database, Role.OWNER if signer is None else Role.API, TRUST, keys.renew, _RENEW_SECONDS)
        self.readiness = Readiness(
            *(database, clock),
            alive=(lambda: self.worker is None or self.worker.alive),
            signer=signer.keys if signer else lambda: None,
        )
        door = Door(self._settings.rates, self._settings.proxies, self.metrics)
        self.gateway = Gateway(
            *(database, keys, clock, TimeOrderedIds(clock), notify, bell, door, self._settings.quotas, self.readiness),
            precedence=precedence,
        )
        self.metrics.about(version=version(), role="all" if signer is None else "api")
        self.metrics.watch(database, everywhere(database, Role.API), clock)
        app = build_app(self.gateway)
        app.state.bodies = self._settings.bodies
        lines = self._settings.lines
        self._listener = Listener(app, listen, files, lines=lines, free=self._proxy, ending=bell.end)
        shown = f"[{host}]" if ":" in host else host
        self.address = Address(f"https://{shown}:{self._listener.port}", files.authority)
        self.ops = _ops(self._settings, self.metrics, self.readiness)
        self._rest = contextlib.ExitStack()

    def serve(self, announce: Callable[[Address], None] | None = None) -> None:
        """Serve until told to stop (SIGINT, SIGTERM or ``stop``); ``announce`` is called once it listens."""
        with self._beside():
            self._listener.serve(lambda: announce(self.address) if announce else None)

    def start(self) -> None:
        """Serve in a thread; returns once it listens."""
        self._rest.enter_context(self._beside())
        self._listener.start()

    def stop(self) -> None:
        """Answer the requests under way, finish the batch in hand, and end."""
        self._listener.stop()
        self._rest.close()

    @contextlib.contextmanager
    def _beside(self) -> Iterator[None]:
        if self.ops is not None:
            self.ops.start()
        if self.worker is not None:
            self.worker.start()
        try:
            with self._ear:
                yield
        finally:
            if self.worker is not None:
                self.worker.stop()
            if self.ops is not None:
                self.ops.stop()

    def _proxy(self, peer: str) -> bool:
        return not client_address(peer, "", self._settings.proxies)


class IngestProcess:
    """Ingest alone: opens, judges, merges, writes; what it signs, the signer signs."""

    def __init__(
        self, storage: Storage, data: Path, signer: SignerClient, settings: Settings, clock: Clock | None = None
    ) -> None:
        self._clock, self._database = clock or SystemClock(), storage.database
        keys = ingest_keys(self._database, data, signer)
        self.metrics = Metrics()
        self._renew = keys.renew
        self.worker = Worker(
            *(self._database, Ingest(self._database, keys, self._clock), Bell()),
            clock=self._clock,
            metrics=self.metrics,
            expires=settings.expires,
        )
        self.metrics.about(version=version(), role="ingest")
        self.metrics.watch(self._database, everywhere(self._database, Role.INGEST), self._clock)
        readiness = Readiness(
            self._database, self._clock, Role.INGEST, alive=lambda: self.worker.alive, signer=signer.keys
        )
        self.ops = _ops(settings, self.metrics, readiness)

    def serve(self, stop: threading.Event, announce: Callable[[], None]) -> None:
        """Work until told to stop; the batch in hand is finished."""
        if self.ops is not None:
            self.ops.start()
        self.worker.start()
        try:
            with (
                Ear(self._database, Role.INGEST, _CHANNEL, self.worker.notify, _LISTEN_SECONDS),
                Ear(self._database, Role.INGEST, TRUST, self._renew, _RENEW_SECONDS),
            ):
                announce()
                stop.wait()
        finally:
            self.worker.stop()
            if self.ops is not None:
                self.ops.stop()


class SignerProcess:
    """The signer alone: the signing keys, a socket, and no view of any record."""

    def __init__(self, storage: Storage, data: Path, socket_path: Path) -> None:
        self._database, self._data = storage.database, data
        self._server = SignerServer(socket_path, signing_keys(storage.database, data))

    def serve(self, stop: threading.Event, announce: Callable[[], None]) -> None:
        """Sign until told to stop."""
        self._server.start()
        try:
            with Ear(self._database, Role.SIGNER, TRUST, self._renew, _RENEW_SECONDS):
                announce()
                stop.wait()
        finally:
            self._server.stop()

    def _renew(self) -> None:
        self._server.hold(signing_keys(self._database, self._data))


class _Herald:
    """Tells ingest in another process; whoever tells does not wait for it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="jmdesk-herald")

    def notify(self) -> None:
        """There is a batch to process."""
        self._thread.submit(self._tell)

    def _tell(self) -> None:
        # Unheard, the batch is found at ingest's next look.
        with contextlib.suppress(psycopg.Error, KnownError):
            self._database.run(Access(Role.API), lambda connection: connection.execute(f"NOTIFY {_CHANNEL}"))


def _ops(settings: Settings, metrics: Metrics, readiness: Readiness) -> Listener | None:
    return Listener(build_ops(metrics, readiness), settings.ops, None) if settings.ops else None
