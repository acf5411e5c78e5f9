"""SQL of the consents: papers whose term has ended."""

from __future__ import annotations

from sqlalchemy import Connection, select

from jmdesk.store.tables import record_tables

_CONSENT = record_tables["R04"].c


def ended(connection: Connection, today: str) -> list[str]:
    """The record ids of consents that are still marked as signed though their last day (ISO date) is over."""
    query = select(_CONSENT.rid).where(
        _CONSENT.rec_voided.is_(None),
        _CONSENT.revoked_at.is_(None),
        _CONSENT.consent_state.in_(("1", "2")),
        _CONSENT.valid_to < today,
    )
    return list(connection.execute(query.order_by(_CONSENT.rid)).scalars())
