"""Enrolment, key rotation, reopening and retirement: the desk asks with its own key, the platform grants with its."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from sync.protocol.codes import EnrolmentCode
from sync.protocol.envelope import PayloadType, base64_bytes, open_envelope, open_self_signed, sign_envelope
from sync.protocol.errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from sync.protocol.manifest import (
    NO_PREVIOUS,
    VERSION,
    Count,
    Digest,
    KeyId,
    Moment,
    Ordinal,
    PublicHex,
    Token,
    UnitCode,
    check_version,
    encode,
)
from sync.protocol.strict_json import read_json
from sync.protocol.suites import Keyring, KeyRole, PublicKey, Signer, SigningKey, suite

RegionPrefix = Annotated[str, msgspec.Meta(pattern=r"^\d{2,12}\Z")]
DeskBlock = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Z]{2}\Z")]


class Purpose(StrEnum):
    """Why a desk asks."""

    ENROL = "enrol"
    ROTATE = "rotate"
    REOPEN = "reopen"
    RETIRE = "retire"


class ChainEnd(msgspec.Struct, frozen=True):
    """Where the desk believes its chain ends; all zero where it has none."""

    epoch: Count
    seq: Count
    head: Digest


NO_CHAIN: Final = ChainEnd(0, 0, NO_PREVIOUS)


class EnrolmentRequest(msgspec.Struct, frozen=True):
    """The payload. ``public`` comes first at a fixed position: it is the device key that signs it.

    enrol: ``code_id`` and ``proof`` · rotate: ``previous`` and ``endorsement`` (the old key's signature over the new
    keys) · reopen, retire: ``chain``. Members that do not belong to the purpose are empty.
    """

    public: PublicHex
    v: int
    suite: Token
    purpose: Purpose
    device: KeyId
    kem_public: PublicHex
    unit: UnitCode
    code_id: Token
    proof: str
    previous: str
    endorsement: str
    chain: ChainEnd
    client: Token
    created: Moment


class EnrolmentGrant(msgspec.Struct, frozen=True):
    """The platform's answer; it overrides whatever the desk claimed. ``request`` is the request's digest.

    ``regions`` are prefixes of 12-digit region codes; ``desk_block`` two digits, or a letter and one more; ``epoch`` is
    the chain epoch in which the desk now starts at seq 1.
    """

    v: int
    suite: Token
    request: Digest
    device: KeyId
    kem: KeyId
    unit: UnitCode
    regions: tuple[RegionPrefix, ...]
    roles: tuple[Token, ...]
    modules: tuple[Token, ...]
    desk_block: DeskBlock
    epoch: Ordinal
    server_epoch: Token
    trust_version: Ordinal
    granted: Moment


def scope_digest(regions: Iterable[str], roles: Iterable[str], desk_block: str) -> str:
    """What a grant gives, as 64 hex digits: by it a desk sees that the platform means another one than it holds."""
    said = (sorted(set(regions)), sorted(set(roles)), desk_block)
    return hashlib.sha256(b"jmdesk-scope-v1|" + msgspec.json.encode(said)).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request and its envelope; ``digest`` is what the grant answers."""

    request: EnrolmentRequest
    envelope: bytes = field(repr=False)
    digest: str
    device: PublicKey
    kem: PublicKey


def _proof_message(request: EnrolmentRequest) -> bytes:
    named = (request.code_id, request.public, request.kem_public, request.unit, request.created)
    return "|".join(("jmdesk-enrol-v1", *named)).encode()


def _endorsement_message(request: EnrolmentRequest) -> bytes:
    named = (request.previous, request.public, request.kem_public, request.unit, request.created)
    return "|".join(("jmdesk-rotate-v1", *named)).encode()


def _request(
    purpose: Purpose, device: SigningKey, kem: PublicKey, unit: str, chain: ChainEnd, client: str, created: str
) -> EnrolmentRequest:
    if kem.role is not KeyRole.DEVICE_KEM:
        raise LocalProtocolError("protocol.key_role", role=kem.role.value)
    return EnrolmentRequest(
        public=device.public.public.hex(),
        v=VERSION,
        suite=device.suite,
        purpose=purpose,
        device=device.keyid,
        kem_public=kem.public.hex(),
        unit=unit,
        code_id="",
        proof="",
        previous="",
        endorsement="",
        chain=chain,
        client=client,
        created=created,
    )


def _sign(request: EnrolmentRequest, key: SigningKey) -> SignedRequest:
    payload = encode(request)
    try:
        _read(payload)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return _signed(request, payload, sign_envelope(PayloadType.ENROLMENT_REQUEST, payload, key))


def _signed(request: EnrolmentRequest, payload: bytes, envelope: bytes) -> SignedRequest:
    device = PublicKey(KeyRole.DEVICE, bytes.fromhex(request.public), request.suite)
    kem = PublicKey(KeyRole.DEVICE_KEM, bytes.fromhex(request.kem_public), request.suite)
    return SignedRequest(request, envelope, hashlib.sha256(payload).hexdigest(), device, kem)


