from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, inspect, text

from jmdesk.catalogue.loader import catalogue
from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.store.engine import Engines, open_engines
from jmdesk.store.migrate import migrate, scripts
from jmdesk.store.standings import triggers
from jmdesk.store.tables import SEARCH_TERMS_DDL, metadata

KEY = bytes(range(32))


def schema_of(engine: Engine) -> dict[str, dict[str, tuple[str, bool, bool]]]:
    found = inspect(engine)
    return {
        table: {
            c["name"]: (str(c["type"]), bool(c["nullable"]), bool(c.get("primary_key")))
            for c in found.get_columns(table)
        }
        for table in found.get_table_names()
        if not table.startswith(("search_terms", "alembic"))
    }


def indexes_of(engine: Engine) -> set[tuple[str, tuple[str | None, ...], bool]]:
    found = inspect(engine)
    return {
        (str(i["name"]), tuple(i["column_names"]), bool(i["unique"]))
        for table in found.get_table_names()
        for i in found.get_indexes(table)
        if not table.startswith("search_terms")
    }


@pytest.fixture
def engines(tmp_path: Path) -> Engines:
    return open_engines(tmp_path / "desk.db", KEY)


def test_the_head_revision_equals_the_catalogues_tables(engines: Engines) -> None:
    migrate(engines)
    model = create_engine("sqlite://")
    metadata.create_all(model)
    assert schema_of(engines.write) == schema_of(model)
    assert indexes_of(engines.write) == indexes_of(model)
    with engines.read.connect() as connection:
        ddl = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'search_terms'")).scalar_one()
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'")).scalars()
        assert {" ".join(sql.split()) for sql in made} == set(triggers())
    assert " ".join(ddl.split()) == SEARCH_TERMS_DDL
    engines.close()
    model.dispose()


def test_every_field_of_the_catalogue_has_a_typed_column() -> None:
    for record_type in catalogue().types.values():
        columns = metadata.tables[record_type.name].columns
        assert {f.identifier for f in record_type.fields} <= set(columns.keys())


def test_a_store_of_a_newer_program_is_refused_and_left_alone(engines: Engines) -> None:
    migrate(engines)
    with engines.write.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match=r"store\.newer_schema"):
        migrate(engines)
    with engines.read.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"
    engines.close()


def test_migrating_twice_does_nothing_the_second_time(engines: Engines) -> None:
    assert migrate(engines) == [s.revision for s in scripts().walk_revisions()]
    assert migrate(engines) == []
    engines.close()


def test_revisions_import_nothing_of_the_project() -> None:
    for revision in scripts().walk_revisions():
        assert "jmdesk" not in Path(revision.path).read_text(encoding="utf-8").split('"""')[2]


def test_the_file_on_disk_shows_nothing(desk: Desk) -> None:
    with desk.records.writing("create") as writer:
        writer.create("R20", {"ent_name": "恩平某某麦克风厂", "uscc": "91440785MA00000A9G"})
    desk.store.fold_log()
    for file in desk.vault.folder.rglob("desk.db*"):
        held = file.read_bytes()
        assert not held.startswith(b"SQLite format 3")
        assert "麦克风厂".encode() not in held
        assert b"91440785MA00000A9G" not in held


def test_a_statement_cannot_attach_another_file(desk: Desk, tmp_path: Path) -> None:
    with desk.store.reading() as connection, pytest.raises(Exception, match="not authorized"):
        connection.exec_driver_sql(f"ATTACH '{tmp_path / 'plain.db'}' AS stolen KEY ''")


def test_a_reading_connection_cannot_write(desk: Desk) -> None:
    with desk.store.reading() as connection, pytest.raises(Exception, match="readonly"):
        connection.exec_driver_sql("DELETE FROM settings")


def test_writes_begin_immediately_and_wait_for_the_disk(tmp_path: Path) -> None:
    engines = open_engines(tmp_path / "desk.db", KEY)
    said: list[str] = []
    event.listen(engines.write, "before_cursor_execute", lambda _c, _k, statement, *_: said.append(statement))
    with engines.write.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
    assert said[0] == "BEGIN IMMEDIATE"
    engines.close()
