"""DSSE envelopes: signed bytes with a type. The signature is checked over the bytes received, then they are parsed (I3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sync.protocol.limits import LIMITS, Limits
from sync.protocol.suites import Keyring, KeyRole, PublicKey, SigningKey


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
    SESSION = "application/vnd.jmdesk.session.v1+json"
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
    PayloadType.SESSION: KeyRole.DEVICE,
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


def pre_authentication(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: ``DSSEv1 SP len(T) SP T SP len(payload) SP payload``."""
    raise NotImplementedError


def sign_envelope(payload_type: PayloadType, payload: bytes, key: SigningKey) -> bytes:
    """The envelope's bytes. Raises `LocalProtocolError` where the key's role may not sign this kind."""
    raise NotImplementedError


def split_envelope(data: bytes, limits: Limits = LIMITS) -> Unverified:
    """Takes an envelope apart, strictly, without looking into its payload and without trusting it."""
    raise NotImplementedError


def open_envelope(data: bytes, expected: PayloadType, keyring: Keyring, limits: Limits = LIMITS) -> Opened:
    """Checks type, key role and signature over the received bytes. Raises `RemoteProtocolError`; parses no payload."""
    raise NotImplementedError


def open_self_signed(data: bytes, expected: PayloadType, limits: Limits = LIMITS) -> Opened:
    """Opens an envelope signed by the key that its payload names at a fixed position (requests, trust).

    Such a payload begins with the bytes ``{"public":"`` and 64 hex digits, so that the key is taken by position and the
    signature still comes before any parsing. What it proves is possession; who that is, the caller decides.
    """
    raise NotImplementedError
