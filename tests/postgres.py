"""A real PostgreSQL for tests: one embedded server per session, a fresh migrated database per use.

Import the fixtures where they are needed: ``from tests.postgres import database_url, postgres``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest

from sync.gateway.database import migrate
from sync.gateway.embedded import EmbeddedPostgres

_TEMPLATE = "jmdesk_template"
_HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Tests crash programs, not the computer: nothing is lost without waiting for the disk."""


def _named(url: str, name: str) -> str:
    head, _, options = url.partition("?")
    return f"{head.rpartition('/')[0]}/{name}?{options}"


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of the session's server, with a migrated template database in it."""
    # Not under pytest's own folder: as root the server runs under another account, which must be able to go there.
    home = Path(tempfile.mkdtemp(prefix="jmdesk-pg-"))
    home.chmod(0o755)
    server = EmbeddedPostgres(home, _HASTE)
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {_TEMPLATE}")
        migrate(_named(server.url, _TEMPLATE))
        yield server.url
    finally:
        server.close()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(postgres: str) -> Callable[[], str]:
    """Makes a fresh migrated database; its URL."""
    numbers = count(1)

    def make() -> str:
        name = f"jmdesk_{next(numbers)}"
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY file_copy")
        return _named(postgres, name)

    return make


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """A fresh migrated database for one test."""
    return new_database()
