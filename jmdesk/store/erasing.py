"""Erasing what a record held: from its row, its history, the index and everything that waits beside it.

The row stays as a void one without values, so that the platform is told that the record is gone; the change log keeps
that something happened, when and by whom, and its chain verifies (decision record 4). What is freed is overwritten by
SQLite (``secure_delete``); call ``Store.fold_log`` after the commit, for the write-ahead
log still has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sqlalchemy import delete, text, update

from jmdesk.catalogue.types import Value
from jmdesk.core.errors import Refused
from jmdesk.store.change_log import Change, history
from jmdesk.store.tables import RECORD_COLUMNS, awaiting_consent, change_values, incoming, outbox, record_tables
from jmdesk.store.transaction import Transaction

_CHUNK = 500


def erase_record(transaction: Transaction, type_id: str, rid: str, *, reason: str, keep: Collection[str] = ()) -> None:
    """Empty a record but for the fields in ``keep``, void it, and forget its whole history.

    ``reason`` is what the history says from now on. ``Refused`` "store.no_such_record".
    """
    found = transaction.get(type_id, rid)
    if found is None:
        raise Refused("store.no_such_record")
    if found.voided is None:
        transaction.void(type_id, rid, reason)
    transaction.flush()
    connection, table = transaction.connection, record_tables[type_id]
    gone = [column.name for column in table.columns if column.name not in RECORD_COLUMNS and column.name not in keep]
    empty: dict[str, object] = {**dict.fromkeys(gone), "extension": None, "rec_voided": reason}
    connection.execute(update(table).where(table.c.rid == rid).values(empty))
    _forget_entries(transaction, [change.seq for change in history(connection, rid)])
    _forget_beside(transaction, rid)
    transaction.remark(type_id, rid, reason)


def erase_fields(
    transaction: Transaction,
    type_id: str,
    rid: str,
    names: Collection[str],
    *,
    reason: str,
    instead: Mapping[str, Value] | None = None,
) -> bool:
    """Forget some fields of a record: their values, what waits beside it of them, and every entry that tells of them.

    An entry is erased whole, for a hash covers it whole. ``instead`` is what stands in fields that must say something.
    False when there was nothing to forget.
    """
    found = transaction.get(type_id, rid)
    if found is None:
        raise Refused("store.no_such_record")
    present = [name for name in names if name in found.values]
    if present:
        new = {name: value for name, value in (instead or {}).items() if name in present}
        transaction.change(type_id, rid, new, [name for name in present if name not in new], reason=reason)
    transaction.unseal(rid, names)
    transaction.flush()
    telling = [c.seq for c in history(transaction.connection, rid) if _tells(c, names)]
    _forget_entries(transaction, telling)
    transaction.connection.execute(delete(incoming).where(incoming.c.rid == rid))
    if present or telling:
        transaction.remark(type_id, rid, reason)
    return bool(present or telling)


def forget_history(transaction: Transaction, type_id: str, rid: str, *, reason: str) -> None:
    """Forget what the log tells of a record whose row stays as it is."""
    transaction.flush()
    _forget_entries(transaction, [change.seq for change in history(transaction.connection, rid)])
    transaction.remark(type_id, rid, reason)


def _tells(change: Change, names: Collection[str]) -> bool:
    return any(name in change.before or name in change.after for name in names)


def _forget_entries(transaction: Transaction, entries: Iterable[int]) -> None:
    mine = list(entries)
    for start in range(0, len(mine), _CHUNK):
        of_record = change_values.c.seq.in_(mine[start : start + _CHUNK])
        transaction.connection.execute(delete(change_values).where(of_record))


def _forget_beside(transaction: Transaction, rid: str) -> None:
    connection = transaction.connection
    for table in (awaiting_consent, incoming):
        connection.execute(delete(table).where(table.c.rid == rid))
    connection.execute(update(outbox).where(outbox.c.rid == rid).values(verdict_params=None))


def merge_search_terms(transaction: Transaction) -> None:
    """Write the full-text index anew without what was taken out of it: until then its old segments keep the terms."""
    transaction.flush()
    transaction.connection.execute(text("INSERT INTO search_terms(search_terms) VALUES ('optimize')"))
