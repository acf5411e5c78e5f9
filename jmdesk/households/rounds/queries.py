"""How far a round has come, counted in the store."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from jmdesk.store.tables import record_tables

_HOUSEHOLD, _INCOME = record_tables["R05"], record_tables["R07"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """One group of a village as one collector walks it: households in all, done in this round, begun."""

    group: str
    collector: str
    total: int
    done: int
    begun: int


def progress(connection: Connection, village: str, since: str, income_year: int) -> list[Stretch]:
    """By group and by who collected last: a household is done when it was collected since the round began."""
    done = case((_HOUSEHOLD.c.collect_date >= since, 1), else_=0)
    has_year = (
        select(func.count())
        .where(
            _INCOME.c.household_id == _HOUSEHOLD.c.rid, _INCOME.c.year == income_year, _INCOME.c.rec_voided.is_(None)
        )
        .correlate(_HOUSEHOLD)
        .scalar_subquery()
    )
    begun = case((_HOUSEHOLD.c.collect_date >= since, 0), (has_year > 0, 1), else_=0)
    group = func.coalesce(_HOUSEHOLD.c.group_no, "")
    collector = func.coalesce(_HOUSEHOLD.c.collector_id, "")
    query = (
        select(group, collector, func.count(), func.sum(done), func.sum(begun))
        .where(_HOUSEHOLD.c.rec_region == village, _HOUSEHOLD.c.rec_voided.is_(None))
        .group_by(group, collector)
        .order_by(group, collector)
    )
    return [Stretch(*row) for row in connection.execute(query)]


def open_households(connection: Connection, village: str, since: str, group: str = "") -> list[str]:
    """The households that this round has still to visit, in order of group and number."""
    query = select(_HOUSEHOLD.c.rid).where(
        _HOUSEHOLD.c.rec_region == village,
        _HOUSEHOLD.c.rec_voided.is_(None),
        func.coalesce(_HOUSEHOLD.c.collect_date, "") < since,
    )
    if group:
        query = query.where(_HOUSEHOLD.c.group_no == group)
    return [row[0] for row in connection.execute(query.order_by(_HOUSEHOLD.c.group_no, _HOUSEHOLD.c.household_id))]


def income_before(connection: Connection, household: str, year: int) -> str | None:
    """The newest year of income before one, as a record id."""
    query = (
        select(_INCOME.c.rid)
        .where(_INCOME.c.household_id == household, _INCOME.c.year < year, _INCOME.c.rec_voided.is_(None))
        .order_by(_INCOME.c.year.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def income_of(connection: Connection, household: str, year: int) -> str | None:
    """The record of one year's income, as a record id."""
    query = select(_INCOME.c.rid).where(
        _INCOME.c.household_id == household, _INCOME.c.year == year, _INCOME.c.rec_voided.is_(None)
    )
    return connection.execute(query.limit(1)).scalar()
