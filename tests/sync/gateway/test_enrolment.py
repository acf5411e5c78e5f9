"""Enrolment and sessions: one-time codes, proofs, grants, tokens."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from jmdesk.core.clock import FixedClock, SystemClock, utc_text
from jmdesk.core.errors import Refused
from sync.gateway.database import OWNER, READ
from sync.gateway.enrol import BLOCKS, TRIES, enrol, free_block, issue_code
from sync.gateway.problem import Declined
from sync.gateway.sessions import challenge, device_of, open_session
from sync.protocol.codes import EnrolmentCode
from sync.protocol.enrolment import open_grant, request_enrolment
from sync.protocol.errors import Problem
from sync.protocol.limits import LIMITS
from sync.protocol.session import answer_challenge
from tests.sync.gateway.conftest import BANK, CITY, COUNTY, OTHER_VILLAGE, TOWN, VILLAGE, Platform


def test_a_code_carries_the_unit_s_own_region_and_roles(platform: Platform) -> None:
    grant = platform.stranger().enrol(platform.code(TOWN), TOWN)
    assert (grant.unit, grant.regions, grant.roles) == (TOWN, ("440785104",), ("R1", "R2"))
    narrow = platform.stranger().enrol(platform.code(TOWN, "440785104200", roles=("R1",)), TOWN)
    assert (narrow.regions, narrow.roles) == (("440785104200",), ("R1",))
    assert platform.stranger().enrol(platform.code(CITY), CITY).regions == ("4407",)


def test_a_code_works_once(platform: Platform) -> None:
    code = platform.code(VILLAGE)
    platform.stranger().enrol(code, VILLAGE)
    second = platform.stranger()
    answer = second.call("POST", "/v1/enrol", second.request(code, VILLAGE).envelope)
    assert (answer.status_code, answer.json()["code"]) == (403, "code_invalid")


def test_a_grant_that_was_lost_on_the_way_is_given_again(platform: Platform) -> None:
    desk = platform.stranger()
    request = desk.request(platform.code(VILLAGE), VILLAGE)
    first = desk.call("POST", "/v1/enrol", request.envelope)
    again = desk.call("POST", "/v1/enrol", request.envelope)
    assert (again.status_code, again.content) == (201, first.content)
    assert open_grant(again.content, desk.trust, request).unit == VILLAGE


def test_a_code_is_for_one_unit(platform: Platform) -> None:
    desk = platform.stranger()
    answer = desk.call("POST", "/v1/enrol", desk.request(platform.code(VILLAGE), OTHER_VILLAGE).envelope)
    assert (answer.status_code, answer.json()["code"]) == (403, "code_unit")


def test_a_wrong_secret_is_refused_and_kills_the_code_in_the_end(platform: Platform) -> None:
    code = EnrolmentCode.parse(platform.code(VILLAGE))
    right = platform.stranger()
    request = right.request(code.text, VILLAGE)
    wrong = EnrolmentCode(code.code_id, "0" * len(code.secret), code.root_prefix)
    for _ in range(TRIES):
        desk = platform.stranger()
        guess = request_enrolment(
            desk.signing, desk.opening.public, wrong, unit=VILLAGE, client="c", created=utc_text(SystemClock().now())
        )
        assert desk.call("POST", "/v1/enrol", guess.envelope).json()["code"] == "code_invalid"
    assert right.call("POST", "/v1/enrol", request.envelope).json()["code"] == "code_invalid"


def test_a_code_expires(platform: Platform) -> None:
    gateway, desk = platform.running.gateway, platform.stranger()
    request = desk.request(platform.code(VILLAGE), VILLAGE)
    later = FixedClock(SystemClock().now())
    later.advance(days=8)
    with pytest.raises(Declined) as declined:
        enrol(gateway.database, gateway.keys, later, request.envelope)
    assert declined.value.problem is Problem.CODE_INVALID


def test_a_used_code_s_secret_is_gone_from_the_database(platform: Platform) -> None:
    code = platform.code(VILLAGE)
    platform.stranger().enrol(code, VILLAGE)
    with platform.storage.database.transaction(OWNER) as connection:
        row = connection.execute(
            "SELECT proof_key, used IS NOT NULL FROM enrol_codes WHERE code_id = %s",
            (EnrolmentCode.parse(code).code_id,),
        ).fetchone()
    assert row == (None, True)


def test_desks_with_overlapping_regions_get_different_blocks(platform: Platform) -> None:
    grants = [platform.stranger().enrol(platform.code(unit), unit) for unit in (VILLAGE, VILLAGE, TOWN, COUNTY)]
    assert len({grant.desk_block for grant in grants}) == 4
    with platform.storage.database.transaction(READ) as connection:
        rows = connection.execute("SELECT desk_block, regions FROM devices").fetchall()
    for block, scope in rows:
        overlapping = [b for b, other in rows if any(x.startswith(y) or y.startswith(x) for x in scope for y in other)]
        assert overlapping.count(block) == 1


def test_two_villages_of_a_county_give_their_papers_different_numbers(platform: Platform) -> None:
    """Papers are numbered by county and block, so blocks differ although the villages' regions do not overlap."""
    blocks = [platform.stranger().enrol(platform.code(unit), unit).desk_block for unit in (VILLAGE, OTHER_VILLAGE)]
    assert len(set(blocks)) == len(blocks)


