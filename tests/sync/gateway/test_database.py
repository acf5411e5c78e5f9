"""The embedded server, migrations, and what each database role may do."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from jmdesk.core.errors import Environment
from sync.gateway import database as gateway_database
from sync.gateway.database import OWNER, READ, Access, Database, Role, Storage, migrate
from sync.gateway.embedded import EmbeddedPostgres

HASTE = {"fsync": "off"}
COUNTY = ("440785",)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A folder for an embedded server that each test starts and stops."""
    folder = Path(tempfile.mkdtemp(prefix="jmdesk-pg-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(gateway_database.__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config


def _tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1"
        ).fetchall()
    return [name for (name,) in rows]


def test_the_embedded_server_asks_for_its_password_and_listens_nowhere_else(home: Path) -> None:
    server = EmbeddedPostgres(home, HASTE)
    try:
        with psycopg.connect(server.url) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(server.url.replace("://jmdesk:", "://jmdesk:x"), connect_timeout=5)
        assert (home / "postgres.password").stat().st_mode & 0o077 == 0
        assert "trust" not in (home / "postgres" / "pg_hba.conf").read_text().split("# TYPE")[1]
    finally:
        server.close()


def test_the_last_to_close_the_embedded_server_stops_it(home: Path) -> None:
    first = EmbeddedPostgres(home, HASTE)
    second = EmbeddedPostgres(home, HASTE)
    first.close()
    with psycopg.connect(second.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    second.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(second.url, connect_timeout=5)
    third = EmbeddedPostgres(home, HASTE)
    psycopg.connect(third.url).close()
    third.close()


def test_a_server_that_outlived_its_gateway_is_taken_over(home: Path) -> None:
    orphan = EmbeddedPostgres(home, HASTE)
    gateway_database.Database(orphan.url).connect().close()
    os.close(orphan._users)  # as the kernel does when a process is killed
    heir = EmbeddedPostgres(home, HASTE)
    psycopg.connect(heir.url).close()
    heir.close()
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(heir.url, connect_timeout=5)


def test_a_database_that_is_not_there_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(Environment) as raised:
        Storage(tmp_path, "postgresql://nobody:x@127.0.0.1:1/none")
    assert raised.value.code == "gateway.database_unreachable"


def test_migrations_go_down_and_up_again(database_url: str) -> None:
    before = _tables(database_url)
    assert {"records", "changes", "operations", "batches"} <= set(before)
    command.downgrade(_config(database_url), "base")
    assert _tables(database_url) == ["alembic_version"]
    migrate(database_url)
    assert _tables(database_url) == before
    migrate(database_url)


def test_a_newer_schema_is_refused(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Environment) as raised:
        migrate(database_url)
    assert raised.value.code == "gateway.newer_schema"


def test_every_growing_table_has_the_county_in_its_key_and_guards_its_rows(database_url: str) -> None:
    reference = {
        *(
            "admin_accounts",
            "admin_log",
            "admin_sessions",
            "alembic_version",
            "challenges",
            "counties",
            "device_requests",
            "packages",
            "region_moves",
            "devices",
            "enrol_codes",
            "former_scopes",
            "platform",
            "platform_keys",
            "proposals",
        ),
        *("region_closure", "region_edition", "regions", "sessions", "trust", "units"),
    }
    with psycopg.connect(database_url) as connection:
        keyed = connection.execute(
            "SELECT c.relname, c.relforcerowsecurity FROM pg_class c JOIN pg_index i ON i.indrelid = c.oid"
            " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey::int2[])"
            " WHERE i.indisprimary AND a.attname = 'county' AND c.relname <> 'counties'"
        ).fetchall()
        foreign = connection.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f'").fetchone()
    assert {name for name, _ in keyed} == set(_tables(database_url)) - reference
    assert all(forced for _, forced in keyed)
    assert foreign == (0,)


def _record(connection: gateway_database.Connection, county: str = "440785", region: str = "440785104200") -> None:
    connection.execute(
        "INSERT INTO records (county, type, rid, region, unit, version, position, tombstone, fields, versions, writers,"
        " writer, at, reason)"
        " VALUES (%s, 'R05', gen_random_uuid(), %s, 'u', 1, 1, false, '{}', '{}', '{}', 'w', '', '')",
        (county, region),
    )


def test_ingest_writes_only_in_the_counties_of_its_batch(database: Database) -> None:
    with database.transaction(Access(Role.INGEST, COUNTY)) as connection:
        _record(connection)
    elsewhere = Access(Role.INGEST, ("440781",))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(elsewhere) as connection:
        _record(connection)
    with database.transaction(elsewhere) as connection:
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (0,)


def test_the_api_reads_records_in_its_regions_and_writes_none(database: Database) -> None:
    with database.transaction(Access(Role.INGEST, COUNTY)) as connection:
        _record(connection)
        _record(connection, region="440785103200")
    for regions, count in [(("440785104",), 1), (("440785",), 2), (("440785104201",), 0), ((), 0)]:
        with database.transaction(Access(Role.API, COUNTY, regions)) as connection:
            assert connection.execute("SELECT count(*) FROM records").fetchone() == (count,)
    reader = Access(Role.API, COUNTY, COUNTY)
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(reader) as connection:
        _record(connection)


@pytest.mark.parametrize(
    ("access", "statement"),
    [
        (Access(Role.API, COUNTY, COUNTY), "SELECT * FROM platform_keys"),
        (Access(Role.API, COUNTY, COUNTY), "SELECT * FROM operations"),
        (Access(Role.API, COUNTY, COUNTY), "INSERT INTO enrol_codes VALUES ('x')"),
        (Access(Role.INGEST, COUNTY), "DELETE FROM platform_keys"),
        (Access(Role.SIGNER), "SELECT * FROM batches"),
        (Access(Role.SIGNER), "SELECT * FROM records"),
        (Access(Role.AUDIT), "SELECT * FROM records"),
        (Access(Role.AUDIT), "SELECT detail FROM operations"),
        (Access(Role.INGEST, COUNTY), "SELECT * FROM sessions"),
        (Access(Role.INGEST, COUNTY), "DELETE FROM operations"),
        (Access(Role.INGEST, COUNTY), "UPDATE changes SET position = 0"),
        (READ, "SELECT * FROM platform_keys"),
        (READ, "SELECT * FROM enrol_codes"),
        (READ, "DELETE FROM records"),
        (READ, "UPDATE devices SET revoked = NULL"),
    ],
)
def test_a_role_cannot_do_another_s_work(database: Database, access: Access, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(access) as connection:
        connection.execute(statement.encode())


def test_a_role_ends_with_its_transaction(database: Database) -> None:
    with database.transaction(Access(Role.API, COUNTY)) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("jmdesk_api",)
    with database.transaction(OWNER) as connection:
        assert connection.execute(
            "SELECT current_user <> 'jmdesk_api', coalesce(current_setting('jmdesk.counties', true), '')"
        ).fetchone() == (True, "")


def test_a_deadlock_is_tried_again(database: Database) -> None:
    tries = []

    def work(connection: gateway_database.Connection) -> str:
        tries.append(1)
        if len(tries) < 3:
            raise psycopg.errors.DeadlockDetected
        return str(connection.info.dbname)

    assert database.run(OWNER, work).startswith("jmdesk_")
    assert len(tries) == 3


def test_a_connection_that_the_server_dropped_is_replaced(database: Database) -> None:
    with database.transaction(OWNER) as connection:
        pid = connection.info.backend_pid
    with database.connect() as killer:
        killer.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    with database.transaction(OWNER) as connection:
        assert connection.info.backend_pid != pid
