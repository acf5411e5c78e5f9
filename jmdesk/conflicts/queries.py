"""What the conflict desk reads: which records wait for a decision, and which ratings are older than their facts."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Select, func, select, union_all

from jmdesk.store.tables import incoming, outbox, record_tables

RATING = record_tables["R16"]
_BY_HOUSEHOLD = ("R06", "R07", "R08", "R10", "R12")
_BY_SUBJECT = ("R13", "R14")
_OPEN = ("draft", "sealed", "conflict", "refused")


def waiting(connection: Connection, limit: int) -> list[tuple[str, str]]:
    """(type, record id) of what was set aside, then of what waits beside unsettled edits, oldest edits first."""
    aside = select(outbox.c.type, outbox.c.rid, func.min(outbox.c.id).label("of")).where(
        outbox.c.state.in_(("conflict", "refused"))
    )
    beside = (
        select(outbox.c.type, outbox.c.rid, func.min(outbox.c.id).label("of"))
        .join(incoming, incoming.c.rid == outbox.c.rid)
        .where(outbox.c.state.in_(_OPEN))
    )
    found: dict[tuple[str, str], None] = {}
    for query in (aside, beside):
        rows = connection.execute(query.group_by(outbox.c.type, outbox.c.rid).order_by("of").limit(limit))
        found |= {(row.type, row.rid): None for row in rows}
    return list(found)[:limit]


def beside_count(connection: Connection) -> int:
    """How many records wait with a newer version of the platform beside edits that no verdict has set aside yet."""
    of_record = select(outbox.c.id).where(outbox.c.rid == incoming.c.rid)
    unsettled = of_record.where(outbox.c.state.in_(("draft", "sealed"))).exists()
    aside = of_record.where(outbox.c.state.in_(("conflict", "refused"))).exists()
    return connection.execute(select(func.count()).select_from(incoming).where(unsettled, ~aside)).scalar_one()


def older_ratings(connection: Connection, year: int, limit: int) -> list[str]:
    """Households whose rating of a year is older than the last change of a record that it is computed from."""
    rated = (
        select(RATING.c.household_id, func.max(RATING.c.rec_updated_at).label("at"))
        .where(RATING.c.rec_voided.is_(None), RATING.c.rating_year == year)
        .group_by(RATING.c.household_id)
        .subquery()
    )
    first = connection.execute(select(func.min(rated.c.at))).scalar()
    if first is None:
        return []
    changed = union_all(*(_changed(type_id, first) for type_id in ("R05", *_BY_HOUSEHOLD, *_BY_SUBJECT))).subquery()
    query = (
        select(rated.c.household_id)
        .join(changed, changed.c.household == rated.c.household_id)
        .where(changed.c.at > rated.c.at)
        .distinct()
        .order_by(rated.c.household_id)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def _changed(type_id: str, since: str) -> Select[tuple[str, str]]:
    table = record_tables[type_id]
    household: ColumnElement[str] = table.c.rid
    if type_id in _BY_SUBJECT:
        household = func.replace(table.c.subject_id, "R05:", "")
    elif type_id != "R05":
        household = table.c.household_id
    return select(household.label("household"), table.c.rec_updated_at.label("at")).where(
        table.c.rec_updated_at > since
    )
