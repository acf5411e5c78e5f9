"""A server of the city's: the owner is an ordinary login, and row-level security binds it like everybody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from sync.gateway.database import LOGGED_IN, READ, Storage
from sync.protocol.records import Verdict
from tests.sync.gateway.conftest import Platform
from tests.sync.gateway.desk import draft, household


@pytest.fixture
def city(postgres: str) -> Iterator[str]:
    """The URL of a database whose owner may make roles, and is no superuser."""
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("CREATE ROLE city LOGIN CREATEROLE PASSWORD 'invented'")
        for role in LOGGED_IN:  # another gateway of this server made them
            connection.execute(sql.SQL("GRANT {} TO city WITH ADMIN TRUE").format(sql.Identifier(role.value)))
        connection.execute("CREATE DATABASE city OWNER city")
    yield f"postgresql://city:invented@/city?{urlsplit(postgres).query}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute("DROP DATABASE city WITH (FORCE)")
        connection.execute("DROP OWNED BY city")
        connection.execute("DROP ROLE city")


def test_an_ordinary_owner_founds_a_platform_that_works(city: str, tmp_path: Path) -> None:
    with Storage(tmp_path, city) as storage:
        platform = Platform(storage, tmp_path)
        platform.running.start()
        try:
            desk = platform.desk()
            rid, values = household()
            assert desk.exchange(draft("R05", rid, values))[0].verdict is Verdict.ACCEPTED
            assert desk.pull()[rid].set["address"] == values["address"]
            with storage.database.transaction(READ) as connection:
                assert connection.execute("SELECT count(*) FROM records").fetchone() == (1,)
                assert connection.execute("SELECT session_user").fetchone() == ("city",)
        finally:
            for each in platform.desks:
                each.http.close()
            platform.running.stop()
