"""The platform's signed word on a device: whose it is, who signed it, and what it says."""

from __future__ import annotations

import json

import pytest

from sync.protocol.envelope import PayloadType, sign_envelope
from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.standing import DeviceState, SignedStanding, open_standing, sign_standing
from tests.sync.protocol import sample

DEVICE = sample.DEVICE.keyid


def signed(state: DeviceState = DeviceState.RETIRED) -> SignedStanding:
    return sign_standing(
        DEVICE, state, epoch=2, seq=7, server_epoch=sample.SERVER_EPOCH, at=sample.NOW, key=sample.PLATFORM
    )


@pytest.mark.parametrize("state", DeviceState)
def test_a_standing_says_what_the_platform_signed(state: DeviceState) -> None:
    made = signed(state)
    opened = open_standing(made.envelope, sample.KEYRING, DEVICE)
    assert opened.standing == made.standing
    assert (opened.standing.state, opened.standing.epoch, opened.standing.seq) == (state, 2, 7)


def test_the_standing_of_another_device_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="receipt_other_device"):
        open_standing(signed().envelope, sample.KEYRING, sample.OTHER_DEVICE.keyid)


def test_a_device_cannot_sign_its_own_standing() -> None:
    payload = json.dumps({"v": 1}).encode()
    with pytest.raises(LocalProtocolError, match="key_role"):
        sign_envelope(PayloadType.DEVICE_STANDING, payload, sample.DEVICE)
    forged = signed().envelope.replace(b"device-standing", b"custody-receipt")
    with pytest.raises(RemoteProtocolError, match="payload_type"):
        open_standing(forged, sample.KEYRING, DEVICE)


@pytest.mark.parametrize(
    ("members", "code"), [({"state": "asleep"}, "schema"), ({"seq": -1}, "schema"), ({"v": 2}, "version")]
)
def test_a_standing_that_breaks_a_rule_is_refused_by_name(members: dict[str, object], code: str) -> None:
    good = {
        "v": 1, "suite": "JM1", "device": DEVICE, "state": "active", "epoch": 1, "seq": 1,
        "server_epoch": "epoch-1", "at": sample.NOW,
    }  # fmt: skip
    payload = json.dumps(good | members, separators=(",", ":")).encode()
    with pytest.raises(RemoteProtocolError, match=f"protocol.{code}$"):
        open_standing(sign_envelope(PayloadType.DEVICE_STANDING, payload, sample.PLATFORM), sample.KEYRING, DEVICE)


def test_a_standing_is_not_signed_for_what_is_no_device() -> None:
    with pytest.raises(LocalProtocolError, match="schema"):
        sign_standing("x", DeviceState.ACTIVE, epoch=0, seq=0, server_epoch="", at=sample.NOW, key=sample.PLATFORM)
