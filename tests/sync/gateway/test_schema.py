"""Upgrades of a database with rows in it, and transactions that meet crosswise."""

from __future__ import annotations

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.config import Config

from jmdesk.core.clock import SystemClock
from jmdesk.core.errors import Environment
from sync.gateway import database as gateway_database
from sync.gateway.database import OWNER, READ, Connection, Database, check_schema, head, migrate
from sync.gateway.ingest import Ingest
from sync.protocol.records import Verdict
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import Batch, Desk, draft, household

MIGRATIONS = Path(gateway_database.__file__).parent / "migrations"
NEXT = '''"""The next revision, as a later release may bring it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE records ADD seen_by text NOT NULL DEFAULT ''")
    op.execute("UPDATE records SET seen_by = unit")


def downgrade() -> None:
    op.execute("ALTER TABLE records DROP seen_by")
'''


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """The migrations of a later release: these, and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "0002_next.py").write_text(NEXT, encoding="utf-8")
    return folder


def upgraded(url: str, folder: Path, revision: str = "head") -> None:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.attributes["url"] = url
    (command.upgrade if revision == "head" else command.downgrade)(config, revision)


def test_an_upgrade_keeps_every_row_and_the_older_program_then_steps_back(database_url: str, later: Path) -> None:
    with psycopg.connect(database_url) as connection:
        for number in range(500):
            connection.execute(
                "INSERT INTO records (county, type, rid, region, unit, version, position, tombstone, fields, versions,"
                " writers, writer, at, reason) VALUES ('440785', 'R05', gen_random_uuid(), '440785104200', 'u', 1, %s,"
                " false, %s, '{}', '{}', 'w', '', '')",
                (number, f'{{"address": "样例村{number}号"}}'),
            )
        before = connection.execute("SELECT rid, position, fields FROM records ORDER BY position").fetchall()
    upgraded(database_url, later)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT rid, position, fields FROM records ORDER BY position").fetchall() == before
        assert connection.execute("SELECT DISTINCT seen_by FROM records").fetchall() == [("u",)]
        with pytest.raises(Environment, match=r"gateway\.newer_schema"):
            check_schema(connection)
    with pytest.raises(Environment, match=r"gateway\.newer_schema"):
        migrate(database_url)
    upgraded(database_url, later, "0001")
    migrate(database_url)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT rid, position, fields FROM records ORDER BY position").fetchall() == before
        check_schema(connection)


def test_an_upgrade_that_fails_leaves_everything_as_it_was(database_url: str, later: Path) -> None:
    broken = NEXT.replace("SET seen_by = unit", "SET seen_by = no_such_column")
    (later / "versions" / "0002_next.py").write_text(broken, encoding="utf-8")
    with pytest.raises(Exception, match="no_such_column"):
        upgraded(database_url, later)
    with psycopg.connect(database_url) as connection:
        check_schema(connection)
        columns = connection.execute(
            "SELECT count(*) FROM information_schema.columns WHERE table_name = 'records' AND column_name = 'seen_by'"
        ).fetchone()
    assert columns == (0,)


def test_two_programs_that_start_at_once_migrate_once(database_url: str, later: Path) -> None:
    with ThreadPoolExecutor(1) as first:
        with psycopg.connect(database_url) as holder:
            holder.execute("SELECT pg_advisory_lock(%s)", (0x6A6D6465736B,))
            waiting = first.submit(migrate, database_url)
            assert not waiting.done()
        waiting.result(timeout=60)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [(head(),)]
    assert later.exists()


def test_two_transactions_that_lock_crosswise_both_come_through(database_url: str) -> None:
    database = Database(database_url)
    with database.transaction(OWNER) as connection:
        connection.execute("INSERT INTO counties (county) VALUES ('440781'), ('440785')")
    meeting, tries = threading.Barrier(2), [0, 0]

    def work(number: int, first: str, second: str) -> None:
        def cross(connection: Connection) -> None:
            tries[number] += 1
            connection.execute("UPDATE counties SET head = head + 1 WHERE county = %s", (first,))
            if tries[number] == 1:
                meeting.wait(timeout=30)
            connection.execute("UPDATE counties SET head = head + 1 WHERE county = %s", (second,))

        database.run(OWNER, cross)

    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(work, 0, "440781", "440785"), pool.submit(work, 1, "440785", "440781")]
        for one in both:
            one.result(timeout=60)
    with database.transaction(OWNER) as connection:
        assert connection.execute("SELECT DISTINCT head FROM counties").fetchall() == [(2,)]
    assert sum(tries) >= 3  # PostgreSQL broke one of them off (40P01), and it was tried again
    database.close()


def test_four_desks_with_overlapping_keys_in_different_orders_all_get_their_verdicts(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway, worker = platform.running.gateway, platform.running.worker
    assert worker is not None
    first = platform.desk()
    families = [household() for _ in range(200)]
    lines = first.exchange(*(draft("R05", rid, values) for rid, values in families))
    assert {line.verdict for line in lines} == {Verdict.ACCEPTED}

    monkeypatch.setattr(worker._ingest, "process", lambda _: None)
    desks = [platform.desk() for _ in range(4)]
    sent: list[tuple[Desk, Batch]] = []
    for number, desk in enumerate(desks):
        order = families[number * 50 :] + families[: number * 50]
        ordered = order if number % 2 else order[::-1]
        field = ("population", "labor_count", "address", "resident_status")[number]
        value = (5, 3, f"样例村{number}号", "2")[number]
        batch = desk.seal(*(draft("R05", rid, {field: value}, base=1) for rid, _ in ordered))
        desk.send(batch)
        sent.append((desk, batch))

    def process(desk: Desk, batch: Batch) -> None:
        key = ("440785", desk.device, 1, batch.signed.manifest.seq)
        Ingest(gateway.database, gateway.keys, SystemClock()).process(key)

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(process, *one) for one in sent]:
            done.result(timeout=120)
    verdicts = [desk.verdicts(batch)[1] for desk, batch in sent]
    assert {len(lines) for lines in verdicts} == {200}
    rids = [rid for rid, _ in families]
    with platform.storage.database.transaction(READ) as connection:
        versions = connection.execute(
            "SELECT version, count(*) FROM records WHERE rid = ANY(%s::uuid[]) GROUP BY 1", (rids,)
        ).fetchall()
        changes = connection.execute("SELECT count(*) FROM changes WHERE rid = ANY(%s::uuid[])", (rids,)).fetchone()
    written = sum(line.verdict in (Verdict.ACCEPTED, Verdict.MERGED) for lines in verdicts for line in lines)
    assert changes == (200 + written,)
    assert sum((version - 1) * count for version, count in versions) == written
    assert written >= 200
