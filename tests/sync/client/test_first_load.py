"""The first pull of a new desk: everything at once, and never half of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jmdesk.inbox import CURSOR
from sync.client import engine
from sync.client.engine import synchronise
from sync.client.first_load import FOLDER
from sync.client.patience import Patience
from sync.client.steering import Steering
from tests.sync.client.conftest import Platform, Workshop, enrolled_desk
from tests.sync.client.desk_view import Enrolled, household_of
from tests.sync.client.lines import Line
from tests.sync.client.office import add_household


@pytest.fixture
def village(
    tmp_path: Path, workshop: Workshop, platform: Platform, patience: Patience, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Households that the platform has, several pages of them."""
    with workshop.desk(tmp_path / "elder") as elder:
        _, transport = enrolled_desk(elder, platform, patience)
        rids = [add_household(elder, 300 + number) for number in range(8)]
        assert synchronise(elder, transport, patience=patience).complete
    monkeypatch.setattr(engine, "PAGE_RECORDS", 10)
    return rids


def test_a_new_desk_takes_over_every_page_in_one_command(
    enrolled: Enrolled, patience: Patience, village: list[str]
) -> None:
    desk, transport = enrolled
    told: list[tuple[str, int, int]] = []
    watching = Steering(lambda stage, done, of: told.append((stage, done, of)))
    report = synchronise(desk, transport, watching, patience=patience)
    assert report.complete
    assert report.pages > 2
    assert all(household_of(desk, rid).sync == "confirmed" for rid in village)
    with desk.store.reading() as connection:
        commands = connection.exec_driver_sql("SELECT count(DISTINCT command) FROM change_log WHERE verb = 'pull'")
        assert commands.scalar_one() == 1
    assert ("changes", report.adopted, report.adopted) in told
    assert not (desk.vault.folder / FOLDER).exists()
    assert synchronise(desk, transport, patience=patience).adopted == 0


def test_a_first_pull_that_is_broken_off_goes_on_with_the_pages_it_has(
    enrolled: Enrolled, patience: Patience, village: list[str]
) -> None:
    desk, transport = enrolled
    fetched: list[int] = []
    stopping = Steering(lambda _stage, done, _of: fetched.append(done), lambda: len(fetched) >= 2)
    assert synchronise(desk, transport, stopping, patience=patience).stopped
    kept = sorted((desk.vault.folder / FOLDER).iterdir())
    assert desk.store.setting(CURSOR) is None
    line = Line(transport)
    line.token = transport.token
    report = synchronise(desk, line, patience=patience)
    assert report.complete
    assert line.calls.count("changes") == report.pages - len(kept)
    assert household_of(desk, village[-1]).sync == "confirmed"


def test_a_page_that_was_damaged_on_the_disk_is_fetched_again(
    enrolled: Enrolled, patience: Patience, village: list[str]
) -> None:
    desk, transport = enrolled
    fetched: list[int] = []
    stopping = Steering(lambda _stage, done, _of: fetched.append(done), lambda: len(fetched) >= 2)
    assert synchronise(desk, transport, stopping, patience=patience).stopped
    page = desk.vault.folder / FOLDER / "00000.jmr"
    page.write_bytes(page.read_bytes()[:-40])
    assert synchronise(desk, transport, patience=patience).complete
    assert household_of(desk, village[0]).sync == "confirmed"
