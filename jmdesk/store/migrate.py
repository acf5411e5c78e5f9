"""Brings a store's schema to this program's, in process, at unlock.

Each revision is self-contained (no import of project models). A migration runs with foreign keys off before BEGIN:
``batch_alter_table`` on a parent with foreign keys on silently deletes every child row. A copy of the file is kept
before any step, row counts are compared, foreign keys are checked, and only then is it committed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from sqlalchemy import Connection, inspect, text
from sqlcipher3 import dbapi2

from jmdesk.core.errors import Refused
from jmdesk.store.engine import Engines

MIGRATIONS = Path(__file__).parent / "migrations"


def scripts() -> ScriptDirectory:
    """The revisions that ship with this program."""
    return ScriptDirectory(str(MIGRATIONS))


def migrate(path: Path, key: bytes, engines: Engines, target: str = "heads") -> list[str]:
    """Upgrade to ``target``; returns the revisions applied (empty when there was nothing to do).

    ``Refused`` "store.newer_schema" when the file was written by a newer program.
    """
    directory = scripts()
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
    if current is not None:
        keep_copy(path, key, engines)
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
                    raise RuntimeError(f"a migration broke a reference in {broken[0]}")
        finally:
            driver.execute("PRAGMA foreign_keys = ON")


def _row_counts(connection: Connection) -> dict[str, int]:
    names = [n for n in inspect(connection).get_table_names() if not n.startswith(("alembic", "search_terms"))]
    return {n: connection.execute(text(f'SELECT count(*) FROM "{n}"')).scalar_one() for n in names}  # noqa: S608


def _compare(before: dict[str, int], after: dict[str, int]) -> None:
    lost = {name: rows for name, rows in before.items() if name in after and after[name] < rows}
    if lost:
        raise RuntimeError(f"a migration lost rows in {sorted(lost)}")


def keep_copy(path: Path, key: bytes, engines: Engines) -> Path:
    """Copy the store beside itself (same key) before a migration; the last copy is kept."""
    copy = path.with_suffix(".before-migration.db")
    copy.unlink(missing_ok=True)
    target = dbapi2.connect(str(copy), isolation_level=None)
    try:
        target.set_key(f"x'{key.hex()}'")
        with engines.write.connect() as connection:
            connection.connection.driver_connection.backup(target)  # type: ignore[union-attr]
    finally:
        target.close()
    return copy
