"""A scope that changes with a new grant: what it no longer covers leaves the desk, and unsent work never does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from jmdesk.attachments.intake import examine
from jmdesk.desk import Desk
from jmdesk.store import change_log, outbox, reading
from jmdesk.store.search import subjects
from jmdesk.store.tables import attachment_contents
from sync.client.diary import told
from sync.client.engine import synchronise
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.client.petition import rotate
from sync.client.transport import Opened
from sync.gateway.database import OWNER
from tests import documents
from tests.sync.client.conftest import Platform
from tests.sync.client.desk_view import RECORDS, Enrolled
from tests.sync.client.lines import Line
from tests.sync.client.office import UNIT, VILLAGE, add_household
from tests.sync.gateway.staff import QIAN, WHY, ZHAO, Office

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


@pytest.fixture(scope="module")
def office(platform: Platform) -> Office:
    office = Office(platform.storage.database)
    office.staff()
    return office


def change_scope(platform: Platform, office: Office, desk: Desk, regions: list[str], roles: list[str]) -> None:
    """Two administrators give a desk other regions or roles."""
    device = load_membership(desk.store).device
    made = office.proposals.propose_scope(ZHAO, device, regions, roles, WHY)
    office.proposals.approve(QIAN, made.id, WHY)


def test_a_desk_asks_for_the_grant_of_its_new_scope_by_itself_and_says_so(
    enrolled: Enrolled, platform: Platform, patience: Patience, office: Office
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    transport.token = ""
    synchronise(desk, transport, patience=patience)
    assert desk.regions == (TOWN,)
    inside, outside = (add_household(desk, number, village=village) for number, village in ((11, VILLAGE), (12, OTHER)))
    synchronise(desk, transport, patience=patience)
    unsent = add_household(desk, 13, village=VILLAGE)
    change_scope(platform, office, desk, [VILLAGE], ["R1", "R2"])
    report = synchronise(desk, transport, patience=patience)
    assert (report.verdicts, report.problem, report.rotated) == ({"accepted": RECORDS}, None, True)
    assert (desk.regions, desk.grant and desk.grant.roles) == ((VILLAGE,), ("R1", "R2"))
    assert (holds(desk, inside), holds(desk, unsent), holds(desk, outside)) == (True, True, False)
    lines = " ".join(told(report, catalogue=desk.catalogue))
    assert "平台调整了本机的办理区划" in lines
    assert "平台调整了本机的岗位" in lines
    village = desk.catalogue.regions.get(VILLAGE)
    assert village is not None
    assert village.name in lines
    assert not synchronise(desk, transport, patience=patience).rotated


def test_a_word_that_is_not_signed_leads_to_one_request_and_to_no_other_scope(
    enrolled: Enrolled, patience: Patience
) -> None:
    class Liar(Line):
        def open_session(self, answer: bytes) -> Opened:
            return replace(super().open_session(answer), scope="f" * 64)

    desk, transport = enrolled
    before = desk.regions
    transport.token = ""
    first = synchronise(desk, Liar(transport), patience=patience)
    assert (first.rotated, first.scope, desk.regions) == (True, None, before)
    transport.token = ""
    assert not synchronise(desk, Liar(transport), patience=patience).rotated


def test_a_new_scope_that_waits_for_an_approval_is_told_and_taken_afterwards(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    with platform.approving_keys(UNIT):
        grant_regions(platform, desk, TOWN)
        transport.token = ""
        report = synchronise(desk, transport, patience=patience)
        assert report.waiting == "rotate"
        assert "管理员批准后" in " ".join(told(report))
        platform.approve("rotate")
        after = synchronise(desk, transport, patience=patience)
    assert after.scope is not None
    assert desk.regions == (TOWN,)


def test_the_last_thing_that_a_desk_has_leaves_with_its_region_though_it_is_void(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    outside = add_household(desk, 11, village=OTHER, consent=False)
    desk.records.void("R05", outside, "重复")
    grant_regions(platform, desk, VILLAGE)
    rotate(desk, transport, patience)
    synchronise(desk, transport, patience=patience)
    assert not holds(desk, outside)


def test_what_stayed_for_an_unsettled_edit_leaves_once_that_is_settled(
    enrolled: Enrolled, platform: Platform, patience: Patience
) -> None:
    desk, transport = enrolled
    grant_regions(platform, desk, TOWN)
    rotate(desk, transport, patience)
    stayed = add_household(desk, 12, village=OTHER)
    synchronise(desk, transport, patience=patience)
    desk.records.change("R05", stayed, {"address": "还没报送的路2号"})
    grant_regions(platform, desk, VILLAGE)
    rotate(desk, transport, patience)
    assert synchronise(desk, transport, patience=patience).verdicts == {"forbidden": 1}
    assert holds(desk, stayed)
    with desk.store.transaction(desk.actor, "settle") as transaction:
        transaction.supersede(stayed)  # as every decision does
    assert synchronise(desk, transport, patience=patience).left == 1
    assert not holds(desk, stayed)
