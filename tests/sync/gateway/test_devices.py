"""The life of a device on the platform: a new key, a new epoch, its end, and what comes late."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
import requests

from jmdesk.core.clock import utc_text
from sync.gateway.database import OWNER, READ
from sync.gateway.enrol import free_block
from sync.gateway.stick import StickDesk
from sync.protocol.enrolment import (
    NO_CHAIN,
    ChainEnd,
    EnrolmentGrant,
    SignedRequest,
    open_grant,
    request_reopen,
    request_retirement,
    request_rotation,
)
from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.manifest import NO_PREVIOUS
from sync.protocol.receipts import open_custody
from sync.protocol.records import Verdict
from sync.protocol.replies import ReplyReader
from sync.protocol.standing import DeviceStanding, DeviceState, open_standing
from sync.protocol.states import PlatformBatch
from sync.protocol.suites import KeyRole, OpeningKey, SigningKey
from tests.sync.gateway.conftest import OTHER_VILLAGE, TOWN, VILLAGE, Platform
from tests.sync.gateway.desk import CLOCK, IDS, Batch, Desk, draft, household


def small(desk: Desk, **header: Any) -> Batch:
    return desk.seal(draft("R05", *household()), **header)


def chain_of(desk: Desk) -> ChainEnd:
    return ChainEnd(desk.epoch, desk.seq, desk.prev) if desk.seq else NO_CHAIN


def asked(desk: Desk, what: str, request: SignedRequest) -> requests.Response:
    return desk.call("POST", f"/v1/devices/self/{what}", request.envelope)


def about(desk: Desk, unit: str = "") -> dict[str, Any]:
    return {
        "unit": unit or desk.unit,
        "chain": chain_of(desk),
        "client": "test-2",
        "created": utc_text(CLOCK.now()),
    }


def reopening(desk: Desk, **members: Any) -> SignedRequest:
    return request_reopen(desk.signing, desk.opening.public, **about(desk) | members)


def retirement(desk: Desk, **members: Any) -> SignedRequest:
    return request_retirement(desk.signing, desk.opening.public, **about(desk) | members)


def successor(platform: Platform, desk: Desk) -> tuple[Desk, SignedRequest]:
    """A desk with new keys, and the request that the old key endorsed."""
    signing = SigningKey(KeyRole.DEVICE, os.urandom(32))
    new = Desk(platform.url, platform.authority, signing, OpeningKey(KeyRole.DEVICE_KEM, os.urandom(32)))
    platform.desks.append(new)
    new.trust, new.unit, new.server_epoch = desk.trust, desk.unit, desk.server_epoch
    return new, request_rotation(signing, new.opening.public, desk.signing, **about(desk))


def rotated(platform: Platform, desk: Desk) -> Desk:
    new, request = successor(platform, desk)
    new.grant = open_grant(asked(new, "rotate", request).content, desk.trust, request)
    new.epoch = new.grant.epoch
    new.open_session()
    return new


def told(desk: Desk, answer: requests.Response) -> DeviceStanding:
    return open_standing(answer.content, desk.trust, desk.device).standing


def code(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def decide(platform: Platform, request: SignedRequest, state: str) -> None:
    """What an administrator's decision does to a request."""
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE device_requests SET state = %s WHERE digest = %s", (state, request.digest))


def set_approval(platform: Platform, unit: str, *, wanted: bool) -> None:
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE units SET approve_keys = %s WHERE unit = %s", (wanted, unit))


def state_of(desk: Desk, batch: Batch) -> str:
    return str(desk.call("GET", f"/v1/batches/{batch.id}").json()["state"])


# -- standing ----------------------------------------------------------------------------------------------------------


def test_a_device_may_ask_how_it_stands(platform: Platform) -> None:
    desk = platform.desk()
    first = told(desk, desk.call("GET", "/v1/devices/self"))
    assert (first.state, first.epoch, first.seq) == (DeviceState.ACTIVE, 0, 0)
    desk.send(small(desk))
    answer = desk.call("GET", "/v1/devices/self")
    assert answer.status_code == 200
    assert (told(desk, answer).epoch, told(desk, answer).seq) == (1, 1)


