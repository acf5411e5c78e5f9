"""A change log that was cut off shows at the next contact: the platform countersigned how far it went."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from jmdesk.audit.queries import Wanted
from jmdesk.desk import Desk
from sync.client.engine import synchronise
from sync.client.patience import Patience
from tests.sync.client.desk_view import Enrolled
from tests.sync.client.office import add_household


def cut(desk: Desk) -> None:
    """Take away the end of the log, rewriting nothing: every link that is left holds."""
    with desk.store.beside() as connection:
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        for table in ("change_values", "change_log"):
            connection.execute(text(f"DELETE FROM {table} WHERE seq > :seq"), {"seq": 3})  # noqa: S608


def rewrite(desk: Desk) -> None:
    """Write another hash into an entry that the platform countersigned."""
    with desk.store.beside() as connection:
        connection.execute(text("UPDATE change_log SET hash = zeroblob(32)"))


def test_a_log_that_grew_on_is_the_one_that_was_countersigned(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    add_household(desk, 41)
    assert synchronise(desk, transport, patience=patience).settled
    add_household(desk, 42)
    assert synchronise(desk, transport, patience=patience).log_cut == 0


@pytest.mark.parametrize("tamper", [cut, rewrite])
def test_a_log_that_was_cut_or_rewritten_is_told_at_the_next_contact(
    enrolled: Enrolled, patience: Patience, tamper: object
) -> None:
    assert callable(tamper)
    desk, transport = enrolled
    add_household(desk, 43)
    assert synchronise(desk, transport, patience=patience).settled
    tamper(desk)
    report = synchronise(desk, transport, patience=patience)
    assert report.log_cut > 0
    assert report.as_json()["log_cut"] == report.log_cut


def test_each_exchange_is_in_the_audit_trail(enrolled: Enrolled, patience: Patience) -> None:
    desk, transport = enrolled
    add_household(desk, 44)
    synchronise(desk, transport, patience=patience)
    (newest, *_) = desk.audit.page(desk.guard, Wanted(verbs=("sync",)))
    assert newest.told["batches"] == 1
