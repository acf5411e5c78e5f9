"""The city's side of a game: the real gateway over a database of its own, which may crash and be set back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Final, LiteralString

import psycopg
import requests

from jmdesk.core.clock import FixedClock
from jmdesk.core.ids import CountedIds
from sync.gateway.app import Gateway, build_app
from sync.gateway.batches import Batches
from sync.gateway.bell import Bell
from sync.gateway.database import Access, Connection, Database, migrate
from sync.gateway.enrol import find_device
from sync.gateway.ingest import Ingest
from sync.gateway.keys import PlatformKeys, load_keys
from sync.gateway.ledger import BatchKey
from sync.gateway.problem import Declined
from sync.gateway.stick import StickDesk
from sync.protocol.batch import BatchOpener, open_manifest
from sync.protocol.manifest import Manifest
from sync.protocol.records import Operation
from sync.protocol.suites import KeySet
from tests.soak.wire import Died, Exchange, Loop, Sent

_BLUEPRINT: Final = "soak_blueprint"


class Server:
    """The PostgreSQL of a run: makes databases by copying others, and drops what is no longer wanted."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self.folder = folder
        self._numbers = count(1)
        self._connection = psycopg.connect(url, autocommit=True)
        self._turn = Lock()
        self._made = {_BLUEPRINT}
        self._execute(f"CREATE DATABASE {_BLUEPRINT}")
        migrate(self.named(_BLUEPRINT))

    def named(self, name: str) -> str:
        """The URL of one of its databases."""
        head, _, options = self._url.partition("?")
        return f"{head.rpartition('/')[0]}/{name}?{options}"

    def copy(self, source: str = _BLUEPRINT) -> str:
        """A new database with the content of another, which nobody may be using; its name."""
        name = f"soak_{next(self._numbers)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        self._made.add(name)
        return name

    def drop(self, name: str) -> None:
        """Let go of a database."""
        self._execute(f"DROP DATABASE {name} WITH (FORCE)")
        self._made.discard(name)

    def close(self) -> None:
        """Drop every database that it made: another run may begin on the same server."""
        for name in sorted(self._made):
            self.drop(name)
        self._connection.close()

    def _execute(self, statement: str) -> None:
        with self._turn:
            self._connection.execute(statement.encode())


class _MortalDatabase(Database):
    """The gateway's own database access; the process can end at any of its steps."""

    def __init__(self, url: str) -> None:
        super().__init__(url, size=4)
        self.fuse = 0

    @contextmanager
    def transaction(self, access: Access) -> Iterator[Connection]:
        self._burn()
        with super().transaction(access) as connection:
            yield connection
            self._burn()
        self._burn()

    def _burn(self) -> None:
        """Before a transaction, before its commit, and after it."""
        if self.fuse:
            self.fuse -= 1
            if not self.fuse:
                raise Died


@dataclass(frozen=True)
class Noted:
    """A batch as it was given to the gateway to judge, and the history that the gateway was in then."""

    manifest: Manifest
    operations: list[Operation]
    server_epoch: str


Ledger = dict[BatchKey, Noted]
"""What was to be judged, opened with the gateway's own key before it was judged: the notes of an onlooker."""


