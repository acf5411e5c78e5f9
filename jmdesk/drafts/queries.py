"""The table of drafts."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from jmdesk.store.columns import from_json, json_text
from jmdesk.store.tables import drafts


def write(connection: Connection, key: tuple[str, str, str], content: object, at: str) -> None:
    """Put a draft in the place of the one before. ``key``: user, page, record."""
    forget(connection, key)
    user, page, record = key
    row = {"user": user, "page": page, "record": record, "content": json_text(content), "saved_at": at}
    connection.execute(insert(drafts), [row])


def forget(connection: Connection, key: tuple[str, str, str]) -> None:
    """Remove a draft; nothing when there is none."""
    user, page, record = key
    connection.execute(delete(drafts).where(drafts.c.user == user, drafts.c.page == page, drafts.c.record == record))


def forget_records(connection: Connection, rids: list[str]) -> int:
    """Remove everybody's drafts that name one of these records, wherever: for erasure. Gives how many."""
    gone = 0
    for row in connection.execute(select(drafts.c.user, drafts.c.page, drafts.c.record, drafts.c.content)).all():
        if any(rid in row.record or rid in row.content for rid in rids):
            forget(connection, (row.user, row.page, row.record))
            gone += 1
    return gone


def read(connection: Connection, user: str) -> list[tuple[str, str, object, str]]:
    """A user's drafts, the newest first: page, record, content, when."""
    query = select(drafts).where(drafts.c.user == user).order_by(drafts.c.saved_at.desc(), drafts.c.page)
    return [(row.page, row.record, from_json(row.content), row.saved_at) for row in connection.execute(query)]
