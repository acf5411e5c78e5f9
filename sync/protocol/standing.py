"""``device-standing.v1``: the platform's signed word on how it regards a device, and where that device's chain ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from sync.protocol.envelope import PayloadType, open_envelope, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.manifest import VERSION, Count, KeyId, Moment, Token, check_version, encode
from sync.protocol.strict_json import read_json
from sync.protocol.suites import Keyring, Signer


class DeviceState(StrEnum):
    """How the platform regards a device key. Batches of the last two are still taken, and held for a person."""

    ACTIVE = "active"
    WAITING = "waiting"  # a request of this key waits for an administrator's approval
    RETIRED = "retired"  # the desk, its successor or the office ended it; never active again
    REVOKED = "revoked"  # an administrator shut it out


class DeviceStanding(msgspec.Struct, frozen=True):
    """The payload. ``epoch`` and ``seq`` name the last batch in the platform's custody; both 0 before enrolment."""

    v: int
    suite: Token
    device: KeyId
    state: DeviceState
    epoch: Count
    seq: Count
    server_epoch: Token
    at: Moment


@dataclass(frozen=True, slots=True)
class SignedStanding:
    """A standing and its envelope bytes."""

    standing: DeviceStanding
    envelope: bytes = field(repr=False)


def sign_standing(
    device: str, state: DeviceState, *, epoch: int, seq: int, server_epoch: str, at: str, key: Signer
) -> SignedStanding:
    """The platform's word on a device. Raises `LocalProtocolError` for values that the payload does not take."""
    standing = DeviceStanding(VERSION, key.suite, device, state, epoch, seq, server_epoch, at)
    payload = encode(standing)
    try:
        read_json(payload, DeviceStanding)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return SignedStanding(standing, sign_envelope(PayloadType.DEVICE_STANDING, payload, key))


def open_standing(envelope: bytes, keyring: Keyring, device: str) -> SignedStanding:
    """The standing of exactly this device (its key id). Raises `RemoteProtocolError`."""
    opened = open_envelope(envelope, PayloadType.DEVICE_STANDING, keyring)
    standing = read_json(opened.payload, DeviceStanding)
    check_version(standing.v, standing.suite)
    if standing.device != device:
        raise RemoteProtocolError("protocol.receipt_other_device")
    return SignedStanding(standing, envelope)
