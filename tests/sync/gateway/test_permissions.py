"""The permission matrix, every cell: database role × action × table × scope, and unit role × record type × region."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql

from jmdesk.catalogue.loader import catalogue
from sync.gateway.database import LOGGED_IN, OWNER, Access, Database, Role
from sync.gateway.policy import Grant

# S select, I insert, U update, D delete, T truncate; a small letter: some columns only. A new table needs its row here.
TABLES = """
                     api   ingest read  signer audit admin public
admin_accounts       -     -      -     -      -     SIU   -
admin_log            -     -      -     -      -     SI    -
admin_sessions       -     -      -     -      -     SIUD  -
alarm_notes          -     -      -     -      -     SI    -
alarms               I     SI     S     -      S     S     -
alembic_version      S     S      S     S      S     S     S
attachment_verdicts  -     SI     S     -      -     -     -
attachments          -     SIu    s     -      -     -     -
batch_attachments    SI    SD     -     -      -     -     -
batch_overview       -     -      S     -      S     -     -
batch_parts          SI    SD     -     -      -     -     -
batches              SIU   SU     S     -      s     Su    -
challenges           SID   -      -     -      -     -     -
changes              -     I      S     -      S     -     -
counties             SU    SU     S     -      S     -     -
device_requests      SIU   -      S     -      -     Su    -
devices              SIU   S      S     -      -     Su    -
enrol_codes          SU    -      -     -      -     -     -
evidence             -     SI     S     -      -     -     -
former_scopes        SI    -      -     -      -     SI    -
ledger_overview      -     -      S     -      S     -     -
operations           -     SIU    S     -      s     sI    -
packages             S     S      S     -      -     -     -
platform             S     S      S     -      -     -     -
platform_keys        -     S      -     S      -     s     -
proposals            -     -      -     -      -     Siu   -
receipt_parts        S     SID    -     -      -     -     -
records              S     SIU    S     -      -     s     -
region_closure       S     S      S     -      S     -     -
region_counts        -     -      S     -      -     -     -
region_edition       -     -      -     -      -     -     -
region_moves         S     S      S     -      -     S     -
regions              S     S      S     -      S     S     -
sessions             SID   -      -     -      -     sD    -
trust                S     S      S     -      -     S     -
units                S     S      S     -      S     Su    -
"""
ACTIONS = {"S": "SELECT", "I": "INSERT", "U": "UPDATE", "D": "DELETE", "T": "TRUNCATE"}

# Types that a unit of a role may send; a role that is not here sends nothing.
TYPES = """
                R1 R2 R3 R4 R5 R6 R11 R12 R13
