"""Green cards of a year with their enterprises, and the figures of the board."""

from __future__ import annotations

from sqlalchemy import Connection, select

from jmdesk.store.stored import Stored, stored
from jmdesk.store.tables import record_tables

CARD, FIRM = record_tables["R24"], record_tables["R20"]


def of_year(connection: Connection, year: int) -> list[Stored]:
    """The cards of a year, oldest first."""
    query = select(CARD).where(CARD.c.gc_year == year, CARD.c.rec_voided.is_(None)).order_by(CARD.c.rid)
    return [stored("R24", row) for row in connection.execute(query).mappings()]


def of_enterprise(connection: Connection, year: int, enterprise: str) -> str | None:
    """The record id of an enterprise's card of a year."""
    where = (CARD.c.gc_year == year, CARD.c.uscc == enterprise, CARD.c.rec_voided.is_(None))
    return connection.execute(select(CARD.c.rid).where(*where)).scalar()


def firms(connection: Connection, year: int) -> dict[str, Stored]:
    """The enterprises that have a card of a year, by record id."""
    among = select(CARD.c.uscc).where(CARD.c.gc_year == year, CARD.c.rec_voided.is_(None))
    query = select(FIRM).where(FIRM.c.rid.in_(among))
    return {row["rid"]: stored("R20", row) for row in connection.execute(query).mappings()}


def years(connection: Connection) -> list[int]:
    """The years that have cards, newest first."""
    query = select(CARD.c.gc_year).where(CARD.c.rec_voided.is_(None), CARD.c.gc_year.is_not(None)).distinct()
    return sorted((int(row[0]) for row in connection.execute(query)), reverse=True)