@pytest.mark.parametrize(
    ("unit", "regions", "roles", "code"),
    [
        ("91440785MA00000A9G", (), (), "gateway.unit_unknown"),
        (TOWN, ("440785103",), (), "gateway.region_outside"),
        (TOWN, ("440799",), (), "gateway.region_unknown"),
        (BANK, (), ("R99",), "gateway.role_unknown"),
    ],
)
def test_a_code_that_makes_no_sense_is_not_issued(
    platform: Platform, unit: str, regions: tuple[str, ...], roles: tuple[str, ...], code: str
) -> None:
    gateway = platform.running.gateway
    with pytest.raises(Refused) as refused:
        issue_code(gateway.database, gateway.keys, SystemClock(), unit, regions, roles)
    assert refused.value.code == code


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b'{"payloadType":"x","payload":"","signatures":[]}'])
def test_nonsense_is_refused_as_malformed(platform: Platform, body: bytes) -> None:
    desk = platform.stranger()
    for path in ("/v1/enrol", "/v1/session", "/v1/session/challenge"):
        answer = desk.call("POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


def test_a_challenge_is_answered_once(platform: Platform) -> None:
    desk = platform.desk()
    asked = desk.call("POST", "/v1/session/challenge", b'{"device":"%s"}' % desk.device.encode()).json()
    envelope = answer_challenge(asked["nonce"], asked["server_epoch"], utc_text(SystemClock().now()), desk.signing)
    assert desk.call("POST", "/v1/session", envelope).status_code == 201
    again = desk.call("POST", "/v1/session", envelope)
    assert (again.status_code, again.json()["code"]) == (401, "unauthenticated")


def test_an_answer_for_another_platform_or_by_another_key_opens_nothing(platform: Platform) -> None:
    desk, other = platform.desk(), platform.desk()
    asked = desk.call("POST", "/v1/session/challenge", b'{"device":"%s"}' % desk.device.encode()).json()
    now = utc_text(SystemClock().now())
    for envelope in (
        answer_challenge(asked["nonce"], "elsewhere", now, desk.signing),
        answer_challenge(asked["nonce"], asked["server_epoch"], now, other.signing),
        answer_challenge("ab" * 32, asked["server_epoch"], now, desk.signing),
    ):
        assert desk.call("POST", "/v1/session", envelope).json()["code"] == "unauthenticated"
    stranger = platform.stranger()
    envelope = answer_challenge(asked["nonce"], asked["server_epoch"], now, stranger.signing)
    assert desk.call("POST", "/v1/session", envelope).json()["code"] == "device_unknown"


def test_sessions_and_challenges_end(platform: Platform) -> None:
    gateway, desk = platform.running.gateway, platform.desk()
    clock = FixedClock(SystemClock().now())
    made = challenge(gateway.database, gateway.keys, clock, desk.device)
    envelope = answer_challenge(made.nonce, made.server_epoch, utc_text(clock.now()), desk.signing)
    late = FixedClock(clock.now())
    late.advance(seconds=LIMITS.challenge_seconds + 1)
    with pytest.raises(Declined, match="unauthenticated"):
        open_session(gateway.database, gateway.keys, late, envelope)
    token = open_session(gateway.database, gateway.keys, clock, envelope).token
    assert device_of(gateway.database, clock, f"Bearer {token}").grant.device == desk.device
    clock.advance(seconds=LIMITS.session_seconds + 1)
    with pytest.raises(Declined, match="unauthenticated"):
        device_of(gateway.database, clock, f"Bearer {token}")


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x", "Basic YTpi"])
def test_without_a_session_nothing_is_answered(platform: Platform, authorization: str) -> None:
    desk = platform.stranger()
    batch = "/v1/batches/01900000-0000-7000-8000-00000000beef"
    for method, path in [
        ("PUT", f"{batch}/manifest"),
        ("PUT", f"{batch}/parts/0"),
        ("POST", f"{batch}/commit"),
        ("GET", batch),
        ("GET", f"{batch}/receipt"),
        ("POST", "/v1/batches"),
        ("GET", "/v1/changes"),
    ]:
        answer = desk.call(method, path, b"", headers={"Authorization": authorization})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def fill_blocks(platform: Platform, region: str, blocks: Sequence[str] = BLOCKS) -> list[str]:
    """Invented desks that have these blocks in a region; their key ids."""
    devices = [f"{number:032x}" for number in range(1, len(blocks) + 1)]
    with platform.storage.database.transaction(OWNER) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO devices (device, public, kem_public, suite, unit, county, regions, roles, desk_block, client)"
            " VALUES (%s, '', '', 'JM1', %s, '440781', %s, '{}', %s, '')",
            [(device, COUNTY, [region], block) for block, device in zip(blocks, devices, strict=True)],
        )
    return devices


