"""A desk behind a hostile gateway, a second one that is left alone, and the city behind both."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest

from jmdesk.core.clock import FixedClock
from jmdesk.core.errors import KnownError, Refused, Unreachable
from jmdesk.inbox import CURSOR
from sync.client.engine import synchronise
from sync.client.http import HttpTransport
from sync.client.membership import load_membership, opening_key, save_membership
from sync.client.patience import Patience
from sync.client.report import SyncReport
from sync.client.steering import Steering
from sync.protocol.suites import KeyRole, SigningKey
from tests.hostile.gateway import Forger, Interceptor
from tests.postgres import postgres
from tests.soak.blueprint import START, Blueprint
from tests.soak.city import City
from tests.soak.office import Office
from tests.soak.wire import Air, Line, Loop
from tests.sync.client.hostile import HostileServer

__all__ = ["postgres"]

STRANGER = SigningKey(KeyRole.PLATFORM, os.urandom(32))
_STEERING = Steering(wait=lambda _: None)


CUSTODY, RECEIPT, PAGE = ("custody",), ("settled", "verdicts"), ("cursor", "theirs", "history")


@dataclass
class Stage:
    """A desk behind a hostile gateway, a second one that is left alone, and the city behind both."""

    city: City
    desk: Office
    other: Office
    between: Interceptor
    transport: HttpTransport
    household: str
    root: SigningKey
    edits: int = 0

    @property
    def stolen(self) -> Forger:
        """Who has the platform's signing key."""
        return Forger(self.city.keys.signing, opening_key(self.desk.desk.vault.device_keys()))

    @property
    def strange(self) -> Forger:
        """Who has a key of his own."""
        return Forger(STRANGER, opening_key(self.desk.desk.vault.device_keys()))

    def sync(self) -> SyncReport:
        patience = Patience(_STEERING, attempts=1)
        return synchronise(self.desk.desk, self.transport, _STEERING, patience=patience, wait_seconds=0)

    def attacked(self) -> KnownError | None:
        """What the user is told of an exchange."""
        try:
            return self.sync().problem
        except (Refused, Unreachable) as error:
            return error

    def work(self) -> None:
        """Something to send, and something to fetch."""
        self.edits += 1
        self.other.desk.records.change("R05", self.household, {"register_no": f"别处{self.edits}"})
        assert self.other.sync() is not None
        self.desk.desk.records.change("R05", self.household, {"x_remark": f"此处{self.edits}"})

    def break_off(self) -> None:
        """An exchange that ends while the batch is handed over: the next one asks what has arrived of it."""
        self.between.lie = lambda target: (503, b"{}") if target == "/v1/batches" else None
        assert isinstance(self.attacked(), Unreachable)
        self.between.lie = lambda _: None

    def held(self) -> dict[str, object]:
        """What the desk holds of the platform's word."""
        found = self.desk.here("R05", self.household)
        assert found is not None
        membership = load_membership(self.desk.desk.store)
        settled = [(b.seq, b.receipt) for b in self.desk.batches() if b.state == "done"]
        return {
            "cursor": self.desk.desk.store.setting(CURSOR),
            "trust": membership.trust,
            "history": membership.server_epoch,
            "theirs": found.values.get("register_no"),
            "settled": settled,
            "custody": [b.custody for b in self.desk.batches(open_only=True)],
            "verdicts": self.desk.states().get("done"),
        }


@pytest.fixture
def stage(long_stage: Stage) -> Iterator[Stage]:
    """The stage, with the trust that the desk began with: beside one that an attack left, the city's own looks old."""
    store = long_stage.desk.desk.store
    trust = load_membership(store).trust
    yield long_stage
    save_membership(store, msgspec.structs.replace(load_membership(store), trust=trust))


@pytest.fixture(scope="session")
def long_stage(postgres: str) -> Iterator[Stage]:
    home = Path(tempfile.mkdtemp(prefix="jmdesk-hostile-"))
    blueprint = Blueprint.make(postgres, home / "desks")
    loop: Loop = blueprint.loop
    city = City(blueprint.server, loop, blueprint.server.copy(blueprint.database), FixedClock(START))
    server = HostileServer(home)
    offices: list[Office] = []
    for number, name in enumerate(("first", "second"), 1):
        shutil.copytree(blueprint.vaults[name].folder, home / name)
        line = Line(city.ask, Air(), name)
        vault = blueprint.vaults[name]
        offices.append(Office(name, vault, home / name, FixedClock(START), line, (number << 32) + 2**20))
    first, second = offices
    transport = HttpTransport(server.url, first.ids, ca=server.ca)
    root = SigningKey(KeyRole.ROOT, bytes.fromhex(json.loads((home / "desks/offline-root.json").read_text())["root"]))
    made = Stage(city, first, second, Interceptor(city, server), transport, blueprint.households[0], root)
    transport.trust()
    made.work()
    assert made.sync().complete, "an honest exchange to begin with"
    yield made
    transport.close()
    for office in offices:
        office.close()
    server.close()
    city.close()
    blueprint.close()
    shutil.rmtree(home)
