"""What an officer leaves behind, read off the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, func, select

from jmdesk.store.tables import papers, record_tables

HOUSEHOLD, CONSENT, RATING = (record_tables[name] for name in ("R05", "R04", "R16"))
_SCAN_PENDING: Final = "1"
_CHUNK: Final = 500


def collected(connection: Connection, user: str) -> int:
    """How many households somebody collected."""
    query = select(func.count()).where(HOUSEHOLD.c.collector_id == user, HOUSEHOLD.c.rec_voided.is_(None))
    return int(connection.execute(query).scalar_one())


def unfiled(connection: Connection, user: str) -> int:
    """How many consents somebody wrote down whose signed paper is still to be scanned."""
    query = select(func.count()).where(
        CONSENT.c.consent_state == _SCAN_PENDING, CONSENT.c.rec_created_by == user, CONSENT.c.rec_voided.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def papers_by(connection: Connection, user: str) -> list[tuple[str, str, str, bool]]:
    """The papers that somebody gave out: what, number, day, whether void; oldest first."""
    shown = (papers.c.label, papers.c.number, papers.c.issued_at, papers.c.voided_at)
    query = select(*shown).where(papers.c.issued_by == user).order_by(papers.c.label, papers.c.number)
    return [(label, number, at[:10], bool(void)) for label, number, at, void in connection.execute(query)]


def names(connection: Connection, type_id: str, rids: Iterable[str], field: str) -> dict[str, str]:
    """One field of many records; of ratings the number of their household."""
    wanted, found = sorted(set(rids)), dict[str, str]()
    for start in range(0, len(wanted), _CHUNK):
        some = wanted[start : start + _CHUNK]
        if type_id == "R16":
            query = select(RATING.c.rid, HOUSEHOLD.c.household_id).join(
                HOUSEHOLD, HOUSEHOLD.c.rid == RATING.c.household_id
            )
            query = query.where(RATING.c.rid.in_(some))
        else:
            table = record_tables[type_id]
            query = select(table.c.rid, table.c[field]).where(table.c.rid.in_(some))
        found |= {rid: str(name or "") for rid, name in connection.execute(query)}
    return found
