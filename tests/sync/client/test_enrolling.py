from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jmdesk.core.clock import FixedClock, SystemClock
from jmdesk.core.errors import Environment, Refused, Unreachable
from jmdesk.desk import Desk
from jmdesk.vault.kdf import FLOOR
from sync.client.engine import synchronise
from sync.client.enrolment import enrol
from sync.client.membership import load_membership
from sync.client.patience import Patience
from sync.gateway.enrol import issue_code
from sync.protocol.codes import EnrolmentCode
from tests.sync.client.conftest import PASSPHRASE, Platform, Workshop
from tests.sync.client.desk_view import RECORDS, household_of
from tests.sync.client.lines import AnswersLost, Forged, Line
from tests.sync.client.office import TOWN, UNIT, VILLAGE, add_household


def test_the_grant_overrides_what_the_office_claimed(platform: Platform, tmp_path: Path, patience: Patience) -> None:
    with Desk.create(tmp_path / "claims", PASSPHRASE, unit=UNIT, regions=("44",), cost=FLOOR) as desk:
        assert desk.number_block == "00"
        grant = enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience)
        assert desk.grant == grant
        assert desk.regions != ("44",)
        assert VILLAGE.startswith(desk.regions)
        assert (grant.unit, grant.device) == (UNIT, desk.vault.device_keys().keyid)
        assert desk.number_block != "00"
        membership = load_membership(desk.store)
        assert membership.root == hashlib.sha256(platform.running.gateway.keys.root_public).hexdigest()
        assert membership.server_epoch == platform.running.gateway.keys.server_epoch


def test_two_desks_of_a_unit_get_numbers_that_never_clash(
    platform: Platform, tmp_path: Path, workshop: Workshop, patience: Patience
) -> None:
    blocks = []
    for name in ("one", "two"):
        with workshop.desk(tmp_path / name) as desk:
            blocks.append(
                enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience).block
            )
    assert len(set(blocks)) == 2


def test_a_code_works_once(
    platform: Platform, desk: Desk, tmp_path: Path, workshop: Workshop, patience: Patience
) -> None:
    code = platform.code()
    enrol(desk, platform.transport(), code, gateway=platform.url, patience=patience)
    with workshop.desk(tmp_path / "late") as late:
        with pytest.raises(Refused) as refused:
            enrol(late, platform.transport(), code, gateway=platform.url, patience=patience)
        assert refused.value.code == "sync.code_invalid"
        assert late.grant is None


def test_a_desk_enrols_once(platform: Platform, desk: Desk, patience: Patience) -> None:
    enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience)
    line = Line(platform.transport())
    with pytest.raises(Refused, match=r"sync\.already_enrolled"):
        enrol(desk, line, platform.code(), gateway=platform.url, patience=patience)
    assert line.calls == []


def test_a_code_of_another_unit_is_told(platform: Platform, desk: Desk, patience: Patience) -> None:
    with pytest.raises(Refused) as refused:
        enrol(desk, platform.transport(), platform.code(TOWN), gateway=platform.url, patience=patience)
    assert refused.value.code == "sync.code_unit"


def test_a_mistyped_code_is_told_before_anything_is_sent(platform: Platform, desk: Desk, patience: Patience) -> None:
    code = platform.code()
    swapped = code[:-1] + ("0" if code[-1] != "0" else "1")
    line = Line(platform.transport())
    with pytest.raises(Refused, match=r"^protocol\.code_"):
        enrol(desk, line, swapped, gateway=platform.url, patience=patience)
    assert line.calls == []


def test_a_platform_with_another_root_is_given_nothing(platform: Platform, desk: Desk, patience: Patience) -> None:
    elsewhere = EnrolmentCode.new(bytes(10), bytes(32)).text
    line = Line(platform.transport())
    with pytest.raises(Refused, match=r"^protocol\."):
        enrol(desk, line, elsewhere, gateway=platform.url, patience=patience)
    assert line.calls == ["trust"]
    assert desk.grant is None


def test_a_grant_that_was_tampered_with_is_not_kept(platform: Platform, desk: Desk, patience: Patience) -> None:
    line = Forged(platform.transport(), "enrol", lambda answer: answer.replace(b'"sig":"', b'"sig":"A', 1))
    with pytest.raises(Refused, match=r"^protocol\."):
        enrol(desk, line, platform.code(), gateway=platform.url, patience=patience)
    assert desk.grant is None


