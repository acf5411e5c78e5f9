"""Where each household stands: one narrow line for each one in force, in the order of lists, for every filter to read.

A filter over a county's households must not look at people, consents and ratings: what it asks of them is kept here.
Triggers note the households that a write touched, whichever way it came; the transaction makes their lines anew before
it commits. 300,000 lines are about 35 MB.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection

from jmdesk.catalogue.types import Catalogue
from jmdesk.store.statements import driver

REVIEW_DAYS = 60
"""A rating counts as due for review so many days before it ends."""

NEVER = "9999-12-31"
"""The day on which a household without a rating is due for review."""

PENDING, SIGNED, DECLINED = 1, 2, 4
"""What ``consents`` adds up: there is a consent whose scan is to be filed, one that was signed, one declined."""

_NOTED = {
    "person": "{row}.household_id",
    "hh_rating": "{row}.household_id",
    "consent": "substr({row}.subject_id, 5)",
    "awaiting_consent": "{row}.household",
}
"""By table that a line is made from: the household of one of its rows."""


def triggers() -> list[str]:
    """The statements that make the triggers. Every change of a record's values counts its revision on."""
    touched = "INSERT OR IGNORE INTO stale_standings VALUES (NEW.rid);"
    # Confirming a village's records changes nothing else: no need to look at its people again.
    synced = "UPDATE household_standings SET sync = NEW.rec_sync WHERE rid = NEW.rid;"
    made = [
        _trigger("household", "added", "INSERT", touched),
        _trigger("household", "changed", "UPDATE OF rec_revision, rec_voided, rec_region", touched),
        _trigger("household", "synced", "UPDATE OF rec_sync", synced),
        _trigger("household", "gone", "DELETE", "DELETE FROM household_standings WHERE rid = OLD.rid;"),
    ]
    for table, household in _NOTED.items():
        new, old = (_note(household.format(row=row)) for row in ("NEW", "OLD"))
        made.append(_trigger(table, "added", "INSERT", new))
        if table != "awaiting_consent":
            made.append(_trigger(table, "changed", "UPDATE OF rec_revision, rec_voided", f"{old} {new}"))
        made.append(_trigger(table, "gone", "DELETE", old))
    return made


def _trigger(table: str, name: str, event: str, body: str) -> str:
    return f"CREATE TRIGGER {table}_{name} AFTER {event} ON {table} BEGIN {body} END"


def _note(household: str) -> str:
    return f"INSERT OR IGNORE INTO stale_standings SELECT {household} WHERE {household} <> '';"


def renew(connection: Connection, catalogue: Catalogue) -> None:
    """Make the lines of the households anew that were touched since the last time; at the end of a transaction."""
    run = driver(connection).execute
    if run("SELECT 1 FROM stale_standings LIMIT 1").fetchone() is None:
        return
    touched = "IN (SELECT rid FROM stale_standings)"
    run(f"DELETE FROM household_standings WHERE rid {touched}")  # noqa: S608 -- our own words
    run(f"{_lines(catalogue)} AND h.rid {touched}")
    run("DELETE FROM stale_standings")


def rebuild(connection: Connection, catalogue: Catalogue) -> None:
    """Make every line anew: other fields have to be filled in now, or the lines are in doubt."""
    connection.exec_driver_sql("DELETE FROM household_standings")
    connection.exec_driver_sql(_lines(catalogue))
    connection.exec_driver_sql("DELETE FROM stale_standings")


def rule(catalogue: Catalogue) -> str:
    """What the lines depend on beside the records: the fields that have to be filled in."""
    return " ".join(name for type_id in ("R05", "R06") for name in catalogue.types[type_id].to_fill_in)


def _lines(catalogue: Catalogue) -> str:
    """What makes the lines of all households in force, which are ``h``."""
    return _made(catalogue.types["R05"].to_fill_in, catalogue.types["R06"].to_fill_in)


@cache
def _made(household: tuple[str, ...], person: tuple[str, ...]) -> str:
    people = "SELECT 1 FROM person p WHERE p.household_id = h.rid AND p.rec_voided IS NULL"
    lacking = f"{_missing(household, 'h')} OR NOT EXISTS ({people}) OR EXISTS ({people} AND ({_missing(person, 'p')}))"
    sums = f"max(c.consent_state = '1') * {PENDING} + max(c.consent_state = '2') * {SIGNED}"
    sums += f" + max(c.consent_state = '3') * {DECLINED}"
    given = "c.subject_id = 'R05:' || h.rid AND c.rec_voided IS NULL AND c.revoked_at IS NULL"
    newest = "FROM hh_rating r WHERE r.household_id = h.rid AND r.rec_voided IS NULL ORDER BY r.rid DESC LIMIT 1"
    next_year = f"ifnull(printf('%04d-01-01', r.rating_year + 1), '{NEVER}')"
    before_end = f"ifnull(date(r.valid_to, '-{REVIEW_DAYS} days'), '{NEVER}')"
    columns = {
        "number": "ifnull(h.household_id, '')",
        "rid": "h.rid",
        "region": "h.rec_region",
        "village_group": "ifnull(h.group_no, '')",
        "sync": "h.rec_sync",
        "grade": f"ifnull((SELECT r.grade {newest}), '')",
        "due": f"ifnull((SELECT min({next_year}, {before_end}) {newest}), '{NEVER}')",
        "consents": f"ifnull((SELECT {sums} FROM consent c WHERE {given}), 0)",  # noqa: S608 -- our own words
        "waiting": "(SELECT count(*) FROM awaiting_consent w WHERE w.household = h.rid)",
        "incomplete": lacking,
    }
    return (
        f"INSERT INTO household_standings ({', '.join(columns)}) SELECT {', '.join(columns.values())} "  # noqa: S608
        "FROM household h WHERE h.rec_voided IS NULL"
    )


def _missing(names: tuple[str, ...], row: str) -> str:
    """Whether a row lacks something that has to be filled in; what waits for a consent is there."""
    waits = "SELECT 1 FROM awaiting_consent w WHERE w.rid = {row}.rid AND w.field = '{name}'"
    return " OR ".join(
        f'({row}."{name}" IS NULL AND NOT EXISTS ({waits.format(row=row, name=name)}))' for name in names
    )
