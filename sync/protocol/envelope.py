"""DSSE envelopes: signed bytes with a type; checked over the bytes received, and only then parsed (I3)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from sync.protocol.errors import LocalProtocolError, RemoteProtocolError
from sync.protocol.limits import LIMITS, Limits
from sync.protocol.strict_json import read_json
from sync.protocol.suites import JM1, Keyring, KeyRole, PublicKey, Signer, pre_authentication, suite


class PayloadType(StrEnum):
    """Every kind of signed message. None accepts another's envelope (I4): the type is inside the signed bytes."""

    BATCH_MANIFEST = "application/vnd.jmdesk.batch-manifest.v1+json"
    CUSTODY_RECEIPT = "application/vnd.jmdesk.custody-receipt.v1+json"
    PROCESSING_RECEIPT = "application/vnd.jmdesk.processing-receipt.v1+json"
    CHANGE_PAGE = "application/vnd.jmdesk.change-page.v1+json"
    REPLY_INDEX = "application/vnd.jmdesk.reply-index.v1+json"
    TRUST = "application/vnd.jmdesk.trust.v1+json"
    ENROLMENT_REQUEST = "application/vnd.jmdesk.enrolment-request.v1+json"
    ENROLMENT_GRANT = "application/vnd.jmdesk.enrolment-grant.v1+json"
    DEVICE_STANDING = "application/vnd.jmdesk.device-standing.v1+json"
    SESSION = "application/vnd.jmdesk.session.v1+json"
    RESCUE_MANIFEST = "application/vnd.jmdesk.rescue-manifest.v1+json"
    PROVISION = "application/vnd.jmdesk.provision.v1+json"
    PACKAGE = "application/vnd.jmdesk.package.v1+json"


SIGNER: Final[dict[PayloadType, KeyRole]] = {
    PayloadType.BATCH_MANIFEST: KeyRole.DEVICE,
    PayloadType.CUSTODY_RECEIPT: KeyRole.PLATFORM,
    PayloadType.PROCESSING_RECEIPT: KeyRole.PLATFORM,
    PayloadType.CHANGE_PAGE: KeyRole.PLATFORM,
    PayloadType.REPLY_INDEX: KeyRole.PLATFORM,
    PayloadType.TRUST: KeyRole.ROOT,
    PayloadType.ENROLMENT_REQUEST: KeyRole.DEVICE,
    PayloadType.ENROLMENT_GRANT: KeyRole.PLATFORM,
    PayloadType.DEVICE_STANDING: KeyRole.PLATFORM,
    PayloadType.SESSION: KeyRole.DEVICE,
    PayloadType.RESCUE_MANIFEST: KeyRole.DEVICE,
    PayloadType.PROVISION: KeyRole.PROVISIONING,
    PayloadType.PACKAGE: KeyRole.PUBLISHER,
}
"""Which role signs which kind."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope whose signature held: the payload bytes as signed, and who signed them."""

    payload_type: PayloadType
    payload: bytes
    signer: PublicKey


@dataclass(frozen=True, slots=True)
class Unverified:
    """An envelope taken apart but not yet checked; only signature checks and the inspector look inside."""

    payload_type: str
    payload: bytes
    keyid: str
    signature: bytes


class _Signature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    keyid: str
    sig: str


class _Envelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    payloadType: str  # noqa: N815  (the name on the wire)
    payload: str
    signatures: list[_Signature]


_OWN_KEY: Final = re.compile(rb'\{"public":"((?:[0-9a-f]{2}){16,256})"')


def base64_bytes(text: str) -> bytes:
    """Standard padded base64 in its one spelling. Raises `RemoteProtocolError` ``protocol.base64``."""
    try:
        data = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except ValueError as error:  # binascii.Error and UnicodeEncodeError are both
        raise RemoteProtocolError("protocol.base64") from error
    # Spare bits in the last character would let two spellings carry the same bytes.
    if base64.b64encode(data).decode() != text:
        raise RemoteProtocolError("protocol.base64")
    return data


def sign_envelope(payload_type: PayloadType, payload: bytes, key: Signer) -> bytes:
    """The envelope's bytes. Raises `LocalProtocolError` where the key's role may not sign this kind, or over 4 MiB."""
    if SIGNER[payload_type] is not key.role:
        raise LocalProtocolError("protocol.key_role", role=key.role)
    signature = key.sign(payload_type.value, payload)
    envelope = msgspec.json.encode(
        _Envelope(
            payload_type.value,
            base64.b64encode(payload).decode(),
            [_Signature(key.keyid, base64.b64encode(signature).decode())],
        )
    )
    if len(envelope) > LIMITS.envelope_bytes:
        raise LocalProtocolError("protocol.envelope_size", size=len(envelope), limit=LIMITS.envelope_bytes)
    return envelope


def split_envelope(data: bytes, limits: Limits = LIMITS) -> Unverified:
    """Takes an envelope apart, strictly, without looking into its payload and without trusting it."""
    if len(data) > limits.envelope_bytes:
        raise RemoteProtocolError("protocol.envelope_size", size=len(data), limit=limits.envelope_bytes)
    outer = read_json(data, _Envelope, limits.json_depth)
    if len(outer.signatures) != 1:
        raise RemoteProtocolError("protocol.envelope_signatures")
    signature = outer.signatures[0]
    return Unverified(outer.payloadType, base64_bytes(outer.payload), signature.keyid, base64_bytes(signature.sig))


def _verified(envelope: Unverified, expected: PayloadType, key: PublicKey) -> Opened:
    signed = pre_authentication(envelope.payload_type, envelope.payload)
    if not suite(key.suite).verify(key.public, envelope.signature, signed):
        raise RemoteProtocolError("protocol.signature", keyid=key.keyid)
    return Opened(expected, envelope.payload, key)


def open_envelope(data: bytes, expected: PayloadType, keyring: Keyring, limits: Limits = LIMITS) -> Opened:
    """Checks type, key role and signature over the received bytes. Raises `RemoteProtocolError`; parses no payload."""
    envelope = split_envelope(data, limits)
    if envelope.payload_type != expected.value:
        raise RemoteProtocolError("protocol.payload_type", expected=expected.value)
    if not re.fullmatch("[0-9a-f]{32}", envelope.keyid):
        raise RemoteProtocolError("protocol.keyid")
    key = keyring.find(envelope.keyid, SIGNER[expected])
    if key is None or key.role is not SIGNER[expected] or key.keyid != envelope.keyid:
        raise RemoteProtocolError("protocol.key_unknown", keyid=envelope.keyid, role=SIGNER[expected].value)
    return _verified(envelope, expected, key)


def open_self_signed(data: bytes, expected: PayloadType, suite_name: str = JM1, limits: Limits = LIMITS) -> Opened:
    """Opens an envelope signed by the key that its payload names at a fixed position (requests, trust).

    Such a payload begins with the bytes ``{"public":"`` and the key's hex digits, so that the key is taken by position
    and the signature still comes before any parsing. What it proves is possession; who that is, the caller decides.
    """
    envelope = split_envelope(data, limits)
    if envelope.payload_type != expected.value:
        raise RemoteProtocolError("protocol.payload_type", expected=expected.value)
    named = _OWN_KEY.match(envelope.payload)
    if named is None:
        raise RemoteProtocolError("protocol.own_key")
    key = PublicKey(SIGNER[expected], bytes.fromhex(named[1].decode()), suite_name)
    if key.keyid != envelope.keyid:
        raise RemoteProtocolError("protocol.keyid")
    return _verified(envelope, expected, key)
