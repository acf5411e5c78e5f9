"""Whatever is typed into a field, a search or a filter is a value and never a statement."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from jmdesk.core.errors import KnownError
from jmdesk.desk import Desk
from jmdesk.households.queries import HouseholdFilter
from jmdesk.store.reading import Filter
from tests.desks import Family

HOSTILE = (
    "'; DROP TABLE change_log; --",
    '" OR 1=1 --',
    "x' UNION SELECT content FROM change_values --",
    "NEAR(a b) AND *",
    'subject:"R06" OR name:*',
    "%_\\",
    "\x00' OR ''='",
)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_stored_found_and_filtered_as_text(desk: Desk, family: Family, hostile: str) -> None:
    entries = desk.audit.soundness().entries
    assert entries
    plain = hostile.replace("\x00", "")
    desk.records.change("R05", family.household, {"address": plain})
    desk.lists.save(plain[:20], HouseholdFilter(search=plain))
    assert plain[:20].strip() in desk.lists.all()
    assert desk.records.get("R05", family.household).record.values["address"] == plain.strip()
    assert desk.households.count(HouseholdFilter(search=hostile)) <= 1
    assert desk.households.count(HouseholdFilter(group=hostile, region_prefix=hostile)) == 0
    assert desk.records.count("R05", Filter(where={"address": plain.strip()})) == 1
    assert desk.audit.soundness().entries > entries
    assert desk.audit.soundness().at == 0


@pytest.mark.parametrize("name", ["address; DROP TABLE household", "1=1 OR address", "rec_voided", ""])
def test_a_filter_names_fields_and_nothing_else(desk: Desk, family: Family, name: str) -> None:
    try:
        found = desk.records.find("R05", Filter(where={name: "x"}))
    except (KnownError, KeyError):
        found = []
    assert found == []
    with desk.store.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM change_log")).scalar_one() > 0
    assert family.household
