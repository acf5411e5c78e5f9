from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from jmdesk.desk import Desk
from jmdesk.store import change_log
from jmdesk.store.tables import change_log as log_table
from jmdesk.store.tables import change_values
from tests.desks import Family


def broken(desk: Desk) -> list[tuple[int, str]]:
    with desk.store.reading() as connection:
        return list(change_log.verify(connection))


def test_every_change_says_who_when_why_and_from_what_to_what(desk: Desk, family: Family) -> None:
    desk.records.change("R05", family.household, {"address": "塘洲村2组1号"}, ["phone"], reason="搬家")
    last = desk.records.history(family.household)[-1]
    assert (last.verb, last.actor, last.at, last.reason) == ("edit", desk.actor, "2026-11-22T02:00:00Z", "搬家")
    assert last.before == {"address": "塘洲村1组8号", "phone": "19900001234"}
    assert last.after == {"address": "塘洲村2组1号"}


def test_saving_what_is_already_there_is_no_change(desk: Desk, family: Family) -> None:
    before = len(desk.records.history(family.household))
    assert not desk.records.change("R05", family.household, {"group_no": "1"})
    assert len(desk.records.history(family.household)) == before


@pytest.mark.usefixtures("family")
def test_an_untouched_log_verifies(desk: Desk) -> None:
    assert broken(desk) == []


@pytest.mark.usefixtures("family")
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (update(log_table).where(log_table.c.seq == 3).values(actor="someone"), (3, "hash")),
        (update(log_table).where(log_table.c.seq == 2).values(at="2020-01-01T00:00:00Z"), (2, "hash")),
        (update(change_values).where(change_values.c.seq == 3).values(content='["",{},{}]'), (3, "content")),
    ],
)
def test_an_edited_entry_is_named(desk: Desk, change: object, found: tuple[int, str]) -> None:
    with desk.store.transaction("intruder", "tamper") as transaction:
        transaction.connection.execute(change)  # type: ignore[call-overload]
    assert broken(desk)[0] == found


@pytest.mark.usefixtures("family")
def test_a_removed_entry_leaves_a_gap(desk: Desk) -> None:
    with desk.store.transaction("intruder", "tamper") as transaction:
        transaction.connection.execute(delete(change_values).where(change_values.c.seq == 3))
        transaction.connection.execute(delete(log_table).where(log_table.c.seq == 3))
    assert (4, "gap") in broken(desk)


def test_erasing_the_values_keeps_the_chain(desk: Desk, family: Family) -> None:
    with desk.store.transaction("officer", "erase") as transaction:
        transaction.connection.execute(delete(change_values))
    assert broken(desk) == []
    assert all(change.erased and not change.after for change in desk.records.history(family.head))


def test_a_command_that_fails_leaves_no_trace(desk: Desk, family: Family) -> None:
    before = len(desk.records.history(family.household))

    def fail() -> None:
        with desk.records.writing("edit") as writer:
            writer.change("R05", family.household, {"address": "半途"})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert desk.records.get("R05", family.household).record.values["address"] == "塘洲村1组8号"
    assert len(desk.records.history(family.household)) == before
    assert broken(desk) == []
