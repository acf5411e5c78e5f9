"""``kill -9`` of the desk's and the gateway's real processes while they seal, upload, ingest and apply."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from jmdesk.core.clock import SystemClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.core.resources import resource
from jmdesk.desk import Desk
from jmdesk.store import outbox
from jmdesk.vault.kdf import FLOOR
from sync.client.enrolment import enrol
from sync.client.http import HttpTransport
from sync.gateway.cli import main as gateway_command
from sync.gateway.database import READ, Storage
from sync.gateway.enrol import issue_code
from sync.gateway.keys import load_keys
from tests.soak.blueprint import new_folder
from tests.soak.exchange import Life, exchange, serve
from tests.sync.client.office import UNIT, VILLAGE, add_household

PASSPHRASE = "荔枝湾边三只白鹭"
HOUSEHOLDS = 12
RECORDS = 6
"""Of each household: itself, its head, four consents."""
LONGEST = 1.2
"""Seconds after which the victim dies at the latest: an exchange of a round takes about as long."""


@dataclass
class Scene:
    """A platform and a desk on disk, whose programs come and go."""

    folder: Path
    storage: Storage
    port: int
    gateway: Life = field(init=False)
    kills: int = 0

    @property
    def vault(self) -> Path:
        return self.folder / "desk"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def ca(self) -> Path:
        return self.folder / "gateway" / "tls" / "ca.pem"

    def start_gateway(self) -> None:
        """Start it and read the line with which it says that it listens."""
        self.gateway = Life.begin(serve, self.folder / "gateway", f"127.0.0.1:{self.port}")
        assert self.gateway.says(), "the gateway does not come up"

    def start_desk(self) -> Life:
        desk = Life.begin(exchange, self.vault, PASSPHRASE, self.url, self.ca)
        assert desk.says() == "ready"
        return desk

    def kill(self, victim: Life, after: float) -> None:
        """End it so many seconds from now, if it has not ended by then."""
        if not victim.ends(after):
            victim.kill()
            self.kills += 1

    def round(self, number: int, dice: Random) -> None:
        """New work, an exchange, and somebody who dies in the middle of it."""
        with Desk.open(self.vault, PASSPHRASE) as desk:
            for household in range(HOUSEHOLDS):
                add_household(desk, number * HOUSEHOLDS + household + 1)
        desk_life, after = self.start_desk(), dice.uniform(0, LONGEST)
        if dice.random() < 0.6:
            self.kill(desk_life, after)
        else:
            self.kill(self.gateway, after)
            self.kill(desk_life, LONGEST)
            self.start_gateway()

    def settle(self) -> None:
        """Undisturbed at last."""
        for _ in range(3):
            desk = self.start_desk()
            said = desk.says()
            desk.process.join()
            if desk.process.exitcode == 0:
                return
        pytest.fail(f"the exchange does not come to its end: {said}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture
def scene() -> Iterator[Scene]:
    folder = new_folder()
    data = folder / "gateway"
    # Held here, PostgreSQL outlives the gateway that is killed: it is not the one on trial.
    with Storage(data, settings={"fsync": "off"}) as storage:
        assert gateway_command(["units", "import", str(resource("samples/units.csv")), "--data", str(data)]) == 0
        scene = Scene(folder, storage, free_port())
        scene.start_gateway()
        with Desk.create(scene.vault, PASSPHRASE, unit=UNIT, regions=(VILLAGE,), cost=FLOOR) as desk:
            clock = SystemClock()
            keys = load_keys(storage.database, data, clock)
            code = issue_code(storage.database, keys, clock, UNIT, (), ()).text
            ca = scene.ca.read_text()
            with HttpTransport(scene.url, TimeOrderedIds(clock), ca=ca) as transport:
                enrol(desk, transport, code, gateway=scene.url, ca=ca)
        yield scene
        scene.gateway.stop()
    shutil.rmtree(folder)


def play(scene: Scene, rounds: int, seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - the same moments each time, as far as a computer is the same
    for number in range(rounds):
        scene.round(number, dice)
    scene.settle()
    expected = rounds * HOUSEHOLDS * RECORDS
    with Desk.open(scene.vault, PASSPHRASE) as desk, desk.store.reading() as connection:
        assert outbox.counts(connection) == {"done": expected}
    rows = scene.storage.database.run(
        READ,
        lambda connection: connection.execute(
            "SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM operations),"
            " (SELECT count(*) FROM changes), (SELECT count(DISTINCT op_id) FROM changes)"
        ).fetchone(),
    )
    assert rows == (expected,) * 4, "records, verdicts, changes, and operations that made one"
    assert scene.kills, "nobody died: nothing was proved"


@pytest.mark.slow
def test_a_desk_and_a_gateway_that_are_killed_lose_nothing_and_do_nothing_twice(scene: Scene) -> None:
    play(scene, 6, seed=1)


@pytest.mark.long
def test_soak_of_two_hundred_kills(scene: Scene) -> None:
    play(scene, 200, seed=2)
