"""A running gateway over real PostgreSQL, and desks that speak the protocol to it over HTTPS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jmdesk.core.clock import SystemClock
from jmdesk.core.resources import resource
from sync.gateway.database import OWNER, Storage
from sync.gateway.enrol import issue_code
from sync.gateway.server import Running
from sync.gateway.units import read_units, store_units
from tests.postgres import database_url, new_database, postgres
from tests.sync.gateway.desk import Desk

__all__ = ["database_url", "new_database", "postgres"]

TOWN = "11440785MF10001032"
VILLAGE = "54440785MF1000111F"
OTHER_VILLAGE = "54440785MF100012X7"
BANK = "91440785MF1000226T"
COUNTY = "11440785MF1000197P"
CITY = "11440700MF10002777"


class Platform:
    """A gateway that serves, and a way to get desks enrolled with it."""

    def __init__(self, storage: Storage, data: Path) -> None:
        self.storage = storage
        self.data = data
        self.desks: list[Desk] = []
        self.running = Running(storage, data, ("127.0.0.1", 0))
        units = read_units(resource("samples/units.csv").read_bytes())
        storage.database.run(OWNER, lambda connection: store_units(connection, units))

    @property
    def url(self) -> str:
        return self.running.address.url

    @property
    def authority(self) -> str:
        return str(self.running.address.authority)

    def code(self, unit: str, *regions: str, roles: tuple[str, ...] = ()) -> str:
        """An enrolment code."""
        gateway = self.running.gateway
        return issue_code(gateway.database, gateway.keys, SystemClock(), unit, regions, roles).text

    def stranger(self) -> Desk:
        """A desk that has not enrolled."""
        desk = Desk(self.url, self.authority)
        self.desks.append(desk)
        return desk

    def desk(self, unit: str = VILLAGE, *regions: str, roles: tuple[str, ...] = ()) -> Desk:
        """An enrolled desk with a session."""
        desk = self.stranger()
        desk.enrol(self.code(unit, *regions, roles=roles), unit)
        desk.open_session()
        return desk


@pytest.fixture(scope="module")
def platform(new_database: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One gateway for the tests of a module; each test enrols its own desks and makes its own records."""
    data = tmp_path_factory.mktemp("gateway")
    with Storage(data, new_database()) as storage:
        platform = Platform(storage, data)
        platform.running.start()
        try:
            yield platform
        finally:
            for desk in platform.desks:
                desk.http.close()
            platform.running.stop()
