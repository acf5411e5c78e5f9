"""The schema keeps to Citus's rules, so that ``distribute.sql`` can be run on it unchanged."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sync.gateway import database as gateway_database

SCRIPT = (Path(gateway_database.__file__).parent / "distribute.sql").read_text(encoding="utf-8")


def listed(call: str) -> set[str]:
    """The tables that the script hands to one of Citus's functions."""
    arrays = re.findall(rf"{call}\([^;]*?ARRAY\[(.*?)\]", SCRIPT, re.DOTALL)
    named = re.findall(rf"{call}\('(\w+)'", SCRIPT)
    return {name for array in arrays for name in re.findall(r"'(\w+)'", array)} | set(named)


DISTRIBUTED, REFERENCE = listed("create_distributed_table"), listed("create_reference_table")
LOCAL = {
    *("admin_accounts", "admin_log", "admin_sessions", "alarm_notes", "alembic_version", "challenges", "counties"),
    *("device_requests", "enrol_codes", "packages", "platform", "platform_keys", "proposals", "region_edition"),
    *("sessions", "trust"),
}
"""What stays on the coordinator; a new table is put into one of the three."""


@pytest.fixture
def rows(database_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(database_url) as connection:
        yield connection


def test_every_table_is_distributed_copied_or_the_coordinator_s(
    rows: psycopg.Connection[tuple[object, ...]],
) -> None:
    found = {
        name
        for (name,) in rows.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        )
    }
    assert found == DISTRIBUTED | REFERENCE | LOCAL
    assert not DISTRIBUTED & REFERENCE
    assert not (DISTRIBUTED | REFERENCE) & LOCAL


def test_every_unique_index_of_a_distributed_table_has_the_county(
    rows: psycopg.Connection[tuple[object, ...]],
) -> None:
    indexes = rows.execute(
        "SELECT c.relname, i.indisprimary, bool_or(a.attname = 'county') FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indrelid"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY(i.indkey::int2[])"
        " WHERE i.indisunique AND c.relname = ANY(%s) GROUP BY i.indexrelid, 1, 2",
        (sorted(DISTRIBUTED),),
    ).fetchall()
    assert all(has_county for _, _, has_county in indexes)
    assert {name for name, primary, _ in indexes if primary} == DISTRIBUTED


def test_the_county_is_never_empty_and_of_one_type_everywhere(rows: psycopg.Connection[tuple[object, ...]]) -> None:
    columns = rows.execute(
        "SELECT table_name, data_type, is_nullable FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = 'county' AND table_name = ANY(%s)",
        (sorted(DISTRIBUTED),),
    ).fetchall()
    assert {name for name, _, _ in columns} == DISTRIBUTED
    assert {(kind, nullable) for _, kind, nullable in columns} == {("text", "NO")}


def test_nothing_that_leaves_the_coordinator_has_a_trigger_a_foreign_key_or_a_sequence(
    rows: psycopg.Connection[tuple[object, ...]],
) -> None:
    leaving = sorted(DISTRIBUTED | REFERENCE)
    for query in (
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE relname = ANY(%s)",
        (
            "SELECT conname FROM pg_constraint JOIN pg_class c ON c.oid = conrelid WHERE contype IN ('f', 'x')"
            " AND relname = ANY(%s)"
        ),
        (
            "SELECT column_name FROM information_schema.columns WHERE table_name = ANY(%s)"
            " AND (column_default LIKE 'nextval%%' OR is_identity = 'YES' OR is_generated = 'ALWAYS')"
        ),
        "SELECT relname FROM pg_class WHERE relpersistence <> 'p' AND relname = ANY(%s)",
    ):
        assert rows.execute(query.encode(), (leaving,)).fetchall() == []


def test_no_policy_asks_another_table(rows: psycopg.Connection[tuple[object, ...]]) -> None:
    policies = rows.execute(
        "SELECT tablename, coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies"
    ).fetchall()
    assert {name for name, _ in policies} >= DISTRIBUTED
    for name, text in policies:
        if name in DISTRIBUTED | REFERENCE:
            assert "SELECT" not in str(text).upper()


def test_a_policy_reads_only_settings_that_each_transaction_sets(rows: psycopg.Connection[tuple[object, ...]]) -> None:
    policies = rows.execute("SELECT coalesce(qual, '') || coalesce(with_check, '') FROM pg_policies").fetchall()
    settings = {name for (text,) in policies for name in re.findall(r"current_setting\('([^']+)'", str(text))}
    assert settings == {"jmdesk.counties", "jmdesk.regions"}
    assert "citus.propagate_set_commands = ''local''" in SCRIPT
