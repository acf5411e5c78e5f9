"""A populated, encrypted store of an older schema is brought to a newer one, or left exactly as it was.

The first release has one revision; a second, made for these tests, stands for the next one: it rebuilds a parent table
in batch mode (which silently deletes children where foreign keys are on) and adds a column.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Column, MetaData, text

from jmdesk.backups.opening import open_backup
from jmdesk.backups.restoring import restore_to
from jmdesk.backups.service import before_migration, present
from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from jmdesk.store.engine import Engines, open_engines
from jmdesk.store.migrate import MIGRATIONS, migrate
from jmdesk.store.tables import metadata
from tests.desks import NOW, PASSPHRASE, Family

SECOND = '''
"""The next release, as these tests imagine it."""
import os, signal
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

def upgrade():
    with op.batch_alter_table("change_log", recreate="always") as table:
        table.add_column(sa.Column("station", sa.Text))
    {extra}

def downgrade():
    pass
'''
LOSES_ROWS = 'op.execute("DELETE FROM person WHERE rowid IN (SELECT max(rowid) FROM person)")'
BREAKS_A_REFERENCE = (
    'op.execute("DELETE FROM change_log WHERE seq = 1")\n'
    '    op.execute("INSERT INTO change_log SELECT 9999, command, verb, at, actor, type, rid, commitment, hash, "\n'
    '               "NULL FROM change_log LIMIT 1")'
)
DIES = "os.kill(os.getpid(), signal.SIGKILL)"


def next_release(folder: Path, extra: str = "pass") -> ScriptDirectory:
    """The shipped revisions and one more."""
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for shipped in (MIGRATIONS / "versions").glob("*.py"):
        (versions / shipped.name).write_bytes(shipped.read_bytes())
    (versions / "0002_next.py").write_text(SECOND.replace("{extra}", extra), encoding="utf-8")
    (folder / "env.py").write_bytes((MIGRATIONS / "env.py").read_bytes())
    return ScriptDirectory(str(folder))


def contents(engines: Engines) -> dict[str, int]:
    with engines.read.connect() as connection:
        return {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()  # noqa: S608
            for name in metadata.tables
        }


def revision(engines: Engines) -> str:
    with engines.read.connect() as connection:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())


@pytest.fixture
def old(desk: Desk, family: Family) -> Desk:
    """A closed vault with a household in it, as the release before left it."""
    assert family.head
    desk.close()
    return desk


def test_every_row_and_reference_survives_the_next_release(old: Desk, tmp_path: Path) -> None:
    engines = open_engines(old.vault.database, old.vault.keys.db)
    before = contents(engines)
    assert before["change_values"] > 5
    assert migrate(engines, directory=next_release(tmp_path / "next")) == ["0002"]
    assert contents(engines) == before
    assert revision(engines) == "0002"
    with engines.read.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).first() is None
        assert connection.execute(text("PRAGMA foreign_keys")).scalar_one() == 1
    engines.close()


def filled(engines: Engines) -> None:
    """Two rows in every table of a store, whatever its release had: of any value that its columns take."""
    found = MetaData()
    with engines.write.begin() as connection:
        found.reflect(connection, only=lambda name, _: not name.startswith(("alembic", "search_terms")))
        for table in found.sorted_tables:
            for number in (901, 902):
                # A trigger may have been there before.
                connection.execute(
                    table.insert().prefix_with("OR IGNORE").values({c.name: _some(c, number) for c in table.columns})
                )


def _some(column: Column[Any], number: int) -> object:
    if column.type.python_type is bool:
        return True
    if column.foreign_keys or issubclass(column.type.python_type, int):
        return number
    if column.type.python_type is bytes:
        return bytes([number % 256]) * 32
    return f"{column.name} {number}"


@pytest.mark.parametrize("release", [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()])
def test_every_release_with_rows_in_every_table_reaches_the_newest(release: str, tmp_path: Path) -> None:
    engines = open_engines(tmp_path / "desk.db", bytes(range(32)))
    newest = next_release(tmp_path / "next")
    migrate(engines, release, directory=newest)
    filled(engines)
    before = contents(engines)
    assert min(before.values()) >= 2

    assert migrate(engines, directory=newest)[-1] == "0002"
    assert contents(engines) == before
    with engines.read.connect() as connection:
        assert connection.execute(text("PRAGMA foreign_key_check")).first() is None
        assert connection.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    engines.close()


def test_a_vault_of_a_newer_program_is_refused_in_plain_words_and_left_alone(old: Desk) -> None:
    def call_it(version: str) -> None:
        engines = open_engines(old.vault.database, old.vault.keys.db)
        with engines.write.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})
        engines.close()

    call_it("9999")
    before = old.vault.database.read_bytes()
    with pytest.raises(KnownError) as error:
        Desk.open(old.vault.folder, PASSPHRASE, clock=old.clock)
    assert "更新版本的程序" in error.value.message_for_user().text
    assert "安装新版程序" in error.value.message_for_user().action
    assert old.vault.database.read_bytes() == before
    call_it("0001")
    with Desk.open(old.vault.folder, PASSPHRASE, clock=old.clock) as again:
        assert again.records.count("R05") == 1


@pytest.mark.parametrize("extra", [LOSES_ROWS, BREAKS_A_REFERENCE])
def test_a_step_that_harms_the_store_is_taken_back(old: Desk, tmp_path: Path, extra: str) -> None:
    engines = open_engines(old.vault.database, old.vault.keys.db)
    before = contents(engines)
    with pytest.raises(KnownError) as error:
        migrate(engines, directory=next_release(tmp_path / "next", extra))
    assert error.value.code == "store.migration_failed"
    assert (contents(engines), revision(engines)) == (before, "0001")
    engines.close()


def test_a_backup_comes_first_and_undoes_the_release(old: Desk, tmp_path: Path) -> None:
    engines = open_engines(old.vault.database, old.vault.keys.db)
    before = contents(engines)
    vault, place = old.vault, old.vault.folder / "backups"
    migrate(engines, directory=next_release(tmp_path / "next"), keep=lambda copy: before_migration(vault, copy, NOW))
    engines.close()
    (kept,) = present(place)
    assert (kept.card.kind, kept.card.schema) == ("migration", "0001")
    restore_to(open_backup(kept.folder, PASSPHRASE), tmp_path / "旧", old.catalogue, old.clock, old.ids)
    with Desk.open(tmp_path / "旧", PASSPHRASE, clock=old.clock) as again:
        assert again.records.count("R06") == before["person"]


def test_without_its_backup_nothing_is_migrated(old: Desk, tmp_path: Path) -> None:
    def no_room(_copy: object) -> None:
        raise OSError(28, "No space left on device")

    engines = open_engines(old.vault.database, old.vault.keys.db)
    with pytest.raises(OSError, match="No space"):
        migrate(engines, directory=next_release(tmp_path / "next"), keep=no_room)
    assert revision(engines) == "0001"
    engines.close()


def test_a_program_killed_midway_leaves_the_store_as_it_was(old: Desk, tmp_path: Path) -> None:
    next_release(tmp_path / "next", DIES)
    engines = open_engines(old.vault.database, old.vault.keys.db)
    before = contents(engines)
    engines.close()
    program = (
        "import sys; from pathlib import Path; from alembic.script import ScriptDirectory\n"
        "from jmdesk.store.engine import open_engines; from jmdesk.store.migrate import migrate\n"
        "engines = open_engines(Path(sys.argv[1]), bytes.fromhex(sys.stdin.read()))\n"
        "migrate(engines, directory=ScriptDirectory(sys.argv[2]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(old.vault.database), str(tmp_path / "next")],
        input=old.vault.keys.db.hex(),
        text=True,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    engines = open_engines(old.vault.database, old.vault.keys.db)
    assert (contents(engines), revision(engines)) == (before, "0001")
    engines.close()