R03             -  x  -  -  -  -  x   x   -
R04             x  x  x  x  -  -  -   -   x
R05             x  x  -  -  -  -  -   -   -
R06             x  x  -  -  -  -  -   -   -
R07             x  x  -  -  -  -  -   -   -
R08             x  x  -  -  -  -  -   -   -
R09             x  x  -  -  -  -  -   -   -
R10             x  x  -  -  -  x  -   -   -
R11             x  x  -  -  -  -  -   -   -
R12             x  x  -  -  -  -  -   -   -
R13             x  x  x  x  -  -  -   -   x
R14             x  x  x  x  -  x  x   x   x
R15             x  x  -  -  -  -  -   -   -
R16             x  x  -  -  -  -  x   x   -
R17             x  x  -  -  -  -  x   x   -
R18             -  x  -  -  -  -  x   x   -
R19             -  x  -  -  -  x  x   x   -
R20             -  -  x  x  x  -  x   x   x
R21             -  -  x  x  x  -  x   x   x
R22             -  -  x  x  -  -  -   -   x
R23             -  -  x  x  -  -  -   x   x
R24             -  -  -  -  x  -  -   x   -
R25             x  x  x  x  x  x  x   x   x
R27             x  x  -  -  -  x  x   x   -
assessment      x  x  x  x  x  -  x   x   x
workflow_event  x  x  x  x  x  x  x   x   x
"""

OWN, OTHER = "440785", "440781"
ROWS: dict[str, LiteralString] = {
    "alarms": "INSERT INTO alarms (county, device, kind, epoch, seq) VALUES (%s, 'd', 'k', 1, 1)",
    "attachment_verdicts": "INSERT INTO attachment_verdicts VALUES (%s, 'd', 1, 1, 0, 'kept', '')",
    "attachments": "INSERT INTO attachments SELECT county, 'ab', 'R04', gen_random_uuid(), county || '104200', 'u', '',"
    " 1, gen_random_uuid(), 'd', 0, '{}', now(), '' FROM (VALUES (%s)) AS one (county)",
    "batch_attachments": "INSERT INTO batch_attachments VALUES (%s, 'd', 1, 1, 0, '')",
    "batch_parts": "INSERT INTO batch_parts VALUES (%s, 'd', 1, 1, 0, '')",
    "batches": "INSERT INTO batches (county, device, epoch, seq, batch_id, unit, state, digest, envelope, records,"
    " parts, courier) VALUES (%s, 'd', 1, 1, gen_random_uuid(), 'u', 'in_custody', '', '', 1, 1, '')",
    "changes": "INSERT INTO changes (county, position, type, rid, version, op_id)"
    " VALUES (%s, 1, 'R05', gen_random_uuid(), 1, '')",
    "evidence": "INSERT INTO evidence VALUES (%s, gen_random_uuid(), 'ab', 'R05', '')",
    "operations": "INSERT INTO operations VALUES (%s, 'd', 1, 1, 0, '', 'rejected', 1, NULL)",
    "receipt_parts": "INSERT INTO receipt_parts VALUES (%s, 'd', 1, 1, 0, '')",
    "records": "INSERT INTO records (county, type, rid, region, unit, version, position, tombstone, fields, versions,"
    " writers, writer, at, reason)"
    " SELECT county, 'R05', gen_random_uuid(), county || '104200', 'u', 1, 1, false, '{}', '{}', '{}', 'w', '', ''"
    " FROM (VALUES (%s)) AS one (county)",
}
"""One row of each table that has scope, in a county."""


def read_matrix(text: str) -> dict[tuple[str, str], str]:
    """(row, column) → cell."""
    head, *lines = (line.split() for line in text.strip("\n").splitlines())
    return {(name, column): cell for name, *cells in lines for column, cell in zip(head, cells, strict=True)}


MATRIX = read_matrix(TABLES)
ROLES = {role.value.removeprefix("jmdesk_"): role for role in LOGGED_IN}


@pytest.fixture(scope="module")
def database(new_database: Callable[[], str]) -> Iterator[Database]:
    """A platform with one row of each table in two counties."""
    opened = Database(new_database())
    with opened.transaction(OWNER) as connection:
        for statement in ROWS.values():
            for county in (OWN, OTHER):
                connection.execute(statement, (county,))
    yield opened
    opened.close()


def test_every_cell_of_role_action_and_table_is_as_the_matrix_says(database: Database) -> None:
    with database.transaction(OWNER) as connection:
        names = connection.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
        ).fetchall()
        found = {
            (name, short): _allowed(connection, role.value, name) for (name,) in names for short, role in ROLES.items()
        }
    assert found == MATRIX


def _allowed(connection: psycopg.Connection[tuple[object, ...]], role: str, table: str) -> str:
    cell = ""
    for letter, action in ACTIONS.items():
        whole = connection.execute("SELECT has_table_privilege(%s, %s, %s)", (role, table, action)).fetchone()
        if whole == (True,):
            cell += letter
        elif letter in "SIU":
            part = connection.execute("SELECT has_any_column_privilege(%s, %s, %s)", (role, table, action)).fetchone()
            cell += letter.lower() if part == (True,) else ""
    return cell or "-"


def test_every_table_with_scope_is_in_this_matrix_and_forces_its_policies(database: Database) -> None:
    with database.transaction(OWNER) as connection:
        guarded = connection.execute(
            "SELECT relname, relforcerowsecurity FROM pg_class WHERE relrowsecurity AND relname NOT IN"
            " ('platform_keys', 'alarm_notes')"
        ).fetchall()
    assert {name for name, _ in guarded} == ROWS.keys()
    assert all(forced for _, forced in guarded)


@pytest.mark.parametrize("table", ROWS)
@pytest.mark.parametrize("short", ["api", "ingest", "read", "audit"])
def test_a_role_sees_and_changes_only_the_rows_of_its_scope(database: Database, short: str, table: str) -> None:
    cell, role = MATRIX[table, short], ROLES[short]
    column = sql.Identifier("region" if table in {"records", "attachments"} else "county")
    look = sql.SQL("SELECT left({}, 6) FROM {}").format(column, sql.Identifier(table))
    for counties, seen in (((OWN,), {OWN}), ((OWN, OTHER), {OWN, OTHER}), (("440700",), set())):
        access = Access(role, counties, counties)
        if "S" in cell.upper():
            with database.transaction(access) as connection:
                rows = connection.execute(look).fetchall()
            assert {county for (county,) in rows} == seen
        if "I" in cell:
            for county in (OWN, OTHER):
                assert (_tried(database, access, sql.SQL(ROWS[table]), county) is not None) == (county in seen)
    changes = {"U": sql.SQL("UPDATE {} SET county = county WHERE county = %s")} | {
        "D": sql.SQL("DELETE FROM {} WHERE county = %s")
    }
    for letter in changes.keys() & set(cell):
        statement = changes[letter].format(sql.Identifier(table))
        counts = [_tried(database, Access(role, (OWN,), (OWN,)), statement, county) for county in (OWN, OTHER)]
        assert counts == [1, 0]


class _BackError(Exception):
    """Takes back what a test changed."""


def _tried(database: Database, access: Access, statement: sql.SQL | sql.Composed, county: str) -> int | None:
    """How many rows a statement writes, or nothing where it may not; what it wrote is taken back.

    A row that is there already was let through to its key.
    """
    written: int | None = None
    with suppress(_BackError, psycopg.errors.InsufficientPrivilege), database.transaction(access) as connection:
        try:
            written = connection.execute(statement, (county,)).rowcount
        except psycopg.errors.UniqueViolation:
            written = 1
        raise _BackError
    return written


@pytest.mark.parametrize(("prefix", "count"), [("440785", 1), ("440785104", 1), ("440785103", 0), ("4407", 1), ("", 1)])
@pytest.mark.parametrize("role", [Role.API, Role.READ])
def test_records_are_seen_by_region_too(database: Database, role: Role, prefix: str, count: int) -> None:
    with database.transaction(Access(role, (OWN,), (prefix,))) as connection:
        assert connection.execute("SELECT count(*) FROM records").fetchone() == (count,)


def test_who_looks_and_names_no_county_sees_all_and_a_bare_login_sees_none(database: Database) -> None:
    for role in (Role.READ, Role.AUDIT):
        with database.transaction(Access(role)) as connection:
            assert connection.execute("SELECT count(*) FROM batch_overview").fetchone() == (2,)
        with database.connect() as connection:
            connection.execute(f"SET ROLE {role.value}".encode())
            assert connection.execute("SELECT count(*) FROM batch_overview").fetchone() == (0,)


def test_an_overview_gives_its_reader_no_more_than_the_reader_has(database: Database) -> None:
    with database.transaction(OWNER) as connection:
        views = connection.execute(
            "SELECT relname, reloptions FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
        ).fetchall()
    assert {name for name, _ in views} == {"batch_overview", "ledger_overview", "region_counts"}
    assert all("security_invoker=true" in (options or []) or "security_invoker=on" in options for _, options in views)
    with database.transaction(Access(Role.READ, (OTHER,))) as connection:
        assert connection.execute("SELECT DISTINCT county FROM ledger_overview").fetchall() == [(OTHER,)]


KINDS = read_matrix(TYPES)


@pytest.mark.parametrize("role", sorted(catalogue().code_lists["CL-ROLE"].values))
def test_every_cell_of_unit_role_record_type_and_region_is_as_the_matrix_says(role: str) -> None:
    grant = Grant("d", "u", "440785", ("440785104",), (role,))
    for type_ in catalogue().types:
        for region, inside in (
            ("440785104200", True),
            ("440785104000", True),
            ("440785103200", False),
            ("440785000000", False),
            ("440781104200", False),
            ("440700000000", False),
        ):
            allowed = type_ in grant.writes and grant.covers(region)
            assert allowed == (KINDS.get((type_, role)) == "x" and inside), (role, type_, region)
