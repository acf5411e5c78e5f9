"""A scope that changes with a new grant: what it no longer covers leaves the desk, and unsent work never does."""

from __future__ import annotations

from sqlalchemy import select

from jmdesk.attachments.intake import examine
from jmdesk.desk import Desk
from jmdesk.store import change_log, outbox, reading
from jmdesk.store.search import subjects
from jmdesk.store.tables import attachment_contents
from sync.client.engine import synchronise
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.petition import rotate
from sync.gateway.database import OWNER
from tests import documents
from tests.sync.client.conftest import Platform
from tests.sync.client.desk_view import RECORDS, Enrolled
from tests.sync.client.office import VILLAGE, add_household

TOWN = VILLAGE[:9]
OTHER = "440785103201"


def grant_regions(platform: Platform, desk: Desk, *regions: str) -> None:
    """An administrator grants other regions; the desk learns of it with its next grant."""
    query = "UPDATE devices SET regions = %s WHERE device = %s"
    values = (list(regions), load_membership(desk.store).device)
    platform.storage.database.run(OWNER, lambda connection: connection.execute(query, values))


def holds(desk: Desk, rid: str) -> bool:
    with desk.store.reading() as connection:
        return reading.get(connection, "R05", rid) is not None


def test_a_scope_that_shrinks_never_deletes_unsent_work(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    inside, outside, edited = (
        add_household(desk, number, village=village) for number, village in ((1, VILLAGE), (2, OTHER), (3, OTHER))
    )
    assert synchronise(desk, transport, patience=patience).verdicts == {"accepted": 3 * RECORDS}
    desk.records.change("R05", edited, {"address": "还没报送的路1号"})
    unsent = add_household(desk, 4, village=OTHER)
    grant_regions(platform, desk, VILLAGE)
    rotate(desk, transport, patience)
    report = synchronise(desk, transport, patience=patience)
    assert report.verdicts["forbidden"] >= 2
    assert (holds(desk, inside), holds(desk, outside), holds(desk, edited), holds(desk, unsent)) == (
        *(True, False, True, True),
    )
    assert report.left > 0
    with desk.store.reading() as connection:
        edit = reading.get(connection, "R05", edited)
        assert edit is not None
        assert edit.values["address"] == "还没报送的路1号"
        assert {aside.rid for aside in outbox.set_aside(connection)} >= {edited, unsent}


def test_what_left_the_scope_leaves_no_values_and_an_unbroken_log(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    gone = add_household(desk, 5, village=OTHER)
    synchronise(desk, transport, patience=patience)
    with desk.store.reading() as connection:
        assert gone in subjects(connection, "陈样一", types=("R05", "R06"), limit=50)
    grant_regions(platform, desk, VILLAGE)
    rotate(desk, transport, patience)
    synchronise(desk, transport, patience=patience)
    with desk.store.reading() as connection:
        history = change_log.history(connection, gone)
        assert [change.after for change in history if not change.erased] == [{}]
        assert list(change_log.verify(connection)) == []
        found = subjects(connection, "陈样一", types=("R05", "R06"), limit=50)
    assert gone not in found


def test_a_scope_that_grows_brings_what_lay_behind_the_cursor(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    there = add_household(desk, 6, village=OTHER)
    synchronise(desk, transport, patience=patience)
    grant_regions(platform, desk, VILLAGE)
    rotate(desk, transport, patience)
    synchronise(desk, transport, patience=patience)
    assert not holds(desk, there)
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    synchronise(desk, transport, patience=patience)
    assert holds(desk, there)


def test_documents_leave_with_their_records_but_for_those_that_nobody_else_has(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    kept, unsent = (add_household(desk, number, village=OTHER) for number in (7, 8))
    desk.attachments.add("R05", kept, examine(documents.pdf(words="kept there")))
    synchronise(desk, transport, patience=patience)
    desk.attachments.add("R05", unsent, examine(documents.pdf(words="still here alone")))
    grant_regions(platform, desk, VILLAGE)
    rotate(desk, transport, patience)
    synchronise(desk, transport, patience=patience)
    assert (holds(desk, kept), holds(desk, unsent)) == (False, True)
    with desk.store.reading() as connection:
        held = connection.execute(select(attachment_contents.c.sha256)).scalars().all()
    assert held == [found.sha256 for found in desk.attachments.of("R05", unsent)]


def test_what_is_void_here_and_was_never_sent_leaves_with_its_region(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    inside, outside = (add_household(desk, 9, village=VILLAGE), add_household(desk, 10, village=OTHER))
    for rid in (inside, outside):
        desk.records.void("R05", rid, "重复")
    synchronise(desk, transport, patience=patience)
    grant_regions(platform, desk, VILLAGE)
    rotate(desk, transport, patience)
    synchronise(desk, transport, patience=patience)
    assert (holds(desk, inside), holds(desk, outside)) == (True, False)
