"""Other regions and roles for a device: two people, at once for what the platform shows, with the next grant there."""

from __future__ import annotations

import pytest

from jmdesk.core.clock import SystemClock, utc_text
from sync.gateway.database import OWNER, Access, Role
from sync.gateway.enrol import Device, find_device, free_block
from sync.protocol.enrolment import scope_digest
from sync.protocol.session import answer_challenge
from tests.sync.gateway.conftest import COUNTY, TOWN, VILLAGE, Platform
from tests.sync.gateway.desk import Desk
from tests.sync.gateway.staff import QIAN, SUN, WHY, ZHAO, Office, refusal
from tests.sync.gateway.test_devices import asked, retirement, rotated

ELSEWHERE = "440785103"
"""Another town of the same county."""


@pytest.fixture(scope="module")
def office(platform: Platform) -> Office:
    office = Office(platform.storage.database)
    office.staff()
    return office


@pytest.fixture(scope="module")
def town(platform: Platform) -> str:
    """The region prefix of a town."""
    (region,) = platform.desk(TOWN).grant.regions
    return region


def given(platform: Platform, desk: Desk) -> Device:
    device = platform.storage.database.run(Access(Role.API), lambda connection: find_device(connection, desk.device))
    assert device is not None
    return device


def change(office: Office, desk: Desk, regions: list[str], roles: list[str] | None = None) -> None:
    made = office.proposals.propose_scope(ZHAO, desk.device, regions, roles or [], WHY)
    office.proposals.approve(QIAN, made.id, WHY)


def test_one_person_alone_changes_nothing(platform: Platform, office: Office, town: str) -> None:
    desk = platform.desk(COUNTY)
    before = given(platform, desk)
    made = office.proposals.propose_scope(QIAN, desk.device, [town], ["R3"], WHY)
    assert refusal(lambda: office.proposals.approve(QIAN, made.id, WHY)) == "admin.own_proposal"
    assert refusal(lambda: office.proposals.approve(ZHAO, made.id, WHY)) == "admin.not_allowed"
    assert refusal(lambda: office.proposals.propose_scope(SUN, desk.device, [town], [], WHY)) == "admin.not_allowed"
    assert given(platform, desk) == before
    assert office.proposals.withdraw(QIAN, made.id).state == "withdrawn"


def test_two_people_narrow_a_device_and_its_next_grant_says_so(platform: Platform, office: Office, town: str) -> None:
    desk = platform.desk(COUNTY)
    change(office, desk, [town], ["R3"])
    device = given(platform, desk)
    assert (device.grant.regions, device.grant.roles) == ((town,), ("R3",))
    refused = desk.call("GET", "/v1/changes?cursor=0")
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")  # its next session tells of it
    grant = rotated(platform, desk).grant
    assert (grant.regions, grant.roles, grant.desk_block) == ((town,), ("R3",), desk.grant.desk_block)


def test_the_session_says_what_is_granted_now(platform: Platform, office: Office, town: str) -> None:
    desk = platform.desk(COUNTY)

    def said() -> object:
        challenge = desk.call("POST", "/v1/session/challenge", b'{"device":"%s"}' % desk.device.encode()).json()
        now = utc_text(SystemClock().now())
        envelope = answer_challenge(challenge["nonce"], challenge["server_epoch"], now, desk.signing)
        return desk.call("POST", "/v1/session", envelope).json()["scope"]

    assert said() == scope_digest(desk.grant.regions, desk.grant.roles, desk.grant.desk_block)
    change(office, desk, [town])
    assert said() == scope_digest([town], desk.grant.roles, desk.grant.desk_block)


def test_what_was_proposed_holds_only_while_the_device_is_as_it_was_seen(
    platform: Platform, office: Office, town: str
) -> None:
    desk = platform.desk(COUNTY)
    first = office.proposals.propose_scope(ZHAO, desk.device, [town], [], WHY)
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE devices SET roles = '{R4}' WHERE device = %s", (desk.device,))
    assert refusal(lambda: office.proposals.approve(QIAN, first.id, WHY)) == "admin.scope_changed"
    office.proposals.reject(QIAN, first.id, WHY)
    assert refusal(lambda: office.proposals.propose_scope(ZHAO, desk.device, [], ["R4"], WHY)) == "admin.scope_same"


def test_a_device_is_meant_under_whichever_of_its_keys(platform: Platform, office: Office, town: str) -> None:
    desk = platform.desk(COUNTY)
    made = office.proposals.propose_scope(ZHAO, desk.device, [town], [], WHY)
    new = rotated(platform, desk)
    office.proposals.approve(QIAN, made.id, WHY)
    assert given(platform, new).grant.regions == (town,)


@pytest.mark.parametrize(
    ("unit", "regions", "roles", "code"),
    [
        (VILLAGE, [ELSEWHERE], [], "gateway.region_outside"),
        (VILLAGE, ["440799"], [], "gateway.region_unknown"),
        (VILLAGE, [], ["R99"], "gateway.role_unknown"),
    ],
)
def test_a_scope_that_makes_no_sense_is_not_proposed(
    platform: Platform, office: Office, unit: str, regions: list[str], roles: list[str], code: str
) -> None:
    desk = platform.desk(unit)
    assert refusal(lambda: office.proposals.propose_scope(ZHAO, desk.device, regions, roles, WHY)) == code


def test_a_scope_needs_more_than_a_subject_and_a_device_that_goes_on(
    platform: Platform, office: Office, town: str
) -> None:
    desk = platform.desk(COUNTY)
    assert refusal(lambda: office.proposals.propose(ZHAO, "scope", desk.device, WHY)) == "admin.scope_missing"
    assert refusal(lambda: office.proposals.propose_scope(ZHAO, "0" * 32, [town], [], WHY)) == "admin.no_device"
    asked(desk, "retire", retirement(desk))
    assert refusal(lambda: office.proposals.propose_scope(ZHAO, desk.device, [town], [], WHY)) == "admin.device_closed"


def test_a_block_that_another_desk_had_there_is_not_taken_along(platform: Platform, office: Office, town: str) -> None:
    """Numbers outlive a scope: neither the newcomer's nor those that the desk gave before can come twice."""
    desk, other = platform.desk(COUNTY, town), platform.desk(COUNTY, ELSEWHERE)
    shared = desk.grant.desk_block
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE devices SET desk_block = %s WHERE device = %s", (shared, other.device))
    change(office, other, [town])
    assert given(platform, other).desk_block not in ("", shared)
    now = SystemClock().now()
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("DELETE FROM devices WHERE device IN (%s, %s)", (desk.device, other.device))
        assert free_block(connection, [ELSEWHERE], now) != shared  # given there before the scope changed
        connection.execute("DELETE FROM former_scopes WHERE device = %s", (other.device,))
        assert free_block(connection, [ELSEWHERE], now) == shared
