"""Administration: four eyes in the program and in the database, held batches, requests of devices, the log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import psycopg
import pytest

from jmdesk.core.clock import FixedClock, SystemClock
from sync.gateway.admin.accounts import ADMIN, Account, AccountRole
from sync.gateway.admin.effects import EFFECTS
from sync.gateway.admin.proposals import PROPOSAL_DAYS, Proposals
from sync.gateway.database import OWNER
from sync.protocol.records import Verdict
from sync.protocol.standing import DeviceState
from sync.protocol.states import PlatformBatch
from tests.sync.gateway.conftest import OTHER_VILLAGE, VILLAGE, Platform
from tests.sync.gateway.staff import QIAN, SUN, WHY, ZHAO, Office, names, refusal
from tests.sync.gateway.test_devices import asked, reopening, retirement, small, state_of, told


@pytest.fixture(scope="module")
def office(platform: Platform) -> Office:
    office = Office(platform.storage.database)
    office.staff()
    return office


# -- four eyes ---------------------------------------------------------------------------------------------------------


def test_nobody_decides_over_a_proposal_of_one_s_own(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    made = office.proposals.propose(QIAN, "revoke", desk.device, WHY)
    assert refusal(lambda: office.proposals.approve(QIAN, made.id, WHY)) == "admin.own_proposal"
    assert refusal(lambda: office.proposals.reject(QIAN, made.id, WHY)) == "admin.own_proposal"
    assert office.proposals.withdraw(QIAN, made.id).state == "withdrawn"


@pytest.mark.parametrize("decider", ["zhao", "sun", "nobody"])
def test_the_database_itself_refuses_a_decision_by_the_wrong_account(
    platform: Platform, office: Office, decider: str
) -> None:
    desk = platform.desk()
    made = office.proposals.propose(ZHAO, "revoke", desk.device, WHY)
    for access in (ADMIN, OWNER):
        with pytest.raises(psycopg.Error), office.database.transaction(access) as connection:
            connection.execute(
                "UPDATE proposals SET state = 'approved', decided_by = %s, decided_at = now() WHERE id = %s",
                (decider, made.id),
            )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proposals SET reason = 'something else'",
        "UPDATE proposals SET proposed_by = 'qian'",
        "UPDATE proposals SET state = 'open', decided_by = NULL, decided_at = NULL WHERE state <> 'open'",
        "DELETE FROM proposals",
        """INSERT INTO proposals (kind, subject, detail, reason, proposed_by, proposed_at, expires)
        VALUES ('revoke', 'x', '{}', 'a reason', 'sun', now(), now())""",
        "UPDATE admin_log SET account = 'sun'",
        "DELETE FROM admin_log",
        "TRUNCATE admin_log",
    ],
)
def test_what_was_said_and_done_cannot_be_changed_even_by_the_owner(
    platform: Platform, office: Office, statement: str
) -> None:
    made = office.proposals.propose(ZHAO, "revoke", platform.desk().device, WHY)
    office.proposals.reject(QIAN, made.id, WHY)
    for access in (ADMIN, OWNER):
        with pytest.raises(psycopg.Error), office.database.transaction(access) as connection:
            connection.execute(statement.encode())


def test_the_administration_sees_no_value_and_opens_nothing(office: Office) -> None:
    for statement in (
        "SELECT fields FROM records",
        "SELECT ciphertext FROM batch_parts",
        "SELECT sealed FROM platform_keys",
        "SELECT proof_key FROM enrol_codes",
        "UPDATE records SET version = 1",
        "UPDATE devices SET revoked = NULL, unit = 'x'",
        """INSERT INTO operations (county, device, epoch, seq, idx, rid, verdict, version)
        VALUES ('440785', 'x', 1, 1, 0, '', 'accepted', 1)""",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), office.database.transaction(ADMIN) as connection:
            connection.execute(statement)


PERMISSIONS = {
    AccountRole.OPERATOR: {"propose", "withdraw", "account", "acknowledge"},
    AccountRole.APPROVER: {"propose", "withdraw", "account", "acknowledge", "approve", "reject"},
    AccountRole.AUDITOR: set[str](),
}


@pytest.mark.parametrize("by", [ZHAO, QIAN, SUN], ids=lambda account: account.role.value)
@pytest.mark.parametrize("deed", ["propose", "withdraw", "account", "acknowledge", "approve", "reject"])
def test_each_role_may_do_what_is_its_own(platform: Platform, office: Office, by: Account, deed: str) -> None:
    desk = platform.desk()
    author = by if deed == "withdraw" and by.role.proposes else Account("li", AccountRole.APPROVER)
    if author is not by and not [a for a in names(office) if a == "li"]:
        made = office.proposals.propose_account(ZHAO, "li", AccountRole.APPROVER, "a fourth one for tests", WHY)
        office.proposals.approve(QIAN, made.id, WHY)
    number = office.proposals.propose(author, "revoke", desk.device, WHY).id
    deeds: dict[str, Callable[[], object]] = {
        "propose": lambda: office.proposals.propose(by, "retire", desk.device, WHY),
        "withdraw": lambda: office.proposals.withdraw(by, number),
        "account": lambda: office.proposals.propose_account(
            by, f"new-{by.name}", AccountRole.AUDITOR, "five of a kind here", WHY
        ),
        "acknowledge": lambda: office.overview.acknowledge(by, desk.device, alarm(platform, office, desk.device), WHY),
        "approve": lambda: office.proposals.approve(by, number, WHY),
        "reject": lambda: office.proposals.reject(by, number, WHY),
    }
    if deed in PERMISSIONS[by.role]:
        deeds[deed]()
    else:
        assert refusal(deeds[deed]) == "admin.not_allowed"


def alarm(platform: Platform, office: Office, device: str) -> str:
    """A chain alarm of a device; its time."""
    desk = next(desk for desk in platform.desks if desk.device == device)
    if not desk.seq:
        desk.send(small(desk))
    desk.announce(small(desk, seq=desk.seq + 1, prev="ab" * 32))
    return next(str(row["at"]) for row in office.overview.alarms() if row["device"] == device)


def test_a_proposal_needs_a_reason_a_known_kind_and_something_to_do(platform: Platform, office: Office) -> None:
    desk, proposals = platform.desk(), office.proposals
    assert refusal(lambda: proposals.propose(ZHAO, "revoke", desk.device, " x ")) == "admin.reason"
    assert refusal(lambda: proposals.propose(ZHAO, "destroy", desk.device, WHY)) == "admin.kind_unknown"
    assert refusal(lambda: proposals.propose(ZHAO, "revoke", "0" * 32, WHY)) == "admin.no_device"
    assert refusal(lambda: proposals.propose(ZHAO, "release", desk.device, WHY)) == "admin.not_held"
    assert refusal(lambda: proposals.propose(ZHAO, "key", "0" * 64, WHY)) == "admin.no_request"
    proposals.propose(ZHAO, "revoke", desk.device, WHY)
    assert refusal(lambda: proposals.propose(QIAN, "revoke", desk.device, WHY)) == "admin.proposed_already"


def test_a_proposal_that_nobody_decides_expires(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    made = office.proposals.propose(ZHAO, "revoke", desk.device, WHY)
    later = FixedClock(SystemClock().now() + timedelta(days=PROPOSAL_DAYS, hours=1))
    proposals = Proposals(office.database, later)
    assert refusal(lambda: proposals.approve(QIAN, made.id, WHY)) == "admin.no_proposal"
    assert next(one.state for one in proposals.listed() if one.id == made.id) == "expired"


def test_a_decision_is_made_once(platform: Platform, office: Office) -> None:
    made = office.proposals.propose(ZHAO, "revoke", platform.desk().device, WHY)
    office.proposals.approve(QIAN, made.id, WHY)
    assert refusal(lambda: office.proposals.approve(QIAN, made.id, WHY)) == "admin.no_proposal"
    assert refusal(lambda: office.proposals.reject(QIAN, made.id, WHY)) == "admin.no_proposal"


# -- what proposals do -------------------------------------------------------------------------------------------------


def test_a_revoked_device_is_shut_out_only_after_the_second_pair_of_eyes(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    made = office.proposals.propose(ZHAO, "revoke", desk.device, WHY)
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.ACTIVE
    office.proposals.approve(QIAN, made.id, WHY)
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.REVOKED
    assert refusal(lambda: office.proposals.propose(ZHAO, "retire", desk.device, WHY)) == "admin.device_closed"


def test_the_office_may_retire_a_computer_that_will_not_come_back(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    desk.send(small(desk))
    office.do("retire", desk.device)
    standing = told(desk, desk.call("GET", "/v1/devices/self"))
    assert (standing.state, standing.seq) == (DeviceState.RETIRED, 1)


def test_a_rejected_proposal_changes_nothing(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    made = office.proposals.propose(ZHAO, "revoke", desk.device, WHY)
    assert office.proposals.reject(QIAN, made.id, WHY).state == "rejected"
    assert told(desk, desk.call("GET", "/v1/devices/self")).state is DeviceState.ACTIVE


def test_a_reopening_is_granted_after_approval(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    request = reopening(desk)
    asked(desk, "reopen", request)
    row = next(one for one in office.overview.waiting() if one["device"] == desk.device)
    assert (row["kind"], row["subject"]) == ("reopen", request.digest)
    office.do(row["kind"], row["subject"])
    assert asked(desk, "reopen", request).status_code == 201


def test_a_reopening_that_is_refused_is_told_so(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    request = reopening(desk)
    asked(desk, "reopen", request)
    office.do("reopen-refuse", request.digest)
    assert asked(desk, "reopen", request).json()["code"] == "not_approved"


def test_a_newer_request_is_not_approved_with_the_older_one(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    old = reopening(desk)
    asked(desk, "reopen", old)
    made = office.proposals.propose(ZHAO, "reopen", old.digest, WHY)
    newer = reopening(desk, created="2026-11-01T00:00:00Z")
    asked(desk, "reopen", newer)
    assert refusal(lambda: office.proposals.approve(QIAN, made.id, WHY)) == "admin.no_request"
    assert asked(desk, "reopen", newer).status_code == 202


def test_keys_of_a_unit_wait_once_two_accounts_said_so(platform: Platform, office: Office) -> None:
    office.do("unit-approval-on", OTHER_VILLAGE)
    try:
        desk = platform.stranger()
        request = desk.request(platform.code(OTHER_VILLAGE), OTHER_VILLAGE)
        assert desk.call("POST", "/v1/enrol", request.envelope).status_code == 202
        office.do("key", request.digest)
        assert desk.call("POST", "/v1/enrol", request.envelope).status_code == 201
        again = office.proposals
        assert refusal(lambda: again.propose(ZHAO, "unit-approval-on", OTHER_VILLAGE, WHY)) == "admin.already_so"
    finally:
        office.do("unit-approval-off", OTHER_VILLAGE)


def test_released_batches_are_processed_like_any_other(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    asked(desk, "retire", retirement(desk))
    first, second = small(desk), small(desk)
    desk.send(first)
    desk.send(second)
    office.do("release", desk.device)
    platform.running.gateway.notify()
    assert desk.verdicts(first)[0].totals.accepted == 1
    assert desk.verdicts(second)[0].totals.accepted == 1


def test_a_refused_batch_ends_in_a_signed_verdict_for_every_record(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    asked(desk, "retire", retirement(desk))
    batch = small(desk)
    desk.send(batch)
    office.do("refuse", batch.id)
    platform.running.gateway.notify()
    receipt, lines = desk.verdicts(batch)
    assert receipt.totals.rejected == receipt.records == 1
    assert [(line.verdict, line.code) for line in lines] == [(Verdict.REJECTED, "verdict.not_released")]


def test_what_came_after_a_proposal_is_not_released_with_it(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    asked(desk, "retire", retirement(desk))
    seen = small(desk)
    desk.send(seen)
    made = office.proposals.propose(ZHAO, "release", desk.device, WHY)
    later = small(desk)
    desk.send(later)
    office.proposals.approve(QIAN, made.id, WHY)
    assert state_of(desk, later) == PlatformBatch.AWAITING_RELEASE.value
    assert state_of(desk, seen) != PlatformBatch.AWAITING_RELEASE.value


def test_a_held_batch_is_not_released_before_an_earlier_one(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    asked(desk, "retire", retirement(desk))
    first, second = small(desk), small(desk)
    desk.send(first)
    desk.send(second)
    made = office.proposals.propose(ZHAO, "release", second.id, WHY)
    assert refusal(lambda: office.proposals.approve(QIAN, made.id, WHY)) == "admin.held_before"
    office.do("refuse", first.id)
    office.proposals.approve(QIAN, made.id, WHY)
    assert state_of(desk, second) != PlatformBatch.AWAITING_RELEASE.value


def test_every_kind_of_proposal_is_about_something(office: Office) -> None:
    told_ = {kind: refusal(partial(office.proposals.propose, ZHAO, kind, "nothing", WHY)) for kind in EFFECTS}
    assert set(told_.values()) == {
        *("admin.no_request", "admin.no_device", "admin.not_held", "gateway.unit_unknown", "admin.no_account"),
        *("admin.no_key", "admin.scope_missing"),
    }


# -- what operators see ------------------------------------------------------------------------------------------------


def test_operators_see_devices_batches_verdicts_and_alarms(platform: Platform, office: Office) -> None:
    desk = platform.desk()
    batch = small(desk)
    desk.send(batch)
    desk.verdicts(batch)
    at = alarm(platform, office, desk.device)
    row = next(one for one in office.overview.devices(VILLAGE) if one["device"] == desk.device)
    assert (row["state"], row["alarms"], row["clock_wrong"]) == ("active", 1, False)
    assert row["backlog"] == {"uploading": 0, "in_custody": 0, "awaiting_release": 0}
    assert row["last_seen"]
    shown = office.overview.batches(desk.device)
    assert [(one["batch_id"], one["state"], one["totals"]) for one in shown] == [
        (batch.id, "processed", {"accepted": 1})
    ]
    counted = [one for one in office.overview.verdicts() if (one["unit"], one["type"]) == (VILLAGE, "R05")]
    assert sum(one["count"] for one in counted if one["verdict"] == "accepted") >= 1
    office.overview.acknowledge(ZHAO, desk.device, at, WHY)
    assert not [one for one in office.overview.alarms() if one["device"] == desk.device]
    noted = next(one for one in office.overview.alarms(all_=True) if one["device"] == desk.device)
    assert (noted["kind"], noted["acknowledged_by"], noted["note"]) == ("chain_fork", "zhao", WHY)
    assert refusal(lambda: office.overview.acknowledge(QIAN, desk.device, at, WHY)) == "admin.no_alarm"
    assert refusal(lambda: office.overview.batches(state="lost")) == "admin.state_unknown"