def test_program_and_clock_of_a_desk_are_noted_when_it_opens_a_session(platform: Platform) -> None:
    desk = platform.desk()
    desk.http.headers["User-Agent"] = "jmdesk/1.2.3 (someone's <laptop>)"
    desk.open_session()
    with platform.storage.database.transaction(READ) as connection:
        row = connection.execute(
            "SELECT client, abs(clock_skew) FROM devices WHERE device = %s", (desk.device,)
        ).fetchone()
    assert row is not None
    assert row[0] == "jmdesk/1.2.3someoneslaptop"
    assert row[1] <= 5


# -- rotation ----------------------------------------------------------------------------------------------------------


def test_a_new_key_goes_on_in_the_next_epoch_with_what_the_old_one_was_granted(platform: Platform) -> None:
    desk = platform.desk(TOWN)
    rid, values = household()
    desk.exchange(draft("R05", rid, values))
    new = rotated(platform, desk)
    assert (new.grant.epoch, new.grant.device) == (2, new.device)
    same = {"unit", "regions", "roles", "desk_block", "server_epoch"}
    assert {name: getattr(new.grant, name) for name in same} == {name: getattr(desk.grant, name) for name in same}
    assert new.exchange(draft("R05", rid, {"population": 5}, base=1))[0].verdict is Verdict.ACCEPTED
    assert new.pull()[rid].version == 2


def test_the_old_key_gets_no_session_once_it_is_replaced(platform: Platform) -> None:
    desk = platform.desk()
    rotated(platform, desk)
    assert code(desk.call("GET", "/v1/changes?cursor=0")) == (401, "unauthenticated")
    with pytest.raises(AssertionError, match="device_retired"):
        desk.open_session()


def test_whoever_lost_the_answer_to_a_rotation_gets_it_again_without_a_session(platform: Platform) -> None:
    desk = platform.desk()
    new, request = successor(platform, desk)
    first = asked(new, "rotate", request)
    again = asked(new, "rotate", request)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content


def test_batches_of_a_replaced_key_are_processed_up_to_the_end_that_it_signed(platform: Platform) -> None:
    desk = platform.desk()
    desk.send(small(desk))
    late = small(desk)
    new = rotated(platform, desk)
    beyond = small(desk)
    assert new.call("POST", "/v1/batches", late.file).status_code == 201
    receipt, lines = desk.read_receipt(late, new.fetch_receipt(late))
    assert (receipt.totals.accepted, lines[0].verdict) == (1, Verdict.ACCEPTED)
    assert new.call("POST", "/v1/batches", beyond.file).status_code == 201
    assert state_of(new, beyond) == PlatformBatch.AWAITING_RELEASE.value


def test_other_bytes_in_the_place_of_a_replaced_key_s_last_batch_are_held(platform: Platform) -> None:
    desk = platform.desk()
    honest = small(desk)
    desk.seq, desk.prev = 0, NO_PREVIOUS
    forged = small(desk)
    desk.prev = honest.signed.digest
    new = rotated(platform, desk)
    assert new.call("POST", "/v1/batches", forged.file).status_code == 201
    assert state_of(new, forged) == PlatformBatch.AWAITING_RELEASE.value


def test_a_rotation_that_the_old_key_did_not_endorse_is_refused(platform: Platform) -> None:
    desk, thief = platform.desk(), platform.desk()
    new, _ = successor(platform, desk)
    members = about(desk)
    request = request_rotation(new.signing, new.opening.public, thief.signing, **members).request
    claimed = msgspec.json.encode(msgspec.structs.replace(request, previous=desk.device))
    stolen = sign_envelope(PayloadType.ENROLMENT_REQUEST, claimed, new.signing)
    assert code(new.call("POST", "/v1/devices/self/rotate", stolen)) == (401, "unauthenticated")
    other_unit = request_rotation(new.signing, new.opening.public, thief.signing, **about(thief, OTHER_VILLAGE))
    assert code(asked(new, "rotate", other_unit)) == (403, "not_yours")
    stranger = platform.stranger()
    unknown = request_rotation(new.signing, new.opening.public, stranger.signing, **members)
    assert code(asked(new, "rotate", unknown)) == (401, "device_unknown")


def test_a_key_takes_the_place_of_one_other_key_only(platform: Platform) -> None:
    desk, second = platform.desk(), platform.desk()
    request = request_rotation(second.signing, second.opening.public, desk.signing, **about(desk))
    assert asked(desk, "rotate", request).json()["detail_code"] == "gateway.key_used"
    rotated(platform, desk)
    _, later = successor(platform, desk)
    assert code(asked(desk, "rotate", later)) == (403, "device_retired")


# -- reopening ---------------------------------------------------------------------------------------------------------


