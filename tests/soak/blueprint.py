"""What every game of a run begins with: a city with three enrolled desks that know two households together."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from jmdesk.core.clock import FixedClock
from jmdesk.core.ids import CountedIds
from jmdesk.core.resources import resource
from jmdesk.desk import Desk
from jmdesk.vault.folder import Unlocked
from jmdesk.vault.kdf import FLOOR
from sync.client.enrolment import enrol
from sync.client.patience import Patience
from sync.client.steering import Steering
from sync.gateway.database import OWNER
from sync.gateway.enrol import issue_code
from sync.gateway.units import read_units, store_regions, store_units
from tests.soak.city import City, Ledger, Server
from tests.soak.office import GATEWAY, Office
from tests.soak.wire import Air, Line, Loop
from tests.sync.client.office import TOWN, UNIT, VILLAGE, add_household

START: Final = datetime(2026, 3, 2, 1, 0, 0, tzinfo=UTC)
DESKS: Final = (("first", UNIT), ("second", UNIT), ("town", TOWN))
"""Two desks of a village and one of its town: what is for the village alone never reaches the third."""
PASSPHRASE: Final = "荔枝湾边三只白鹭"
HOUSEHOLDS: Final = 2


_MEMORY: Final = Path("/dev/shm")


def new_folder() -> Path:
    """A folder for vaults and databases, in memory where the system has such a place.

    Programs die in a game, never the computer: whether a disk keeps what it was told is for the power-cut suite.
    """
    memory = "TMPDIR" not in os.environ and _MEMORY.is_dir()
    folder = Path(tempfile.mkdtemp(prefix="jmdesk-soak-", dir=_MEMORY if memory else None))
    folder.chmod(0o755)  # the database's own account walks through it
    return folder


@dataclass(frozen=True)
class Blueprint:
    """The template of a run: a database, three vaults, and the households that all of them know."""

    server: Server
    loop: Loop
    folder: Path
    database: str
    vaults: dict[str, Unlocked]
    households: tuple[str, ...]
    ledger: Ledger

    @classmethod
    def make(cls, url: str, folder: Path) -> Self:
        """Found the city, enrol the desks, and let them meet once."""
        folder.mkdir(mode=0o700)
        server, loop = Server(url, folder), Loop()
        clock, name = FixedClock(START), server.copy()
        city = City(server, loop, name, clock)
        city.database.run(OWNER, store_regions)
        # Regions and units are there before the first desk asks for a code.
        units = read_units(resource("samples/units.csv").read_bytes())
        city.database.run(OWNER, lambda connection: store_units(connection, units))
        offices = [_office(city, folder, desk, unit, number, clock) for number, (desk, unit) in enumerate(DESKS)]
        households = tuple(add_household(offices[0].desk, number) for number in range(1, HOUSEHOLDS + 1))
        for office in offices:
            report = office.sync()
            assert report is not None
            assert report.complete, report
        vaults = {office.name: office.desk.vault for office in offices}
        for office in offices:
            office.close()
        city.leave()
        return cls(server, loop, folder, name, vaults, households, city.ledger)

    def close(self) -> None:
        self.loop.close()
        self.server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _office(city: City, folder: Path, name: str, unit: str, number: int, clock: FixedClock) -> Office:
    place = folder / name
    with Desk.create(
        place, PASSPHRASE, unit=unit, regions=(VILLAGE,), cost=FLOOR, clock=clock, ids=CountedIds((number + 1) << 32)
    ) as made:
        vault = made.vault
    line = Line(city.ask, Air(), name)
    office = Office(name, vault, place, clock, line, ((number + 1) << 32) + 1000)
    code = issue_code(city.database, city.keys, clock, unit, (), ()).text
    patience = Patience(Steering(wait=lambda _: None))
    enrol(office.desk, office.transport, code, gateway=GATEWAY, patience=patience)
    return office
