"""What a piece of work takes by all clocks at once: on the wall, of the processor here, and of it in PostgreSQL."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Self

from sync.gateway.database import Database
from tests.bench.server_time import ServerTime
from tests.bench.stopwatch import Work


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that some work took. Neighbours on the machine move the wall's, and hardly the processor's."""

    wall: float
    here: float
    server: float

    @property
    def processor(self) -> float:
        """Here and in PostgreSQL together."""
        return self.here + self.server

    def __sub__(self, earlier: Self) -> Spent:
        return Spent(self.wall - earlier.wall, self.here - earlier.here, self.server - earlier.server)


class Meter:
    """Reads the clocks before and after; ``database`` names the server that works for us."""

    def __init__(self, database: Database) -> None:
        self._server = ServerTime(database)

    def spent(self, work: Work) -> Spent:
        """What one call takes."""
        before = self._now()
        work()
        return self._now() - before

    def _now(self) -> Spent:
        return Spent(time.perf_counter(), time.process_time(), self._server())
