"""Brings a store's schema to this program's, in process, at unlock.

Each revision is self-contained (no import of project models). A migration runs with foreign keys off before BEGIN:
``batch_alter_table`` on a parent with foreign keys on silently deletes every child row. A backup is made before any
step, row counts are compared, foreign keys are checked, and only then is it committed: all steps or none.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from sqlalchemy import Connection, inspect, text

from jmdesk.core.errors import Environment, Refused
from jmdesk.store.copying import copy_store
from jmdesk.store.engine import Engines

MIGRATIONS = Path(__file__).parent / "migrations"

Keep = Callable[[Callable[[Path, bytes], None]], None]
"""Makes a backup of a store that is about to be migrated, with what copies it into a new file under another key."""


def scripts() -> ScriptDirectory:
    """The revisions that ship with this program."""
    return ScriptDirectory(str(MIGRATIONS))


def migrate(
    engines: Engines, target: str = "heads", *, keep: Keep | None = None, directory: ScriptDirectory | None = None
) -> list[str]:
    """Upgrade to ``target``; returns the revisions applied (empty when there was nothing to do).

    ``keep`` makes the backup; when it cannot, nothing is migrated. ``Refused`` "store.newer_schema" when the file was
    written by a newer program; ``Environment`` "store.migration_failed" when a step lost rows or broke a reference:
    the store is then as it was.
    """
    directory = directory or scripts()
    with engines.write.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    try:
        steps = (
            [s.revision for s in directory.iterate_revisions(target, current or "base")] if current != target else []
        )
    except ResolutionError:
        raise Refused("store.newer_schema") from None
    if not steps:
        return []
    if current is not None and keep is not None:
        with engines.write.connect() as connection:
            keep(lambda file, key: copy_store(connection, file, key))
    _run(engines, directory, target)
    return list(reversed(steps))


def _run(engines: Engines, directory: ScriptDirectory, target: str) -> None:
    with engines.write.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA foreign_keys = OFF")
        try:
            with connection.begin():
                before = _row_counts(connection)
                context = MigrationContext.configure(
                    connection,
                    opts={"fn": lambda revision, _context: directory._upgrade_revs(target, revision)},
                )
                with Operations.context(context):
                    context.run_migrations()
                _compare(before, _row_counts(connection))
                broken = connection.execute(text("PRAGMA foreign_key_check")).first()
                if broken is not None:
                    raise Environment("store.migration_failed", table=str(broken[0]))
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _row_counts(connection: Connection) -> dict[str, int]:
    names = [n for n in inspect(connection).get_table_names() if not n.startswith(("alembic", "search_terms"))]
    return {n: connection.execute(text(f'SELECT count(*) FROM "{n}"')).scalar_one() for n in names}  # noqa: S608


def _compare(before: dict[str, int], after: dict[str, int]) -> None:
    lost = {name: rows for name, rows in before.items() if name in after and after[name] < rows}
    if lost:
        raise Environment("store.migration_failed", table="、".join(sorted(lost)))