def forget(platform: Platform, devices: list[str]) -> None:
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("DELETE FROM devices WHERE device = ANY(%s)", (devices,))


@pytest.mark.parametrize(("closed", "place"), [("retired", 104), ("revoked", 105)])
def test_the_hundredth_desk_of_a_county_gets_a_block_that_no_paper_bears(
    platform: Platform, closed: str, place: int
) -> None:
    """Papers name county, block and year: two villages of a county never share a block within a year."""
    devices = fill_blocks(platform, "440785104201", BLOCKS[:110])

    def block() -> str:
        with platform.storage.database.transaction(OWNER) as connection:
            found = free_block(connection, ["440785103200"], SystemClock().now())
        assert found is not None
        return found

    def end(at: object) -> None:
        with platform.storage.database.transaction(OWNER) as connection:
            values = {"retired": None, "revoked": None, "device": devices[place]} | {closed: at}
            connection.execute(
                "UPDATE devices SET retired = %(retired)s, revoked = %(revoked)s, end_seq = 7"
                " WHERE device = %(device)s",
                values,
            )

    try:
        assert block() == BLOCKS[110]
        end(SystemClock().now())
        assert block() == BLOCKS[110]  # this year's papers bear it
        end("2025-12-31T15:59:00Z")
        assert block() == BLOCKS[place]
        granted = platform.stranger().enrol(platform.code(VILLAGE), VILLAGE).desk_block
        assert (granted, granted[0].isalpha()) == (BLOCKS[place], True)
    finally:
        forget(platform, devices)


def test_without_a_free_block_a_desk_is_told_and_the_same_request_works_once_there_is_one(platform: Platform) -> None:
    devices = fill_blocks(platform, "440785104200")
    desk = platform.stranger()
    request = desk.request(platform.code(VILLAGE), VILLAGE)

    def ask() -> tuple[int, str]:
        answer = desk.call("POST", "/v1/enrol", request.envelope)
        return answer.status_code, answer.json().get("code", "")

    def end(device: str, **values: object) -> None:
        given = {"retired": "2025-12-31T15:59:00Z", "end_seq": 0, "replaced_by": None, **values}
        with platform.storage.database.transaction(OWNER) as connection:
            connection.execute(
                "UPDATE devices SET retired = %(retired)s, end_seq = %(end_seq)s, replaced_by = %(replaced_by)s"
                " WHERE device = %(device)s",
                {"device": device, **given},
            )

    try:
        assert ask() == (409, "blocks_full")
        end(devices[90], end_seq=1)  # gave numbers
        end(devices[91], replaced_by="ab" * 16)  # its successor goes on with the block
        end(devices[92], retired=SystemClock().now())  # this year's numbers of papers may be its
        assert ask() == (409, "blocks_full")
        end(devices[93])
        answer = desk.call("POST", "/v1/enrol", request.envelope)
        assert answer.status_code == 201
        assert open_grant(answer.content, desk.trust, request).desk_block == "94"
    finally:
        forget(platform, devices)