class City:
    """One gateway: its application, its worker's steps, and its USB desk."""

    def __init__(self, server: Server, loop: Loop, name: str, clock: FixedClock) -> None:
        self._server, self._loop = server, loop
        self.clock = clock
        self.ids = CountedIds(1 << 40)
        self.ledger = Ledger()
        self.deaths = self.restores = 0
        self.prompt = True
        """Whether it processes at once what it takes into custody."""
        self._dump: tuple[str, Ledger] | None = None
        self._open(name)

    def _open(self, name: str) -> None:
        self.name = name
        self.database = _MortalDatabase(self._server.named(name))
        self._eye = psycopg.connect(self._server.named(name), autocommit=True)
        self.keys: PlatformKeys = load_keys(self.database, self._server.folder, self.clock)
        self._due = False
        gateway = Gateway(self.database, self.keys, self.clock, self.ids, self._notify, Bell())
        self._app = build_app(gateway)
        self._batches = Batches(self.database, self.keys, self.clock)
        self._ingest = Ingest(self.database, self.keys, self.clock)

    def leave(self) -> None:
        """Close it and leave its database as it is."""
        self.database.fuse = 0
        self.database.close()
        self._eye.close()

    def close(self) -> None:
        """Close it and drop its databases."""
        self.leave()
        self._server.drop(self.name)
        if self._dump is not None:
            self._server.drop(self._dump[0])

    def look(self, query: LiteralString, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What is in the database, past every policy."""
        return self._eye.execute(query, parameters).fetchall()

    # -- as desks see it -------------------------------------------------------------------------------------------

    def ask(self, sent: Sent) -> Exchange:
        """Answer one request; a gateway that dies meanwhile is there again for the next one."""
        try:
            answer = self._loop.ask(self._app, sent)
        except Died:
            self.deaths += 1
            raise requests.ConnectionError from None
        if self._due and self.prompt:
            self.work()
        return answer

    def handle_stick(self, folder: Path) -> None:
        """The USB desk: what the stick brings is taken, processed and answered."""
        with suppress(Died):
            for file in sorted(folder.glob("*.jmb")):
                with file.open("rb") as source, suppress(Declined):
                    self._batches.take_file(None, source)
            self.work()
            if not self._due:
                list(StickDesk(self.database, self.keys, self.clock, self.ids).handle(folder))

    # -- by itself -------------------------------------------------------------------------------------------------

    def _notify(self) -> None:
        self._due = True

    def work(self) -> None:
        """Process everything in custody, as the worker does; where it dies, the next time goes on."""
        self._due = False
        try:
            while (key := self._next()) is not None:
                self._note(key)
                self._ingest.process(key)
        except Died:
            self.deaths += 1
            self._due = True

    def _next(self) -> BatchKey | None:
        found = self.look(
            "SELECT county, device, epoch, seq FROM batches WHERE state = 'in_custody'"
            " ORDER BY received, epoch, seq LIMIT 1"
        )
        return (found[0][0], found[0][1], found[0][2], found[0][3]) if found else None

    def _note(self, key: BatchKey) -> None:
        """Open what is about to be judged, and keep it."""
        if key in self.ledger:
            return
        device = find_device(self._eye, key[1])
        assert device is not None
        ((envelope,),) = self.look(
            "SELECT envelope FROM batches WHERE (county, device, epoch, seq) = (%s, %s, %s, %s)", key
        )
        manifest = open_manifest(bytes(envelope), KeySet.of(device.public)).manifest
        opener = BatchOpener(manifest, self.keys.opening)
        lines: list[Operation] = []
        for n, ciphertext in self.look(
            "SELECT n, ciphertext FROM batch_parts WHERE (county, device, epoch, seq) = (%s, %s, %s, %s) ORDER BY n",
            key,
        ):
            for line in opener.operations(manifest.parts[n], bytes(ciphertext)):
                assert isinstance(line, Operation), line
                lines.append(line)
        self.ledger[key] = Noted(manifest, lines, self.keys.server_epoch)

    # -- backups ---------------------------------------------------------------------------------------------------

    def dump(self) -> None:
        """Keep a copy of the database as it is now."""
        self.leave()
        old, self._dump = self._dump, (self._server.copy(self.name), dict(self.ledger))
        if old is not None:
            self._server.drop(old[0])
        self._open(self.name)

    def restore(self) -> bool:
        """Go back to the copy, in a history of its own; ``False`` where there is no copy."""
        if self._dump is None:
            return False
        self.leave()
        self._server.drop(self.name)
        source, ledger = self._dump
        name, self.ledger = self._server.copy(source), dict(ledger)
        self.restores += 1
        with psycopg.connect(self._server.named(name), autocommit=True) as connection:
            connection.execute("UPDATE platform SET server_epoch = %s", (f"restored-{self.restores}",))
        self._open(name)
        return True

    # -- what its administrators decide --------------------------------------------------------------------------

    def regions_of(self, device: str) -> tuple[str, ...]:
        """The regions that a desk is granted, under the newest of its keys."""
        query = "SELECT regions, coalesce(replaced_by, '') FROM devices WHERE device = %s"
        while True:
            ((regions, newer),) = self.look(query, (device,))
            if not newer:
                return tuple(regions)
            device = newer

    def grant_regions(self, device: str, regions: Sequence[str]) -> None:
        """Grant a desk other regions, under the newest of its keys."""
        while newer := self.look("SELECT replaced_by FROM devices WHERE device = %s AND replaced_by <> ''", (device,)):
            device = newer[0][0]
        self._eye.execute("UPDATE devices SET regions = %s WHERE device = %s", (list(regions), device))

    def approve(self) -> None:
        """An administrator approves every request that waits."""
        self._eye.execute("UPDATE device_requests SET state = 'approved' WHERE state = 'waiting'")
