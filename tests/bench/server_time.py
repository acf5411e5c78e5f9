"""Processor time of a PostgreSQL server on this computer: all of its processes, as Linux counts them."""

from __future__ import annotations

from pathlib import Path

from sync.gateway.database import OWNER, Database

_PROC = Path("/proc")


class ServerTime:
    """A clock that runs while any process of a database's server works; seconds.

    What a process that ended had worked is no longer counted: keep the connections open that are measured.
    """

    def __init__(self, database: Database) -> None:
        with database.transaction(OWNER) as connection:
            self._server = _parent(connection.info.backend_pid)

    def __call__(self) -> float:
        """Seconds worked so far."""
        ours = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdecimal())
        return sum(_worked(pid) for pid in ours if _parent(pid) == self._server)


def _parent(pid: int) -> int:
    try:
        return int((_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    except (OSError, IndexError):  # it ended meanwhile
        return 0


def _worked(pid: int) -> float:
    try:
        return int((_PROC / str(pid) / "schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except (OSError, IndexError):
        return 0.0
