"""Villages that were merged: their records are the new village's, for its desks, its counts and its certificates."""

from __future__ import annotations

from pathlib import Path

import pytest

from jmdesk.catalogue.regions import regions
from jmdesk.core.clock import SystemClock, beijing_date
from sync.gateway.database import OWNER, READ, Access, Role
from sync.gateway.packages import Label, publish, sign_folder, withdraw
from sync.gateway.relocation import Relocation, relocate
from sync.gateway.spool import everywhere
from tests.packages import regions_files
from tests.sync.gateway.conftest import TOWN, Platform
from tests.sync.gateway.desk import Desk, draft, household, person

CLOCK = SystemClock()
GONE, GROWN, ELSEWHERE = "440785104200", "440785104201", "440785104202"


@pytest.fixture
def merged(platform: Platform, tmp_path: Path) -> None:
    """A package by which one village is merged into its neighbour, in force since today."""
    for name, text in regions_files((GONE, GROWN)).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    keys = platform.running.gateway.keys
    label = Label("regions", "jiangmen", "2026.11", beijing_date(CLOCK.now()).isoformat())
    database = platform.storage.database
    envelope = database.run(READ, lambda c: sign_folder(c, keys, CLOCK, label, tmp_path))
    database.run(OWNER, lambda c: publish(c, keys.trust, CLOCK, envelope))


def ingest(platform: Platform) -> Access:
    return everywhere(platform.storage.database, Role.INGEST)


def count(platform: Platform, region: str, type_: str) -> int:
    with platform.storage.database.transaction(READ) as connection:
        row = connection.execute(
            "SELECT records FROM region_counts WHERE region = %s AND type = %s", (region, type_)
        ).fetchone()
    return int(row[0]) if row else 0


def family(desk: Desk, region: str) -> tuple[str, str]:
    """A household with one member, on the platform; their record ids."""
    rid, values = household(region)
    member, named = person(rid)
    values["head_person_id"] = member
    desk.exchange(draft("R05", rid, values), draft("R06", member, named))
    return rid, member


def test_records_of_a_merged_village_reach_the_desks_of_the_new_one_and_count_there(
    platform: Platform, request: pytest.FixtureRequest
) -> None:
    assert {GONE, GROWN, ELSEWHERE} <= {region.code for region in regions().within(GONE[:9], quasi=True)}
    old, grown, other = (platform.desk(TOWN, code) for code in (GONE, GROWN, ELSEWHERE))
    rid, member = family(old, GONE)
    own, _ = family(grown, GROWN)
    assert rid not in grown.pull()
    before = count(platform, GROWN, "R05")

    request.getfixturevalue("merged")
    database = platform.storage.database
    relocation = Relocation(database)
    database.run(ingest(platform), relocate)  # as the worker does at its next look
    assert relocation.look(ingest(platform)) == 0

    found = grown.pull()
    assert {rid, member} <= found.keys()
    assert {found[name].region for name in (rid, member)} == {GROWN}
    assert own not in found  # what it had it is not sent again
    assert (found[rid].version, found[rid].set["region_code"]) == (1, GONE)  # no value was changed for anybody
    assert rid not in other.pull()
    assert {rid, member} <= platform.desk(TOWN, GROWN).pull().keys()
    assert count(platform, GROWN, "R05") == before + 1
    assert count(platform, GONE, "R05") == 0

    # Who was away works on under the old code, and both villages' officers go on with the record.
    (late,) = old.exchange(draft("R05", rid, {"population": 5}, base=1))
    assert (late.verdict.value, late.version) == ("accepted", 2)
    again, _ = family(old, GONE)
    assert relocation.look(ingest(platform), anyway=True) >= 1
    found = grown.pull()
    assert {rid, again} <= found.keys()
    (answer,) = grown.exchange(draft("R05", again, {"region_code": GROWN, "population": 6}, base=1))
    assert answer.verdict.value == "accepted"


def test_nothing_moves_before_its_day_nor_after_a_withdrawal(platform: Platform, merged: None) -> None:
    database, keys = platform.storage.database, platform.running.gateway.keys
    desk = platform.desk(TOWN, GONE)
    database.run(OWNER, lambda c: c.execute("UPDATE region_moves SET effective = '2999-01-01'"))
    rid, _ = family(desk, GONE)
    assert database.run(ingest(platform), relocate) == 0
    assert desk.pull()[rid].region == GONE
    database.run(OWNER, lambda c: withdraw(c, keys, CLOCK, "regions", "jiangmen", "2026.11"))
    assert database.run(ingest(platform), relocate) == 0
