"""A vault put back from a backup or copied to a second computer, and a platform put back from one."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg.sql import SQL, Identifier

from jmdesk.core.clock import SystemClock
from jmdesk.core.ids import TimeOrderedIds
from jmdesk.desk import Desk
from jmdesk.vault.instance import locked
from sync.gateway.database import OWNER, Connection
from sync.gateway.keys import begin_history
from sync.gateway.server import Running

if TYPE_CHECKING:
    from tests.sync.client.conftest import Platform


def copied(desk: Desk, folder: Path) -> Desk:
    """The desk as it stands now, in another folder: keys, chain position, outbox and all."""
    desk.store.fold_log()
    shutil.copytree(desk.vault.folder, folder)
    vault = dataclasses.replace(desk.vault, folder=folder, lock=locked(folder))
    clock = SystemClock()
    return Desk(vault, clock, TimeOrderedIds(clock))


class PlatformBackup:
    """Every row of a platform as it was when this was made."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._rows = platform.storage.database.run(OWNER, self._saved)

    def restore(self) -> None:
        """Put every row back and start the platform anew: what came after the backup never was, in another history."""
        platform = self._platform
        platform.close()
        platform.running.stop()
        platform.storage.database.run(OWNER, self._put_back)
        platform.running = Running(platform.storage, platform.data, ("127.0.0.1", 0))
        platform.running.start()

    @staticmethod
    def _saved(connection: Connection) -> dict[str, bytes]:
        named = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'alembic_version'"
        )
        rows = {}
        for (table,) in named.fetchall():
            with connection.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(table))) as copy:
                rows[table] = b"".join(bytes(part) for part in copy)
        return rows

    def _put_back(self, connection: Connection) -> None:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(SQL("TRUNCATE {}").format(SQL(", ").join(map(Identifier, self._rows))))
        for table, rows in self._rows.items():
            with connection.cursor().copy(SQL("COPY {} FROM STDIN").format(Identifier(table))) as copy:
                copy.write(rows)
        begin_history(connection)
