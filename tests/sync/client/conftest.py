"""A real platform for every test: embedded PostgreSQL, the gateway over HTTPS on loopback, desks with real vaults."""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString

import pytest

from jmdesk.core.clock import Clock, SystemClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.core.resources import resource
from jmdesk.desk import Desk
from jmdesk.vault.instance import locked
from jmdesk.vault.kdf import FLOOR
from sync.client.enrolment import enrol
from sync.client.http import HttpTransport
from sync.client.patience import Patience
from sync.client.steering import Steering
from sync.gateway.database import OWNER, Access, Role, Storage
from sync.gateway.enrol import find_device, issue_code
from sync.gateway.server import Running
from sync.gateway.units import read_units, store_units
from sync.protocol.suites import KeyRole, SigningKey
from tests.sync.client.office import UNIT, VILLAGE

PASSPHRASE = "荔枝湾边三只白鹭"


@dataclass
class Platform:
    """The running gateway and what an administrator does there."""

    running: Running
    storage: Storage
    ca: str
    root: SigningKey
    data: Path
    transports: list[HttpTransport] = field(default_factory=list)

    def close(self) -> None:
        while self.transports:
            self.transports.pop().close()

    @property
    def url(self) -> str:
        return self.running.address.url

    def code(self, unit: str = UNIT, *regions: str) -> str:
        self._make_room()
        return issue_code(self.storage.database, self.running.gateway.keys, SystemClock(), unit, regions, ()).text

    def _make_room(self) -> None:
        """A village has number blocks for 99 desks, and a session's tests enrol more: earlier ones give theirs back."""
        if self.ask("SELECT count(*) > 80 FROM devices WHERE desk_block <> '00'") == [(True,)]:
            self.storage.database.run(OWNER, lambda c: c.execute("UPDATE devices SET desk_block = '00'"))

    def deliver(self, file: Path, courier: str) -> None:
        """Hand in a batch file at the platform's desk for sticks."""
        gateway = self.running.gateway
        device = self.storage.database.run(Access(Role.API), lambda connection: find_device(connection, courier))
        assert device is not None
        with file.open("rb") as source:
            gateway.batches.take_file(device, source)
        gateway.notify()

    def revoke(self, device: str) -> None:
        query = "UPDATE devices SET revoked = now() WHERE device = %s"
        self.storage.database.run(OWNER, lambda connection: connection.execute(query, (device,)))

    @property
    def escrow(self) -> bytes:
        """The private escrow key, which a city keeps away from the network."""
        return bytes.fromhex(json.loads((self.data / "offline-root.json").read_text())["escrow"])

    def ask(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """Rows of the platform's database."""
        return self.storage.database.run(OWNER, lambda connection: connection.execute(query, values).fetchall())

    def approve(self, purpose: str) -> None:
        """An administrator approves every request of this purpose that waits."""
        self.settle_request(purpose, "approved")

    def settle_request(self, purpose: str, state: str) -> None:
        query = "UPDATE device_requests SET state = %s WHERE purpose = %s AND state = 'waiting'"
        self.storage.database.run(OWNER, lambda connection: connection.execute(query, (state, purpose)))

    @contextmanager
    def approving_keys(self, unit: str) -> Iterator[None]:
        """Every new key of the unit waits for an administrator meanwhile."""
        query = "UPDATE units SET approve_keys = %s WHERE unit = %s"
        self.storage.database.run(OWNER, lambda connection: connection.execute(query, (True, unit)))
        try:
            yield
        finally:
            self.storage.database.run(OWNER, lambda connection: connection.execute(query, (False, unit)))

    def transport(self, url: str = "") -> HttpTransport:
        transport = HttpTransport(url or self.url, TimeOrderedIds(SystemClock()), ca=self.ca)
        self.transports.append(transport)
        return transport


def offline_root(data: Path) -> SigningKey:
    """The root that a demo platform makes for itself and a city keeps away from the network."""
    return SigningKey(KeyRole.ROOT, bytes.fromhex(json.loads((data / "offline-root.json").read_text())["root"]))


@pytest.fixture(scope="session")
def platform() -> Iterator[Platform]:
    with new_platform() as made:
        yield made


@contextmanager
def new_platform() -> Iterator[Platform]:
    """A platform of its own, gone afterwards."""
    # PostgreSQL runs as somebody without rights when we are root, who must be able to walk to its folder.
    data = Path(tempfile.mkdtemp(prefix="jmdesk-client-gw-"))
    data.chmod(0o755)
    with Storage(data, settings={"fsync": "off"}) as storage:
        running = Running(storage, data, ("127.0.0.1", 0))
        units = read_units(resource("samples/units.csv").read_bytes())
        storage.database.run(OWNER, lambda connection: store_units(connection, units))
        running.start()
        assert running.address.authority is not None
        found = Platform(running, storage, running.address.authority.read_text(), offline_root(data), data)
        yield found
        found.close()
        found.running.stop()
    shutil.rmtree(data)


@pytest.fixture(scope="session")
def patience() -> Patience:
    """Tries again at once: nothing in a test waits for luck."""
    return Patience(Steering(wait=lambda _seconds: None))


class Workshop:
    """Makes desks by copying one vault and giving the copy device keys of its own: only the first pays for Argon2id."""

    def __init__(self, folder: Path, unit: str = UNIT) -> None:
        self._folder = folder
        with Desk.create(folder, PASSPHRASE, unit=unit, regions=(VILLAGE,), cost=FLOOR) as model:
            self._model = model.vault

    def desk(self, folder: Path, clock: Clock | None = None) -> Desk:
        shutil.copytree(self._folder, folder)
        vault = dataclasses.replace(self._model, folder=folder, lock=locked(folder))
        vault.renew_device_keys()
        clock = clock or SystemClock()
        return Desk(vault, clock, TimeOrderedIds(clock))


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("workshop") / "model")


def enrolled_desk(desk: Desk, platform: Platform, patience: Patience) -> tuple[Desk, HttpTransport]:
    transport = platform.transport()
    enrol(desk, transport, platform.code(), gateway=platform.url, ca=platform.ca, patience=patience)
    return desk, transport


@pytest.fixture
def desk(tmp_path: Path, workshop: Workshop) -> Iterator[Desk]:
    """A desk that is not enrolled."""
    with workshop.desk(tmp_path / "desk") as made:
        yield made


@pytest.fixture
def enrolled(desk: Desk, platform: Platform, patience: Patience) -> tuple[Desk, HttpTransport]:
    """An enrolled desk of the test's own, with its line to the platform."""
    return enrolled_desk(desk, platform, patience)


@dataclass(frozen=True)
class Pair:
    """Two desks of one unit that live as long as the tests, and their lines; each test has households of its own."""

    first: Desk
    to_first: HttpTransport
    second: Desk
    to_second: HttpTransport


@pytest.fixture(scope="session")
def pair(
    tmp_path_factory: pytest.TempPathFactory, workshop: Workshop, platform: Platform, patience: Patience
) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("pair")
    with workshop.desk(folder / "first") as first, workshop.desk(folder / "second") as second:
        yield Pair(*enrolled_desk(first, platform, patience), *enrolled_desk(second, platform, patience))