def test_a_lost_answer_does_not_use_up_the_code(platform: Platform, desk: Desk, patience: Patience) -> None:
    line = AnswersLost(platform.transport())
    enrol(desk, line, platform.code(), gateway=platform.url, patience=patience)
    assert line.calls == ["trust", "trust", "enrol", "enrol"]
    assert synchronise(desk, platform.transport(), patience=patience).complete


def test_a_restored_vault_without_its_device_key_enrols_with_fresh_keys(
    platform: Platform, desk: Desk, patience: Patience
) -> None:
    (desk.vault.folder / "device.key").unlink()
    grant = enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience)
    assert desk.vault.device_keys().keyid == grant.device


def test_a_desk_that_lost_its_keys_enrols_anew_whatever_it_had_sent(
    platform: Platform, desk: Desk, patience: Patience
) -> None:
    enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience)
    (desk.vault.folder / "device.key").unlink()
    grant = enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience)
    assert desk.vault.device_keys().keyid == grant.device
    add_household(desk, 1)
    assert synchronise(desk, platform.transport(), patience=patience).complete
    (desk.vault.folder / "device.key").unlink()
    later = add_household(desk, 2)
    enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience)
    assert synchronise(desk, platform.transport(), patience=patience).verdicts == {"accepted": RECORDS}
    assert household_of(desk, later).base_version == 1


def test_a_desk_that_is_not_enrolled_cannot_synchronise(platform: Platform, desk: Desk, patience: Patience) -> None:
    with pytest.raises(Refused, match=r"sync\.not_enrolled"):
        synchronise(desk, platform.transport(), patience=patience)


def test_a_lost_device_key_is_told_when_synchronising(platform: Platform, desk: Desk, patience: Patience) -> None:
    enrol(desk, platform.transport(), platform.code(), gateway=platform.url, patience=patience)
    (desk.vault.folder / "device.key").unlink()
    with pytest.raises(Environment, match=r"vault\.device_key_missing"):
        synchronise(desk, platform.transport(), patience=patience)


def test_without_a_network_enrolment_says_so_and_keeps_the_code(
    platform: Platform, desk: Desk, patience: Patience
) -> None:
    code = platform.code()
    with pytest.raises(Unreachable, match=r"sync\.no_connection"):
        enrol(desk, platform.transport("https://127.0.0.1:1"), code, gateway=platform.url, patience=patience)
    enrol(desk, platform.transport(), code, gateway=platform.url, patience=patience)


def test_a_code_is_issued_for_regions_of_the_unit_only(platform: Platform) -> None:
    keys = platform.running.gateway.keys
    with pytest.raises(Refused, match=r"gateway\.region_outside"):
        issue_code(platform.storage.database, keys, SystemClock(), UNIT, ("440785103201",), ())


def test_a_key_that_waits_for_approval_is_enrolled_with_the_same_code_afterwards(
    desk: Desk, platform: Platform, patience: Patience
) -> None:
    transport, code = platform.transport(), platform.code()
    with platform.approving_keys(UNIT):
        for _ in range(2):
            with pytest.raises(Refused, match=r"sync\.enrolment_waits"):
                enrol(desk, transport, code, gateway=platform.url, ca=platform.ca, patience=patience)
        assert desk.grant is None
        platform.approve("enrol")
        enrol(desk, transport, code, gateway=platform.url, ca=platform.ca, patience=patience)
    assert desk.grant is not None


def test_a_grant_whose_answer_was_lost_is_fetched_with_the_same_code_later(
    desk: Desk, platform: Platform, patience: Patience
) -> None:
    transport, code = platform.transport(), platform.code()
    once = Patience(patience.steering, attempts=1)
    line = AnswersLost(transport)
    for _ in range(2):  # the trust document's answer is lost first, then the grant's
        with pytest.raises(Unreachable):
            enrol(desk, line, code, gateway=platform.url, ca=platform.ca, patience=once)
    desk.clock = FixedClock(datetime.now(UTC) + timedelta(hours=1))
    enrol(desk, transport, code, gateway=platform.url, ca=platform.ca, patience=patience)
    assert desk.grant is not None