def test_a_chain_is_reopened_in_a_new_epoch_once_it_is_approved(platform: Platform) -> None:
    desk = platform.desk()
    desk.send(small(desk))
    request = reopening(desk)
    waiting = asked(desk, "reopen", request)
    assert waiting.status_code == 202
    assert (told(desk, waiting).state, told(desk, waiting).seq) == (DeviceState.WAITING, 1)
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.WAITING
    assert asked(desk, "reopen", request).status_code == 202
    decide(platform, request, "approved")
    answer = asked(desk, "reopen", request)
    assert answer.status_code == 201
    grant = open_grant(answer.content, desk.trust, request)
    # A restored store does not know the numbers that it gave last, so it goes on in another block.
    assert (grant.epoch, grant.desk_block != desk.grant.desk_block) == (2, True)
    with platform.storage.database.transaction(OWNER) as connection:
        assert free_block(connection, desk.grant.regions, CLOCK.now()) not in (grant.desk_block, desk.grant.desk_block)
    assert asked(desk, "reopen", request).content == answer.content
    desk.epoch, desk.seq, desk.prev = 2, 0, NO_PREVIOUS
    assert desk.exchange(draft("R05", *household()))[0].verdict is Verdict.ACCEPTED
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.ACTIVE


def test_what_continues_the_closed_epoch_is_held_and_what_does_not_is_a_fork(platform: Platform) -> None:
    desk = platform.desk()
    desk.send(small(desk))
    forgotten = small(desk)
    request = reopening(desk)
    asked(desk, "reopen", request)
    decide(platform, request, "approved")
    asked(desk, "reopen", request)
    desk.send(forgotten)
    assert state_of(desk, forgotten) == PlatformBatch.AWAITING_RELEASE.value
    assert desk.announce(small(desk, prev="ab" * 32)).json()["code"] == "chain_fork"


def test_a_newer_reopening_takes_the_place_of_one_that_waits(platform: Platform) -> None:
    desk = platform.desk()
    old = reopening(desk)
    asked(desk, "reopen", old)
    decide(platform, old, "approved")
    newer = reopening(desk, created="2026-11-01T00:00:00Z")
    assert asked(desk, "reopen", newer).status_code == 202
    assert code(asked(desk, "reopen", old)) == (403, "not_approved")


def test_a_refused_reopening_stays_refused(platform: Platform) -> None:
    desk = platform.desk()
    request = reopening(desk)
    asked(desk, "reopen", request)
    decide(platform, request, "rejected")
    assert code(asked(desk, "reopen", request)) == (403, "not_approved")
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.ACTIVE


def test_a_request_for_another_unit_or_with_another_key_is_refused(platform: Platform) -> None:
    desk = platform.desk()
    assert code(asked(desk, "reopen", reopening(desk, unit=OTHER_VILLAGE))) == (403, "not_yours")
    other = request_reopen(desk.signing, platform.desk().opening.public, **about(desk))
    assert asked(desk, "reopen", other).json()["detail_code"] == "gateway.key_other"
    assert asked(desk, "reopen", retirement(desk)).json()["detail_code"] == "protocol.purpose"
    assert code(asked(desk, "reopen", reopening(platform.stranger(), unit=VILLAGE))) == (401, "device_unknown")


# -- retirement --------------------------------------------------------------------------------------------------------


def test_a_retired_device_gets_nothing_more_and_its_late_batches_are_held(platform: Platform) -> None:
    desk = platform.desk()
    done, late = small(desk), small(desk)
    desk.send(done)
    request = retirement(desk)
    answer = asked(desk, "retire", request)
    assert answer.status_code == 201
    standing = told(desk, answer)
    assert (standing.state, standing.epoch, standing.seq) == (DeviceState.RETIRED, 1, 1)
    assert told(desk, asked(desk, "retire", request)).state is DeviceState.RETIRED
    assert code(desk.call("GET", "/v1/changes?cursor=0")) == (403, "device_retired")
    desk.open_session()
    desk.send(late)
    assert state_of(desk, late) == PlatformBatch.AWAITING_RELEASE.value
    assert told(desk, desk.call("GET", "/v1/devices/self")).seq == 2
    assert code(asked(desk, "reopen", reopening(desk))) == (403, "device_retired")
    assert desk.verdicts(done)[0].totals.accepted == 1