def request_enrolment(
    device: SigningKey, kem: PublicKey, code: EnrolmentCode, *, unit: str, client: str, created: str
) -> SignedRequest:
    """First enrolment with a one-time code; the secret itself never travels."""
    request = _request(Purpose.ENROL, device, kem, unit, NO_CHAIN, client, created)
    request = msgspec.structs.replace(request, code_id=code.code_id)
    proof = hmac.digest(code.proof_key, _proof_message(request), "sha256").hex()
    return _sign(msgspec.structs.replace(request, proof=proof), device)


def request_rotation(
    device: SigningKey, kem: PublicKey, previous: SigningKey, *, unit: str, chain: ChainEnd, client: str, created: str
) -> SignedRequest:
    """A new key, endorsed by the one it replaces."""
    request = _request(Purpose.ROTATE, device, kem, unit, chain, client, created)
    request = msgspec.structs.replace(request, previous=previous.keyid)
    signature = suite(previous.suite).sign(previous.private, _endorsement_message(request))
    return _sign(msgspec.structs.replace(request, endorsement=base64.b64encode(signature).decode()), device)


def request_reopen(
    device: SigningKey, kem: PublicKey, *, unit: str, chain: ChainEnd, client: str, created: str
) -> SignedRequest:
    """A new chain epoch after a restore, to be approved by an administrator."""
    return _sign(_request(Purpose.REOPEN, device, kem, unit, chain, client, created), device)


def request_retirement(
    device: SigningKey, kem: PublicKey, *, unit: str, chain: ChainEnd, client: str, created: str
) -> SignedRequest:
    """The end of this device: its key signs that nothing follows ``chain``. Answered by a standing, not by a grant."""
    return _sign(_request(Purpose.RETIRE, device, kem, unit, chain, client, created), device)


_MEMBERS: Final[dict[Purpose, tuple[bool, bool]]] = {
    # (carries code_id and proof, carries previous and endorsement)
    Purpose.ENROL: (True, False),
    Purpose.ROTATE: (False, True),
    Purpose.REOPEN: (False, False),
    Purpose.RETIRE: (False, False),
}


def _read(payload: bytes) -> EnrolmentRequest:
    request = read_json(payload, EnrolmentRequest)
    check_version(request.v, request.suite)
    shown = [bool(member) for member in (request.code_id, request.proof, request.previous, request.endorsement)]
    by_code, by_key = _MEMBERS[request.purpose]
    if shown != [by_code, by_code, by_key, by_key]:
        raise RemoteProtocolError("protocol.request_members")
    device = PublicKey(KeyRole.DEVICE, bytes.fromhex(request.public), request.suite)
    if device.keyid != request.device:
        raise RemoteProtocolError("protocol.other_device")
    try:
        # Sealing to a point of small order fails; find out now, not when the first receipt is due.
        suite(request.suite).wrap(bytes.fromhex(request.kem_public), bytes(32), b"")
    except LocalProtocolError as error:
        raise RemoteProtocolError("protocol.key_unusable") from error
    return request


def open_request(envelope: bytes) -> SignedRequest:
    """A request whose own key signed it. Who may ask is decided by `check_proof` or `check_endorsement`."""
    opened = open_self_signed(envelope, PayloadType.ENROLMENT_REQUEST)
    return _signed(_read(opened.payload), opened.payload, envelope)


def check_proof(request: EnrolmentRequest, proof_key: bytes) -> bool:
    """Whether the request was made by someone who holds the code of ``request.code_id``; in constant time."""
    expected = hmac.digest(proof_key, _proof_message(request), "sha256").hex()
    return request.purpose is Purpose.ENROL and hmac.compare_digest(expected.encode(), request.proof.encode())


def check_endorsement(request: EnrolmentRequest, previous: PublicKey) -> bool:
    """Whether the old key signed for the new ones."""
    if request.purpose is not Purpose.ROTATE or previous.keyid != request.previous:
        return False
    try:
        signature = base64_bytes(request.endorsement)
    except RemoteProtocolError:
        return False
    return suite(previous.suite).verify(previous.public, signature, _endorsement_message(request))


def sign_grant(grant: EnrolmentGrant, key: Signer) -> bytes:
    """The envelope of a grant."""
    payload = encode(grant)
    try:
        read_json(payload, EnrolmentGrant)
    except ProtocolError as error:
        raise LocalProtocolError(error.code, **error.params) from error
    return sign_envelope(PayloadType.ENROLMENT_GRANT, payload, key)


def open_grant(envelope: bytes, keyring: Keyring, request: SignedRequest) -> EnrolmentGrant:
    """A grant that answers exactly this request. Raises `RemoteProtocolError`."""
    opened = open_envelope(envelope, PayloadType.ENROLMENT_GRANT, keyring)
    grant = read_json(opened.payload, EnrolmentGrant)
    check_version(grant.v, grant.suite)
    if grant.request != request.digest:
        raise RemoteProtocolError("protocol.grant_other_request")
    if (grant.device, grant.kem) != (request.device.keyid, request.kem.keyid):
        raise RemoteProtocolError("protocol.receipt_other_device")
    return grant
