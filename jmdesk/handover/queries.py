"""What an officer leaves behind, read off the store."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, func, select

from jmdesk.store.tables import papers, record_tables

HOUSEHOLD, CONSENT, PERSON, FIRM = (record_tables[name] for name in ("R05", "R04", "R06", "R20"))
OF_FIRMS: Final = frozenset({"R21", "R23", "R24"})
"""Records about a member enterprise, which is what they are called by."""
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
    """One field of many records; of ratings the head and number of their household, of what firms did their name."""
    wanted, found = sorted(set(rids)), dict[str, str]()
    table = record_tables[type_id]
    for start in range(0, len(wanted), _CHUNK):
        some = table.c.rid.in_(wanted[start : start + _CHUNK])
        if type_id == "R16":
            query = (
                select(table.c.rid, PERSON.c.person_name, HOUSEHOLD.c.household_id)
                .join(HOUSEHOLD, HOUSEHOLD.c.rid == table.c.household_id)
                .join(PERSON, PERSON.c.rid == HOUSEHOLD.c.head_person_id, isouter=True)
            )
        elif type_id in OF_FIRMS:
            query = select(table.c.rid, FIRM.c.ent_name).join(FIRM, FIRM.c.rid == table.c.uscc)
        else:
            query = select(table.c.rid, table.c[field])
        for rid, *parts in connection.execute(query.where(some)):
            found[rid] = " ".join(str(part) for part in parts if part)
    return found