def test_a_retirement_ends_what_the_device_still_asked_for(platform: Platform) -> None:
    desk = platform.desk()
    request = reopening(desk)
    asked(desk, "reopen", request)
    asked(desk, "retire", retirement(desk))
    assert code(asked(desk, "reopen", request)) == (403, "not_approved")


def test_a_revoked_device_stays_revoked_when_it_retires(platform: Platform) -> None:
    desk = platform.desk()
    with platform.storage.database.transaction(OWNER) as connection:
        connection.execute("UPDATE devices SET revoked = now() WHERE device = %s", (desk.device,))
    assert told(desk, asked(desk, "retire", retirement(desk))).state is DeviceState.REVOKED
    assert code(asked(desk, "reopen", reopening(desk))) == (403, "device_revoked")
    new, request = successor(platform, desk)
    assert code(asked(new, "rotate", request)) == (403, "device_revoked")


def test_a_courier_s_own_standing_does_not_decide_over_another_desk_s_batch(platform: Platform) -> None:
    village, town = platform.desk(), platform.desk(TOWN)
    asked(village, "retire", retirement(village))
    batch = small(village)
    assert town.call("POST", "/v1/batches", batch.file).status_code == 201
    assert state_of(town, batch) == PlatformBatch.AWAITING_RELEASE.value


def test_a_replaced_computer_begins_its_own_chain_at_the_same_numbers(platform: Platform) -> None:
    first = platform.desk()
    first.exchange(draft("R05", *household()))
    asked(first, "retire", retirement(first))
    second = platform.desk()
    assert (second.grant.epoch, second.grant.desk_block != first.grant.desk_block) == (1, True)
    assert second.exchange(draft("R05", *household()))[0].verdict is Verdict.ACCEPTED


def test_the_stick_s_desk_answers_a_held_batch_with_its_custody_at_once(platform: Platform, tmp_path: Path) -> None:
    desk = platform.desk()
    asked(desk, "retire", retirement(desk))
    batch = small(desk)
    (tmp_path / "late.jmb").write_bytes(batch.file)
    gateway = platform.running.gateway
    (handled,) = StickDesk(gateway.database, gateway.keys, CLOCK, IDS).handle(tmp_path)
    reply = io.BytesIO((tmp_path / handled.reply).read_bytes())
    (item,) = ReplyReader(reply, desk.trust, device=desk.device, unit=desk.unit, epoch=1).items
    assert open_custody(item.envelope, desk.trust, batch.signed.manifest, batch.signed.digest).receipt.held


# -- approval of keys --------------------------------------------------------------------------------------------------


def test_a_new_key_waits_where_its_unit_is_set_so(platform: Platform) -> None:
    set_approval(platform, OTHER_VILLAGE, wanted=True)
    try:
        desk = platform.stranger()
        request = desk.request(platform.code(OTHER_VILLAGE), OTHER_VILLAGE)
        waiting = desk.call("POST", "/v1/enrol", request.envelope)
        assert waiting.status_code == 202
        assert (told(desk, waiting).state, told(desk, waiting).epoch) == (DeviceState.WAITING, 0)
        with pytest.raises(AssertionError, match="device_unknown"):
            desk.open_session()
        assert desk.call("POST", "/v1/enrol", request.envelope).status_code == 202
        decide(platform, request, "approved")
        granted = desk.call("POST", "/v1/enrol", request.envelope)
        assert granted.status_code == 201
        grant: EnrolmentGrant = open_grant(granted.content, desk.trust, request)
        assert grant.epoch == 1
        desk.unit, desk.grant = grant.unit, grant
        desk.open_session()
        new, rotation = successor(platform, desk)
        assert asked(new, "rotate", rotation).status_code == 202
        desk.open_session()  # the old key is good until the new one is granted
        decide(platform, rotation, "approved")
        assert open_grant(asked(new, "rotate", rotation).content, desk.trust, rotation).epoch == 2
    finally:
        set_approval(platform, OTHER_VILLAGE, wanted=False)


def test_a_key_that_was_refused_may_not_use_its_code_again(platform: Platform) -> None:
    set_approval(platform, OTHER_VILLAGE, wanted=True)
    try:
        desk = platform.stranger()
        request = desk.request(platform.code(OTHER_VILLAGE), OTHER_VILLAGE)
        desk.call("POST", "/v1/enrol", request.envelope)
        decide(platform, request, "rejected")
        assert code(desk.call("POST", "/v1/enrol", request.envelope)) == (403, "not_approved")
    finally:
        set_approval(platform, OTHER_VILLAGE, wanted=False)
