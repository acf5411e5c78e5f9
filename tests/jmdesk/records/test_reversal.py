"""Taking a command back: all of it or nothing, with progress, and nobody loses what was there before."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from jmdesk.core.errors import Refused
from jmdesk.desk import Desk
from jmdesk.registers.samples import write_register
from jmdesk.registers.service import import_households
from jmdesk.store import outbox, search
from tests.desks import VILLAGE, Family, add_family

TYPES = ("R04", "R05", "R06", "R07", "R08")


def in_force(desk: Desk) -> dict[str, int]:
    return {type_: desk.records.count(type_) for type_ in TYPES}


def test_an_import_is_taken_back_whole_and_tells_how_far_it_is(desk: Desk, family: Family, tmp_path: Path) -> None:
    before = in_force(desk)
    write_register(tmp_path / "r.xlsx", VILLAGE, "a", 120)
    import_households(desk, tmp_path / "r.xlsx")
    told: list[tuple[int, int]] = []
    changes = desk.records.undo_last(lambda done, of: told.append((done, of)))
    assert in_force(desk) == before
    assert "R05" in changes.types
    assert len(told) > 1
    assert told[-1] == (told[-1][1], told[-1][1])
    with desk.store.reading() as connection:
        assert set(outbox.counts_by_type(connection, "draft")) == {"R05", "R06", "R07"}, "only the family's own waits"
        assert connection.exec_driver_sql("SELECT count(*) FROM household_standings").scalar() == 1
        listed = connection.exec_driver_sql("SELECT DISTINCT subject FROM search_entries WHERE type = 'R06'")
        assert listed.scalars().all() == [family.household]
        assert search.subjects(connection, "曾建明", types=("R06",), limit=5) == [family.household]


def test_taking_back_stopped_halfway_takes_nothing_back(desk: Desk, tmp_path: Path) -> None:
    write_register(tmp_path / "r.xlsx", VILLAGE, "a", 120)
    import_households(desk, tmp_path / "r.xlsx")
    before = in_force(desk)
    asked = count()
    with pytest.raises(Refused, match=r"store\.cancelled"):
        desk.records.undo_last(cancelled=lambda: next(asked) == 1)
    assert next(asked) == 2
    assert in_force(desk) == before


def test_what_a_command_filled_in_is_emptied_again_and_the_record_stays(desk: Desk, family: Family) -> None:
    with desk.records.writing("import") as writer:
        writer.change("R05", family.household, {"old_household_no": "17"})
        add_family(writer, desk.actor, f"{VILLAGE}000002")
    desk.records.undo_last()
    household = desk.records.get("R05", family.household).record
    assert household.voided is None
    assert "old_household_no" not in household.values
    assert desk.records.count("R05") == 1


def test_a_record_made_and_changed_by_one_command_goes_with_all_of_it(desk: Desk, family: Family) -> None:
    with desk.records.writing("edit") as writer:
        new = writer.create("R07", {"household_id": family.household, "year": 2024, "income_crop": "10.00"})
        writer.change("R07", new, {"income_crop": "20.00"})
        writer.change("R05", family.household, {"address": "新址"})
    desk.records.undo_last()
    assert desk.records.get("R07", new).record.voided
    assert desk.records.get("R05", family.household).record.values["address"] == "塘洲村1组8号"


def test_an_undo_is_itself_undone(desk: Desk, tmp_path: Path) -> None:
    write_register(tmp_path / "r.xlsx", VILLAGE, "a", 5)
    import_households(desk, tmp_path / "r.xlsx")
    before = in_force(desk)
    desk.records.undo_last()
    desk.records.undo_last()
    assert in_force(desk) == before
