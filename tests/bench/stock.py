"""Fills a store with many households fast: one imported register, copied inside the database.

Copies keep every value but their ids and numbers, which grow as those of a desk do. They have no change log and
nothing to send: lists, search and dossiers read neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Table, select

from jmdesk.catalogue.types import Catalogue
from jmdesk.desk import Desk
from jmdesk.store.search import search_subject, terms_of
from jmdesk.store.statements import insert_rows
from jmdesk.store.tables import awaiting_consent, codec, record_tables, search_entries

_SERIALS = 9999
_AT_ONCE = 20_000
_IDS = ("household_id", "head_person_id", "person_id")


_SPREAD = (
    "UPDATE household SET address = NULL, rec_revision = rec_revision + 1 WHERE rowid % 40 = 7",
    "UPDATE household SET rec_sync = CASE WHEN rowid % 50 = 0 THEN 'refused' ELSE 'confirmed' END WHERE rowid % 10 > 0",
    "UPDATE consent SET consent_state = '1', rec_revision = rec_revision + 1 WHERE rowid % 25 = 6",
    "UPDATE consent SET consent_state = '3', rec_revision = rec_revision + 1 WHERE rowid % 33 = 6",
    "UPDATE consent SET revoked_at = '2026-10-01T00:00:00Z', rec_revision = rec_revision + 1 WHERE rowid % 20 = 5",
    "UPDATE hh_rating SET rating_year = rating_year - 1, rec_revision = rec_revision + 1 WHERE rowid % 12 = 6",
)
"""Some of everything that a list can be filtered by."""


def multiply(desk: Desk, households: int) -> None:
    """Copy the households of a desk until it has so many."""
    # Past the desk's one door for writes on purpose: this is stock, not work.
    with desk.store.transaction("bench", "stock") as transaction:
        connection = transaction.connection
        there = connection.exec_driver_sql("SELECT count(*) FROM household").scalar_one()
        copies = max(0, -(-households // there) - 1)
        for type_, table in record_tables.items():
            _copy(connection, table, copies, numbered=type_ == "R05", from_=there)
        _copy(connection, awaiting_consent, copies, numbered=False, from_=there)
        for statement in _SPREAD:
            connection.exec_driver_sql(statement)
        _index(connection, desk.catalogue, copies)


def _copy(connection: Connection, table: Table, copies: int, *, numbered: bool, from_: int) -> None:
    names = [column.name for column in table.columns]
    shown = ", ".join(f'"{name}"' for name in names)
    taken = ", ".join(_copied(name, numbered) for name in names)
    originals = f'SELECT *, rowid AS place FROM "{table.name}" ORDER BY rid'  # noqa: S608 -- our own table's name
    connection.exec_driver_sql(f"CREATE TEMP TABLE stock AS {originals}")
    for copy in range(1, copies + 1):
        values = {"head": f"{copy:08x}", "copy": copy, "from": from_, "village": copy * from_ // _SERIALS % 90}
        statement = f'INSERT INTO main."{table.name}" ({shown}) SELECT {taken} FROM temp.stock ORDER BY rid'  # noqa: S608
        connection.exec_driver_sql(statement, values)
    connection.exec_driver_sql("DROP TABLE temp.stock")


def _copied(name: str, numbered: bool) -> str:
    """The copy of a value: ids begin with the number of the copy, a household's number is the next free one."""
    if name == "household_id" and numbered:
        return (
            "substr(household_id, 1, 12) || printf('%02d%04d', 10 + :village, (:copy * :from + place - 1) % 9999 + 1)"
        )
    if name in ("rid", "household", *_IDS):
        return f':head || substr("{name}", 9)'
    if name in ("subject_id", "applicant_id", "target_ref"):
        return f'substr("{name}", 1, 4) || :head || substr("{name}", 13)'
    return f'"{name}"'


def _index(connection: Connection, catalogue: Catalogue, copies: int) -> None:
    first = connection.exec_driver_sql("SELECT max(id) FROM search_entries").scalar_one() + 1
    entries = _entries(connection, catalogue, copies, first)
    while part := list(islice(entries, _AT_ONCE)):
        insert_rows(connection, search_entries, [entry for entry, _ in part])
        connection.exec_driver_sql(
            "INSERT INTO search_terms(rowid, terms) VALUES (?, ?)", [(entry["id"], terms) for entry, terms in part]
        )


def _entries(
    connection: Connection, catalogue: Catalogue, copies: int, first: int
) -> Iterator[tuple[dict[str, Any], str]]:
    """What the copies of households and members are found by."""
    found = []
    originals = connection.exec_driver_sql("SELECT rid FROM search_entries").scalars().all()
    for type_ in ("R05", "R06"):
        table = record_tables[type_]
        for row in connection.execute(select(table).where(table.c.rid.in_(originals))).mappings():
            values = codec(type_).to_record(row)
            subject = search_subject(catalogue.types[type_], row["rid"], values)
            found.append((type_, row["rid"], subject, terms_of(catalogue.types[type_], values)))
    at = first
    for copy in range(1, copies + 1):
        for type_, rid, subject, terms in found:
            head = f"{copy:08x}"
            yield {"id": at, "rid": head + rid[8:], "type": type_, "subject": head + subject[8:]}, terms
            at += 1
